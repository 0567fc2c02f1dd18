"""Verifying without a camera: by the file, and by its printed number."""

from __future__ import annotations

import hashlib
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from transactions.models import SigningCertificate
from transactions.papers.card import masked
from transactions.signed_papers import authority, examiner, examining, signing, verifying
from transactions.signed_papers.sheet import sheet_of
from transactions.signed_papers.typesetting import typeset
from transactions.signed_papers.verifying import Verdict

from ..conftest import NOW, drive
from .test_signed_papers import bytes_of, made

pytestmark = pytest.mark.django_db


@pytest.fixture
def permit(cast, submitted):
    """(case, its document, the bytes of its PDF)."""
    cast.citizen.full_name = "محمد بن عبدالرحمن الزهراني"
    cast.citizen.save()
    case = drive(submitted("building-permit"), cast, "issued")
    document = case.issued_documents.get()
    return case, document, bytes_of(made(document.content))


def verdict(content):
    return verifying.verify_file(SimpleUploadedFile("x.pdf", content), address="10.0.0.1").verdict


def sent(client, content):
    return client.post(reverse("transactions:verify_upload"), {"file": SimpleUploadedFile("x.pdf", content)})


def test_a_file_of_ours_is_genuine_and_tells_no_whole_name(permit, client):
    case, document, content = permit
    client.post("/language/", {"language": "en", "next": "/"})
    answer = sent(client, content)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "This file is genuine" in html
    for told in (document.number, case.reference, "م•••", "415 / 27", "580.5", "Building permit", "in force until"):
        assert told in html
    assert "الزهراني" not in html
    assert "notice--success" in html


def test_what_was_done_to_a_file_afterwards_is_told(permit):
    _case, document, content = permit
    middle = len(content) // 3
    flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    assert verdict(content) is Verdict.GENUINE
    assert verdict(flipped) is Verdict.CHANGED
    assert verdict(content + b"\n% more") is Verdict.CHANGED
    assert verdict(content[: len(content) // 2]) in (Verdict.UNREADABLE, Verdict.NOT_OURS)
    assert verdict(typeset(sheet_of(document.content.content, address="x", is_demo=True), NOW)) is Verdict.NOT_OURS
    assert verdict(b"hello") is Verdict.UNREADABLE


@pytest.fixture(scope="module")
def one_permit():
    """Bytes of a signed PDF, without a request: what is done to it asks no database."""
    page = {"title": "رخصة بناء", "office": "", "files": [], "subject": "رخصة بناء"}
    content = {"what": "received", "reference": "C1A-1448-000001-X", "applicant": "فاطمة", "at": NOW.isoformat()}
    by = authority.current(NOW)
    sheet = sheet_of({**content, "ar": page, "en": page}, address="https://example/verify/x", is_demo=True)
    return by.fingerprint, signing.sign(typeset(sheet, NOW), by)


def tampered(draw, content):
    """A change of one of the kinds there are, and whether it touches what the signature covers."""
    place = draw(st.integers(0, len(content) - 1))
    kind = draw(st.sampled_from(["flip", "cut", "insert", "append", "swap"]))
    if kind == "flip":
        bits = draw(st.integers(1, 255))
        return content[:place] + bytes([content[place] ^ bits]) + content[place + 1 :]
    if kind == "cut":
        return content[:place]
    if kind == "insert":
        return content[:place] + draw(st.binary(min_size=1, max_size=20)) + content[place:]
    if kind == "append":
        writer = IncrementalPdfFileWriter(io.BytesIO(content), strict=False)
        writer.root["/Added"] = generic.pdf_string(draw(st.text(max_size=20)))
        writer.update_root()
        out = io.BytesIO()
        writer.write(out)
        return out.getvalue()
    # The content of another paper under the same signature.
    length = draw(st.integers(1, 400))
    return content[:place] + bytes(reversed(content[place : place + length])) + content[place + length :]


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_hundred_tampered_papers_are_caught(one_permit, data):
    """Nothing changed is called genuine; what the signature covers and was changed is not called unchanged either."""
    fingerprint, content = one_permit
    changed = tampered(data.draw, content)
    assume(changed != content)
    try:
        signatures = examiner.examine(changed)
    except examiner.UNREADABLE:
        signatures = []
    container = content.index(b"/Contents <") + 10, content.index(b">", content.index(b"/Contents <"))
    inside = len(changed) == len(content) and all(
        container[0] < place < container[1] for place in range(len(content)) if content[place] != changed[place]
    )
    good = [each for each in signatures if each["certificate"] == fingerprint and each["good"] and each["whole"]]
    assert not good or inside
    # The verdict "genuine" is of the same bytes alone.
    assert hashlib.sha256(changed).hexdigest() != hashlib.sha256(content).hexdigest()


def test_a_file_whose_record_was_lost_is_told_as_such(permit):
    case, _document, content = permit
    case.signed_papers.all().delete()
    assert verdict(content) is Verdict.UNRELIABLE  # a demonstration signed it
    SigningCertificate.objects.update(is_demo=False)
    assert verdict(content) is Verdict.UNKNOWN
    SigningCertificate.objects.all().delete()
    assert verdict(content) is Verdict.NOT_OURS


def test_by_number_it_needs_the_last_four_digits_and_guesses_are_counted(permit, client, cast):
    _case, document, _content = permit
    url = reverse("transactions:verify_number")
    right = {"number": document.number, "last_four": cast.citizen.national_id[-4:]}
    client.post("/language/", {"language": "en", "next": "/"})
    html = client.post(url, right).content.decode()
    assert "We issued this document" in html
    assert "م•••" in html
    wrong = right | {"last_four": f"{(int(right['last_four']) + 1) % 10000:04d}"}
    assert client.post(url, right | {"number": "?"}).status_code == 422
    assert [client.post(url, wrong).status_code for _try in range(6)] == [404] * 5 + [429]
    assert client.post(url, right).status_code == 429


def test_the_page_of_the_code_names_what_to_compare(permit, client):
    _case, document, _content = permit
    html = client.get(reverse("journal:verify_token", args=[document.token])).content.decode()
    assert "م•••" in html
    assert "580.5" in html
    assert "الزهراني" not in html


def test_certificates_are_published(permit, client):
    answer = client.get(reverse("transactions:certificates"))
    text = answer.content.decode()
    assert text.count("BEGIN CERTIFICATE") == 2
    assert SigningCertificate.objects.get().fingerprint in text


def test_too_large_or_empty_files_are_refused_unread(client, db, monkeypatch):
    monkeypatch.setattr(examining, "examine", None)
    monkeypatch.setattr(verifying, "MAX_BYTES", 1000)
    assert sent(client, b"x" * 1001).status_code == 422
    assert client.post(reverse("transactions:verify_upload"), {}).status_code == 422


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("محمد بن عبدالرحمن الزهراني", "م••• بن ع••• ا•••"),
        ("Ali", "A•••"),
        ("", ""),
        ("  آل  سعود ", "آل س•••"),
    ],
)
def test_a_name_is_masked(name, shown):
    assert masked(name) == shown


def api(client, address, data, **more):
    return client.post(f"/api/v1/verifications/{address}", data, headers={"accept-language": "en"}, **more)


def test_programs_verify_by_code_by_number_and_by_file(permit, client, cast):
    _case, document, content = permit
    whole = {"content_type": "application/json"}
    asked = api(client, "", {"code": document.token}, **whole).json()
    assert (asked["verdict"], asked["document"]["number"]) == ("genuine", document.number)
    assert asked["document"]["holder"] == "م••• بن ع••• ا•••"
    assert {"label": "Total floor area", "value": "580.5 m²"} in asked["document"]["figures"]
    assert asked["document"]["plot"] == "415 / 27"
    number = {"number": document.number, "last_four": cast.citizen.national_id[-4:]}
    assert api(client, "", number, **whole).json()["document"] == asked["document"]
    assert api(client, "", number | {"last_four": "xxxx"}, **whole).status_code == 404
    assert api(client, "", {"number": document.number}, **whole).status_code == 400
    assert api(client, "", {"code": document.token[:-9] + "AAAAAAAAA"}, **whole).json()["verdict"] in {
        "changed",
        "unreadable",
    }
    by_file = api(client, "file/", {"file": SimpleUploadedFile("x.pdf", content)}).json()
    assert (by_file["verdict"], by_file["document"]) == ("genuine", asked["document"])
    changed = api(client, "file/", {"file": SimpleUploadedFile("x.pdf", content + b" ")}).json()
    assert (changed["verdict"], changed["document"]) == ("changed", None)
    assert api(client, "file/", {"file": SimpleUploadedFile("x.pdf", b"")}).status_code == 422


def test_a_program_fetches_the_pdf_when_it_is_made(cast, submitted, signed_in):
    case = drive(submitted("building-permit"), cast, "issued")
    document = case.issued_documents.get()
    address = f"/api/v1/transactions/{case.reference}/papers/{document.kind}/pdf/"
    client = signed_in(cast.citizen)
    waiting = client.get(address)
    assert (waiting.status_code, waiting.json()["code"]) == (409, "being_made")
    paper = made(document.content)
    assert hashlib.sha256(b"".join(client.get(address).streaming_content)).hexdigest() == paper.sha256
    assert signed_in(cast.other_citizen).get(address).status_code == 404
