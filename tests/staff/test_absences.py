"""Absences: who may enter them, to whom work goes meanwhile, and that the day after everything is as before."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import absences, four_eyes
from accounts import services as people
from accounts.errors import AccountError
from accounts.models import Absence, AccessRecord, Act, StaffPost, User
from core.hijri import RIYADH
from municipality.models import Office
from transactions import deciders, queues
from transactions.domain.errors import DomainError
from transactions.models import Transaction
from transactions.transitions import bulk, moves

from ..cast import PASSWORD, national_id
from ..conftest import NOW, drive

pytestmark = pytest.mark.django_db
PAGE = "/staff/absences/"
TODAY = NOW.date()
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _tuesday(monkeypatch):
    """The clock of the machine stands at NOW; a test moves it with `at`."""
    at(monkeypatch, NOW)


def at(monkeypatch, moment: datetime) -> None:
    monkeypatch.setattr(timezone, "now", lambda: moment)
    absences.remembered.forget()


def post_of(user: User, role: str = "") -> StaffPost:
    return StaffPost.objects.get(user=user, **({"role": role} if role else {}))


def away(person, substitute=None, *, first=TODAY, last=TODAY + DAY, by=None, now=NOW) -> list[Absence]:
    posts = {post_of(person): substitute}
    return absences.enter_absence(person, posts, starts_on=first, ends_on=last, by=by or person, now=now)


@pytest.fixture
def third(cast):
    """A third reviewer in the same office."""
    user = User.objects.create_user(national_id(71), PASSWORD, full_name="third reviewer", phone="+966500000071")
    people.create_staff_post(user, Office.objects.get(code="SHR"), "reviewer", on=date(2020, 1, 1))
    return User.objects.get(pk=user.pk)


@pytest.fixture
def studied(cast, submitted):
    return drive(submitted(), cast, "under_study")


def mine(user):
    """What stands under “Assigned to me”."""
    rows = queues.queue_of(user).filter(queues.Q(assignee=user) | queues.stood_in_by(user, timezone.localdate()))
    return set(rows.values_list("pk", flat=True))


# -- who stands in, from which moment until which ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "gets"),
    [
        (datetime(2026, 11, 24, 23, 59, tzinfo=RIYADH), "reviewer"),
        (datetime(2026, 11, 25, 0, 0, tzinfo=RIYADH), "second_reviewer"),
        (datetime(2026, 11, 26, 23, 59, 59, tzinfo=RIYADH), "second_reviewer"),
        (datetime(2026, 11, 27, 0, 0, tzinfo=RIYADH), "reviewer"),
        # Of the day before and of the last day by the clock of Greenwich.
        (datetime(2026, 11, 24, 21, 0, tzinfo=RIYADH) + timedelta(hours=3), "second_reviewer"),
    ],
)
def test_work_goes_to_the_substitute_on_exactly_these_days_of_riyadh(moment, gets, cast, studied, monkeypatch):
    away(cast.reviewer, cast.second_reviewer, first=date(2026, 11, 25), last=date(2026, 11, 26))
    at(monkeypatch, moment)
    done = moves.reassign(studied, to=cast.reviewer, by=cast.supervisor, now=moment)
    assert done.assignee == getattr(cast, gets)
    facts = done.events.get(seq=done.version).facts
    assert facts.get("instead_of") == (cast.reviewer.pk if gets == "second_reviewer" else None)


def test_open_work_stays_and_is_seen_by_the_substitute_until_the_person_is_back(cast, studied, monkeypatch):
    studied = moves.take(studied, by=cast.reviewer, now=NOW)
    assert mine(cast.second_reviewer) == set()
    away(cast.reviewer, cast.second_reviewer)
    assert mine(cast.second_reviewer) == mine(cast.reviewer) == {studied.pk}
    stand_in = queues.stand_in_of(studied, TODAY)
    assert (stand_in.until, stand_in.substitute) == (TODAY + DAY, cast.second_reviewer)
    at(monkeypatch, NOW + 2 * DAY)
    assert mine(cast.second_reviewer) == set()
    assert mine(cast.reviewer) == {studied.pk}
    assert queues.stand_in_of(studied, timezone.localdate()) is None


def test_where_the_substitute_is_away_too_it_waits_on_the_supervisors_list(cast, studied, third, monkeypatch):
    studied = moves.take(studied, by=cast.reviewer, now=NOW)
    office = {studied.held_by_id}
    away(cast.reviewer, cast.second_reviewer, last=TODAY + 5 * DAY)
    away(cast.second_reviewer, third, first=TODAY + 2 * DAY, last=TODAY + 3 * DAY)

    def listed():
        rows = Transaction.objects.filter(queues.waiting_for_absent(timezone.localdate(), office))
        return list(rows.values_list("pk", flat=True))

    assert listed() == []
    at(monkeypatch, NOW + 2 * DAY)
    assert listed() == [studied.pk]
    assert mine(third) == set(), "substitutes of substitutes there are none"
    with pytest.raises(DomainError) as refused:
        moves.reassign(drive(studied, cast, "under_study"), to=cast.reviewer, by=cast.supervisor)
    assert refused.value.code == "colleague_away"
    at(monkeypatch, NOW + 4 * DAY)
    assert listed() == []
    assert mine(cast.second_reviewer) == {studied.pk}


def test_a_substitute_whose_post_or_account_ended_stands_in_no_more(cast, studied):
    studied = moves.take(studied, by=cast.reviewer, now=NOW)
    away(cast.reviewer, cast.second_reviewer)
    four_eyes.set_end(post_of(cast.second_reviewer), TODAY, by=None, now=NOW)
    absences.remembered.forget()
    assert queues.stand_in_of(studied, TODAY).substitute is None
    assert Transaction.objects.filter(queues.waiting_for_absent(TODAY, {studied.held_by_id})).exists()


def test_nobody_stands_in_on_a_case_they_have_acted_on_in_another_duty(cast, submitted):
    """A reviewer who also supervises for some days does not decide on what they have studied."""
    case = drive(submitted(), cast, "awaiting_supervisor")
    assert case.events.filter(actor=cast.reviewer, actor_role="reviewer").exists()
    people.create_staff_post(cast.reviewer, case.held_by, "supervisor", on=TODAY, until=TODAY + 9 * DAY)
    other = User.objects.get(pk=cast.reviewer.pk)
    case = moves.take(case, by=cast.supervisor, now=NOW + timedelta(hours=9))
    posts = {post_of(cast.supervisor): other}
    absences.enter_absence(cast.supervisor, posts, starts_on=TODAY, ends_on=TODAY + DAY, by=cast.supervisor, now=NOW)
    assert queues.stand_in_of(case, TODAY).substitute == other
    assert queues.case_stand_in(case, TODAY).substitute is None
    assert mine(other) == set()
    assert Transaction.objects.filter(queues.waiting_for_absent(TODAY, {case.held_by_id})).exists()
    with pytest.raises(DomainError):
        moves.approve(case, by=other, now=NOW + timedelta(hours=10))


def test_a_deputy_of_a_supervisor_decides_what_others_have_studied(cast, submitted):
    case = drive(submitted(), cast, "awaiting_supervisor")
    people.create_staff_post(cast.second_reviewer, case.held_by, "supervisor", on=TODAY, until=TODAY + 9 * DAY)
    deputy = User.objects.get(pk=cast.second_reviewer.pk)
    case = moves.take(case, by=cast.supervisor, now=NOW + timedelta(hours=9))
    absences.enter_absence(
        cast.supervisor, {post_of(cast.supervisor): deputy}, starts_on=TODAY, ends_on=TODAY, by=cast.supervisor, now=NOW
    )
    assert mine(deputy) == {case.pk}
    assert deciders.supervisors_free_to_decide(case, case.held_by_id, TODAY)[0] == deputy
    assert moves.approve(case, by=deputy, now=NOW + timedelta(hours=10)).approved_at


def test_many_cases_handed_to_somebody_away_go_to_the_substitute(cast, studied):
    away(cast.reviewer, cast.second_reviewer)
    job = bulk.look([studied], "reassign", by=cast.supervisor, to=cast.reviewer, now=NOW)
    assert job.items.get().state == "waiting"
    bulk.start(job, now=NOW)
    bulk.work_on(job.pk, NOW)
    studied.refresh_from_db()
    assert studied.assignee == cast.second_reviewer


def test_many_cases_for_somebody_away_without_substitute_stay_and_say_why(cast, studied):
    away(cast.reviewer)
    item = bulk.look([studied], "reassign", by=cast.supervisor, to=cast.reviewer, now=NOW).items.get()
    assert item.state == "cannot"
    assert cast.reviewer.full_name in item.message


# -- what may be entered ---------------------------------------------------------------------------------------


def test_two_do_not_stand_in_for_each_other_nor_three_in_a_ring(cast, third):
    away(cast.reviewer, cast.second_reviewer, last=TODAY + 5 * DAY)
    away(cast.second_reviewer, third, first=TODAY + 2 * DAY, last=TODAY + 3 * DAY)
    with pytest.raises(AccountError) as refused:
        away(third, cast.reviewer, first=TODAY + 3 * DAY, last=TODAY + 4 * DAY)
    assert refused.value.code == "circle"
    # On days that do not meet theirs there is no ring.
    assert away(third, cast.reviewer, first=TODAY + 6 * DAY, last=TODAY + 6 * DAY)


@pytest.mark.parametrize(
    "who", ["registry", "supervisor", "other_reviewer", "central_reviewer", "citizen", "inspector"]
)
def test_a_substitute_holds_the_same_post_in_the_same_office(who, cast):
    with pytest.raises(AccountError) as refused:
        away(cast.reviewer, getattr(cast, who))
    assert refused.value.code == "wrong_substitute"
    assert not Absence.objects.exists()


def test_nobody_stands_in_for_themselves_or_for_longer_than_their_post(cast):
    with pytest.raises(AccountError) as refused:
        away(cast.reviewer, cast.reviewer)
    assert refused.value.code == "wrong_substitute"
    StaffPost.objects.filter(user=cast.second_reviewer).update(ends_on=TODAY + DAY)
    assert away(cast.reviewer, cast.second_reviewer, last=TODAY + DAY)
    with pytest.raises(AccountError):
        away(cast.reviewer, cast.second_reviewer, first=TODAY + 2 * DAY, last=TODAY + 2 * DAY)


@pytest.mark.parametrize(("first", "last"), [(-1, 1), (2, 1), (0, 366), (-400, -399)])
def test_days_nobody_means_are_refused(first, last, cast):
    with pytest.raises(AccountError) as refused:
        away(cast.reviewer, first=TODAY + first * DAY, last=TODAY + last * DAY)
    assert refused.value.code == "wrong_days"


def test_sent_twice_it_is_one_and_other_days_that_meet_it_are_refused(cast):
    first = away(cast.reviewer, cast.second_reviewer)
    assert away(cast.reviewer, cast.second_reviewer) == first
    with pytest.raises(AccountError) as refused:
        away(cast.reviewer, first=TODAY + DAY, last=TODAY + 9 * DAY)
    assert refused.value.code == "away_already"
    assert away(cast.reviewer, first=TODAY + 2 * DAY, last=TODAY + 2 * DAY)
    assert AccessRecord.objects.filter(act=Act.ABSENCE_ENTERED, person=cast.reviewer).count() == 2


@pytest.mark.parametrize(
    ("by", "of", "may"),
    [
        ("reviewer", "reviewer", True),
        ("supervisor", "reviewer", True),
        ("supervisor", "registry", True),
        ("central_supervisor", "supervisor", True),
        ("central_supervisor", "reviewer", False),
        ("supervisor", "central_supervisor", False),
        ("second_reviewer", "reviewer", False),
        ("clerk", "reviewer", False),
        ("supervisor", "other_reviewer", False),
        ("administrator", "reviewer", False),
        ("administrator", "administrator", False),
        ("citizen", "reviewer", False),
    ],
)
def test_the_person_and_their_supervisor_enter_an_absence_and_nobody_else(by, of, may, cast):
    if may:
        assert away(getattr(cast, of), by=getattr(cast, by))
    else:
        with pytest.raises(AccountError) as refused:
            away(getattr(cast, of), by=getattr(cast, by))
        assert refused.value.code == "not_yours_to_enter"


def test_back_early_it_is_over_at_once_and_on_record_once(cast, studied):
    (row,) = away(cast.reviewer, cast.second_reviewer)
    for _twice in range(2):
        absences.end_absence(row, by=cast.reviewer, now=NOW)
    assert moves.reassign(studied, to=cast.reviewer, by=cast.supervisor, now=NOW).assignee == cast.reviewer
    assert AccessRecord.objects.filter(act=Act.ABSENCE_ENDED).count() == 1
    with pytest.raises(AccountError):
        absences.end_absence(row, by=cast.second_reviewer, now=NOW)


# -- the pages -------------------------------------------------------------------------------------------------


def entered(cast, **more):
    post = post_of(cast.reviewer)
    facts = {"starts_on": "2026-11-24", "ends_on": "2026-11-25", f"post-{post.pk}": cast.second_reviewer.pk}
    return facts | more


def test_a_reviewer_enters_their_own_absence_and_calls_it_off(cast, signed_in):
    page = signed_in(cast.reviewer)
    answer = page.post(PAGE, entered(cast), follow=True)
    assert answer.status_code == 200
    row = Absence.objects.get()
    assert (row.post.user, row.substitute, row.entered_by) == (cast.reviewer, cast.second_reviewer, cast.reviewer)
    assert cast.second_reviewer.full_name in answer.content.decode()
    assert signed_in(cast.second_reviewer).get(PAGE).context["rows"][0][1] is False, "seen, and not theirs to end"
    assert signed_in(cast.second_reviewer).post(reverse("staff:absence_end", args=[row.pk])).status_code == 404
    page.post(reverse("staff:absence_end", args=[row.pk]))
    row.refresh_from_db()
    assert row.ended_by == cast.reviewer


def test_a_clerk_cannot_enter_the_absence_of_another(cast, signed_in):
    assert signed_in(cast.second_reviewer).post(f"{PAGE}?person={cast.reviewer.pk}", entered(cast)).status_code == 404
    answer = signed_in(cast.second_reviewer).post(PAGE, entered(cast))
    assert not Absence.objects.filter(post__user=cast.reviewer).exists()
    assert answer.status_code == 302, "their own post was meant: boxes of others are not read"
    assert signed_in(cast.supervisor).post(f"{PAGE}?person={cast.reviewer.pk}", entered(cast)).status_code == 302
    assert Absence.objects.filter(post__user=cast.reviewer, entered_by=cast.supervisor).exists()


def test_what_is_wrong_is_said_and_what_was_typed_stays(cast, signed_in):
    answer = signed_in(cast.reviewer).post(PAGE, entered(cast, starts_on="1448/06/30", ends_on="nonsense"))
    assert answer.status_code == 422
    assert "nonsense" in answer.content.decode()
    answer = signed_in(cast.reviewer).post(PAGE, entered(cast, ends_on="2026-11-23"))
    assert (answer.status_code, len(answer.context["form"].non_field_errors())) == (422, 1)


def test_in_two_tabs_the_same_is_entered_once_and_another_is_refused(cast, signed_in):
    one, two = signed_in(cast.reviewer), signed_in(cast.supervisor)
    assert one.post(PAGE, entered(cast)).status_code == 302
    assert two.post(f"{PAGE}?person={cast.reviewer.pk}", entered(cast)).status_code == 302
    assert two.post(f"{PAGE}?person={cast.reviewer.pk}", entered(cast, ends_on="2026-11-26")).status_code == 422
    assert Absence.objects.count() == 1


def test_lists_and_the_case_say_who_stands_in(cast, studied, signed_in):
    studied = moves.take(studied, by=cast.reviewer, now=NOW)
    away(cast.reviewer, cast.second_reviewer)
    substitute = signed_in(cast.second_reviewer)
    assert "أنت البديل" in substitute.get("/staff/?show=mine").content.decode()
    case = substitute.get(f"/staff/cases/{studied.reference}/")
    assert (case.context["stand_in"].substitute, case.context["colleagues_case"]) == (cast.second_reviewer, False)
    assert 'name="colleague"' not in case.content.decode()
    assert signed_in(cast.supervisor).get("/staff/supervision/?show=away").context["page"].paginator.count == 0


def test_the_supervisors_list_of_those_nobody_stands_in_for(cast, studied, signed_in):
    moves.take(studied, by=cast.reviewer, now=NOW)
    away(cast.reviewer)
    answer = signed_in(cast.supervisor).get("/staff/supervision/?show=away")
    assert [case.pk for case in answer.context["page"]] == [studied.pk]
    assert answer.context["figures"]["away"] == 1
