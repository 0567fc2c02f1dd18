"""The pages about office boxes: administrators enrol, end and decide; anybody who works here hands in a stick."""

from __future__ import annotations

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.errors import AccountError
from accounts.models import AccessRecord, Act
from boxes import bundle, enrolment, words
from boxes.centre import registering, secrets
from boxes.models import Box, Delivered
from journal import keys
from transactions.models import Transaction

from ..conftest import NOW
from .machine import delivery, in_quarantine, ready_made

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _identity(settings, tmp_path):
    settings.BOXES_IDENTITY_FILE = str(tmp_path / "boxes.age")


def test_the_secret_is_shown_once_and_the_file_until_the_box_is_heard(
    cast, signed_in, django_capture_on_commit_callbacks
):
    ready_made(cast)
    Box.objects.update(enrolled_at=None, public_key=None, recipient="")
    page = signed_in(cast.administrator)
    made = page.post(reverse("staff:box_enrol", args=["B0"]))
    secret = made.context["secret"]
    assert secret in made.content.decode()
    shown = page.get(reverse("staff:box", args=["B0"]))
    assert secret not in shown.content.decode()
    file = b"".join(page.get(reverse("staff:box_file", args=["B0"])).streaming_content)
    assert enrolment.unseal(file, secret)["node"] == "B0"
    again = page.post(reverse("staff:box_enrol", args=["B0"]))
    assert again.status_code == 302
    place = registering.enrolment_file(Box.objects.get())
    assert default_storage.exists(place)
    with django_capture_on_commit_callbacks(execute=True):
        registering.note_heard(Box.objects.get(), NOW)
    assert not default_storage.exists(place)
    assert page.get(reverse("staff:box_file", args=["B0"])).status_code == 404


def test_without_a_key_of_the_centre_no_box_is_enrolled(cast, settings, tmp_path):
    ready_made(cast)
    Box.objects.update(enrolled_at=None, public_key=None, recipient="")
    settings.DEMO, settings.BOXES_IDENTITY_FILE = False, str(tmp_path / "nowhere")
    with pytest.raises(AccountError) as refused:
        registering.enrol(Box.objects.get(), by=cast.administrator, now=NOW)
    assert refused.value.code == "no_identity"
    assert Box.objects.get().enrolled_at is None


def test_a_stick_is_handed_in_by_a_clerk_and_its_word_goes_back(cast, signed_in):
    machine, page = ready_made(cast), signed_in(cast.clerk)
    content = delivery(machine.take(), machine.take(person=501))
    answer = page.post(reverse("staff:box_delivery"), {"file": SimpleUploadedFile("a.delivery", content)})
    assert answer.status_code == 200
    assert Delivered.objects.count() == 2
    assert page.get(reverse("staff:box_word", args=["B0"])).content.startswith(b"{")
    cut = page.post(reverse("staff:box_delivery"), {"file": SimpleUploadedFile("a.delivery", content[:-10])})
    assert "cut off" in cut.content.decode()
    strange = page.post(reverse("staff:box_delivery"), {"file": SimpleUploadedFile("a.delivery", b"photo")})
    assert strange.status_code == 422
    assert page.post(reverse("staff:box_delivery")).status_code == 422


def test_an_administrator_decides_on_what_waits(cast, signed_in):
    row, page = in_quarantine(cast), signed_in(cast.administrator)
    address = reverse("staff:delivered", args=[row.pk])
    assert row.reference in page.get(reverse("staff:quarantine")).content.decode()
    assert page.post(address, {"accept": "1", "why": ""}).status_code == 422
    assert page.post(address, {"accept": "1", "why": "The clerk left last week"}).status_code == 302
    assert Transaction.objects.get(reference=row.reference).taken_by == cast.administrator
    assert page.post(address, {"reject": "1", "why": "twice"}).status_code == 422
    shown = page.get(address).content.decode()
    assert "The clerk left last week" in shown
    assert AccessRecord.objects.filter(act=Act.READ_CASE, subject=row.reference).exists()


def test_one_press_on_the_page_ends_a_box(cast, signed_in):
    ready_made(cast)
    for person in (cast.clerk, cast.reviewer):
        assert signed_in(person).post(reverse("staff:box_end", args=["B0"]), {"why": "lost"}).status_code == 404
    page = signed_in(cast.administrator)
    assert page.post(reverse("staff:box_end", args=["B0"]), {"why": "cloned"}).status_code == 404
    assert page.post(reverse("staff:box_end", args=["B0"]), {"why": "lost"}).status_code == 302
    assert Box.objects.get().ended_why == "lost"


def test_a_box_is_known_at_the_door_by_its_signature_alone(cast, client):
    machine = ready_made(cast)
    content = delivery(machine.take())
    answer = client.post(reverse("boxes:deliveries"), content, content_type="application/octet-stream")
    assert answer.status_code == 200
    assert answer.json()["chain"] == "C1A"
    assert Delivered.objects.count() == 1
    for nonsense in (b"", b"{}", b"x" * 5000):
        for door in ("boxes:deliveries", "boxes:news"):
            answer = client.post(reverse(door), nonsense, content_type="application/octet-stream")
            assert answer.status_code == 400


def test_news_are_sealed_for_the_box_that_asks_and_name_nobody_but_its_clerks(cast, client, submitted):
    machine, case = ready_made(cast), submitted()
    name = f"{machine.node}{machine.letter}"
    asked = words.sign(words.ASKED, {"box": name}, name, machine.key)
    answer = client.post(reverse("boxes:news"), asked.encode(), content_type="application/octet-stream")
    assert answer.status_code == 200
    assert case.reference.encode() not in answer.content
    clear = bundle.unseal(answer.content, secrets.identity())
    body = words.read(words.NEWS, clear, {"C1A": keys.public_bytes()})
    assert [person["national_id"] for person in body["roster"]] == [cast.clerk.national_id]
    assert case.applicant.full_name not in clear.decode()
    Box.objects.update(state="ended", ended_at=NOW, ended_why="lost")
    answer = client.post(reverse("boxes:news"), asked.encode(), content_type="application/octet-stream")
    assert answer.status_code == 400
