"""A certificate that papers were signed with ends, retired or stolen: by two, and told wherever it counts."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone, translation

from accounts import four_eyes, services
from accounts.errors import AccountError
from accounts.models import Proposal, User
from journal import check
from journal.entry import second_of
from journal.models import Entry
from municipality.models import Office
from transactions.maintenance.health import read_health
from transactions.models import SignedPaper, SigningCertificate
from transactions.signed_papers import authority, demo_authority, ending, examining, frames, making, signing, verifying
from transactions.signed_papers.sheet import sheet_of
from transactions.signed_papers.typesetting import typeset
from transactions.signed_papers.verifying import Verdict

from ..conftest import NOW, PASSWORD, STEP, drive, national_id
from ..signers import rsa_authority
from .test_signed_papers import bytes_of, made

pytestmark = pytest.mark.django_db
LATER = NOW + 30 * STEP
# Somebody else had the key some hours before it was noticed.
SINCE = NOW + 20 * STEP


@pytest.fixture
def second(cast):
    user = User.objects.create_user(national_id(61), PASSWORD, full_name="second", phone="+966500000061")
    services.create_staff_post(user, Office.objects.get(code="CTR"), "administrator", on=date(2020, 1, 1))
    return user


@pytest.fixture
def real(settings, tmp_path):
    """Papers are signed with a certificate of an authority, not with a demonstration's."""
    key, certificates = rsa_authority()
    path = tmp_path / "papers.pem"
    path.write_bytes(demo_authority._pem(key) + b"".join(each.public_bytes(Encoding.PEM) for each in certificates))
    settings.PAPER_SIGNING_FILE = str(path)


def a_paper(cast, submitted):
    return made(drive(submitted("shop-licence"), cast, "issued").issued_documents.get().content)


@pytest.fixture
def paper(real, cast, submitted):
    return a_paper(cast, submitted)


def forged(dated=NOW):
    """What whoever has the key makes with it: a good signature over all of it, and no record here."""
    page = {"title": "رخصة بناء", "office": "", "files": [], "subject": "رخصة بناء"}
    content = {"what": "received", "reference": "C1A-1448-000001-X", "applicant": "سارق", "at": dated.isoformat()}
    sheet = sheet_of({**content, "ar": page, "en": page}, address="https://example/verify/x", is_demo=False)
    return signing.sign(typeset(sheet, dated), authority.current(LATER))


def verdict(content):
    return verifying.verify_file(SimpleUploadedFile("x.pdf", content), address="10.0.0.1").verdict


def propose(certificate, why, *, by, reason="x", since=SINCE):
    return ending.propose(certificate, why, since=since, reason=reason, by=by, now=LATER)


def end(certificate, why, cast, second):
    proposal = propose(certificate, why, by=cast.administrator, reason="key found elsewhere")
    four_eyes.confirm(proposal, by=second, now=LATER)
    certificate.refresh_from_db()


def test_of_a_stolen_key_only_what_we_keep_is_genuine(paper, cast, second, client):
    kept, thiefs = bytes_of(paper), forged()
    assert (verdict(kept), verdict(thiefs)) == (Verdict.GENUINE, Verdict.UNKNOWN)
    end(paper.certificate, "stolen", cast, second)
    assert (verdict(kept), verdict(thiefs)) == (Verdict.GENUINE, Verdict.UNRELIABLE)
    # Nor is anything else under it called changed after *we* signed it.
    for content in (thiefs + b"\n% more", kept + b" ", kept[:900] + bytes([kept[900] ^ 1]) + kept[901:]):
        assert verdict(content) is Verdict.UNRELIABLE
    client.post("/language/", {"language": "en", "next": "/"})
    sent = client.post(reverse("transactions:verify_upload"), {"file": SimpleUploadedFile("x.pdf", thiefs)})
    html = sent.content.decode()
    assert "Do not rely on this file" in html
    assert "Show it at a service centre" in html
    assert "notice--error" in html
    assert "The signature is ours" not in html
    program = client.post("/api/v1/verifications/file/", {"file": SimpleUploadedFile("x.pdf", thiefs)}).json()
    assert (program["verdict"], program["document"]) == ("unreliable", None)


def test_of_a_retired_key_an_unknown_file_may_still_be_ours(paper, cast, second):
    thiefs = forged()
    end(paper.certificate, "retired", cast, second)
    assert (verdict(bytes_of(paper)), verdict(thiefs)) == (Verdict.GENUINE, Verdict.UNKNOWN)
    assert verdict(thiefs + b" ") is Verdict.CHANGED


def test_a_demonstrations_signature_is_nothing_to_rely_on(cast, submitted):
    demo = a_paper(cast, submitted)
    assert demo.certificate.is_demo
    assert (verdict(bytes_of(demo)), verdict(forged())) == (Verdict.GENUINE, Verdict.UNRELIABLE)
    assert verdict(forged() + b" ") is Verdict.CHANGED


def test_another_certificate_is_not_touched(paper, cast, second, settings, submitted):
    thiefs = forged()
    settings.PAPER_SIGNING_FILE = ""
    end(a_paper(cast, submitted).certificate, "stolen", cast, second)
    assert verdict(thiefs) is Verdict.UNKNOWN


def test_it_takes_two_and_is_in_the_journal(paper, cast, second):
    certificate = paper.certificate
    with pytest.raises(AccountError):
        propose(certificate, "stolen", by=cast.administrator, reason=" ")
    with pytest.raises(AccountError):
        propose(certificate, "stolen", by=cast.supervisor)
    proposal = propose(certificate, "stolen", by=cast.administrator)
    assert propose(certificate, "stolen", by=cast.administrator) == proposal
    with pytest.raises(AccountError):
        four_eyes.confirm(proposal, by=cast.administrator, now=LATER)
    certificate.refresh_from_db()
    assert (certificate.ended_at, certificate.ended_from, certificate.ended_why) == (None, None, "")
    with translation.override("en"):
        assert certificate.fingerprint in four_eyes.in_words(proposal)
        assert any("not to rely on it" in line for line in four_eyes.in_words(proposal))
    four_eyes.confirm(proposal, by=second, now=LATER)
    certificate.refresh_from_db()
    assert (certificate.ended_at, certificate.ended_from, certificate.ended_why) == (LATER, SINCE, "stolen")
    entered = json.loads(bytes(Entry.objects.get(kind=ending.KIND).body))
    known = {"certificate": certificate.fingerprint, "why": "stolen", "from": second_of(SINCE)}
    assert known.items() <= entered.items()


def test_stolen_is_the_last_word(paper, cast, second):
    waiting = propose(paper.certificate, "retired", by=cast.administrator)
    end(paper.certificate, "stolen", cast, second)
    with pytest.raises(ValidationError):
        four_eyes.confirm(waiting, by=second, now=LATER)
    for why in ("retired", "stolen", "", "lost"):
        with pytest.raises(ValidationError):
            propose(paper.certificate, why, by=cast.administrator)
    paper.certificate.refresh_from_db()
    assert paper.certificate.ended_why == "stolen"


@pytest.mark.parametrize("since", [LATER + STEP, NOW - timedelta(days=9999)])
def test_it_ends_within_its_validity_and_not_in_the_future(since, paper, cast):
    with pytest.raises(ValidationError):
        propose(paper.certificate, "stolen", by=cast.administrator, since=since)


@pytest.mark.parametrize("dated", [SINCE - STEP, SINCE, LATER])
def test_the_date_that_a_thief_writes_does_not_count(dated, paper, cast, second):
    thiefs = forged(dated)
    end(paper.certificate, "stolen", cast, second)
    assert verdict(thiefs) is Verdict.UNRELIABLE


def test_what_was_being_signed_when_it_ended_waits_for_another(paper, cast, second, submitted, monkeypatch):
    content = drive(submitted("shop-licence"), cast, "issued").issued_documents.get().content
    sign = signing.sign

    def ended_meanwhile(*given):
        end(paper.certificate, "stolen", cast, second)
        return sign(*given)

    monkeypatch.setattr(signing, "sign", ended_meanwhile)
    with pytest.raises(ImproperlyConfigured):
        making.make(content.pk, LATER)
    assert not SignedPaper.objects.filter(content=content).exists()


def test_a_retired_one_can_turn_out_stolen(paper, cast, second):
    end(paper.certificate, "retired", cast, second)
    end(paper.certificate, "stolen", cast, second)
    assert verdict(forged()) is Verdict.UNRELIABLE
    assert Entry.objects.filter(kind=ending.KIND).count() == 2
    assert problems() == []


@pytest.mark.parametrize("why", ["retired", "stolen"])
def test_nothing_is_signed_with_it_any_more(why, paper, cast, second, submitted, settings):
    content = drive(submitted("shop-licence"), cast, "issued").issued_documents.get().content
    assert not read_health(LATER).silent["certificate"]
    end(paper.certificate, why, cast, second)
    with pytest.raises(ImproperlyConfigured):
        making.make(content.pk, LATER)
    assert read_health(LATER).silent["certificate"]
    settings.PAPER_SIGNING_FILE = ""
    assert made(content).certificate != paper.certificate
    assert not read_health(LATER).silent["certificate"]


@pytest.mark.parametrize(
    ("why", "said"), [("stolen", "# STOLEN {since}, reported {day}"), ("retired", "# retired {since}")]
)
def test_the_published_list_says_it_in_a_comment(why, said, paper, cast, second, client):
    end(paper.certificate, why, cast, second)
    text = client.get(reverse("transactions:certificates")).content.decode()
    since, day = f"{SINCE.astimezone(UTC):%Y-%m-%dT%H:%MZ}", f"{LATER:%Y-%m-%d}"
    fingerprint, following = text.splitlines()[1:3]
    assert paper.certificate.fingerprint in fingerprint
    assert following.startswith(said.format(since=since, day=day))
    x509.load_pem_x509_certificates(text.encode())
    assert text.count("BEGIN CERTIFICATE") == 2


def test_the_page_without_a_network_is_told_at_once(paper, cast, second):
    assert [each["stolen"] for each in frames.certificates()] == [""]
    end(paper.certificate, "stolen", cast, second)
    (told,) = frames.certificates()
    assert datetime.fromisoformat(told["stolen"]) == SINCE


def problems():
    return [each for each in check.book(say=lambda _good: None, whole=False) if "certificate" in each]


def test_the_daily_check_notices_what_was_written_behind_our_back(paper, cast, second):
    rows = SigningCertificate.objects.filter(pk=paper.certificate_id)
    rows.update(ended_why="stolen", ended_at=LATER, ended_from=SINCE)
    assert len(problems()) == 1
    rows.update(ended_why="", ended_at=None, ended_from=None)
    assert problems() == []
    end(paper.certificate, "stolen", cast, second)
    assert problems() == []
    for why in ("", "retired"):
        rows.update(ended_why=why)
        assert len(problems()) == 1, why
    rows.update(ended_why="stolen", ended_from=LATER)
    assert len(problems()) == 1


def test_the_page_of_administrators_proposes_and_the_other_confirms(paper, cast, second, signed_in):
    page = reverse("staff:transactions_signingcertificate_change", args=[paper.certificate_id])
    listed = reverse("staff:transactions_signingcertificate_changelist")
    assert signed_in(cast.supervisor).get(listed).status_code == 403
    client = signed_in(cast.administrator)
    assert paper.certificate.fingerprint in client.get(listed).content.decode()
    for sent in ({}, {"ended_why": "stolen"}, {"reason": "x"}, {"ended_why": "lost", "reason": "x"}):
        assert client.post(page, sent).status_code == 200, sent
    assert not Proposal.objects.filter(kind="certificate").exists()
    when = {"ended_from_0": "2026-11-01", "ended_from_1": "02:30"}
    typed = {"ended_why": "stolen", "reason": "found on a stick", **when}
    for wrong in ({"ended_from_0": "2099-01-01"}, {"ended_from_0": "1999-01-01"}, {"ended_from_1": ""}):
        assert client.post(page, typed | wrong).status_code == 200, wrong
    assert not Proposal.objects.filter(kind="certificate").exists()
    assert client.post(page, typed).status_code == 302
    proposal = Proposal.objects.get(kind="certificate")
    paper.certificate.refresh_from_db()
    assert paper.certificate.ended_why == ""
    answer = reverse("staff:accounts_proposal_answer", args=[proposal.pk])
    signed_in(second).post(answer, {"answer": "confirm"})
    paper.certificate.refresh_from_db()
    assert paper.certificate.is_stolen
    assert timezone.now() - paper.certificate.ended_at < timedelta(minutes=5)
    assert client.get(page).status_code == 200
    assert client.post(page, {"ended_why": "retired", "reason": "x"}).status_code == 403


def test_a_file_of_the_thief_bears_a_good_signature(paper):
    """Else what is tested above would be of a bad one."""
    (found,) = examining.examine(io.BytesIO(forged())).signatures
    assert found == examining.Signature(paper.certificate.fingerprint, good=True, whole=True)
