"""Checklists changed in the workbench: by whom, in both languages, for which requests, and what two tabs do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import four_eyes
from accounts.errors import AccountError
from accounts.models import Proposal, Role, User
from municipality.models import Office
from transactions import checklist_points
from transactions.domain import service_types
from transactions.domain.errors import DomainError, Invalid, NotVisible
from transactions.models import Check, PointVersion, Transaction
from transactions.transitions import checklist

from ..conftest import NOW, PASSWORD, drive, national_id

pytestmark = pytest.mark.django_db
SERVICE, STAGE, CODE = "land-subdivision", "survey", "area"
WORDS = {"ar": "مجموع مساحات القطع يساوي مساحة الأرض بفرق لا يتجاوز واحدًا في المئة", "en": "Parts add up within 1 %"}
DAY = timedelta(days=1)


@pytest.fixture
def service():
    return service_types.get(SERVICE)


@pytest.fixture
def second(cast):
    """Another administrator."""
    person = User.objects.create_user(national_id(71), PASSWORD, full_name="second", phone="+966500000071")
    person.posts.create(office=Office.objects.get(code="CTR"), role=Role.ADMINISTRATOR, starts_on="2020-01-01")
    User.objects.filter(pk=person.pk).update(is_staff=True)
    return User.objects.get(pk=person.pk)


def proposed(cast, service, *, now=NOW, version=0, code=CODE, **changed):
    given_words = {"words": WORDS, "about": ("deed", "area_m2"), "reason": "توضيح المطلوب", "by": cast.administrator}
    return checklist_points.change(service, STAGE, code, version=version, now=now, **given_words | changed)


def on(service, day):
    """Stage, code and Arabic words of what is asked of requests received on a day."""
    with translation.override("ar"):
        return {
            (stage, point.code): str(point.words)
            for point in checklist_points.points_on(service, day)
            for stage in point.stages
        }


def at_stage(case):
    return [line.point.code for line in checklist.read(case, [STAGE])]


def test_a_change_takes_two_and_holds_for_requests_received_later(cast, second, service, submitted):
    case = drive(submitted(SERVICE), cast, "under_tech_audit")
    before = on(service, timezone.localdate(NOW))
    proposal = proposed(cast, service)
    assert proposed(cast, service) == proposal, "the same proposed twice is one"
    assert not PointVersion.objects.exists()
    with pytest.raises(AccountError):
        four_eyes.confirm(proposal, by=cast.administrator, now=NOW)
    four_eyes.confirm(proposal, by=second, now=NOW)
    row = PointVersion.objects.get()
    assert (row.number, row.by, row.confirmed_by) == (1, cast.administrator, second)
    tomorrow = timezone.localdate(NOW) + DAY
    assert row.valid_from == tomorrow
    assert on(service, timezone.localdate(NOW)) == before, "received before: the list of its day"
    after = on(service, tomorrow)
    assert after == before | {(STAGE, CODE): WORDS["ar"]}
    # What is written of a tick are the words of the version, in both languages.
    Transaction.objects.filter(pk=case.pk).update(submitted_at=NOW + DAY)
    later = Transaction.objects.get(pk=case.pk)
    reviewer = cast.central_reviewer if later.held_by.code == "CTR" else cast.reviewer
    line = next(line for line in checklist.read(later, [later.stage]) if line.point.code == CODE)
    assert line.point.deficiency == "areas-differ", "what the service says of the point stays"
    checklist.press(later, stage=later.stage, code=CODE, state="ticked", by=reviewer, now=NOW + DAY)
    check = Check.objects.get()
    assert {"ar": check.words_ar, "en": check.words_en} == WORDS


def test_an_added_point_takes_one_and_is_ticked_like_the_others(cast, service, submitted):
    row = checklist_points.add(
        service, STAGE, words=WORDS, about=("parts",), reason="قرار جديد", by=cast.administrator, now=NOW
    )
    again = checklist_points.add(
        service, STAGE, words=WORDS, about=("parts",), reason="قرار جديد", by=cast.administrator, now=NOW
    )
    assert (again, row.code, row.confirmed_by) == (row, "added-1", None)
    old = drive(submitted(SERVICE), cast, "under_tech_audit")
    assert "added-1" not in at_stage(old)
    Transaction.objects.filter(pk=old.pk).update(submitted_at=NOW + DAY)
    new = Transaction.objects.get(pk=old.pk)
    assert at_stage(new)[-1] == "added-1"
    other = {"ar": "نقطة أخرى", "en": "Another point"}
    more = checklist_points.add(service, STAGE, words=other, reason="x", by=cast.administrator, now=NOW)
    assert more.code == "added-2"


def test_a_point_that_ended_is_not_asked_any_more_and_can_come_back(cast, second, service):
    day = timezone.localdate(NOW)
    known = checklist_points.get_point(service, STAGE, CODE)
    words = {language: known.words(language) for language in ("ar", "en")}
    same = {"words": words, "about": known.point.about}
    assert proposed(cast, service, **same) is None, "nothing is different"
    four_eyes.confirm(proposed(cast, service, ended=True, **same), by=second, now=NOW)
    assert (STAGE, CODE) in on(service, day)
    assert (STAGE, CODE) not in on(service, day + DAY)
    back = proposed(cast, service, version=1, now=NOW + DAY, **same)
    four_eyes.confirm(back, by=second, now=NOW + 2 * DAY)
    assert (STAGE, CODE) not in on(service, day + 2 * DAY)
    assert on(service, day + 3 * DAY)[STAGE, CODE] == words["ar"]


def test_two_tabs_and_two_proposals_lose_nothing_of_each_other(cast, second, service):
    first = proposed(cast, service)
    with pytest.raises(DomainError) as waits:
        proposed(cast, service, words=WORDS | {"en": "Something else"})
    assert waits.value.code == "change_waits"
    four_eyes.confirm(first, by=second, now=NOW)
    with pytest.raises(DomainError) as old:
        proposed(cast, service, version=0, words=WORDS | {"en": "Something else"})
    assert old.value.code == "changed_meanwhile"
    proposed(cast, service, version=1, words=WORDS | {"en": "Something else"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"words": {"ar": "نص", "en": " "}},
        {"words": {"ar": "", "en": "x"}},
        {"words": {"ar": "س" * 2001, "en": "x"}},
        {"about": ("no-such-question",)},
        {"reason": " "},
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_proposed(cast, service, wrong):
    with pytest.raises(Invalid):
        proposed(cast, service, **wrong)
    with pytest.raises(Invalid):
        checklist_points.add(
            service, STAGE, **{"words": WORDS, "reason": "x", "by": cast.administrator, "now": NOW} | wrong
        )
    assert not Proposal.objects.filter(kind=Proposal.Kind.CHECKLIST).exists()
    assert not PointVersion.objects.exists()


def test_only_administrators_see_and_change_them(cast, service, signed_in):
    with pytest.raises(NotVisible):
        proposed(cast, service, by=cast.supervisor)
    with pytest.raises(NotVisible):
        checklist_points.add(service, STAGE, words=WORDS, reason="x", by=cast.reviewer, now=NOW)
    with pytest.raises(NotVisible):
        proposed(cast, service, code="no-such-point")
    with pytest.raises(NotVisible):
        checklist_points.add(service, "incoming", words=WORDS, reason="x", by=cast.administrator, now=NOW)
    addresses = [
        reverse("staff:checklists"),
        reverse("staff:checklist_new", args=[SERVICE, STAGE]),
        reverse("staff:checklist_point", args=[SERVICE, STAGE, CODE]),
    ]
    for person in (cast.supervisor, cast.reviewer, cast.registry):
        assert {signed_in(person).get(address).status_code for address in addresses} == {404}
    page = signed_in(cast.administrator)
    assert {page.get(address).status_code for address in addresses} == {200}
    for address in (
        reverse("staff:checklist_new", args=[SERVICE, "nowhere"]),
        reverse("staff:checklist_new", args=["nothing", STAGE]),
        reverse("staff:checklist_point", args=[SERVICE, STAGE, "nothing"]),
    ):
        assert page.get(address).status_code == 404


def test_the_pages_propose_and_a_second_administrator_reads_it_and_confirms(cast, second, signed_in):
    page, url = signed_in(cast.administrator), reverse("staff:checklist_point", args=[SERVICE, STAGE, CODE])
    typed = {"words_ar": WORDS["ar"], "words_en": "", "about": ["parts"], "reason": "توضيح", "version": "0"}
    refused = page.post(url, typed)
    assert (refused.status_code, WORDS["ar"] in refused.content.decode()) == (422, True)
    assert page.post(url, typed | {"words_en": WORDS["en"]})["Location"] == reverse("staff:checklists")
    proposal = Proposal.objects.get(kind=Proposal.Kind.CHECKLIST)
    other = signed_in(second)
    shown = other.get(reverse("staff:accounts_proposal_change", args=[proposal.pk])).content.decode()
    assert WORDS["ar"] in shown
    assert WORDS["en"] in shown
    assert "الحالي" in shown
    four_eyes.confirm(proposal, by=second)
    listed = page.get(reverse("staff:checklists")).content.decode()
    assert WORDS["ar"] in listed
    versions = page.get(url).content.decode()
    assert all(word in versions for word in (cast.administrator.full_name, second.full_name, "توضيح"))
    # An old tab is told, and keeps what was typed in it.
    late = page.post(url, typed | {"words_en": "Typed in an old tab"})
    assert (late.status_code, "Typed in an old tab" in late.content.decode()) == (422, True)
    new = reverse("staff:checklist_new", args=[SERVICE, STAGE])
    assert page.post(new, {"words_ar": "نقطة", "words_en": "A point", "reason": "x"}).status_code == 302
    assert PointVersion.objects.get(code="added-1").by == cast.administrator


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=5), asked=st.integers(-1, 9))
def test_on_every_day_the_latest_version_of_that_day_counts(cast, service, steps, asked):
    PointVersion.objects.all().delete()
    day, expected = timezone.localdate(NOW), None
    for number, (after, ended) in enumerate(sorted(steps), start=1):
        begins = day + after * DAY
        PointVersion.objects.create(
            service=SERVICE, stage=STAGE, code=CODE, number=number, words_ar=f"نص {number}", words_en=f"Text {number}",
            ended=ended, valid_from=begins, reason="x", by=cast.administrator, at=NOW,
        )  # fmt: skip
        if begins <= day + asked * DAY:
            expected = None if ended else f"نص {number}"
    checklist_points.remembered.forget()
    found = on(service, day + asked * DAY)
    applies = [step for step in sorted(steps) if step[0] <= asked]
    if not applies:
        with translation.override("ar"):
            usual = next(str(point.words) for point in service.checklist if point.code == CODE)
        assert found[STAGE, CODE] == usual
    else:
        assert found.get((STAGE, CODE)) == expected
