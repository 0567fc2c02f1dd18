"""Booklets of slips: printed by two, on record, and what is said of each slip."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts import four_eyes
from accounts.errors import AccountError
from journal import chain, receipts
from journal.models import Entry
from municipality.models import Office
from transactions.booklets import ledger, printing, standing
from transactions.domain import pins, references
from transactions.domain.errors import DomainError, Invalid, NotVisible, SlipNotEntered
from transactions.domain.references import BOX_LETTERS, Reference
from transactions.domain.slips import FIRST_SERIAL, LAST_SERIAL, OF_A_SLIP, is_slip
from transactions.inquiry import services as inquiry
from transactions.intake import late_entry
from transactions.models import Booklet, BookletEvent, Serial, Slip
from transactions.papers.verification import number_typed
from transactions.signed_papers.booklets import pdf_of, sheet_of
from transactions.transitions import registers
from transactions.transitions.registers import next_serial

from ..conftest import NOW
from ..paper import handed, printed, staff

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def second(cast):
    return staff("second administrator", 61, "CTR", "administrator")


@pytest.fixture
def booklet(cast, second):
    return handed(cast, second)


def said_of(booklet):
    entries = Entry.objects.filter(kind="booklet", subject=f"booklet-{booklet}").order_by("seq")
    return [json.loads(bytes(entry.body)) for entry in entries]


def test_nothing_is_printed_before_a_second_administrator_agrees(cast, second):
    centre = Office.objects.get(code="SC01")
    with pytest.raises(AccountError):
        printing.order(centre, many=1, size=3, reason="drill", by=cast.clerk, now=NOW)
    proposal = printing.order(centre, many=2, size=3, reason="drill", by=cast.administrator, now=NOW)
    assert not Booklet.objects.exists()
    with pytest.raises(AccountError):
        four_eyes.confirm(proposal, by=cast.administrator, now=NOW)
    four_eyes.confirm(proposal, by=second, now=NOW)
    assert Booklet.objects.count() == 2
    numbers = [references.parse(number) for number in Slip.objects.order_by("pk").values_list("number", flat=True)]
    assert [number.serial for number in numbers] == [FIRST_SERIAL + index for index in range(6)]
    assert all(map(is_slip, numbers))
    with pytest.raises(AccountError):
        four_eyes.confirm(proposal, by=second, now=NOW)
    assert Booklet.objects.count() == 2


@pytest.mark.parametrize(("code", "many", "size"), [("SHR", 1, 5), ("SC01", 0, 5), ("SC01", 6, 5), ("SC01", 1, 51)])
def test_what_is_not_printed(cast, code, many, size):
    with pytest.raises(ValidationError):
        printing.order(Office.objects.get(code=code), many=many, size=size, reason="x", by=cast.administrator, now=NOW)


def test_numbers_go_on_after_the_last_booklet_and_never_meet_those_of_requests(cast, second, settings):
    (first,), (other,) = printed(cast, second, size=3), printed(cast, second, size=2, now=NOW + HOUR)
    assert (first.first_serial, other.first_serial) == (FIRST_SERIAL, FIRST_SERIAL + 3)
    # After a restore the node goes on under another letter: what was printed and forgotten is not printed again.
    settings.JOURNAL_INCARNATION, settings.JOURNAL_KEY = "B", base64.b64encode(bytes(range(32))).decode()
    (later,) = printed(cast, second, size=2, now=NOW + 2 * HOUR)
    assert not set(later.slips.values_list("number")) & set(first.slips.values_list("number"))
    Serial.objects.create(node="C1", incarnation="B", hijri_year=1448, last=FIRST_SERIAL - 1)
    with transaction.atomic(), pytest.raises(ValueError, match="paper slips"):
        next_serial("C1", "B", 1448)


def test_a_slip_proves_itself_and_says_how_it_stands(cast, booklet, client):
    slip = booklet.slips.first()
    token = receipts.encode_token(Entry.objects.get(kind="slip", subject=slip.number))
    check = receipts.check_token(token)
    assert (check.signature_good, check.in_journal, check.subject) == (True, True, slip.number)
    assert (check.body["office"], check.body["slip"], check.body["slips"]) == ("SC01", 1, 5)
    words = standing.in_words(standing.find(slip.number))
    assert receipts.current_status(check.subject, check.body) == words
    assert words in client.get(reverse("journal:verify_token", args=[token])).content.decode()
    forged = token[:-8] + ("A" if token[-8] != "A" else "B") + token[-7:]
    assert not receipts.check_token(forged).signature_good


def test_inquiry_before_a_slip_is_entered(cast, booklet, client):
    slip = booklet.slips.first()
    with pytest.raises(SlipNotEntered) as told:
        inquiry.find_by_pin(slip.number, pins.derive_pin(slip.number), address="10.0.0.1", now=NOW)
    assert str(told.value) == standing.in_words(standing.find(slip.number))
    typed = {"by": "pin", "reference": slip.number.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")).lower()}
    page = client.post(reverse("transactions:inquiry"), typed | {"pin": pins.format_pin(pins.derive_pin(slip.number))})
    assert page.status_code == 404
    assert standing.in_words(standing.find(slip.number)) in page.content.decode()
    with pytest.raises(NotVisible) as refused:
        inquiry.find_by_pin(slip.number, "00000000", address="10.0.0.1", now=NOW)
    assert refused.value.code == "not_found"


def test_a_slip_whose_booklet_this_database_forgot_is_still_known_by_its_pin(cast, db):
    number = str(Reference("C1", "A", 1448, FIRST_SERIAL + 77))
    with pytest.raises(SlipNotEntered):
        inquiry.find_by_pin(number, pins.derive_pin(number), address="10.0.0.1", now=NOW)


def test_each_thing_that_happens_is_an_event_and_an_entry(cast, second):
    (booklet,) = printed(cast, second)
    with pytest.raises(DomainError) as refused:
        ledger.open_booklet(booklet, by=cast.clerk, now=NOW)
    assert refused.value.code == "not_handed_out"
    ledger.fetched(booklet, by=cast.administrator, now=NOW)
    for _press in range(2):
        ledger.hand_out(booklet, cast.clerk, by=cast.administrator, now=NOW)
        ledger.open_booklet(booklet, by=cast.clerk, now=NOW)
    with pytest.raises(DomainError) as refused:
        ledger.fetched(booklet, by=cast.administrator, now=NOW)
    assert refused.value.code == "already_handed_out"
    first, *_rest = booklet.slips.all()
    for _press in range(2):
        ledger.spoil(first, reason=" torn ", by=cast.clerk, now=NOW)
        ledger.report_lost(booklet, first=4, reason="left in a taxi", by=cast.clerk, now=NOW)
    whats = [said["what"] for said in said_of(booklet)]
    assert whats == ["printed", "fetched", "handed", "opened", "spoilt", "lost"]
    assert [event.what for event in booklet.events.all()] == whats
    assert [bool(slip.revoked_at) for slip in booklet.slips.all()] == [False, False, False, True, True]
    assert said_of(booklet)[-1]["many"] == 2


def test_only_who_may_touches_a_booklet(cast, second, booklet):
    elsewhere = staff("clerk elsewhere", 62, "SC02", "centre_clerk")
    slip = booklet.slips.first()
    for person in (cast.citizen, cast.reviewer, elsewhere):
        with pytest.raises(DomainError):
            ledger.spoil(slip, reason="x", by=person, now=NOW)
        with pytest.raises(DomainError):
            ledger.report_lost(booklet, first=1, reason="x", by=person, now=NOW)
    (other,) = printed(cast, second, now=NOW + HOUR)
    for person in (cast.clerk, cast.supervisor):
        with pytest.raises(DomainError):
            ledger.hand_out(other, cast.clerk, by=person, now=NOW)
        with pytest.raises(DomainError):
            ledger.fetched(other, by=person, now=NOW)
    with pytest.raises(DomainError) as refused:
        ledger.hand_out(other, elsewhere, by=cast.administrator, now=NOW)
    assert refused.value.code == "not_at_this_counter"
    for reason in ("", "  \u200f", "x" * 501):
        with pytest.raises(Invalid):
            ledger.spoil(slip, reason=reason, by=cast.clerk, now=NOW)


def test_a_lost_slip_that_turns_up_is_held_until_another_releases_it(cast, second, booklet):
    slip = booklet.slips.last()
    with pytest.raises(DomainError) as refused:
        ledger.hold(slip, reason="brought by its holder", by=cast.clerk, now=NOW)
    assert refused.value.code == "not_lost"
    ledger.report_lost(booklet, first=5, reason="stolen", by=cast.clerk, now=NOW)
    with pytest.raises(DomainError):
        ledger.release(slip, reason="seen", by=second, now=NOW)
    ledger.hold(slip, reason="brought by its holder", by=cast.administrator, now=NOW)
    with pytest.raises(DomainError) as refused:
        ledger.release(slip, reason="seen", by=cast.administrator, now=NOW)
    assert refused.value.code == "second_person"
    with pytest.raises(DomainError):
        ledger.spoil(slip, reason="x", by=cast.clerk, now=NOW)
    ledger.release(slip, reason="the clerk remembers it", by=second, now=NOW)
    assert BookletEvent.objects.filter(slip=slip).values_list("what", flat=True)[::1] == ["turned_up", "released"]


def test_the_booklet_prints_number_pin_and_code_of_every_slip(cast, booklet):
    sheet = sheet_of(booklet)
    assert [slip["number"] for slip in sheet["slips"]] == [slip.number for slip in booklet.slips.all()]
    assert sheet["slips"][0]["pin"] == pins.format_pin(pins.derive_pin(sheet["slips"][0]["number"]))
    pdf = pdf_of(booklet)
    assert pdf.startswith(b"%PDF-")
    assert pdf == pdf_of(booklet)


def test_the_number_of_a_slip_typed_on_the_verify_page(booklet):
    found = number_typed(booklet.slips.first().number)
    assert "paper slip" in found.title or "قسيمة" in found.title


def test_a_booklet_is_burnt_with_the_journal_or_not_at_all(cast, second, monkeypatch):
    from transactions.booklets import record

    def fails(*_args, **_more):
        raise RuntimeError("the journal is away")

    monkeypatch.setattr(record.chain, "append", fails)
    with pytest.raises(RuntimeError):
        printed(cast, second)
    monkeypatch.undo()
    assert not Slip.objects.exists()
    with transaction.atomic():
        assert chain.lock().length == Entry.objects.count()


@given(st.integers(FIRST_SERIAL, LAST_SERIAL), st.sampled_from(["", "KRTW"]), st.sampled_from([" ", "-", "/", "‏"]))
def test_every_number_of_a_slip_is_read_as_it_is_typed(serial, lot, between):
    number = Reference("C1", "A", 1448, serial, lot)
    typed = str(number).replace("-", between).lower().translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert references.parse(typed) == number
    assert is_slip(references.parse(typed))
    assert len(str(number)) <= 24


NODES = st.from_regex(r"[A-Z][0-9A-Z]", fullmatch=True)


@given(NODES, st.integers(0, FIRST_SERIAL - 1))
def test_no_number_of_a_request_is_one_of_a_slip(node, serial):
    assert not is_slip(Reference(node, "A", 1448, serial))


def serial_of_a_box(monkeypatch, drawn, serial):
    monkeypatch.setattr(registers, "DRAWN", drawn)
    return registers.number_at_this_place(serial)


@pytest.mark.parametrize("letter", BOX_LETTERS)
def test_boxes_and_slips_at_their_limits_are_told_apart(letter, settings, monkeypatch):
    settings.OFFICE_BOX = True
    edges = [
        serial_of_a_box(monkeypatch, drawn, serial) for drawn in (1_000, 8_999, 9_000, 9_999) for serial in (1, 99_999)
    ]
    # A box counts through the numbers of slips, up to the last.
    assert edges[-1] == LAST_SERIAL
    for serial in (*edges, FIRST_SERIAL - 1, FIRST_SERIAL, LAST_SERIAL):
        of_a_box, lot = Reference(f"{letter}7", "A", 1448, serial), Reference(f"{letter}7", "B", 1448, serial, "KRTW")
        here = Reference("C1", "A", 1448, serial)
        assert not is_slip(of_a_box)
        assert not is_slip(lot)
        assert is_slip(here) == (serial >= FIRST_SERIAL)
        for number in (of_a_box, lot, here):
            assert bool(re.search(OF_A_SLIP, str(number))) == is_slip(number)


def test_what_a_box_gave_is_never_called_a_slip(cast, booklet):
    """Its highest number, in each place where a slip is known by its number; beside one of ours."""
    of_a_box, slip = str(Reference("B7", "A", 1448, LAST_SERIAL)), booklet.slips.first().number
    assert standing.find(of_a_box) is None
    assert number_typed(of_a_box).title == number_typed(str(Reference("B7", "A", 1448, 100_000_001))).title
    assert number_typed(of_a_box).title != number_typed(slip).title
    with pytest.raises(NotVisible) as refused:
        inquiry.find_by_pin(of_a_box, pins.derive_pin(of_a_box), address="10.0.0.1", now=NOW)
    assert not isinstance(refused.value, SlipNotEntered)
    with pytest.raises(NotVisible):
        late_entry.find_slip(of_a_box, pins.derive_pin(of_a_box), address="10.0.0.1", now=NOW)
    # And in a column, where the books ask the database.
    Slip.objects.filter(number=slip).update(number=of_a_box)
    assert set(Slip.objects.filter(number__regex=OF_A_SLIP)) == set(booklet.slips.exclude(number=of_a_box))


def test_an_office_box_prints_no_booklets(cast, settings):
    settings.JOURNAL_NODE = "B7"
    with pytest.raises(ValidationError):
        printing.order(Office.objects.get(code="SC01"), many=1, size=5, reason="drill", by=cast.administrator, now=NOW)
