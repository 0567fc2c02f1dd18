"""What is advised to whoever decides: refusal with reasons, approval on conditions; and where the conditions stand."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from transactions.domain.errors import DomainError, Invalid
from transactions.models import PaperContent
from transactions.papers import papers
from transactions.text import two_languages
from transactions.transitions import checklist, moves

from ..conftest import NOW, drive

pytestmark = pytest.mark.django_db
ARABIC = "بناء سور مؤقت قبل البدء\nألا يُشغل الرصيف"
ENGLISH = "A temporary fence stands before work begins\nThe pavement stays free"
WADI = "الموقع يقع في مجرى وادٍ معتمد"


def test_a_refusal_that_is_advised_goes_to_whoever_decides(cast, submitted, signed_in, settings):
    settings.CHECKLISTS_BIND = True
    case = drive(submitted("building-permit"), cast, "under_admin_audit")
    with pytest.raises(Invalid):
        moves.advise_refusal(case, reason=" ", by=cast.reviewer, now=NOW)
    with pytest.raises(DomainError):
        moves.advise_refusal(case, reason=WADI, by=cast.supervisor, now=NOW)
    case = moves.advise_refusal(case, reason=WADI, by=cast.reviewer, now=NOW)
    assert (case.status, case.stage) == ("awaiting_supervisor", "approval")
    # The reasons are the office's own until somebody decides.
    citizen = signed_in(cast.citizen).get(reverse("transactions:request", args=[case.reference])).content.decode()
    assert WADI not in citizen
    page = signed_in(cast.supervisor).get(reverse("staff:case", args=[case.reference]))
    html = page.content.decode()
    assert "أوصى برفض الطلب" in html
    assert html.count(WADI) >= 3  # the advice, the form of the refusal, the history
    # Whoever approves nevertheless has what nobody looked at before them, of every stage.
    with pytest.raises(DomainError) as refused:
        moves.approve(case, by=cast.supervisor, now=NOW)
    assert refused.value.code == "checklist_open"
    assert len(checklist.stands_against(case, "approve", cast.supervisor)) == 9 + 10 + 3
    done = moves.reject(case, reason=WADI, by=cast.supervisor, now=NOW)
    assert done.status == "rejected"


@pytest.mark.parametrize(
    ("service", "status"),
    [
        ("electricity-connection", "under_study"),
        ("land-subdivision", "under_tech_audit"),
        ("shop-licence", "under_study"),
    ],
)
def test_it_goes_there_from_every_study(cast, submitted, service, status):
    case = drive(submitted(service), cast, status)
    reviewer = cast.reviewer if case.branch.code != "CTR" else cast.central_reviewer
    assert moves.advise_refusal(case, reason=WADI, by=reviewer, now=NOW).status == "awaiting_supervisor"


def test_a_supervisor_sends_advice_back(cast, submitted):
    case = drive(submitted("building-permit"), cast, "under_study")
    case = moves.advise_refusal(case, reason=WADI, by=cast.reviewer, now=NOW)
    case = moves.send_back(case, reason="أعد النظر", by=cast.supervisor, now=NOW)
    assert case.stage == "technical"


def test_conditions_that_were_advised_are_offered_and_those_decided_stand_on_paper_and_page(cast, submitted, signed_in):
    case = drive(submitted("building-permit"), cast, "under_study")
    case = moves.recommend(case, by=cast.reviewer, now=NOW, conditions_ar="بناء سور", conditions_en="Build a fence")
    url = reverse("staff:case", args=[case.reference])
    page = signed_in(cast.supervisor).get(url)
    assert page.context["conditions"] == {"ar": "بناء سور", "en": "Build a fence"}
    assert "أوصى بالموافقة بشروط" in page.content.decode()
    sent = {"version": case.version, "reason": "", "conditions_ar": ARABIC, "conditions_en": ENGLISH}
    assert (
        signed_in(cast.supervisor).post(reverse("staff:move", args=[case.reference, "approve"]), sent).status_code
        == 302
    )
    case.refresh_from_db()
    assert papers.conditions_of(case) == {"ar": ARABIC, "en": ENGLISH}
    citizen = signed_in(cast.citizen)
    html = citizen.get(reverse("transactions:request", args=[case.reference])).content.decode()
    assert "شروط هذه الموافقة: بناء سور مؤقت قبل البدء" in html
    issued = drive(case, cast, "issued", timezone.now())
    content = PaperContent.objects.get(document=issued.issued_documents.get()).content
    assert content["conditions"] == {"ar": ARABIC, "en": ENGLISH}
    assert content["ar"]["closing"][:3] == ["هذه الموافقة مشروطة بما يأتي:", *ARABIC.split("\n")]
    assert content["en"]["closing"][1:3] == ENGLISH.split("\n")
    shown = citizen.get(reverse("transactions:document", args=[case.reference, "building-permit"])).content.decode()
    assert "ألا يُشغل الرصيف" in shown


def test_an_approval_without_conditions_says_nothing_of_any(cast, submitted):
    issued = drive(submitted("building-permit"), cast, "issued")
    content = PaperContent.objects.get(document=issued.issued_documents.get()).content
    assert "conditions" not in content
    assert not any("مشروطة" in sentence for sentence in content["ar"]["closing"])


def test_conditions_in_one_language_are_said_to_be_in_that_alone(cast, submitted):
    case = drive(submitted("building-permit"), cast, "awaiting_supervisor")
    case = moves.approve(case, by=cast.supervisor, now=NOW, conditions_ar="بناء سور")
    with translation.override("en"):
        assert (
            two_languages.here(papers.conditions_of(case))
            == "\u2068بناء سور\u2069 (the office wrote this in Arabic only)"
        )
    with translation.override("ar"):
        assert two_languages.here(papers.conditions_of(case)) == "بناء سور"


def test_conditions_that_are_too_long_lose_nothing(cast, submitted, signed_in):
    case = drive(submitted("building-permit"), cast, "awaiting_supervisor")
    sent = {"version": case.version, "conditions_en": "x" * 2001, "conditions_ar": ARABIC}
    answer = signed_in(cast.supervisor).post(reverse("staff:move", args=[case.reference, "approve"]), sent)
    assert answer.status_code == 422
    assert answer.context["conditions"] == {"ar": ARABIC, "en": "x" * 2001}
    case.refresh_from_db()
    assert case.status == "awaiting_supervisor"


def test_programs_advise_and_approve_on_conditions(cast, submitted, signed_in):
    case = drive(submitted("building-permit"), cast, "under_study")
    path = f"/api/v1/transactions/{case.reference}/moves/"
    sent = {"move": "recommend", "version": case.version, "conditions_ar": ARABIC}
    answer = signed_in(cast.reviewer).post(path, sent, content_type="application/json")
    assert answer.status_code == 200, answer.content
    assert case.events.get(move="recommend", from_stage="technical").facts["conditions"] == {"ar": ARABIC}


texts = st.dictionaries(st.sampled_from(["ar", "en"]), st.text("اب c\n ", max_size=12))


@given(texts, st.sampled_from(["ar", "en"]))
def test_a_text_is_there_for_every_reader_if_it_is_there_at_all(given_texts, reader):
    kept, problems = two_languages.clean("text", given_texts)
    assert problems == []
    with translation.override(reader):
        shown = two_languages.here(kept)
    assert bool(shown) == any(text.strip() for text in given_texts.values())
    if reader in kept:
        assert shown == kept[reader]
