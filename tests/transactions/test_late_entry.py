"""What was taken on a slip is entered later: under the slip's number, from the slip's time, once, and by two."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from core.hijri import RIYADH
from journal import receipts
from journal.models import Entry
from municipality.models import Office
from municipality.services import current_calendar
from transactions.attachments.slips import attach_scan
from transactions.booklets import ledger
from transactions.booklets.printing import slips_of
from transactions.books import promises
from transactions.books.look import Look
from transactions.domain import clock, pins
from transactions.domain.errors import DomainError, Invalid, NotVisible, OperationClosed
from transactions.domain.gates import Scope
from transactions.domain.slips import Outage, Wrong, what_is_wrong_with
from transactions.incidents import gates
from transactions.inquiry import services as inquiry
from transactions.intake import drafts, late_entry
from transactions.models import Attachment, Booklet, Channel, Draft, GateSwitch, Intake, Slip, Transaction
from transactions.papers import book

from ..conftest import NOW, pdf, upload, work_off
from ..paper import OUT, SERVICE, WRITTEN, asked, begun, filled, handed, outage, staff

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def second(cast):
    return staff("second administrator", 61, "CTR", "administrator")


@pytest.fixture
def colleague(cast):
    return staff("colleague", 62, "SC01", "centre_clerk")


@pytest.fixture
def booklet(cast, second):
    return handed(cast, second, now=OUT)


@pytest.fixture
def down(cast, second, booklet):
    """The network was away from the eighth day before now to the third."""
    return outage(cast, second, NOW - 8 * DAY, NOW - 3 * DAY)


def confirmed(cast, slip, by, *, national_id=None, written_at=WRITTEN, now=NOW):
    read = national_id or cast.citizen.national_id
    return late_entry.confirm(slip, national_id=read, written_at=written_at, by=by, now=now)


def first(booklet):
    return Slip.objects.select_related("booklet__office").get(booklet=booklet, index=1)


def test_number_place_in_the_queue_and_due_dates_are_those_of_the_slip(cast, booklet, down, colleague):
    slip = first(booklet)
    intake = confirmed(cast, asked(cast, slip), colleague)
    case = intake.transaction
    assert (case.reference, case.submitted_at, case.channel) == (slip.number, WRITTEN, Channel.PAPER)
    assert (case.taken_by, case.taken_at.code) == (cast.clerk, "SC01")
    body = receipts.check_token(intake.token).body
    assert (body["channel"], body["written"], body["ref"]) == ("paper", "2026-11-18T07:00:00Z", slip.number)
    assert body["at"] == "2026-11-24T07:00:00Z"
    # Six days on, the clock stood still from the slip's time to the end of the outage.
    calendar = current_calendar()
    lost = calendar.working_days_between(WRITTEN, NOW - 3 * DAY)
    days = case.service_type.working_days_for(case.answers)
    assert lost > 0
    assert intake.due_at == clock.due_moment(WRITTEN, days, lost, calendar)
    while work_off(NOW + HOUR):
        pass
    case.refresh_from_db()
    assert case.branch is not None
    assert case.due_at == intake.due_at
    assert case.events.filter(move="stop_clock").count() == 1


def test_inquiry_leads_from_the_slip_to_the_request(cast, booklet, down, colleague, client):
    slip = first(booklet)
    confirmed(cast, asked(cast, slip), colleague)
    found = inquiry.find_by_pin(slip.number, pins.derive_pin(slip.number), address="10.0.0.1", now=NOW)
    assert found.reference == slip.number
    token = receipts.encode_token(Entry.objects.get(kind="slip", subject=slip.number))
    assert slip.number in receipts.current_status(slip.number, receipts.check_token(token).body)


def test_the_incident_of_an_office_alone_stops_the_clock_of_its_slips(cast, second, booklet, colleague):
    outage(cast, second, NOW - 8 * DAY, NOW - 3 * DAY, offices=["SC01"])
    intake = confirmed(cast, asked(cast, first(booklet)), colleague)
    while work_off(NOW + HOUR):
        pass
    case = Transaction.objects.get()
    assert case.paused_days == current_calendar().working_days_between(WRITTEN, NOW - 3 * DAY)
    assert case.due_at == intake.due_at


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ({}, OUT - HOUR),
        ({}, NOW + HOUR),
        ({}, NOW - 2 * DAY),
        ({"offices": ["SC02"]}, WRITTEN),
        ({"services": ["land-subdivision"]}, WRITTEN),
        ({"operations": ["payments"]}, WRITTEN),
    ],
)
def test_a_time_that_no_incident_covers_is_refused(cast, second, booklet, said, written):
    outage(cast, second, NOW - 8 * DAY, NOW - 3 * DAY, **said)
    with pytest.raises(DomainError) as refused:
        begun(cast, first(booklet), written_at=written)
    assert refused.value.code == "slip_date"
    assert not Slip.objects.exclude(draft=None).exists()


def test_an_incident_of_the_office_above_covers_its_centre(cast, second, booklet):
    outage(cast, second, NOW - 8 * DAY, NOW - 3 * DAY, offices=["SHR"])
    assert begun(cast, first(booklet)).slip.written_at == WRITTEN


def test_without_a_time_it_counts_from_now_and_one_clerk_is_enough(cast, booklet):
    draft = filled(begun(cast, first(booklet), written_at=None), cast.clerk)
    intake = drafts.submit_draft(draft, by=cast.clerk, now=NOW)
    assert (intake.transaction.reference, intake.transaction.submitted_at) == (first(booklet).number, NOW)
    assert "written" not in receipts.check_token(intake.token).body


def test_with_a_time_nobody_gets_round_the_second_person(cast, booklet, down, colleague):
    draft = filled(begun(cast, first(booklet)), cast.clerk)
    for person in (cast.clerk, cast.citizen):
        with pytest.raises(DomainError) as refused:
            drafts.submit_draft(draft, by=person, now=NOW)
        assert refused.value.code in ("second_person", "on_paper")
    with pytest.raises(DomainError) as refused:
        late_entry.ask_second(draft, by=cast.clerk, now=NOW)
    assert refused.value.code == "scan_missing"
    attach_scan(draft, upload("slip.pdf", pdf()), by=cast.clerk, now=NOW)
    slip = late_entry.ask_second(draft, by=cast.clerk, now=NOW)
    with pytest.raises(DomainError) as refused:
        confirmed(cast, slip, cast.clerk)
    assert refused.value.code == "second_person"
    elsewhere = staff("clerk elsewhere", 63, "SC02", "centre_clerk")
    for person in (elsewhere, cast.reviewer, cast.administrator):
        with pytest.raises(NotVisible):
            confirmed(cast, slip, person)
    for wrong in ({"national_id": cast.other_citizen.national_id}, {"written_at": WRITTEN + timedelta(minutes=1)}):
        with pytest.raises(Invalid):
            confirmed(cast, slip, colleague, **wrong)
    assert not Transaction.objects.exists()
    assert confirmed(cast, slip, cast.supervisor).transaction.reference == slip.number
    assert first(booklet).second_by == cast.supervisor


def test_pressed_twice_or_in_two_tabs_it_is_one_request_and_one_receipt(cast, booklet, down, colleague):
    slip = asked(cast, first(booklet))
    receipt = confirmed(cast, slip, colleague)
    again = confirmed(cast, slip, colleague, now=NOW + HOUR)
    assert (again.pk, again.token) == (receipt.pk, receipt.token)
    draft = Draft.objects.get()
    assert drafts.submit_draft(draft, by=cast.clerk, now=NOW + HOUR).token == receipt.token
    assert Transaction.objects.count() == Intake.objects.count() == 1
    with pytest.raises(DomainError) as refused:
        begun(cast, slip, now=NOW + HOUR)
    assert refused.value.code == "slip_entered"


def test_two_clerks_at_one_slip(cast, booklet, down, colleague):
    slip = first(booklet)
    mine = begun(cast, slip)
    assert begun(cast, slip) == mine
    with pytest.raises(DomainError) as refused:
        begun(cast, slip, by=colleague)
    assert refused.value.code == "slip_elsewhere"
    theirs = begun(cast, slip, by=colleague, written_at=None, take_over=True)
    assert theirs != mine
    filled(mine, cast.clerk)
    with pytest.raises(DomainError) as refused:
        drafts.submit_draft(mine, by=cast.clerk, now=NOW)
    assert refused.value.code == "slip_elsewhere"
    drafts.submit_draft(filled(theirs, colleague), by=colleague, now=NOW)
    assert Transaction.objects.get().taken_by == colleague


def test_a_crash_before_the_end_leaves_nothing(cast, booklet, down, colleague, monkeypatch):
    from transactions.intake import submit

    slip = asked(cast, first(booklet))

    def dies(*_args, **_more):
        raise RuntimeError("the power went")

    monkeypatch.setattr(submit.entering, "entered", dies)
    with pytest.raises(RuntimeError):
        confirmed(cast, slip, colleague)
    monkeypatch.undo()
    assert not Transaction.objects.exists()
    assert first(booklet).second_at is None
    assert confirmed(cast, slip, colleague).transaction.reference == slip.number


@pytest.mark.parametrize("what", ["void", "lost", "lost while begun", "elsewhere", "not handed out"])
def test_slips_that_are_not_entered(cast, second, booklet, down, what):
    slip, code = first(booklet), ""
    if what == "void":
        ledger.spoil(slip, reason="torn", by=cast.clerk, now=NOW)
        code = "slip_void"
    elif what == "lost":
        ledger.report_lost(booklet, first=1, reason="stolen", by=cast.clerk, now=NOW)
        code = "slip_lost"
    elif what == "lost while begun":
        draft = filled(begun(cast, slip, written_at=None), cast.clerk)
        ledger.report_lost(booklet, first=1, reason="stolen", by=cast.clerk, now=NOW)
        with pytest.raises(DomainError) as refused:
            drafts.submit_draft(draft, by=cast.clerk, now=NOW)
        assert refused.value.code == "slip_elsewhere"
        code = "slip_lost"
    elif what == "elsewhere":
        Booklet.objects.update(office=Office.objects.get(code="SC02"))
        code = "other_centre"
    else:
        Booklet.objects.update(handed_at=None, opened_at=None)
        code = "not_handed_out"
    with pytest.raises(DomainError) as refused:
        begun(cast, first(booklet))
    assert refused.value.code == code


def test_a_lost_slip_that_was_released_is_entered(cast, second, booklet):
    slip = first(booklet)
    ledger.report_lost(booklet, first=1, reason="stolen", by=cast.clerk, now=NOW)
    ledger.hold(slip, reason="its holder brought it", by=cast.clerk, now=NOW)
    ledger.release(slip, reason="the clerk remembers", by=second, now=NOW)
    draft = filled(begun(cast, first(booklet), written_at=None), cast.clerk)
    assert drafts.submit_draft(draft, by=cast.clerk, now=NOW).transaction.reference == slip.number


def test_a_closed_gate_is_closed_for_slips_too(cast, booklet, down):
    draft = filled(begun(cast, first(booklet), written_at=None), cast.clerk)
    closing = GateSwitch(
        service=SERVICE, operation="intake", state="reading", reason_ar="نراجع النظام.", reason_en="Checking."
    )
    gates.set_gate(closing, reason="x", by=cast.administrator, now=NOW)
    with pytest.raises((OperationClosed, DomainError)):
        drafts.submit_draft(draft, by=cast.clerk, now=NOW)
    with pytest.raises((OperationClosed, DomainError)):
        begun(cast, Slip.objects.get(booklet=booklet, index=2), written_at=None)
    assert not Transaction.objects.exists()


def test_the_books_and_the_journal_agree(cast, booklet, down, colleague):
    slip = asked(cast, first(booklet))
    confirmed(cast, slip, colleague)
    while work_off(NOW + HOUR):
        pass
    bodies = [json.loads(bytes(entry.body)) for entry in Entry.objects.all()]
    assert list(book.compare(bodies)) == []
    assert list(book.rows_without_entry()) == []
    look = Look(NOW + DAY)
    wrong = {kind.code: found for kind in promises.KINDS if (found := list(kind.find(look)))}
    assert wrong == {}


def test_number_and_pin_of_a_slip_typed_at_the_counter(cast, booklet):
    slip = first(booklet)
    eastern = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
    typed = slip.number.replace("-", " – ").lower().translate(eastern)
    pin = pins.format_pin(pins.derive_pin(slip.number)).translate(eastern)
    assert late_entry.find_slip(typed, pin, address="10.0.0.1", now=NOW) == slip
    with pytest.raises(NotVisible):
        late_entry.find_slip(slip.number, "00000000", address="10.0.0.1", now=NOW)


def test_a_booklet_this_database_forgot_is_taken_back_by_one_of_its_slips(cast, second, booklet, down, colleague):
    slip = first(booklet)
    case = confirmed(cast, asked(cast, slip), colleague).transaction
    token = receipts.encode_token(Entry.objects.get(kind="slip", subject=Slip.objects.last().number))
    # As after a restore from a copy that was made before the printing.
    booklet.events.all().delete()
    Slip.objects.all().delete()
    Booklet.objects.all().delete()
    pin = pins.derive_pin(slip.number)
    with pytest.raises(DomainError) as refused:
        late_entry.find_slip(slips_of(booklet)[1].number, pins.derive_pin(slips_of(booklet)[1].number),
                             address="10.0.0.1", now=NOW)  # fmt: skip
    assert refused.value.code == "booklet_unknown"
    for code in ("nonsense", token[:-6] + "AAAAAA", Intake.objects.get().token):
        with pytest.raises(DomainError):
            ledger.take_back(code, by=cast.administrator, now=NOW)
    with pytest.raises(DomainError):
        ledger.take_back(token, by=cast.clerk, now=NOW)
    back = ledger.take_back(f"https://portal.example/verify/{token}", by=cast.administrator, now=NOW)
    assert ledger.take_back(token, by=cast.administrator, now=NOW) == back
    assert (back.first_serial, back.size, back.office.code) == (booklet.first_serial, 5, "SC01")
    assert late_entry.find_slip(slip.number, pin, address="10.0.0.1", now=NOW).transaction == case


def test_the_scan_is_seen_by_who_confirms_and_stays(cast, booklet, down, colleague, signed_in):
    slip = asked(cast, first(booklet))
    address = reverse("transactions:file", args=[slip.scan.key])
    assert signed_in(colleague).get(address).status_code == 200
    assert signed_in(cast.other_citizen).get(address).status_code == 404
    another = attach_scan(slip.draft, upload("better.pdf", pdf()), by=cast.clerk, now=NOW)
    assert Attachment.objects.get(pk=slip.scan.pk).removed_at is not None
    assert first(booklet).scan == another


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(lambda moment: moment.replace(tzinfo=RIYADH))


@given(moments, moments, moments, moments, st.none() | moments)
def test_a_date_is_right_only_inside_booklet_and_incident(written, handed_at, now, start, end):
    outages = [Outage(Scope(operations=frozenset(["intake"])), start, end)]
    wrong = what_is_wrong_with(
        written, handed_at=handed_at, now=now, outages=outages, service=SERVICE, offices={"SC01"}
    )
    inside = start <= written and (end is None or written <= end)
    assert (wrong == "") == (handed_at <= written <= now and inside)
    assert wrong in ("", Wrong.FUTURE, Wrong.BEFORE_BOOKLET, Wrong.NO_INCIDENT)


def test_the_whole_way_by_the_pages(cast, second, booklet, down, colleague, signed_in, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    slip = first(booklet)
    page = signed_in(cast.clerk)
    typed = {
        "number": slip.number, "pin": pins.derive_pin(slip.number), "day": "2026-11-18", "time": "١٠:٠٠",
        "national_id": cast.citizen.national_id, "full_name": cast.citizen.full_name,
        "phone": cast.citizen.phone, "email": "", "seen": "on", "service": SERVICE,
        "centre": Office.objects.get(code="SC01").pk,
    }  # fmt: skip
    wrong = page.post(reverse("staff:paper"), typed | {"pin": "11111111", "day": "2026-11-20"})
    assert wrong.status_code == 422
    begun_at = page.post(reverse("staff:paper"), typed)
    draft = filled(Draft.objects.get(), cast.clerk)
    assert begun_at.url == reverse("staff:intake", args=[draft.key])
    check = reverse("staff:intake_check", args=[draft.key])
    assert slip.number in page.get(check).content.decode()
    assert page.post(check).status_code == 409
    # The scan's button without a file neither submits nor asks anybody.
    assert page.post(check, {"action": "scan"}).status_code == 422
    assert not late_entry.waiting_for(cast.clerk).exists()
    page.post(check, {"action": "scan", "scan": upload("slip.pdf", pdf())})
    assert page.post(check).url == reverse("staff:paper")
    other = signed_in(colleague)
    address = reverse("staff:paper_second", args=[slip.pk])
    shown = other.get(address).content.decode()
    assert cast.citizen.national_id not in shown
    assert "2026-11-18" not in shown
    read = {"national_id": cast.citizen.national_id, "day": "1448/06/08", "time": "10:00"}
    assert other.post(address, read | {"time": "10:01"}).status_code == 422
    assert other.post(address, read | {"day": "2026-11-18"}).url == reverse("staff:paper")
    assert Transaction.objects.get().reference == slip.number
    assert other.post(address, read).url == reverse("staff:paper")
