"""What is issued is a signed PDF, made once from the frozen content and kept unchanged."""

from __future__ import annotations

import asyncio
import hashlib
import io

import pikepdf
import pypdfium2
import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from django.core.exceptions import ImproperlyConfigured
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from core.own_thread import in_own_thread
from transactions.domain import service_types
from transactions.maintenance.health import read_health
from transactions.models import Outbox, PaperContent, SignedPaper
from transactions.papers import papers
from transactions.signed_papers import authority, demo_authority, examining, making, signing, verifying
from transactions.transitions import moves, objections

from ..conftest import NOW, STEP, drive, ends_as
from ..signers import rsa_authority
from .test_versions import entry

pytestmark = pytest.mark.django_db
SERVICES = {service.code: ends_as(service) for service in service_types.offered_services()}


def made(content):
    """The PDF of a content, as its job makes it."""
    making.make(content.pk, NOW + 30 * STEP)
    return SignedPaper.objects.get(content=content)


def bytes_of(paper):
    from transactions.attachments.stored import open_intact

    with open_intact(paper) as stored:
        return stored.read()


def count(pdf, words):
    """How often a browser's search finds them."""
    found = 0
    for page in pypdfium2.PdfDocument(pdf):
        search = page.get_textpage().search(words)
        while search.get_next():
            found += 1
    return found


@pytest.mark.parametrize(("code", "until"), SERVICES.items())
def test_every_paper_is_a_signed_pdf(code, until, cast, submitted):
    cast.citizen.full_name = "محمد بن عبدالرحمن الزهراني"
    cast.citizen.save()
    case = drive(submitted(code), cast, until)
    paper = made(case.issued_documents.get().content)
    content = bytes_of(paper)
    assert (hashlib.sha256(content).hexdigest(), len(content)) == (paper.sha256, paper.size)
    (signature,) = PdfFileReader(io.BytesIO(content)).embedded_signatures
    roots = making.authority.current(NOW + 30 * STEP).chain
    assert roots
    status = in_own_thread(lambda: validate_pdf_signature(signature, ValidationContext(trust_roots=[])))
    assert status.intact
    assert status.valid
    assert status.coverage.name == "ENTIRE_FILE"
    written = entry("signed", case.reference)
    assert (written["sha256"], written["content"]) == (paper.sha256, paper.content.content_hash)


def test_names_are_found_by_search_in_the_text(cast, submitted):
    cast.citizen.full_name = "محمد بن عبدالرحمن الزهراني"
    cast.citizen.save()
    case = drive(submitted("building-permit"), cast, "issued")
    pdf = bytes_of(made(case.issued_documents.get().content))
    for words in ("الزهراني", "نوفمبر", "الإصدار", "المبنى", "Building permit", "580.5", case.reference):
        assert count(pdf, words), words


def test_a_long_name_and_a_refusal_fit_on_the_sheet(cast, submitted):
    cast.citizen.full_name = " ".join(["عبدالرحمن"] * 12) + " المتطاول"
    cast.citizen.save()
    case = drive(submitted("land-subdivision"), cast, "awaiting_supervisor")
    reason = "عرض الشارع أقل من المطلوب. " * 25 + "النهاية"
    moves.reject(case, reason=reason, by=cast.supervisor, now=NOW + 9 * STEP)
    frozen = PaperContent.objects.get(transaction=case, what="rejected")
    pdf = bytes_of(made(frozen))
    assert (count(pdf, "المتطاول"), count(pdf, "النهاية")) == (1, 1)
    for page in pypdfium2.PdfDocument(pdf):
        width, height = page.get_size()
        for found in page.get_objects():
            left, bottom, right, top = found.get_bounds()
            assert -1 <= left <= right <= width + 1
            assert -1 <= bottom <= top <= height + 1


def test_a_refusal_as_a_letter_says_how_to_object(cast, submitted, settings):
    settings.OBJECTION_DAYS = {**settings.OBJECTION_DAYS, "refusal": 23}
    case = drive(submitted("land-subdivision"), cast, "awaiting_supervisor")
    case = moves.reject(case, reason="x", by=cast.supervisor, now=NOW + 9 * STEP)
    frozen = PaperContent.objects.get(transaction=case, what="rejected")
    pdf = bytes_of(made(frozen))
    assert "23" in frozen.content["en"]["closing"][0]
    assert (count(pdf, "You may object"), count(pdf, "التظلم")) == (1, 1)
    assert objections.right_of(case, [], NOW + 10 * STEP) is not None


def test_a_receipt_is_made_when_it_is_asked_for_and_once(cast, submitted, signed_in):
    case = submitted("building-permit")
    assert not PaperContent.objects.filter(transaction=case).exists()
    first, second = (papers.order_receipt(case, NOW + STEP) for _press in range(2))
    assert first == second
    assert Outbox.objects.filter(kind=papers.SIGN, subject=first.pk).count() == 1
    pdf = bytes_of(made(first))
    assert entry("signed", case.reference)["document"] == "received"
    assert count(pdf, case.reference)


def test_a_paper_is_made_once_whoever_dies_between(cast, submitted, monkeypatch):
    case = drive(submitted("shop-licence"), cast, "issued")
    content = case.issued_documents.get().content

    def dies(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(making, "_write_down", dies)
        with pytest.raises(KeyboardInterrupt):
            making.make(content.pk, NOW)
    assert not SignedPaper.objects.exists()
    first = made(content)
    before = bytes_of(first)
    making.make(content.pk, NOW + 99 * STEP)
    making._write_down(content, making.authority.current(NOW), sha256="0" * 64, size=1, stored_as="00/0", now=NOW)
    assert SignedPaper.objects.get() == first
    assert bytes_of(first) == before


def test_the_page_says_being_made_until_it_is_there(cast, submitted, signed_in):
    case = drive(submitted("building-permit"), cast, "issued")
    content = case.issued_documents.get().content
    client = signed_in(cast.citizen)
    address = reverse("transactions:paper", args=[case.reference, content.pk])
    waiting = client.get(address)
    assert (waiting.status_code, waiting["Refresh"]) == (200, "3")
    assert address in client.get(reverse("transactions:request", args=[case.reference])).content.decode()
    paper = made(content)
    answer = client.get(address)
    handed = b"".join(answer.streaming_content)
    assert hashlib.sha256(handed).hexdigest() == paper.sha256
    assert content.document.number in answer["Content-Disposition"]
    assert signed_in(cast.other_citizen).get(address).status_code == 404


def test_without_a_certificate_a_paper_waits(cast, submitted, settings, tmp_path):
    case = drive(submitted("shop-licence"), cast, "issued")
    content = case.issued_documents.get().content
    settings.PAPER_SIGNING_FILE = str(tmp_path / "none.p12")
    with pytest.raises(ImproperlyConfigured):
        making.make(content.pk, NOW)
    settings.PAPER_SIGNING_FILE = ""
    assert made(content).sha256


def test_a_real_certificate_signs_and_old_papers_stay_verifiable(cast, submitted, settings, tmp_path, client):
    old = made(drive(submitted("shop-licence"), cast, "issued").issued_documents.get().content)
    key, certificates = rsa_authority()
    (tmp_path / "papers.p12").write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"x", key, certificates[0], certificates[1:], BestAvailableEncryption(b"pw")
        )
    )
    settings.PAPER_SIGNING_FILE, settings.PAPER_SIGNING_PASSWORD = str(tmp_path / "papers.p12"), "pw"
    assert authority.trouble(NOW) == ""
    new = made(drive(submitted("electricity-connection"), cast, "completed").issued_documents.get().content)
    assert new.certificate != old.certificate
    assert (new.certificate.is_demo, old.certificate.is_demo) == (False, True)
    content = bytes_of(new)
    (found,) = examining.examine(io.BytesIO(content)).signatures
    assert found == examining.Signature(new.certificate.fingerprint, good=True, whole=True)
    assert (count(content, "تجريبي"), count(bytes_of(old), "تجريبي") > 0) == (0, True)
    published = client.get(reverse("transactions:certificates")).content.decode()
    assert all(paper.certificate.fingerprint in published for paper in (old, new))
    for paper in (old, new):
        found = verifying.verify_file(SimpleUploadedFile("x", bytes_of(paper)), address="10.0.0.1")
        assert found.verdict is verifying.Verdict.GENUINE


@pytest.mark.parametrize(("days", "said"), [(400, ""), (30, "ends on"), (-1, "valid from")])
def test_whoever_is_on_duty_hears_of_a_certificate_before_it_ends(days, said, settings, tmp_path):
    key, certificates = rsa_authority(days)
    path = tmp_path / "papers.pem"
    path.write_bytes(demo_authority._pem(key) + b"".join(each.public_bytes(Encoding.PEM) for each in certificates))
    settings.PAPER_SIGNING_FILE = str(path)
    assert said in authority.trouble(NOW)
    assert bool(authority.trouble(NOW)) == bool(said) == read_health(NOW).silent["certificate"]


def test_no_file_and_a_wrong_password_are_named(settings, tmp_path):
    settings.PAPER_SIGNING_FILE = str(tmp_path / "gone.p12")
    assert "gone.p12" in authority.trouble(NOW)
    (tmp_path / "gone.p12").write_bytes(b"nothing of the kind")
    assert "cannot be read" in authority.trouble(NOW)
    settings.PAPER_SIGNING_FILE, settings.DEMO = "", False
    assert "PAPER_SIGNING_FILE" in authority.trouble(NOW)


def test_a_paper_is_signed_where_an_event_loop_runs():
    """As in an asynchronous view, under an ASGI server, or beside a browser that a test drives."""

    blank = io.BytesIO()
    with pikepdf.new() as paper:
        paper.add_blank_page()
        paper.save(blank)

    async def sign():
        return signing.sign(blank.getvalue(), authority.current(NOW))

    # In a thread of its own: one that a browser is driven from has a loop already.
    signed = in_own_thread(lambda: asyncio.run(sign()))
    assert PdfFileReader(io.BytesIO(signed)).embedded_signatures
