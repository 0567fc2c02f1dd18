"""Documents revoked and replaced: proposed by one, done by another, told to everybody who looks."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from journal.models import Entry
from transactions.domain.errors import DomainError, Invalid
from transactions.models import IssuedDocument, Notification, PaperContent
from transactions.signed_papers import verifying
from transactions.transitions import endings

from ..conftest import NOW, STEP, drive
from .test_signed_papers import bytes_of, made
from .test_verifying import sent
from .test_versions import entry

pytestmark = pytest.mark.django_db
LATER = NOW + 40 * STEP


@pytest.fixture
def permit(cast, submitted):
    return drive(submitted("building-permit"), cast, "issued")


def proposed(case, cast):
    return endings.propose(case, reason="بيانات خاطئة", by=cast.registry, now=LATER)


def page(client, address):
    client.post("/language/", {"language": "en", "next": "/"})
    return client.get(address).content.decode()


def test_it_takes_two_people(permit, cast):
    for act in (endings.revoke, endings.replace):
        with pytest.raises(DomainError, match=r".") as refused:
            act(permit, reason="x", by=cast.supervisor, now=LATER)
        assert refused.value.code == "not_proposed"
    case = endings.propose(permit, reason="x", by=cast.supervisor, now=LATER)
    with pytest.raises(DomainError) as refused:
        endings.revoke(case, reason="x", by=cast.supervisor, now=LATER)
    assert refused.value.code == "not_proposed"
    with pytest.raises(DomainError):
        endings.revoke(proposed(case, cast), reason="x", by=cast.registry, now=LATER)
    with pytest.raises(Invalid):
        endings.propose(case, reason=" ", by=cast.registry, now=LATER)
    assert IssuedDocument.objects.get().ended_at is None


def test_a_revoked_document_says_so_wherever_it_is_looked_at(permit, cast, client, signed_in):
    document = permit.issued_documents.get()
    content = bytes_of(made(document.content))
    case = endings.revoke(proposed(permit, cast), reason="بُنيت على صك ملغى", by=cast.supervisor, now=LATER + STEP)
    document.refresh_from_db()
    assert (document.ended_at, document.ended_reason, case.status) == (LATER + STEP, "بُنيت على صك ملغى", "issued")
    written = entry("revoked", case.reference)
    assert (written["number"], written["by"]) == (document.number, "")
    assert Notification.objects.filter(event__move="revoke", recipient=cast.citizen).count() == 1
    said = "This document is no longer valid: it was revoked on"
    assert said in page(client, reverse("journal:verify_token", args=[document.token]))
    file = sent(client, content).content.decode()
    assert "This file is genuine" in file
    assert said in file
    assert "صك ملغى" not in file  # why is between the office and its holder
    assert said in page(client, f"{reverse('journal:verify')}?code={document.number}")
    own = signed_in(cast.citizen)
    assert "صك ملغى" in page(own, reverse("transactions:request", args=[case.reference]))
    assert "صك ملغى" in page(own, reverse("transactions:document", args=[case.reference, document.kind]))


def test_what_is_replaced_names_its_successor_and_both_keep_their_files(permit, cast, client):
    old = permit.issued_documents.get()
    before = bytes_of(made(old.content))
    cast.citizen.full_name = "فاطمة بنت صالح الغامدي"
    cast.citizen.save()
    case = endings.replace(proposed(permit, cast), reason="تصحيح الاسم", by=cast.supervisor, now=LATER + STEP)
    new = case.issued_documents.get(ended_at=None)
    old.refresh_from_db()
    assert (old.replaced_by, new.number != old.number, new.valid_until) == (new, True, old.valid_until)
    assert entry("revoked", case.reference)["by"] == new.number
    issued = Entry.objects.filter(subject=case.reference, kind="issued").count()
    assert issued == 2
    assert PaperContent.objects.get(document=new).content["applicant"] == cast.citizen.full_name
    assert bytes_of(made(new.content)) != before == bytes_of(made(old.content))
    html = page(client, reverse("journal:verify_token", args=[old.token]))
    assert "replaced on" in html
    assert new.number in html
    assert "in force until" in page(client, reverse("journal:verify_token", args=[new.token]))
    assert len(before) < verifying.MAX_BYTES


def test_two_presses_are_one_and_an_ended_document_ends_no_more(permit, cast):
    case = proposed(permit, cast)
    endings.revoke(case, reason="x", by=cast.supervisor, now=LATER, version=case.version)
    with pytest.raises(DomainError) as refused:
        endings.revoke(case, reason="x", by=cast.supervisor, now=LATER, version=case.version)
    assert refused.value.code == "moved_meanwhile"
    with pytest.raises(DomainError) as refused:
        endings.replace(case, reason="x", by=cast.supervisor, now=LATER)
    assert refused.value.code == "no_document"
    kind = IssuedDocument.objects.get().kind
    IssuedDocument.objects.create(transaction=case, kind=kind, number="A-1448-000001", issued_at=NOW, token="1")
    with pytest.raises(IntegrityError), transaction.atomic():
        IssuedDocument.objects.create(transaction=case, kind=kind, number="A-1448-000002", issued_at=NOW, token="2")


def test_the_books_miss_an_end_that_the_journal_does_not_know(permit, cast):
    from transactions.papers import book

    case = proposed(permit, cast)
    endings.revoke(case, reason="x", by=cast.supervisor, now=LATER)
    assert list(book.rows_without_entry()) == []
    other = IssuedDocument.objects.get()
    body = {"kind": "revoked", "ref": case.reference, "seq": 1, "number": other.number, "document": other.kind}
    body |= {"by": "", "at": "2020-01-01T00:00:00Z"}
    assert list(book.compare([body]))
    IssuedDocument.objects.update(ended_at=None)
    assert any("the end of a document" in line for line in book.compare([body]))
