"""A box is enrolled by two administrators, set up once from one file, and ended by one press."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from accounts import four_eyes
from accounts import services as people
from accounts.errors import AccountError
from accounts.models import User
from boxes import enrolment, words
from boxes.centre import registering
from boxes.models import Box, Word
from boxes.office import place
from journal import keys
from municipality.models import Office
from transactions.domain.errors import DomainError
from transactions.domain.pins import box_key

from ..conftest import NOW, PASSWORD, national_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(cast):
    person = User.objects.create_user(national_id(90), PASSWORD, full_name="second", phone="+966500000090")
    people.create_staff_post(person, Office.objects.get(code="CTR"), "administrator", on=NOW.date())
    return person


@pytest.fixture
def box(cast, second, settings, tmp_path):
    settings.BOXES_IDENTITY_FILE = str(tmp_path / "boxes.age")
    office = Office.objects.get(code="SC01")
    proposal = registering.propose(office, " Counter 2 ", reason="The line fails", by=cast.administrator, now=NOW)
    with pytest.raises(AccountError):
        four_eyes.confirm(proposal, by=cast.administrator, now=NOW)
    assert not Box.objects.exists()
    four_eyes.confirm(proposal, by=second, now=NOW)
    return Box.objects.get()


def test_two_administrators_one_file_one_secret(box, cast, second, submitted, settings, tmp_path):
    case = submitted()
    assert (box.node, box.name, box.created_by, box.confirmed_by) == ("B0", "Counter 2", cast.administrator, second)
    with pytest.raises(AccountError):
        registering.enrol(box, by=cast.clerk, now=NOW)
    file, secret = registering.enrol(box, by=second, now=NOW)
    with pytest.raises(AccountError) as again:
        registering.enrol(box, by=second, now=NOW)
    assert again.value.code == "enrolled_already"
    with pytest.raises(enrolment.NotOpened):
        enrolment.unseal(file, enrolment.make_secret())
    content = enrolment.unseal(file, f" {secret.lower().replace('-', ' ')} ")
    assert content["private"]["pin_key"] == box_key("B0") != settings.RECEIPT_PIN_KEY
    told = words.read(words.NEWS, content["news"], {"C1A": keys.public_bytes()})
    assert [person["national_id"] for person in told["roster"]] == [cast.clerk.national_id]
    assert told["roster"][0]["password"] == cast.clerk.password
    assert case.applicant.full_name not in json.dumps(told["summaries"], ensure_ascii=False)
    enrolment.write_folder(content, tmp_path / "box")
    with pytest.raises(FileExistsError):
        enrolment.write_folder(content, tmp_path / "box")
    assert (tmp_path / "box" / "keys" / "journal.key").stat().st_mode & 0o077 == 0
    assert "private" not in (tmp_path / "box" / "office.json").read_text()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: b"",
        lambda file: file[:30],
        lambda file: file[:-1],
        lambda file: file + b"x",
        lambda file: b"age" + file,
        lambda file: file[:60] + bytes([file[60] ^ 1]) + file[61:],
    ],
)
def test_a_file_that_is_not_as_it_was_made_does_not_open(spoil):
    secret = enrolment.make_secret()
    file = enrolment.seal({"node": "B0", "name": "شباك ٢"}, secret)
    assert enrolment.unseal(file, secret) == {"node": "B0", "name": "شباك ٢"}
    with pytest.raises(enrolment.NotOpened):
        enrolment.unseal(spoil(file), secret)


def test_a_name_is_given_to_one_box_for_ever(box, cast, second):
    registering.end(box, Box.End.RETIRED, by=second, now=NOW)
    office = Office.objects.get(code="SC01")
    proposal = registering.propose(office, "Counter 3", reason="x", by=cast.administrator, now=NOW)
    four_eyes.confirm(proposal, by=second, now=NOW)
    assert set(Box.objects.values_list("node", flat=True)) == {"B0", "B1"}
    with pytest.raises(AccountError) as ended:
        registering.enrol(box, by=second, now=NOW)
    assert ended.value.code == "box_ended"


def test_one_press_ends_it_and_a_second_changes_nothing(box, cast, second):
    with pytest.raises(AccountError):
        registering.end(box, Box.End.LOST, by=cast.clerk, now=NOW)
    registering.end(box, Box.End.LOST, by=second, now=NOW)
    registering.end(box, Box.End.RETIRED, by=cast.administrator, now=NOW + timedelta(days=1))
    box.refresh_from_db()
    assert (box.ended_at, box.ended_by, box.ended_why) == (NOW, second, Box.End.LOST)


def test_a_box_that_heard_of_its_end_gives_no_receipt(settings, tmp_path):
    settings.OFFICE_SECOND_MEDIUM = str(tmp_path)
    assert place.facts() == {}
    Word.objects.create(kind=words.NEWS, body={"at": "2026-11-24T07:00:00Z"}, at=NOW)
    assert place.facts() == {"heard": "2026-11-24T07:00:00Z"}
    Word.objects.create(kind=words.ACKNOWLEDGED, body={"at": "2026-11-24T07:00:00Z", "state": "lost"}, at=NOW)
    with pytest.raises(DomainError) as ended:
        place.facts()
    assert ended.value.code == "box_ended"


def test_without_a_second_disk_no_receipt_is_given(settings, tmp_path):
    settings.OFFICE_SECOND_MEDIUM = str(tmp_path / "missing")
    with pytest.raises(DomainError) as missing:
        place.facts()
    assert missing.value.code == "second_disk"
