"""Taking, giving back, the next one, the way back to the list; and what becomes of the files of whoever leaves."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import services as people
from accounts.models import StaffPost, User
from municipality.models import Office
from transactions.domain.errors import DomainError
from transactions.maintenance import schedule
from transactions.models import Event, Outbox, Transaction
from transactions.queues import queue_of
from transactions.transitions import leaving, moves

from ..conftest import NOW, drive, work_off

pytestmark = pytest.mark.django_db
INDEX, TAKE = "/staff/", "/staff/take-next/"
# Which role finds its next file where.
ROLES = {
    "registry": "incoming",
    "reviewer": "under_study",
    "supervisor": "awaiting_supervisor",
    "clerk": "awaiting_payment",
}


@pytest.mark.parametrize(("who", "status"), ROLES.items())
def test_every_role_gets_the_next_file_of_its_queue(who, status, cast, submitted, signed_in):
    first, second = (drive(submitted("building-permit"), cast, status) for _ in range(2))
    user = getattr(cast, who)
    page = signed_in(user)
    answer = page.post(TAKE)
    assert answer.url.partition("?")[0] == reverse("staff:case", args=[first.reference])
    first.refresh_from_db()
    assert first.assignee == (None if who == "clerk" else user)
    again = page.post(TAKE)
    expected = first if who == "clerk" else second
    assert again.url.partition("?")[0] == reverse("staff:case", args=[expected.reference])


def test_a_registry_clerk_takes_what_is_approved_too_and_two_clerks_get_two_files(cast, submitted, signed_in):
    people.create_staff_post(cast.second_reviewer, Office.objects.get(code="SHR"), "registry_clerk", on=NOW.date())
    StaffPost.objects.filter(user=cast.second_reviewer, role="reviewer").delete()
    approved = [drive(submitted(), cast, "approved") for _ in range(2)]
    urls = {signed_in(user).post(TAKE).url.partition("?")[0] for user in (cast.registry, cast.second_reviewer)}
    assert urls == {reverse("staff:case", args=[case.reference]) for case in approved}


def test_files_one_cannot_take_do_not_hide_those_one_can(cast, submitted, signed_in):
    """Twenty-five of their own requests, or of files they had in another hand, stand before the one that is free."""
    copies = [drive(submitted(), cast, "under_study") for _ in range(25)]
    people.create_staff_post(cast.supervisor, Office.objects.get(code="SHR"), "reviewer", on=NOW.date())
    for case in copies:
        Event.objects.create(
            transaction=case,
            seq=case.version + 1,
            at=NOW,
            move="send_back",
            actor=cast.supervisor,
            actor_role="supervisor",
            to_status=case.status,
            to_stage=case.stage,
        )
        Transaction.objects.filter(pk=case.pk).update(version=case.version + 1)
    free = drive(submitted(), cast, "under_study", NOW + timedelta(hours=1))
    answer = signed_in(cast.supervisor).post(TAKE)
    assert answer.url.partition("?")[0] == reverse("staff:case", args=[free.reference])


def test_a_taken_file_is_given_back_by_whoever_has_it_and_nobody_else(cast, submitted, signed_in):
    case = moves.take(drive(submitted(), cast, "under_study"), by=cast.reviewer, now=NOW)
    due = (case.due_at, case.stage_due_at)
    with pytest.raises(DomainError) as refused:
        moves.give_back(case, by=cast.second_reviewer, now=NOW)
    assert refused.value.code == "not_yours_to_give_back"
    others = signed_in(cast.second_reviewer).get(reverse("staff:case", args=[case.reference]))
    assert "give_back" not in {move.name for move in others.context["moves"]}
    page = signed_in(cast.reviewer)
    mine = page.get(reverse("staff:case", args=[case.reference]))
    assert "give_back" in {move.name for move in mine.context["moves"]}
    page.post(reverse("staff:move", args=[case.reference, "give_back"]), {"version": case.version})
    case.refresh_from_db()
    assert (case.assignee, case.due_at, case.stage_due_at) == (None, *due)
    with pytest.raises(DomainError):
        moves.give_back(case, by=cast.reviewer, now=NOW)
    assert moves.take(case, by=cast.second_reviewer, now=NOW).assignee == cast.second_reviewer


def test_after_a_decision_the_next_is_offered_and_the_list_is_as_it_was_left(cast, submitted, signed_in):
    one, two = (moves.take(drive(submitted(), cast, "under_study"), by=cast.reviewer, now=NOW) for _ in range(2))
    page = signed_in(cast.reviewer)
    left = f"{INDEX}?{urlencode({'show': 'mine', 'service': 'electricity-connection', 'page': '1'})}"
    rows = page.get(left).content.decode()
    link = f"{reverse('staff:case', args=[one.reference])}?{urlencode({'from': left})}"
    assert link in rows
    opened = page.get(link)
    assert opened.context["back"].url == left
    sent = {"version": one.version, "from": left}
    done = page.post(reverse("staff:move", args=[one.reference, "recommend"]), sent, follow=True)
    html = done.content.decode()
    assert f"\u2068{one.reference}\u2069: أُحيلت المعاملة إلى مرحلة" in html
    assert done.context["case"].pk == two.pk, "straight on to the next of the same list"
    assert done.context["back"].url == left
    assert left.replace("&", "&amp;") in html
    took = page.post(TAKE, {"from": left})
    assert took.url.endswith(urlencode({"from": left})) or took.url == left


@pytest.mark.parametrize(
    "evil", ["https://evil.example/", "//evil.example/staff/", "/staff/\\evil", "javascript:alert(1)", "/accounts/", ""]
)
def test_the_way_back_never_leads_out(evil, cast, submitted, signed_in):
    case = drive(submitted(), cast, "under_study")
    page = signed_in(cast.reviewer).get(reverse("staff:case", args=[case.reference]), {"from": evil})
    assert page.context["back"].url == INDEX


# -- whoever leaves ----------------------------------------------------------------------------------------------


def _ends(post):
    post.ends_on = timezone.localdate() - timedelta(days=1)
    post.save()


def _closes(post):
    post.user.is_active = False
    post.user.save()


def _moves_on(post):
    """Another role in the same office."""
    people.create_staff_post(post.user, post.office, "registry_clerk", on=NOW.date())
    _ends(post)


def _elsewhere(post):
    people.create_staff_post(post.user, Office.objects.get(code="MTR"), "reviewer", on=NOW.date())
    _ends(post)


@pytest.mark.parametrize("leave", [_ends, _closes, _moves_on, _elsewhere])
def test_files_of_whoever_left_are_in_a_line_a_filter_and_free(leave, cast, submitted, signed_in):
    case = moves.take(drive(submitted(), cast, "under_study"), by=cast.reviewer, now=NOW)
    other = moves.take(drive(submitted(), cast, "under_study"), by=cast.second_reviewer, now=NOW)
    leave(cast.reviewer.posts.get(role="reviewer"))
    supervisor, colleague = signed_in(cast.supervisor), signed_in(cast.second_reviewer)
    seen = supervisor.get(reverse("staff:supervision"), {"show": "free"})
    assert {row[0].pk for row in seen.context["rows"]} == {case.pk}
    assert seen.context["figures"]["free"] == 1
    lines = {row["user"].pk: row["open"] for row in seen.context["people"]}
    assert lines[cast.reviewer.pk] == lines[cast.second_reviewer.pk] == 1
    theirs = supervisor.get(reverse("staff:supervision"), {"show": "everything", "person": cast.reviewer.pk})
    assert [row[0].pk for row in theirs.context["rows"]] == [case.pk]
    free = colleague.get(INDEX, {"show": "free"})
    assert {row[0].pk for row in free.context["rows"]} == {case.pk}
    colleague.post(TAKE)
    for taken in (case, other):
        taken.refresh_from_db()
        assert taken.assignee == cast.second_reviewer


@pytest.mark.parametrize("leave", [_ends, _closes])
def test_leaving_hands_over_on_record(leave, cast, submitted):
    case = moves.take(drive(submitted(), cast, "under_study"), by=cast.reviewer, now=NOW)
    returned = moves.take(drive(submitted(), cast, "under_study"), by=cast.reviewer, now=NOW)
    code = returned.service_type.deficiencies[0].code
    moves.return_for_completion(returned, deficiencies=[moves.RequestedCompletion(code)], by=cast.reviewer, now=NOW)
    stays = moves.take(drive(submitted(), cast, "under_study"), by=cast.second_reviewer, now=NOW)
    leave(cast.reviewer.posts.get())
    assert Outbox.objects.filter(kind="hand_back", state="owed").exists()
    work_off(timezone.now())
    for left in (case, returned):
        left.refresh_from_db()
        event = left.events.order_by("seq").last()
        assert (left.assignee, event.move, event.actor) == (None, "give_back", None)
        assert event.facts["from"] == cast.reviewer.pk
    stays.refresh_from_db()
    assert stays.assignee == cast.second_reviewer


def test_a_post_that_ends_with_the_day_hands_over_without_a_press(cast, submitted):
    case = moves.take(drive(submitted(), cast, "under_study"), by=cast.reviewer, now=NOW)
    StaffPost.objects.filter(user=cast.reviewer).update(ends_on=NOW.date())
    leaving.hand_back_all(NOW)
    case.refresh_from_db()
    assert case.assignee == cast.reviewer, "until the end of the day"
    assert "hand_back" in schedule.JOBS
    leaving.hand_back_all(NOW + timedelta(days=1))
    case.refresh_from_db()
    assert case.assignee is None
    leaving.hand_back_all(NOW + timedelta(days=1))
    assert case.events.filter(move="give_back").count() == 1
    assert queue_of(cast.second_reviewer).filter(pk=case.pk).exists()


def test_two_clerks_are_led_to_two_unpaid_files_and_to_the_rest_when_one_was_called_away(cast, submitted):
    people.create_staff_post(cast.other_citizen, Office.objects.get(code="SC01"), "centre_clerk", on=NOW.date())
    other = User.objects.get(pk=cast.other_citizen.pk)
    first, second = (drive(submitted("building-permit"), cast, "awaiting_payment") for _ in range(2))
    Transaction.objects.filter(pk__in=[first.pk, second.pk]).update(centre=Office.objects.get(code="SC01"))
    now = timezone.now()

    def led(clerk, later=0):
        return moves.take_next(queue_of(clerk), by=clerk, now=now + timedelta(minutes=later))

    assert (led(cast.clerk), led(other)) == (first, second)
    assert (led(cast.clerk, 14), led(other, 14)) == (first, second)
    moves.record_payment(second, payment_reference="S-1", by=other, now=now + timedelta(minutes=15))
    assert led(other, 16) is None
    assert led(other, 30) == first
    assert led(cast.clerk, 31) is None
    assert Transaction.objects.get(pk=first.pk).assignee is None
