"""What is issued is a signed PDF, made once from the frozen content and kept unchanged."""

from __future__ import annotations

import hashlib
import io

import pypdfium2
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from transactions.domain import service_types
from transactions.models import Outbox, PaperContent, SignedPaper
from transactions.papers import papers
from transactions.signed_papers import making
from transactions.transitions import moves

from ..conftest import NOW, STEP, drive, ends_as
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
    status = validate_pdf_signature(signature, ValidationContext(trust_roots=[]))
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
