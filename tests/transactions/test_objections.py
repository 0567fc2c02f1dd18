"""Objections, complaints and withdrawals taken back: who may, until when, and what the outcome does to the case."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from core.hijri import RIYADH
from journal.models import Entry
from municipality.calendar import WorkingCalendar
from municipality.models import Office
from transactions import access
from transactions.domain.errors import DomainError, Invalid, NotVisible
from transactions.domain.gates import Scope
from transactions.domain.objections import ObjectionKind, kind_for, period_end
from transactions.domain.pauses import Pause
from transactions.domain.workflow import Status
from transactions.models import Notification, Objection, Transaction
from transactions.transitions import complaints, moves, objections
from transactions.transitions.decisions import fee_changed
from transactions.transitions.resuming import resume

from ..conftest import NOW, drive, work_off

H = timedelta(hours=1)
DAY = timedelta(days=1)


# -- periods: pure -----------------------------------------------------------------------------------------------

START = datetime(2026, 11, 1, 8, 0, tzinfo=RIYADH)
hours = st.integers(0, 24 * 60)


@st.composite
def incidents(draw):
    begins = draw(hours)
    lasts = draw(st.one_of(st.none(), st.integers(1, 24 * 20)))
    offices = draw(st.sampled_from([frozenset(), frozenset({"SHR"}), frozenset({"MTR"})]))
    end = None if lasts is None else START + (begins + lasts) * H
    return Pause(Scope(frozenset(), offices), START + begins * H, end)


def _by_hand(start, days, calendar, pauses, now):
    """Hour by hour: a stop moves the end by the working days in it, as long as it begins before the end."""
    touching = [p for p in pauses if not p.scope.offices or "SHR" in p.scope.offices]
    touching = [p for p in touching if p.start <= now]

    def stopped(moment):
        return any(p.start <= moment and (p.end is None or p.end > now or moment < p.end) for p in touching)

    lost, moment, run = 0, start, None
    while True:
        end = calendar.add_working_days(start, days + lost)
        if run is None and moment >= end:
            return end
        if stopped(moment):
            run = moment if run is None else run
            if moment > now:
                return None
        elif run is not None:
            lost += calendar.working_days_between(run, moment)
            run = None
            continue
        moment += H


@given(st.integers(1, 30), st.lists(incidents(), max_size=4), hours, st.sets(st.integers(0, 80), max_size=6))
def test_a_period_ends_as_counted_hour_by_hour(days, pauses, at, holidays):
    calendar = WorkingCalendar([(START + n * DAY).date() for n in holidays])
    now = START + at * H
    ends = period_end(START, days, calendar, pauses, office="SHR", now=now)
    assert ends == _by_hand(START, days, calendar, pauses, now)
    assert ends == period_end(START, days, calendar, pauses[::-1], office="SHR", now=now), "the order is no matter"
    assert ends is None or ends >= calendar.add_working_days(START, days), "an incident only lengthens it"


def test_what_begins_after_the_end_does_not_open_a_period_again():
    calendar = WorkingCalendar()
    end = calendar.add_working_days(START, 10)
    later = Pause(Scope(), end + H, None)
    assert period_end(START, 10, calendar, [later], now=end + DAY) == end
    assert period_end(START, 10, calendar, [Pause(Scope(), end - H, None)], now=end + DAY) is None


@pytest.mark.parametrize(
    ("status", "refused", "has_fee", "kind"),
    [
        (Status.REJECTED, True, False, ObjectionKind.REFUSAL),
        (Status.FILED, True, False, ObjectionKind.REFUSAL),
        (Status.FILED, False, True, None),
        (Status.RETURNED, False, True, ObjectionKind.RETURN),
        (Status.AWAITING_PAYMENT, False, True, ObjectionKind.FEE),
        (Status.ISSUED, False, True, ObjectionKind.FEE),
        (Status.ISSUED, False, False, None),
        (Status.UNDER_STUDY, False, False, None),
        (Status.WITHDRAWN, False, True, None),
    ],
)
def test_what_can_be_objected_to(status, refused, has_fee, kind):
    assert kind_for(status, refused=refused, has_fee=has_fee) == kind


# -- the way of each ---------------------------------------------------------------------------------------------


def _refused(submitted, cast):
    case = drive(submitted(), cast, "awaiting_supervisor")
    return moves.reject(case, reason="خارج النطاق", by=cast.supervisor, now=NOW + 30 * H)


def _returned(submitted, cast):
    case = drive(submitted(), cast, "under_study")
    code = case.service_type.deficiencies[0].code
    asked = [moves.RequestedCompletion(code)]
    return moves.return_for_completion(case, deficiencies=asked, by=cast.reviewer, now=NOW + 30 * H)


AFTER = NOW + 40 * H


@pytest.mark.django_db
def test_a_refusal_that_is_objected_to_with_right_opens_again_and_is_approved(cast, submitted):
    case = _refused(submitted, cast)
    stage = case.stage
    case = objections.submit_objection(case, reason="الموقع داخل النطاق", by=cast.citizen, now=AFTER)
    row = Objection.objects.get()
    assert (case.status, case.objected_at) == ("rejected", AFTER)
    assert row.office.code == "CTR", "the only supervisor of the office refused it"
    assert row.days == 15
    with pytest.raises(DomainError) as own:
        objections.uphold(case, reason="لا", by=cast.supervisor, now=AFTER + H)
    assert own.value.code == "move_not_allowed"
    case = objections.uphold(case, reason="المخطط يثبت ذلك", by=cast.central_supervisor, now=AFTER + H)
    assert (case.status, case.stage) == ("awaiting_supervisor", stage)
    assert case.rejected_at is None
    assert not case.decision_reason
    assert case.objected_at is None
    assert case.due_at
    row.refresh_from_db()
    assert (row.outcome, row.decision.actor) == ("upheld", cast.central_supervisor)
    entry = Entry.objects.filter(subject=case.reference).latest("seq")
    assert entry.kind == "objection"
    assert b'"outcome":"upheld"' in bytes(entry.body)
    case = moves.approve(case, by=cast.supervisor, now=AFTER + 2 * H)
    assert case.approved_at


@pytest.mark.django_db
def test_who_decided_on_an_objection_decides_nothing_else_on_the_case(cast, submitted):
    case = objections.submit_objection(_refused(submitted, cast), reason="س", by=cast.citizen, now=AFTER)
    case = objections.uphold(case, reason="س", by=cast.central_supervisor, now=AFTER + H)
    case = moves.reject(case, reason="مرة أخرى", by=cast.supervisor, now=AFTER + 2 * H)
    case = objections.submit_objection(case, reason="س", by=cast.citizen, now=AFTER + 3 * H)
    assert not access.decides_on(cast.central_supervisor, case), "a second refusal needs a third person"
    assert not access.decides_on(cast.supervisor, case)


@pytest.mark.django_db
def test_a_return_is_taken_back_with_what_it_asked(cast, submitted):
    case = objections.submit_objection(_returned(submitted, cast), reason="أرفقته", by=cast.citizen, now=AFTER)
    assert Objection.objects.get().office.code == "SHR", "its supervisor has not acted"
    case = objections.uphold(case, reason="هو مرفق", by=cast.supervisor, now=AFTER + H)
    assert case.status == "under_study"
    assert case.paused_at is None
    assert case.due_at
    assert not case.deficiencies.open().exists()
    assert case.deficiencies.get().withdrawn_at == AFTER + H


@pytest.mark.django_db
def test_answering_or_withdrawing_ends_an_objection_that_is_no_longer_needed(cast, submitted):
    case = objections.submit_objection(_returned(submitted, cast), reason="س", by=cast.citizen, now=AFTER)
    item = case.deficiencies.open().get()
    case = moves.answer(case, answers={item.pk: "نعم"}, by=cast.citizen, now=AFTER + H)
    row = Objection.objects.get()
    assert (row.outcome, row.decision.move, case.objected_at) == ("lapsed", "answer", None)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "amount", "status"),
    [
        ("1000", "1000.00", "awaiting_payment"),
        ("١٬٠٠٠٫٥٠ ريال", "1000.50", "awaiting_payment"),
        ("0", "0.00", "approved"),
    ],
)
def test_a_fee_is_lowered_and_the_case_goes_on_where_nothing_is_owed(cast, submitted, typed, amount, status):
    case = drive(submitted("building-permit"), cast, "awaiting_payment")
    told = []
    fee_changed.connect(lambda **about: told.append(about), weak=False, dispatch_uid="told")
    before = case.fee.amount
    try:
        case = objections.submit_objection(case, reason="المساحة أقل", by=cast.citizen, now=AFTER)
        for wrong in ("", "abc", "-1", "1.234", str(before), str(before + 1)):
            with pytest.raises(Invalid):
                objections.uphold(case, reason="س", amount=wrong, by=cast.central_supervisor, now=AFTER + H)
        case = objections.uphold(case, reason="س", amount=typed, by=cast.central_supervisor, now=AFTER + H)
    finally:
        fee_changed.disconnect(dispatch_uid="told")
    case = Transaction.objects.select_related("fee").get(pk=case.pk)
    assert (str(case.fee.amount), case.status) == (amount, status)
    assert [(about["before"], str(about["after"])) for about in told] == [(before, amount)]


@pytest.mark.django_db
def test_a_fee_that_was_paid_says_that_the_rest_is_owed(cast, submitted, signed_in):
    case = drive(submitted("building-permit"), cast, "issued")
    case = objections.submit_objection(case, reason="س", by=cast.citizen, now=AFTER)
    with pytest.raises(DomainError) as waits:
        moves.file(case, by=cast.registry, now=AFTER)
    assert waits.value.code == "under_objection"
    case = objections.uphold(case, reason="س", amount="1", by=cast.central_supervisor, now=AFTER + H)
    assert case.status == "issued"
    assert case.events.get(move="uphold").facts["paid"] is True
    page = signed_in(cast.citizen).get(reverse("transactions:request", args=[case.reference])).content.decode()
    assert "وما دُفع زيادةً عليها مستحق لك" in page


@pytest.mark.django_db
def test_dismissed_with_reasons_as_a_letter_and_once_only(cast, submitted, signed_in):
    case = objections.submit_objection(_refused(submitted, cast), reason="نص الاعتراض", by=cast.citizen, now=AFTER)
    with pytest.raises(Invalid):
        objections.dismiss(case, reason=" ", by=cast.central_supervisor, now=AFTER + H)
    case = objections.dismiss(case, reason="القرار صحيح", by=cast.central_supervisor, now=AFTER + H)
    assert case.status == "rejected"
    assert Notification.objects.filter(event__move="dismiss", recipient=cast.citizen).exists()
    letter = reverse("transactions:objection_letter", args=[case.reference, Objection.objects.get().pk])
    html = signed_in(cast.citizen).get(letter).content.decode()
    assert "القرار صحيح" in html
    assert "نص الاعتراض" in html
    assert signed_in(cast.other_citizen).get(letter).status_code == 404
    with pytest.raises(DomainError) as again:
        objections.submit_objection(case, reason="س", by=cast.citizen, now=AFTER + 2 * H)
    assert again.value.code == "objected_already"


@pytest.mark.django_db
def test_after_its_period_refused_in_words_with_what_can_be_done(cast, submitted, settings):
    case = _refused(submitted, cast)
    calendar_end = objections.right_of(case, [], NOW + 31 * H).until
    with pytest.raises(DomainError) as over:
        objections.submit_objection(case, reason="س", by=cast.citizen, now=calendar_end + H)
    assert over.value.code == "period_over"
    assert "الإجابات نفسها" in str(over.value.message)
    assert objections.submit_objection(case, reason="س", by=cast.citizen, now=calendar_end).objected_at
    assert settings.OBJECTION_DAYS["refusal"] == 30


@pytest.mark.django_db
def test_two_presses_are_one_objection_and_strangers_make_none(cast, submitted, signed_in):
    case = _refused(submitted, cast)
    page = reverse("transactions:objection", args=[case.reference])
    assert signed_in(cast.other_citizen).post(page, {"reason": "س"}).status_code == 404
    owner = signed_in(cast.citizen)
    assert owner.get(page).status_code == 200
    empty = owner.post(page, {"reason": "  ", "version": case.version})
    assert empty.status_code == 422
    for _press in range(2):
        assert owner.post(page, {"reason": "سبب", "version": case.version}).status_code == 302
    assert Objection.objects.count() == 1
    assert Transaction.objects.get(pk=case.pk).events.filter(move="object").count() == 1


@pytest.mark.django_db
def test_the_case_opens_to_who_decides_while_it_waits_and_to_nobody_else(cast, submitted, signed_in):
    case = _refused(submitted, cast)
    page = reverse("staff:case", args=[case.reference])
    with pytest.raises(NotVisible):
        access.get_transaction(cast.central_supervisor, case.reference)
    case = objections.submit_objection(case, reason="نص", by=cast.citizen, now=AFTER)
    html = signed_in(cast.central_supervisor).get(page)
    assert html.status_code == 200
    assert {"uphold", "dismiss"} <= {move.name for move in html.context["moves"]}
    own = signed_in(cast.supervisor).get(page)
    assert not {"uphold", "dismiss"} & {move.name for move in own.context["moves"]}
    with pytest.raises(NotVisible):
        access.get_transaction(cast.central_reviewer, case.reference)
    listed = signed_in(cast.central_supervisor).get(reverse("staff:objections"))
    assert case.reference in listed.content.decode()
    assert signed_in(cast.reviewer).get(reverse("staff:objections")).status_code == 404
    done = signed_in(cast.central_supervisor).post(
        reverse("staff:move", args=[case.reference, "dismiss"]), {"version": case.version, "reason": "أسباب"}
    )
    assert done.status_code == 302
    with pytest.raises(NotVisible):
        access.get_transaction(cast.central_supervisor, case.reference)


# -- complaints --------------------------------------------------------------------------------------------------


def _late(submitted, cast):
    case = drive(submitted(), cast, "under_study")
    return case, case.due_at + H


@pytest.mark.django_db
def test_a_complaint_goes_to_a_named_supervisor_and_up_when_nobody_answers(cast, submitted):
    case, late = _late(submitted, cast)
    with pytest.raises(DomainError) as early:
        complaints.complain(case, reason="تأخر", by=cast.citizen, now=case.due_at)
    assert early.value.code == "not_late"
    case = complaints.complain(case, reason="تأخر", by=cast.citizen, now=late)
    row = Objection.objects.get()
    assert (row.addressed_to, row.level, row.office.code) == (cast.supervisor, 1, "SHR")
    due = objections.due_of(row, case, late)
    assert due == objections.current_calendar().add_working_days(late, 5)
    assert complaints.pass_on_unanswered(due) == 0
    assert complaints.pass_on_unanswered(due + H) == 1
    assert complaints.pass_on_unanswered(due + H) == 0, "done once"
    row.refresh_from_db()
    assert (row.addressed_to, row.level, row.office.code) == (cast.central_supervisor, 2, "CTR")
    event = case.events.get(move="escalate")
    assert event.facts["addressed_to"] == cast.central_supervisor.full_name
    case.refresh_from_db()
    case = complaints.answer_complaint(case, reason="بدأنا الدراسة", by=cast.central_supervisor, now=due + 2 * H)
    assert case.objected_at is None
    assert case.status == "under_study"
    row.refresh_from_db()
    assert row.outcome == "answered"
    case = complaints.complain(case, reason="ما زال", by=cast.citizen, now=due + 3 * H)
    second = Objection.objects.waiting().get()
    assert second.level == 2, "an answer that was no help leads to the next level"


@pytest.mark.django_db
def test_an_answer_to_a_complaint_bars_nobody_from_deciding_the_case(cast, submitted):
    case, late = _late(submitted, cast)
    case = complaints.complain(case, reason="تأخر", by=cast.citizen, now=late)
    case = complaints.answer_complaint(case, reason="نعتذر", by=cast.supervisor, now=late + H)
    assert moves.reject(case, reason="س", by=cast.supervisor, now=late + 2 * H).status == "rejected"


# -- taking a withdrawal back ------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("until", ["under_study", "awaiting_payment"])
def test_a_withdrawal_is_taken_back_where_the_request_was(cast, submitted, until):
    case = drive(submitted("building-permit"), cast, until)
    stage = case.stage
    case = moves.withdraw(case, by=cast.citizen, now=AFTER)
    with pytest.raises(DomainError):
        resume(case, by=cast.engineer, now=AFTER + H)
    case = resume(case, by=cast.citizen, now=AFTER + H)
    assert (case.status, case.stage, case.withdrawn_at, case.closed_at) == (until, stage, None, None)


@pytest.mark.django_db
def test_a_return_waits_again_and_what_never_arrived_is_sent_on(cast, submitted):
    case = moves.withdraw(_returned(submitted, cast), by=cast.citizen, now=AFTER)
    case = resume(case, by=cast.citizen, now=AFTER + H)
    assert case.status == "returned"
    assert case.deficiencies.open().count() == 1
    assert case.paused_at == AFTER + H
    fresh = moves.withdraw(submitted("shop-licence", routed=False), by=cast.establishment, now=AFTER)
    fresh = resume(fresh, by=fresh.applicant, now=AFTER + H)
    assert fresh.status == "submitted"
    work_off(AFTER + 2 * H)
    fresh.refresh_from_db()
    assert fresh.status == "incoming"
    assert fresh.held_by


@pytest.mark.django_db
def test_what_stands_against_taking_it_back_is_told(cast, submitted):
    case = moves.withdraw(drive(submitted(), cast, "under_study"), by=cast.citizen, now=AFTER)
    again = submitted(now=AFTER + H)
    with pytest.raises(DomainError) as twice:
        resume(case, by=cast.citizen, now=AFTER + 2 * H)
    assert twice.value.code == "asked_again"
    assert again.reference in str(twice.value.message)
    moves.withdraw(again, by=cast.citizen, now=AFTER + 3 * H)
    with pytest.raises(DomainError) as late:
        resume(case, by=cast.citizen, now=AFTER + 90 * DAY)
    assert late.value.code == "period_over"
    assert resume(case, by=cast.citizen, now=AFTER + 4 * H).status == "under_study"
    assert Office.objects.filter(code="CTR").exists()
