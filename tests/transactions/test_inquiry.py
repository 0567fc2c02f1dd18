"""Asking without signing in: right secrets, wrong ones, guesses."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import attempts
from core.db import replica
from municipality.models import Office
from transactions.domain import pins
from transactions.domain.errors import DomainError, Invalid, NotVisible
from transactions.domain.register_lines import read_line
from transactions.inquiry import services as inquiry
from transactions.maintenance.health import read_health
from transactions.models import FailedAttempt
from transactions.transitions import moves

from ..conftest import NOW, drive

pytestmark = pytest.mark.django_db


def ask(case, pin, address="10.0.0.1", now=NOW):
    return inquiry.find_by_pin(case.reference, pin, address=address, now=now)


def test_the_right_pin_finds_it_and_writes_nothing(cast, submitted):
    case = submitted()
    assert ask(case, pins.derive_pin(case.reference)) == case
    assert FailedAttempt.objects.count() == 0


def test_a_wrong_pin_and_an_unknown_number_look_the_same(cast, submitted):
    case = submitted()
    said = set()
    for reference, pin in ((case.reference, "00000000"), ("C1A-1448-999999-X", "00000000"), ("", ""), ("x", "١")):
        with pytest.raises(NotVisible) as caught:
            inquiry.find_by_pin(reference, pin, address="10.0.0.1", now=NOW)
        said.add(caught.value.message)
    assert len(said) == 1


def test_who_guesses_waits_and_the_owner_elsewhere_does_not(cast, submitted):
    case, other = submitted(), submitted()
    for _ in range(inquiry.MAX_WRONG_PER_SUBJECT):
        with pytest.raises(NotVisible):
            ask(case, "00000000")
    # From there even the right PIN waits for the next hour; from anywhere else it is heard, and other numbers are too.
    with pytest.raises(DomainError) as caught:
        ask(case, pins.derive_pin(case.reference))
    assert caught.value.code == "too_many_tries"
    assert ask(case, pins.derive_pin(case.reference), address="10.9.9.9") == case
    assert ask(other, pins.derive_pin(other.reference)) == other
    assert ask(case, pins.derive_pin(case.reference), now=NOW + timedelta(hours=1)) == case


def test_a_network_that_guesses_at_everything_shuts_nobody_behind_it_out_and_is_told_of(cast, submitted):
    case, other = submitted(), submitted()
    assert attempts.count_alarms(NOW) == 0
    for number in range(inquiry.MAX_WRONG_OVERALL):
        with pytest.raises(NotVisible):
            inquiry.find_by_pin(f"made up {number}", "0", address="10.0.0.1", now=NOW)
    assert attempts.count_alarms(NOW) == 1
    assert read_health(NOW).silent["guessing"] == 1
    assert ask(case, pins.derive_pin(case.reference)) == case
    # From now on one wrong try there is all.
    with pytest.raises(NotVisible):
        ask(other, "00000000")
    with pytest.raises(DomainError):
        ask(other, pins.derive_pin(other.reference))
    assert ask(other, pins.derive_pin(other.reference), address="10.0.0.2") == other


def test_a_number_guessed_at_from_everywhere_stays_open_to_its_owner_and_is_told_of(cast, submitted):
    case = submitted()
    for number in range(inquiry.MAX_WRONG_OVERALL + 5):
        with pytest.raises(NotVisible):
            ask(case, "00000000", address=f"10.1.{number}.1")
    assert attempts.count_alarms(NOW) == 1
    assert ask(case, pins.derive_pin(case.reference), address="10.9.9.9") == case
    with pytest.raises(DomainError):
        ask(case, pins.derive_pin(case.reference), address="10.1.104.1")


def test_by_incoming_number_year_and_last_four(cast, submitted):
    case = moves.register(submitted(), by=cast.registry, now=NOW)
    last_four = case.applicant.national_id[-4:]
    for number, year, four in (("1", "1448", last_four), ("١", "١٤٤٨", last_four)):
        found = inquiry.find_by_incoming_number("SHR", number, year, four, address="10.0.0.1", now=NOW)
        assert found == case
    for wrong in (("SHR", "1", "1448", "0000"), ("SHR", "2", "1448", last_four), ("MTR", "1", "1448", last_four)):
        with pytest.raises(NotVisible):
            inquiry.find_by_incoming_number(*wrong, address="10.0.0.1", now=NOW)
    for junk in ("", "9" * 40, "1; DROP", "-1", "\x00", "1e3"):
        with pytest.raises((NotVisible, DomainError)):
            inquiry.find_by_incoming_number("SHR", junk, "1448", last_four, address=f"10.0.1.{len(junk)}", now=NOW)


def test_a_number_written_another_way_is_no_other_number_to_guess_at(cast, submitted):
    case = moves.register(submitted(), by=cast.registry, now=NOW)
    ways = (("1", "1448"), ("01", "1448"), ("1", "01448"), ("٠٠١", "١٤٤٨"), ("000000001", "000001448"))
    ways *= 2
    assert len(ways) == inquiry.MAX_WRONG_LAST_FOUR
    for place, (number, year) in enumerate(ways):
        with pytest.raises(NotVisible):
            inquiry.find_by_incoming_number("SHR", number, year, "0000", address=f"10.0.0.{place}", now=NOW)
    with pytest.raises(DomainError) as caught:
        inquiry.find_by_incoming_number(
            "SHR", "1", "1448", case.applicant.national_id[-4:], address="10.9.9.9", now=NOW
        )
    assert caught.value.code == "too_many_tries"


def test_an_ipv6_network_is_one_address_and_an_ipv4_address_in_ipv6_dress_its_own(cast, submitted):
    case = submitted()
    pin = pins.derive_pin(case.reference)
    for number in range(inquiry.MAX_WRONG_PER_SUBJECT):
        with pytest.raises(NotVisible):
            ask(case, "00000000", address=f"2001:db8::{number:x}")
        with pytest.raises(NotVisible):
            ask(case, "00000000", address="::ffff:10.0.0.1")
    for address in ("2001:db8::ffff:0:0:1", "2001:DB8:0:0::7%eth0", "10.0.0.1"):
        with pytest.raises(DomainError) as caught:
            ask(case, pin, address=address)
        assert caught.value.code == "too_many_tries"
    for address in ("2001:db8:0:1::1", "::ffff:10.0.0.2", "no address"):
        assert ask(case, pin, address=address) == case


@pytest.mark.parametrize("language", ["ar", "en"])
def test_an_answer_is_kept_until_the_next_move_and_not_beyond(language, cast, submitted, client):
    case = submitted()
    asked = {"reference": case.reference, "pin": pins.derive_pin(case.reference)}
    client.cookies["language"] = language

    def told() -> tuple[list[str], str]:
        answer = client.post("/api/v1/inquiries/", asked, "application/json", headers={"accept-language": language})
        page = client.post("/inquiry/", asked).content.decode()
        return [entry["title"] for entry in answer.json()["timeline"]], page.partition('class="timeline"')[2].partition(
            "</ol>"
        )[0]

    before = told()
    with CaptureQueriesContext(connection) as again:
        assert told() == before
    assert not [query for query in again if "transactions_event" in query["sql"]]
    moves.register(case, by=cast.registry, now=NOW + timedelta(hours=1))
    titles, page = told()
    assert len(titles) == len(before[0]) + 1
    assert titles[0] in page
    assert titles[0] not in before[1]


def test_an_answer_that_the_centre_began_comes_from_the_centre_whole(settings):
    settings.DATABASES = {**settings.DATABASES, replica.ALIAS: {}}

    def look() -> list[bool]:
        seen = [replica.reading()]
        with contextlib.suppress(ZeroDivisionError), replica.centre():
            seen.append(replica.reading())
            raise ZeroDivisionError
        seen.append(replica.reading())
        with replica.centre():
            pass
        return [*seen, replica.reading()]

    assert replica.ask(look) == [True, False, True, False]
    assert not replica.reading()


@pytest.mark.parametrize("by", ["pin", "incoming"])
def test_who_has_to_pay_is_told_how_much_and_where_and_no_name(by, cast, submitted, client):
    case = drive(submitted("building-permit"), cast, "awaiting_payment")
    line = case.movements.filter(direction="in").first()
    typed = {
        "pin": {"reference": case.reference, "pin": pins.derive_pin(case.reference)},
        "incoming": {
            "by": "incoming",
            "office": line.office.code,
            "number": line.number,
            "hijri_year": line.hijri_year,
            "last_four": cast.citizen.national_id[-4:],
        },
    }[by]
    html = client.post(reverse("transactions:inquiry"), typed).content.decode()
    assert "المطلوب سداده: 1,741.50 ريال" in html
    assert "سدّد في أي مركز خدمات" in html
    for private in (cast.citizen.full_name, cast.citizen.national_id, cast.citizen.phone, cast.office.licence_number):
        assert private not in html
    drive(case, cast, "approved", NOW + timedelta(days=1))
    assert "المطلوب سداده" not in client.post(reverse("transactions:inquiry"), typed).content.decode()


def test_the_page_asks_nothing_to_be_shown_and_says_how_long_to_wait(cast, submitted, client):
    case, url = submitted(), reverse("transactions:inquiry")
    client.get(url)
    with CaptureQueriesContext(connection) as asked:
        page = client.get(url, {"by": "incoming"})
    assert (page.status_code, len(asked)) == (200, 0)
    assert f'<option value="SHR">{Office.objects.get(code="SHR").name}' in page.content.decode()
    # Twice as many as are let in: the hour may end meanwhile.
    wrong = {"reference": case.reference, "pin": "00000000"}
    answers = [client.post(url, wrong) for _ in range(2 * inquiry.MAX_WRONG_PER_SUBJECT + 1)]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert 0 < int(refused["Retry-After"]) <= 3600


@pytest.mark.parametrize(
    ("number", "year"),
    [
        ("38/1448", ""), ("1448/38", ""), ("٣٨/١٤٤٨", ""), ("۱۴۴۸/۳۸", "1448"), ("38 / 1448 هـ", ""), ("38-1448هـ", ""),
        ("رقم 38 لعام 1448هـ", ""), ("38", "1448"), ("038", "١٤٤٨ هـ"), ("38/1448", "1448"),
        ("\u200f38\u2044١٤٤٨\u200f", ""),
        ("38 of 1448 AH", ""), ("(38)", "1448"), ("no. 38", "1448"),
    ],
)  # fmt: skip
def test_a_register_number_is_read_as_it_is_printed(number, year):
    assert read_line(number, year) == (38, 1448)


def test_a_register_number_that_is_itself_a_year():
    assert read_line("1440/1448") == (1440, 1448)
    assert read_line("1440/1448", "1440") == (1448, 1440)


@pytest.mark.parametrize(
    ("number", "year"),
    [("38", ""), ("38/1448", "1447"), ("38/48", ""), ("38", "48"), ("38", "2026"), ("", "1448"), ("-38", "1448"),
     ("1e3", "1448"), ("38/1448/2", ""), ("38; DROP", "1448"), ("C1A-1448-000123-X", ""), ("9" * 12, "1448")],
)  # fmt: skip
def test_a_register_number_that_is_not_understood_is_no_wrong_try(number, year, cast, submitted):
    assert read_line(number, year) is None
    case = moves.register(submitted(), by=cast.registry, now=NOW)
    four = case.applicant.national_id[-4:]
    for _try in range(inquiry.MAX_WRONG_PER_SUBJECT + 1):
        with pytest.raises(Invalid):
            inquiry.find_by_incoming_number("SHR", number, year, four, address="10.0.0.1", now=NOW)
    assert not FailedAttempt.objects.exists()
    assert inquiry.find_by_incoming_number("SHR", "1/1448", "", four, address="10.0.0.1", now=NOW) == case


def test_the_inquiry_page_and_the_api_read_a_printed_number(cast, submitted, client):
    case = moves.register(submitted(), by=cast.registry, now=NOW)
    asked = {
        "by": "incoming",
        "office": "SHR",
        "number": "١/١٤٤٨",
        "hijri_year": "",
        "last_four": case.applicant.national_id[-4:],
    }
    assert case.reference in client.post("/inquiry/", asked).content.decode()
    refused = client.post("/inquiry/", asked | {"number": "سبعة"})
    assert refused.status_code == 422
    assert refused.context["incoming_form"].errors.keys() == {"number"}
    answer = client.post("/api/v1/inquiries/", {k: v for k, v in asked.items() if k != "by"}, "application/json")
    assert answer.json()["reference"] == case.reference
    asked = {name: value for name, value in asked.items() if name != "by"} | {"number": "seven"}
    assert client.post("/api/v1/inquiries/", asked, "application/json").status_code == 422
