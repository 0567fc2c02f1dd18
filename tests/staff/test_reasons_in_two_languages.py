"""What the office writes to an applicant outside of a return: in both languages wherever it is read."""

from __future__ import annotations

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.text import prose
from transactions.domain.errors import Invalid
from transactions.models import BulkItem, BulkJob, PaperContent
from transactions.signed_papers.sheet import sheet_of
from transactions.text import two_languages
from transactions.text.wording import reason_shown, sentence
from transactions.transitions import bulk, complaints, endings, moves, objections
from transactions.transitions.forms import FORMS

from ..api.test_api import Api
from ..conftest import NOW, STEP, drive, work_off
from ..transactions.test_signed_papers import bytes_of, made
from .test_bulk import LOOK, chosen, work

pytestmark = pytest.mark.django_db
ARABIC, ENGLISH = "الموقع يقع في مجرى وادٍ معتمد", "The site lies in the bed of a protected wadi"
BOTH = {"ar": ARABIC, "en": ENGLISH}
ONLY_ARABIC = f"\u2068{ARABIC}\u2069 (the office wrote this in Arabic only)"


@pytest.fixture
def case(cast, submitted):
    return drive(submitted("building-permit"), cast, "awaiting_supervisor")


def read_in(language, page, address):
    page.post(reverse("set_language"), {"language": language, "next": "/"})
    return page.get(address).content.decode()


def refuse(page, case, **typed):
    return page.post(reverse("staff:move", args=[case.reference, "reject"]), {"version": case.version} | typed)


def test_the_reason_of_a_refusal_is_read_by_each_in_their_language(cast, case, signed_in):
    cast.citizen.email, cast.citizen.email_notices = "citizen@example.com", True
    cast.citizen.save()
    refuse(signed_in(cast.supervisor), case, **{"reason": ARABIC, "reason-other": f" {ENGLISH}\r\n"})
    case.refresh_from_db()
    assert (case.decision_reason, case.decision_own_words) == (ARABIC, BOTH)
    applicant = signed_in(cast.citizen)
    own = [
        reverse("transactions:request", args=[case.reference]),
        reverse("transactions:requests"),
        reverse("transactions:objection", args=[case.reference]),
    ]
    for language, shown, hidden in (("en", ENGLISH, ARABIC), ("ar", ARABIC, ENGLISH)):
        for address in own:
            html = read_in(language, applicant, address)
            assert (shown in html, hidden in html) == (True, False), (language, address)
    mail.outbox.clear()
    work_off(timezone.now())
    letters = [sent.body for sent in mail.outbox if case.reference in sent.body]
    assert any(ARABIC in letter for letter in letters)
    told = Api(cast.citizen).get(f"/transactions/{case.reference}/").json()["timeline"]
    assert any(ARABIC in entry["text"] for entry in told)


def test_the_letter_of_a_refusal_holds_both_side_by_side(cast, case):
    moves.reject(case, reason=BOTH, by=cast.supervisor, now=NOW)
    content = PaperContent.objects.get(what="rejected")
    assert (content.content["reason"], content.content["own_words"]) == (ARABIC, BOTH)
    assert sheet_of(content.content, address="x", is_demo=True)["reason"] == {"both": BOTH}
    assert bytes_of(made(content)).startswith(b"%PDF")


def test_a_letter_whose_reason_is_in_one_language_says_so_in_both(cast, case):
    moves.reject(case, reason=ARABIC, by=cast.supervisor, now=NOW)
    content = PaperContent.objects.get(what="rejected")
    reason = sheet_of(content.content, address="x", is_demo=True)["reason"]
    assert (reason["both"], reason["ar"], reason["ltr"]) == (None, ARABIC, False)
    assert reason["only"]["en"] == "The office wrote this reason in Arabic only."
    assert bytes_of(made(content)).startswith(b"%PDF")
    # A letter from before says nothing of languages, as nobody noted any.
    before = {name: value for name, value in content.content.items() if name != "own_words"}
    assert sheet_of(before, address="x", is_demo=True)["reason"]["only"] is None


def test_reasons_advised_begin_the_refusal_in_both_languages(cast, submitted, signed_in):
    case = drive(submitted("building-permit"), cast, "under_study")
    typed = {"version": case.version, "reason": ARABIC, "reason-other": ENGLISH}
    signed_in(cast.reviewer).post(reverse("staff:move", args=[case.reference, "advise_refusal"]), typed)
    case.refresh_from_db()
    page = signed_in(cast.supervisor)
    shown = page.get(reverse("staff:case", args=[case.reference]))
    form = next(form for form in shown.context["moves"] if form.name == "reject")
    assert (form.in_both, form.written, form.written_other) == (True, ARABIC, ENGLISH)
    assert ENGLISH in read_in("en", page, reverse("staff:case", args=[case.reference]))
    # The applicant reads neither until somebody decides.
    applicant = signed_in(cast.citizen)
    for language in ("ar", "en"):
        html = read_in(language, applicant, reverse("transactions:request", args=[case.reference]))
        assert ARABIC not in html
        assert ENGLISH not in html


def told_of(case, move):
    """What the applicant reads of the latest such move, in each language."""
    event = case.events.filter(move=move).order_by("-seq")[0]
    texts = {}
    for language in ("ar", "en"):
        with translation.override(language):
            texts[language] = f"{sentence(event)}\n{reason_shown(event)}"
    return texts


def each_move(cast, submitted, reason):
    """Every move of the staff that tells the applicant something in the office's own words."""
    studied = drive(submitted("building-permit"), cast, "under_study")
    floors = {"floors": str(int(studied.answers["floors"]) + 1)}
    yield moves.correct(studied, changes=floors, reason=reason, by=cast.reviewer, now=NOW), "correct"
    elsewhere = cast.other_registry.posts.get().office
    yield moves.refer(studied, to=elsewhere, reason=reason, by=cast.reviewer, now=NOW), "refer"
    approved = drive(submitted("building-permit"), cast, "awaiting_supervisor")
    yield moves.approve(approved, note=reason, by=cast.supervisor, now=NOW), "approve"
    refused = drive(submitted("building-permit"), cast, "awaiting_supervisor")
    yield moves.reject(refused, reason=reason, by=cast.supervisor, now=NOW), "reject"
    yield moves.reopen(refused, reason=reason, by=cast.supervisor, now=NOW), "reopen"
    for move in ("uphold", "dismiss"):
        objected = drive(submitted("building-permit"), cast, "awaiting_supervisor")
        objected = moves.reject(objected, reason=reason, by=cast.supervisor, now=NOW)
        objected = objections.submit_objection(objected, reason="x", by=cast.citizen, now=NOW + STEP)
        decide = getattr(objections, move)
        yield decide(objected, reason=reason, by=cast.central_supervisor, now=NOW + 2 * STEP), move
    late = drive(submitted("building-permit"), cast, "under_study")
    then = late.due_at + STEP
    late = complaints.complain(late, reason="x", by=cast.citizen, now=then)
    yield complaints.answer_complaint(late, reason=reason, by=cast.supervisor, now=then + STEP), "answer_complaint"
    for act, move in ((endings.revoke, "revoke"), (endings.replace, "replace")):
        issued = drive(submitted("building-permit"), cast, "issued")
        issued = endings.propose(issued, reason="x", by=cast.registry, now=NOW + 40 * STEP)
        yield act(issued, reason=reason, by=cast.supervisor, now=NOW + 41 * STEP), move


TOLD = {name for name, form in FORMS.items() if form.tells_applicant}


def test_every_reason_an_applicant_reads_is_in_their_language(cast, submitted):
    seen = {"advise_refusal", "inspect"}  # told of elsewhere: by the refusal itself, and by what was found on site
    for case, move in each_move(cast, submitted, BOTH):
        told = told_of(case, move)
        for language, other in (("ar", "en"), ("en", "ar")):
            assert BOTH[language] in told[language], move
            assert BOTH[other] not in told[language], move
        seen.add(move)
    assert seen == TOLD, "no move tells the applicant a reason in one language only"


def test_where_a_reason_is_in_one_language_its_reader_is_told_so(cast, submitted):
    for case, move in each_move(cast, submitted, ARABIC):
        told = told_of(case, move)
        assert ONLY_ARABIC in told["en"], move
        assert ARABIC in told["ar"], move
        assert "(" not in told["ar"].partition(ARABIC)[2], move


def test_a_document_that_ended_says_why_in_each_language(cast, submitted, signed_in):
    issued = drive(submitted("building-permit"), cast, "issued")
    issued = endings.propose(issued, reason="x", by=cast.registry, now=NOW + 40 * STEP)
    endings.revoke(issued, reason=BOTH, by=cast.supervisor, now=NOW + 41 * STEP)
    number = issued.issued_documents.get().number
    applicant = signed_in(cast.citizen)
    own = [
        reverse("transactions:request", args=[issued.reference]),
        f"{reverse('transactions:document', args=[issued.reference, 'building-permit'])}?number={number}",
    ]
    for language, shown, hidden in (("en", ENGLISH, ARABIC), ("ar", ARABIC, ENGLISH)):
        for address in own:
            html = read_in(language, applicant, address)
            assert (shown in html, hidden in html) == (True, False), (language, address)
    (document,) = Api(cast.citizen).get(f"/transactions/{issued.reference}/").json()["issued_documents"]
    assert [document[f"ended_reason{end}"] for end in ("", "_ar", "_en")] == [ARABIC, ARABIC, ENGLISH]


def test_the_language_of_the_request_is_never_the_missing_one_and_nothing_typed_is_lost(cast, case, signed_in):
    page = signed_in(cast.supervisor)
    for typed in ({"reason": " ", "reason-other": ENGLISH}, {"reason": "س" * 2001, "reason-other": ENGLISH}):
        refused = refuse(page, case, **typed)
        assert refused.status_code == 422
        form = next(form for form in refused.context["moves"] if form.name == "reject")
        assert (form.written, form.written_other) == (typed["reason"], ENGLISH)
    missing = refuse(page, case, **{"reason": "", "reason-other": ENGLISH})
    assert "اكتب هذا بالعربية أيضًا" in missing.content.decode()
    placeholder = refuse(page, case, **{"reason": ARABIC, "reason-other": "Dear {applicant}"})
    assert placeholder.status_code == 422
    case.refresh_from_db()
    assert case.status == "awaiting_supervisor"
    # Whoever cannot make it any more reads there what they wrote, in both languages.
    moves.send_back(case, reason="أعد النظر", by=cast.supervisor, now=NOW)
    late = refuse(page, case, **{"reason": ARABIC, "reason-other": ENGLISH})
    assert late.status_code == 409
    assert ENGLISH in late.content.decode()


def test_a_program_gives_a_reason_by_language_or_in_that_of_the_request(cast, case):
    api, path = Api(cast.supervisor), f"/transactions/{case.reference}/moves/"
    body = {"move": "reject", "version": case.version}
    assert api.post(path, body | {"reason": ARABIC, "reason_ar": "غيره"}).status_code == 422
    assert api.post(path, body | {"reason_en": ENGLISH}).status_code == 422
    assert api.post(path, body | {"reason": ARABIC, "reason_en": ENGLISH}).status_code == 200
    case.refresh_from_db()
    assert case.decision_own_words == BOTH
    # A move whose reason stays in the office takes it once.
    again = api.post(path, {"move": "reopen", "version": case.version, "reason_ar": ARABIC})
    assert again.status_code == 200
    sent = {"move": "send_back", "version": case.version + 1, "reason": "x", "reason_en": ENGLISH}
    assert api.post(path, sent).status_code == 400, "not taken"


def test_corrections_are_reasoned_in_both_languages_on_their_page(cast, submitted, signed_in):
    case = drive(submitted("building-permit"), cast, "under_study")
    url = reverse("staff:correct", args=[case.reference])
    page = signed_in(cast.reviewer)
    typed = {"version": case.version, "floors": str(int(case.answers["floors"]) + 1), "reason-other": ENGLISH}
    refused = page.post(url, typed)
    assert (refused.status_code, refused.context["reason_other"]) == (422, ENGLISH)
    page.post(url, typed | {"reason": ARABIC})
    case.refresh_from_db()
    assert case.events.get(move="correct").facts["own_words"] == BOTH
    html = read_in("en", signed_in(cast.citizen), reverse("transactions:request", args=[case.reference]))
    assert ENGLISH in html
    assert ARABIC not in html


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arabic=st.text(max_size=40), english=st.text(max_size=40), language=st.sampled_from(["ar", "en"]))
def test_whatever_is_written_each_reader_reads_all_of_theirs(cast, case, arabic, english, language):
    texts = two_languages.given({"ar": arabic, "en": english}, language)
    problems = two_languages.problems_of("reason", texts, language)
    written = {"ar": prose(arabic), "en": prose(english)}
    if any(written.values()) and not written[language]:
        assert [problem.code for problem in problems if problem.code == "required"] == ["required"]
    for reader, other in (("ar", "en"), ("en", "ar")):
        with translation.override(reader):
            assert (written[reader] or written[other]) in two_languages.in_readers_language(texts, "")


def test_an_internal_reason_says_nothing_of_languages(cast, case):
    case = moves.send_back(case, reason=ENGLISH, by=cast.supervisor, now=NOW)
    assert "own_words" not in case.events.order_by("-seq")[0].facts
    with pytest.raises(Invalid):
        moves.advise_refusal(case, reason={"ar": " ", "en": ""}, by=cast.reviewer, now=NOW)


# -- many at once ----------------------------------------------------------------------------------------------


def test_why_a_case_stays_is_said_in_the_language_of_whoever_looks(cast, submitted, signed_in):
    incoming, studied = submitted(), drive(submitted(), cast, "under_study")
    page = signed_in(cast.registry)
    looked = page.post(LOOK, chosen([incoming, studied], "register"), follow=True)
    address = looked.redirect_chain[-1][0]
    words = BulkItem.objects.get(transaction=studied).words
    assert set(words) == {"ar", "en"}
    assert "قيد الدراسة" in words["ar"]
    assert "Under study" in words["en"]
    for language, other in (("en", "ar"), ("ar", "en")):
        html = read_in(language, page, address)
        assert (words[language] in html, words[other] in html) == (True, False)


def test_a_refusal_on_the_way_is_worded_in_both_languages(cast, submitted, signed_in):
    incoming = [submitted() for _ in range(2)]
    job = bulk.look(incoming, "register", by=cast.registry, now=NOW)
    moves.register(incoming[0], by=cast.registry, now=NOW)
    bulk.start(job, now=NOW)
    work(job)
    refused = job.items.get(state="refused")
    assert set(refused.words) == {"ar", "en"}
    assert refused.words["ar"] != refused.words["en"]
    assert refused.message in refused.words.values()
    assert job.items.filter(state="done").get().words is None
    page = signed_in(cast.registry)
    address = reverse("staff:bulk", args=[job.key])
    assert refused.words["en"] in read_in("en", page, address).replace("&#x27;", "'")
    # Rows from before words had their language are shown as they were written.
    BulkItem.objects.filter(pk=refused.pk).update(words=None, message="كما كتب")
    assert "كما كتب" in read_in("en", page, address)
    assert BulkJob.objects.get().state == "done"
