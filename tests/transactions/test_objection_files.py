"""Documents that come with an objection: kept as they are sent, the decider's to read, no part of the request."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken

from journal.models import Entry
from transactions import access
from transactions.attachments import objections as attachments
from transactions.attachments import services as files
from transactions.domain.content import content_hash
from transactions.domain.errors import DomainError, Invalid, NotVisible
from transactions.models import Attachment, Objection, Outbox, PaperContent, SignedPaper
from transactions.papers.book import compare
from transactions.papers.papers import SIGN
from transactions.signed_papers.making import owe_what_is_missing
from transactions.signed_papers.verifying import Verdict, verify_file
from transactions.transitions import moves, objections
from transactions.transitions.objection_files import DOCUMENT, MOST

from ..conftest import drive, picture, upload, work_off

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def refused(cast, submitted):
    case = drive(submitted(), cast, "awaiting_supervisor")
    return moves.reject(case, reason="خارج النطاق", by=cast.supervisor, now=timezone.now() - HOUR)


def deed(number=1):
    return upload(f"صك-{number}.png", picture(shade=number))


def attached(case, by, how_many=1):
    return [attachments.attach_to_objection(case, deed(number), by=by) for number in range(how_many)]


def page(case):
    return reverse("transactions:objection", args=[case.reference])


def test_they_are_the_objections_once_it_is_sent_and_no_part_of_the_request(cast, refused):
    before = list(refused.attachments.in_force())
    given = attached(refused, cast.citizen, 2)
    assert list(refused.attachments.in_force()) == before, "nobody has them yet"
    keys = [file.key for file in given]
    case = objections.submit_objection(refused, reason="لا", files=keys, by=cast.citizen)
    row = Objection.objects.get()
    assert set(row.files.values_list("key", "document", "transaction")) == {(key, DOCUMENT, case.pk) for key in keys}
    assert case.events.latest("seq").facts["files"] == 2
    for those in (case.attachments.sent(), case.attachments.in_force(), case.attachments.received()):
        assert not those.filter(objection=row).exists()
    assert not attachments.pending_files(case, cast.citizen).exists()
    with pytest.raises(DomainError) as kept:
        files.remove(row.files.first(), by=cast.citizen)
    assert kept.value.code == "file_is_kept"
    decided = objections.dismiss(case, reason="لا يثبت", by=cast.central_supervisor, now=timezone.now())
    entry = json.loads(bytes(Entry.objects.filter(kind="objection").get().body))
    letter = PaperContent.objects.get(transaction=decided, what="objection")
    assert letter.content["objection_files"] == sorted(file.sha256 for file in given)
    assert entry["content"] == content_hash(decided.mark_salt, letter.content), "the entry binds them"


def test_who_decides_reads_them_and_before_they_are_sent_nobody_does(cast, refused, signed_in):
    (file,) = attached(refused, cast.citizen)
    address = reverse("transactions:file", args=[file.key])
    staff = (cast.supervisor, cast.central_supervisor)
    assert [signed_in(person).get(address).status_code for person in staff] == [404, 404]
    assert signed_in(cast.citizen).get(address).status_code == 200
    case = objections.submit_objection(refused, reason="لا", files=[file.key], by=cast.citizen)
    assert signed_in(cast.central_supervisor).get(address).status_code == 200
    assert signed_in(cast.other_citizen).get(address).status_code == 404
    for person, place in ((cast.central_supervisor, "staff:case"), (cast.citizen, "transactions:request")):
        assert file.original_name in signed_in(person).get(reverse(place, args=[case.reference])).content.decode()


def test_the_page_keeps_words_and_documents_until_it_is_sent(cast, refused, signed_in):
    """Without scripts: attach, one that is no document, remove, send."""
    client = signed_in(cast.citizen)
    shown = client.post(page(refused), {"reason": "الموقع داخله", "files": [deed(1), deed(2)], "attach": "1"})
    assert (shown.status_code, shown.content.decode().count('name="remove"')) == (200, 2)
    assert "الموقع داخله" in shown.content.decode()
    wrong = client.post(page(refused), {"reason": "الموقع داخله", "files": [upload("x.exe", b"MZ" + b"0" * 99)]})
    assert (wrong.status_code, 'id="error-files"' in wrong.content.decode()) == (422, True)
    assert not Objection.objects.exists(), "a refused document holds the objection back"
    one = attachments.pending_files(refused, cast.citizen).first()
    client.post(page(refused), {"reason": "الموقع داخله", "remove": str(one.key)})
    assert client.post(page(refused), {"reason": ""}).status_code == 422
    sent = client.post(page(refused), {"reason": "الموقع داخله", "files": [deed(3)]}, follow=True)
    assert set(Objection.objects.get().files.values_list("original_name", flat=True)) == {"صك-2.png", "صك-3.png"}
    assert "صك-3.png" in sent.content.decode()
    assert client.post(page(refused), {"reason": "مرة أخرى", "files": [deed(4)]}).status_code in (302, 422)
    assert Objection.objects.count() == 1
    assert not attachments.pending_files(refused, cast.citizen).exists()


def test_a_script_sends_each_by_itself(cast, refused, signed_in):
    address = reverse("transactions:add_objection_file", args=[refused.reference])
    client = signed_in(cast.citizen)
    assert Client().post(address).status_code == 401
    for _twice in range(2):
        answer = client.post(address, {"file": deed()})
        assert (answer.status_code, "data-upload-state" in answer.content.decode()) == (200, True)
    assert attachments.pending_files(refused, cast.citizen).count() == 1, "sent again it is there already"
    assert client.post(address, {"file": upload("x.pdf", b"<html>")}).status_code == 422
    assert client.post(address).status_code == 422
    assert signed_in(cast.supervisor).post(address, {"file": deed()}).status_code == 404
    assert signed_in(cast.other_citizen).post(address, {"file": deed()}).status_code == 404


def test_at_most_so_many_and_only_while_one_may_object(cast, refused):
    attached(refused, cast.citizen, MOST)
    with pytest.raises(Invalid) as many:
        attachments.attach_to_objection(refused, deed(MOST), by=cast.citizen)
    assert many.value.problems[0].code == "too_many_documents"
    for person in (cast.supervisor, cast.other_citizen):
        with pytest.raises((DomainError, NotVisible)):
            attachments.attach_to_objection(refused, deed(), by=person)
    case = objections.submit_objection(refused, reason="لا", by=cast.citizen)
    with pytest.raises(DomainError) as late:
        attachments.attach_to_objection(case, deed(99), by=cast.citizen)
    assert late.value.code == "nothing_to_object_to"


def test_the_api_takes_the_senders_own_files_and_tells_of_them(cast, refused):
    case = access.get_transaction(cast.citizen, refused.reference)
    mine = files.store(deed(1), document="proof", by=cast.citizen)
    others = files.store(deed(2), document="proof", by=cast.other_citizen)
    headers = {"Authorization": f"Token {AuthToken.objects.create(cast.citizen)[1]}"}
    address = f"/api/v1/transactions/{case.reference}/"

    def move(*keys, name="object"):
        sent = {"move": name, "reason": "لا", "version": case.version, "files": [str(key) for key in keys]}
        return Client().post(f"{address}moves/", sent, content_type="application/json", headers=headers)

    for keys in ((others.key,), (mine.key, others.key), (case.attachments.first().key,)):
        answer = move(*keys)
        assert answer.status_code >= 400, keys
        assert "files" in answer.content.decode()
    assert move(mine.key, name="withdraw").status_code == 400, "no other move takes them"
    assert not Objection.objects.exists()
    assert move(mine.key).status_code == 200
    told = Client().get(address, headers=headers).json()
    assert told["objections"][0]["attachments"] == [str(mine.key)]
    assert str(mine.key) not in {file["key"] for file in told["attachments"]}
    others.refresh_from_db()
    assert others.transaction is None
    assert Attachment.objects.get(pk=mine.pk).document == DOCUMENT


# -- the letter on its outcome ---------------------------------------------------------------------------------------


def decided(cast, case, outcome):
    case = objections.submit_objection(case, reason="لا أقبل", by=cast.citizen)
    decide = {"upheld": objections.uphold, "dismissed": objections.dismiss}[outcome]
    return decide(case, reason="ثبت ما في الصك", by=cast.central_supervisor)


@pytest.mark.parametrize(("outcome", "words"), [("upheld", "أُلغي الرفض"), ("dismissed", "ويبقى الرفض قائمًا")])
def test_the_outcome_goes_out_as_a_signed_letter(outcome, words, cast, refused, signed_in):
    case = decided(cast, refused, outcome)
    letter = PaperContent.objects.get(transaction=case, what="objection")
    said = letter.content
    assert (said["objection"], said["outcome"], said["reason"]) == ("refusal", outcome, "ثبت ما في الصك")
    assert words in said["ar"]["opening"][0]
    assert said["en"]["office"] == cast.central_supervisor.posts.get().office.name_en, "of whoever decided"
    assert letter.event.actor == cast.central_supervisor
    work_off(timezone.now())
    signed = SignedPaper.objects.get(content=letter)
    answer = signed_in(cast.citizen).get(reverse("transactions:paper", args=[case.reference, letter.pk]))
    file = b"".join(answer.streaming_content)
    assert (answer["Content-Type"], hashlib.sha256(file).hexdigest()) == ("application/pdf", signed.sha256)
    assert verify_file(SimpleUploadedFile("x.pdf", file), address="10.0.0.1").verdict == Verdict.GENUINE
    shown = signed_in(cast.citizen).get(reverse("transactions:request", args=[case.reference])).content.decode()
    assert reverse("transactions:paper", args=[case.reference, letter.pk]) in shown
    foreign = signed_in(cast.other_citizen).get(reverse("transactions:paper", args=[case.reference, letter.pk]))
    assert foreign.status_code == 404


def test_the_books_hold_the_letter_to_its_entry(cast, refused):
    case = decided(cast, refused, "dismissed")
    bodies = [json.loads(bytes(entry.body)) for entry in Entry.objects.filter(subject=case.reference)]
    assert list(compare(bodies)) == []
    letter = PaperContent.objects.get(transaction=case, what="objection")
    PaperContent.objects.filter(pk=letter.pk).update(content=letter.content | {"outcome": "upheld"})
    assert any("what it says" in line for line in compare(bodies))


def test_a_letter_whose_job_was_lost_is_made_all_the_same(cast, refused):
    case = decided(cast, refused, "dismissed")
    letter = PaperContent.objects.get(transaction=case, what="objection")
    Outbox.objects.filter(kind=SIGN).delete()
    owe_what_is_missing(timezone.now())
    assert Outbox.objects.filter(kind=SIGN, subject=letter.pk).exists()


def test_a_lower_fee_stands_in_the_letter(cast, submitted):
    case = drive(submitted("building-permit"), cast, "awaiting_payment", now=timezone.now() - 30 * HOUR)
    case = objections.submit_objection(case, reason="المساحة أقل", by=cast.citizen)
    case = objections.uphold(case, reason="صحيح", amount="100", by=cast.central_supervisor)
    letter = PaperContent.objects.get(transaction=case, what="objection")
    assert "100.00" in letter.content["en"]["opening"][0]
