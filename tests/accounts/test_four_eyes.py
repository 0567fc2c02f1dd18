"""What gives power over people takes two administrators, by whatever way somebody comes."""

from __future__ import annotations

import json
from datetime import date, timedelta
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import emails, four_eyes, services
from accounts.errors import AccountError
from accounts.models import DECIDING_ROLES, AccessRecord, Act, Proposal, Role, StaffPost, User
from journal.entry import person_mark
from journal.models import Entry
from municipality.models import Office

from ..conftest import NOW, PASSWORD, national_id

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)


@pytest.fixture
def second(cast):
    user = User.objects.create_user(national_id(61), PASSWORD, full_name="second", phone="+966500000061")
    services.create_staff_post(user, Office.objects.get(code="CTR"), "administrator", on=date(2020, 1, 1))
    return user


def propose(cast, person=None, role="supervisor", by=None, **days):
    elsewhere = {"informal_areas": "INF", "centre_clerk": "SC01", "accountant": "CTR"}
    office = Office.objects.get(code=elsewhere.get(role, "SHR"))
    asked = {"starts_on": TODAY, "reason": "x", "by": by or cast.administrator, "now": NOW} | days
    return four_eyes.give_post(person or cast.other_citizen, office, role, **asked)


def holds(person, role):
    return StaffPost.objects.filter(user=person, role=role).exists()


def entries_of(proposal):
    rows = Entry.objects.filter(kind="power", subject=f"power-{proposal.pk}").order_by("seq")
    return [json.loads(bytes(row.body)) for row in rows]


@pytest.mark.parametrize("role", sorted(DECIDING_ROLES))
def test_a_post_with_a_deciding_role_is_given_by_the_second_administrator_alone(cast, second, role):
    proposal = propose(cast, role=role)
    assert isinstance(proposal, Proposal)
    assert not holds(cast.other_citizen, role)
    cast.other_citizen.refresh_from_db()
    assert not cast.other_citizen.is_staff
    with pytest.raises(AccountError) as refused:
        four_eyes.confirm(proposal, by=cast.administrator, now=NOW)
    assert refused.value.code == "not_yours_to_confirm"
    four_eyes.confirm(proposal, by=second, now=NOW)
    assert holds(cast.other_citizen, role)
    first, last = entries_of(proposal)
    assert (first["step"], last["step"], last["role"]) == ("proposed", "confirmed", role)
    assert first["by"] == person_mark(proposal.salt, cast.administrator.national_id)
    assert last["by"] == person_mark(proposal.salt, second.national_id)
    assert last["for"] == person_mark(proposal.salt, cast.other_citizen.national_id)
    acts = list(AccessRecord.objects.filter(person=cast.other_citizen).order_by("pk").values_list("act", "by"))
    assert acts == [(Act.PROPOSED, cast.administrator.pk), (Act.CONFIRMED, second.pk)]


def test_a_post_at_a_counter_is_given_by_one(cast):
    assert isinstance(propose(cast, role="centre_clerk"), StaffPost)
    assert AccessRecord.objects.get(act=Act.POST_GIVEN).by == cast.administrator


def test_nobody_confirms_what_is_about_themselves(cast, second):
    with pytest.raises(AccountError):
        four_eyes.confirm(propose(cast, second), by=second, now=NOW)
    own = propose(cast, cast.administrator)
    four_eyes.confirm(own, by=second, now=NOW)
    assert holds(cast.administrator, "supervisor")


@pytest.mark.parametrize("who", ["citizen", "supervisor", "registry", "engineer"])
def test_only_administrators_propose_and_answer(cast, second, who):
    person = cast.everyone[who]
    with pytest.raises(AccountError):
        propose(cast, by=person)
    proposal = propose(cast)
    with pytest.raises(AccountError):
        four_eyes.confirm(proposal, by=person, now=NOW)
    with pytest.raises(AccountError):
        four_eyes.refuse(proposal, reason="x", by=person, now=NOW)
    assert not holds(cast.other_citizen, "supervisor")


def test_a_proposal_ends_and_what_was_answered_is_answered_once(cast, second, settings):
    proposal = propose(cast)
    late = NOW + timedelta(days=settings.FOUR_EYES_DAYS)
    with pytest.raises(AccountError):
        four_eyes.confirm(proposal, by=second, now=late)
    assert four_eyes.expire_proposals(late) == 1
    again = propose(cast)
    assert again.pk != proposal.pk
    four_eyes.refuse(again, reason="no", by=second, now=NOW)
    for answer in (
        lambda: four_eyes.confirm(again, by=second, now=NOW),
        lambda: four_eyes.refuse(again, reason="x", by=second, now=NOW),
    ):
        with pytest.raises(AccountError):
            answer()
    assert not holds(cast.other_citizen, "supervisor")


def test_proposed_twice_is_one_proposal(cast):
    assert propose(cast).pk == propose(cast).pk
    assert Proposal.objects.count() == 1


def test_a_post_proposed_with_other_days_is_another_proposal_and_gives_no_second_post(cast, second):
    day = timedelta(days=30)
    first, corrected = propose(cast), propose(cast, ends_on=TODAY + day)
    assert corrected.pk != first.pk
    assert corrected.ends_on == TODAY + day
    four_eyes.confirm(corrected, by=second, now=NOW)
    with pytest.raises(ValidationError):
        four_eyes.confirm(first, by=second, now=NOW)
    posts = StaffPost.objects.filter(user=cast.other_citizen)
    assert [post.ends_on for post in posts] == [TODAY + day]


def test_the_mobile_of_whoever_a_post_is_proposed_for_takes_two(cast, second):
    person, before = cast.other_citizen, cast.other_citizen.phone
    proposal = propose(cast, person)
    four_eyes.refuse(proposal, reason="x", by=second, now=NOW)
    four_eyes.change_phone(person, before, by=cast.administrator, now=NOW)  # nothing waits: at once
    today = timezone.now()
    again = four_eyes.give_post(
        person, proposal.office, "supervisor", starts_on=TODAY, reason="x", by=cast.administrator, now=today
    )
    asked = four_eyes.change_phone(person, "0599999999", reason="x", by=cast.administrator, now=today)
    assert isinstance(asked, Proposal)
    with pytest.raises(AccountError):
        services.change_phone(person, "+966599999999", by=cast.administrator, now=today)
    four_eyes.confirm(again, by=second, now=today)
    person.refresh_from_db()
    assert person.phone == before


def test_the_mail_that_opens_the_account_of_staff_is_not_an_administrators_to_change(cast, signed_in):
    User.objects.filter(pk=cast.supervisor.pk).update(phone="+96550012345", email="own@example.org")
    address = reverse("staff:accounts_user_change", args=[cast.supervisor.pk])
    page = signed_in(cast.administrator)
    form = page.get(address).context["adminform"].form
    typed = {name: form[name].value() or "" for name in form.fields} | {"is_active": "on"}
    page.post(address, typed | {"email": "other@example.org"})
    cast.supervisor.refresh_from_db()
    assert cast.supervisor.email == "own@example.org"


@pytest.mark.parametrize(
    ("role", "office"),
    [
        ("centre_clerk", "CTR"),
        ("centre_clerk", "SHR"),
        ("centre_clerk", "INF"),
        ("administrator", "SC01"),
        ("administrator", "SC10"),
        ("informal_areas", "SHR"),
        ("reviewer", "SC01"),
        ("supervisor", "SC02"),
        ("registry_clerk", "SC01"),
        ("informal_areas", "CTR"),
        ("reviewer", "INF"),
    ],
)
def test_a_role_is_held_in_offices_that_have_it(cast, signed_in, role, office):
    place = Office.objects.get(code=office)
    with pytest.raises(ValidationError) as refused:
        four_eyes.give_post(
            cast.other_citizen, place, role, starts_on=TODAY, reason="x", by=cast.administrator, now=NOW
        )
    assert "role" in refused.value.message_dict
    typed = {"user": cast.other_citizen.pk, "office": place.pk, "role": role, "starts_on": TODAY, "reason": "x"}
    page = signed_in(cast.administrator).post(reverse("staff:accounts_staffpost_add"), typed)
    assert (page.status_code, "role" in page.context["adminform"].form.errors) == (200, True)
    with pytest.raises(CommandError):
        call_command("break_glass", "post", cast.other_citizen.national_id, office, role, "--reason", "x")
    assert not StaffPost.objects.filter(user=cast.other_citizen).exists()
    assert not Proposal.objects.exists()


def test_a_post_of_before_the_rule_can_be_ended(cast):
    post = StaffPost.objects.create(
        user=cast.reviewer, office=Office.objects.get(code="SC01"), role="supervisor", starts_on=date(2020, 1, 1)
    )
    assert four_eyes.set_end(post, TODAY, by=cast.administrator, now=NOW).ends_on == TODAY


def test_what_a_former_administrator_proposed_is_not_confirmed(cast, second):
    proposal = propose(cast)
    cast.administrator.posts.update(ends_on=timezone.localdate() - timedelta(days=1))
    with pytest.raises(AccountError):
        four_eyes.confirm(proposal, by=second, now=NOW)


def test_the_database_refuses_one_person_in_both_places(cast):
    proposal = propose(cast)
    changes = {"outcome": "confirmed", "answered_at": NOW, "answered_by": cast.administrator}
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(**changes)


def test_ending_a_post_takes_one_and_letting_it_last_longer_two(cast, second):
    post = cast.supervisor.posts.get()
    four_eyes.set_end(post, TODAY, by=cast.administrator, now=NOW)
    post.refresh_from_db()
    assert post.ends_on == TODAY
    for later in (TODAY + timedelta(days=1), None):
        proposal = four_eyes.set_end(post, later, reason="x", by=cast.administrator, now=NOW)
        post.refresh_from_db()
        assert post.ends_on == TODAY
    four_eyes.confirm(proposal, by=second, now=NOW)
    post.refresh_from_db()
    assert post.ends_on is None


@pytest.mark.parametrize("who", ["supervisor", "clerk", "administrator"])
def test_mobile_and_second_factor_of_staff_take_two(cast, second, who):
    person = cast.everyone[who]
    TOTP.activate(person, generate_totp_secret())
    by = second if who == "administrator" else cast.administrator
    for direct in (
        lambda: services.change_phone(person, "+966522222222", by=by, now=NOW),
        lambda: services.remove_second_factor(person, by=by),
    ):
        with pytest.raises(AccountError) as refused:
            direct()
        assert refused.value.code == "needs_two"
    phone = four_eyes.change_phone(person, "0522222222", reason="x", by=by, now=NOW)
    factor = four_eyes.remove_second_factor(person, reason="x", by=by, now=NOW)
    before = person.phone
    person.refresh_from_db()
    assert person.phone == before
    assert Authenticator.objects.filter(user=person).exists()
    other = cast.administrator if who != "administrator" else None
    if other is None:
        four_eyes.confirm_alone(phone, reason="only two administrators", now=NOW)
        four_eyes.confirm_alone(factor, reason="only two administrators", now=NOW)
    else:
        four_eyes.confirm(phone, by=second, now=NOW)
        four_eyes.confirm(factor, by=second, now=NOW)
    person.refresh_from_db()
    assert person.phone == "+966522222222"
    assert not Authenticator.objects.filter(user=person).exists()


def test_whoever_is_no_longer_marked_as_staff_but_holds_a_post_is_guarded_too(cast):
    User.objects.filter(pk=cast.supervisor.pk).update(is_staff=False)
    cast.supervisor.refresh_from_db()
    assert isinstance(
        four_eyes.change_phone(cast.supervisor, "0522222222", reason="x", by=cast.administrator, now=NOW), Proposal
    )
    with pytest.raises(AccountError) as refused:
        services.identify_visitor(
            national_id=cast.supervisor.national_id, full_name="x", phone="0522222222", by=cast.clerk, now=NOW
        )
    assert refused.value.code == "phone_of_staff"


def test_a_citizen_needs_one_administrator(cast):
    four_eyes.change_phone(cast.citizen, "0522222222", by=cast.administrator, now=NOW)
    cast.citizen.refresh_from_db()
    assert cast.citizen.phone == "+966522222222"


# -- the pages -------------------------------------------------------------------------------------------------

TYPED = {"role": "supervisor", "starts_on": "2026-11-24", "reason": "she leads the office from today"}


def test_the_form_of_a_post_proposes_and_another_administrator_confirms_on_its_page(cast, second, signed_in):
    office = Office.objects.get(code="SHR").pk
    typed = TYPED | {"user": cast.administrator.national_id, "office": office}
    page = signed_in(cast.administrator)
    add = reverse("staff:accounts_staffpost_add")
    assert (
        "reason" in page.post(add, typed | {"reason": " "}).context["errors"].as_data() or not Proposal.objects.exists()
    )
    assert page.post(add, typed).url == reverse("staff:accounts_proposal_changelist")
    assert not holds(cast.administrator, "supervisor")
    proposal = Proposal.objects.get()
    answer = reverse("staff:accounts_proposal_answer", args=[proposal.pk])
    assert page.get(reverse("staff:accounts_proposal_change", args=[proposal.pk])).status_code == 200
    page.post(answer, {"answer": "confirm"})
    signed_in(cast.supervisor).post(answer, {"answer": "confirm"})
    assert not holds(cast.administrator, "supervisor")
    signed_in(second).post(answer, {"answer": "confirm"})
    assert holds(cast.administrator, "supervisor")


def test_the_form_of_a_person_proposes_a_mobile_and_saves_the_rest(cast, signed_in):
    address = reverse("staff:accounts_user_change", args=[cast.supervisor.pk])
    form = signed_in(cast.administrator).get(address).context["adminform"].form
    typed = {name: form[name].value() or "" for name in form.fields} | {"is_active": "on"}
    page = signed_in(cast.administrator)
    assert page.post(address, typed | {"phone": "0522222222"}).status_code == 200
    changed = typed | {"phone": "+966522222222", "email": "a@example.org", "reason": "new telephone", "is_staff": ""}
    page.post(address, changed | {"national_id": national_id(77)})
    before = cast.supervisor.phone
    cast.supervisor.refresh_from_db()
    assert (cast.supervisor.phone, cast.supervisor.is_staff) == (before, True)
    assert emails.pending_address_of(cast.supervisor) == "a@example.org"
    assert Proposal.objects.get().phone == "+966522222222"


def test_second_factors_are_asked_about_first_and_then_proposed_one_by_one(cast, signed_in):
    staff = [cast.supervisor, cast.reviewer, cast.registry]
    for person in staff:
        TOTP.activate(person, generate_totp_secret())
    address = reverse("staff:accounts_user_changelist")
    chosen = {"action": "forget_second_factor", "_selected_action": [person.pk for person in staff]}
    page = signed_in(cast.administrator)
    asked = page.post(address, chosen)
    assert asked.status_code == 200
    assert (Authenticator.objects.count(), Proposal.objects.count()) == (3, 0)
    page.post(address, chosen | {"confirmed": "1", "reason": "they lost their telephones"})
    assert (Authenticator.objects.count(), Proposal.objects.count()) == (3, 3)


def test_an_old_version_of_a_post_cannot_be_brought_back(cast, signed_in):
    post = cast.supervisor.posts.get()
    post.ends_on = date(2021, 1, 1)
    post.save()
    old = post.history.earliest()
    page = signed_in(cast.administrator)
    address = f"/staff/accounts/staffpost/{post.pk}/history/{old.history_id}/"
    typed = {
        "user": cast.supervisor.national_id,
        "office": post.office_id,
        "role": post.role,
        "starts_on": "2020-01-01",
    }
    assert page.post(address, typed).status_code == 403
    post.refresh_from_db()
    assert post.ends_on == date(2021, 1, 1)


def test_a_post_cannot_be_turned_into_another(cast, signed_in):
    post = cast.clerk.posts.get()
    address = reverse("staff:accounts_staffpost_change", args=[post.pk])
    typed = {"role": "supervisor", "user": cast.administrator.national_id, "office": post.office_id, "ends_on": ""}
    signed_in(cast.administrator).post(address, typed)
    post.refresh_from_db()
    assert (post.role, post.user) == ("centre_clerk", cast.clerk)


# -- where there is no second administrator ----------------------------------------------------------------------


def test_the_first_administrator_and_the_only_one(city):
    boss = User.objects.create_superuser(national_id(70), PASSWORD, full_name="boss", phone="+966500000070")
    made = Proposal.objects.get()
    assert (made.outcome, made.person, entries_of(made)[0]["by"]) == (Proposal.Outcome.FORCED, boss, "command")
    office = Office.objects.get(code="SHR")
    proposal = four_eyes.give_post(boss, office, "administrator", starts_on=timezone.localdate(), reason="x", by=boss)
    said = StringIO()
    call_command("break_glass", "waiting", stdout=said)
    assert said.getvalue().startswith(f"{proposal.pk}\tpost\t")
    call_command("break_glass", "confirm", str(proposal.pk), reason="there is nobody else", stdout=StringIO())
    assert holds(boss, "administrator")
    assert [entry["step"] for entry in entries_of(proposal)] == ["proposed", "forced"]
    with pytest.raises(CommandError):
        call_command("break_glass", "confirm", str(proposal.pk), reason="twice", stdout=StringIO())


def test_the_command_line_gives_posts_mobiles_and_second_factors_on_record(cast):
    person = cast.citizen
    TOTP.activate(cast.administrator, generate_totp_secret())
    quiet = {"reason": "the only administrator lost it", "stdout": StringIO()}
    call_command("break_glass", "second_factor", cast.administrator.national_id, **quiet)
    call_command("break_glass", "phone", cast.administrator.national_id, "0533333333", **quiet)
    call_command("break_glass", "post", person.national_id, "SHR", Role.ADMINISTRATOR.value, **quiet)
    assert not Authenticator.objects.exists()
    cast.administrator.refresh_from_db()
    assert cast.administrator.phone == "+966533333333"
    assert holds(person, "administrator")
    assert AccessRecord.objects.filter(act=Act.FORCED, by=None).count() == 3
    for wrong in (["second_factor", "1"], ["post", person.national_id, "XXX", "reviewer"], ["confirm", "x"]):
        with pytest.raises(CommandError):
            call_command("break_glass", *wrong, **quiet)
