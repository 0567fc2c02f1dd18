"""What was said of a finding stays when a later check finds it no more, and is there when it returns."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as calm
from hypothesis import strategies as st

from drawings import deciding, running
from drawings.shown import shown
from transactions.domain.errors import DomainError

from ..conftest import NOW
from .test_checks import _as_long_as_it_takes as _as_long_as_it_takes
from .test_checks import case as case
from .test_checks import on_case as on_case
from .test_checks import the_overlap

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]
LATER = NOW + timedelta(days=1)


def check_again(check, results, now=LATER):
    running._keep_findings(check, results, now)
    check.refresh_from_db()
    if "_prefetched_objects_cache" in check.__dict__:
        check._prefetched_objects_cache.clear()


def page_of(check):
    return reverse("drawings:check", args=[check.attachment.key])


def test_an_explanation_outlives_its_finding_and_returns_with_it(on_case, cast, signed_in):
    """Also when it returns elsewhere or with another measure: it is the same check of the same thing."""
    finding, content = the_overlap(on_case), the_overlap(on_case).content
    deciding.explain(finding, "جدار مشترك مع الجار", by=cast.citizen, now=NOW)
    check_again(on_case, [])
    gone = the_overlap(on_case)
    assert (gone.pk, gone.explanation, gone.gone_at) == (finding.pk, "جدار مشترك مع الجار", LATER)
    check_again(on_case, [], LATER + timedelta(days=1))
    assert the_overlap(on_case).gone_at == LATER, "since when it first was"
    for who in (cast.reviewer, cast.citizen):
        html = signed_in(who).get(page_of(on_case)).content.decode()
        assert "توضيح لملاحظة لم تعد قائمة" in html
        assert "جدار مشترك مع الجار" in html
    for changed in ({}, {"measured": 1.0}, {"place": [[1.0, 2.0], [3.0, 4.0]]}):
        check_again(on_case, [content | changed])
        back = the_overlap(on_case)
        assert (back.pk, back.explanation, back.gone_at) == (finding.pk, "جدار مشترك مع الجار", None)
        assert not shown(on_case, cast.reviewer).vanished
        check_again(on_case, [])


def test_of_what_nobody_said_anything_about_nothing_stays(on_case, cast):
    check_again(on_case, [])
    assert not on_case.findings.exists()


@pytest.mark.parametrize("said", ["explained", "decided"])
def test_what_is_gone_is_nothing_the_reviewer_will_ask_about(on_case, cast, signed_in, said):
    finding = the_overlap(on_case)
    if said == "explained":
        deciding.explain(finding, "x", by=cast.citizen, now=NOW)
    else:
        deciding.decide(finding, "accepted", "", by=cast.reviewer, now=NOW)
    check_again(on_case, [])
    seen = shown(on_case, cast.citizen)
    assert (seen.clean, list(seen.findings), len(seen.vanished)) == (True, [], 1)
    html = signed_in(cast.citizen).get(page_of(on_case)).content.decode()
    assert "توضيح لملاحظة لم تعد قائمة" in html or said == "decided"
    reference = on_case.attachment.transaction.reference
    case_page = signed_in(cast.reviewer).get(reverse("staff:case", args=[reference])).content.decode()
    assert "ملاحظة سابقة" in case_page


def test_nobody_decides_on_what_is_gone_and_keeps_their_words(on_case, cast, signed_in):
    finding = the_overlap(on_case)
    deciding.explain(finding, "x", by=cast.citizen, now=NOW)
    check_again(on_case, [])
    with pytest.raises(DomainError) as refused:
        deciding.decide(finding, "accepted", "", by=cast.reviewer, now=NOW)
    assert refused.value.code == "finding_gone"
    at = reverse("drawings:finding", args=[on_case.attachment.key, finding.pk])
    answer = signed_in(cast.reviewer).post(at, {"decision": "overridden", "reason": "حُدّد في الموقع"})
    assert (answer.status_code, "حُدّد في الموقع" in answer.content.decode()) == (409, True)
    assert the_overlap(on_case).decision == ""


def test_what_is_explained_on_a_page_opened_before_is_kept_too(on_case, cast, signed_in):
    finding = the_overlap(on_case)
    deciding.explain(finding, "أول", by=cast.citizen, now=NOW)
    check_again(on_case, [])
    at = reverse("drawings:finding", args=[on_case.attachment.key, finding.pk])
    assert signed_in(cast.citizen).post(at, {"explanation": "ثانٍ"}).status_code == 302
    assert the_overlap(on_case).explanation == "ثانٍ"


def test_words_stay_with_the_finding_they_were_said_of_when_another_is_mended(on_case, cast):
    """Two of the same check of the same thing: the first is mended, and the second is not explained by its words."""
    content = the_overlap(on_case).content
    first, second = content | {"place": [[0.0, 0.0], [1.0, 1.0]]}, content | {"place": [[8.0, 8.0], [9.0, 9.0]]}
    check_again(on_case, [first, second])
    one, two = on_case.findings.order_by("number")
    deciding.explain(one, "الأول", by=cast.citizen, now=NOW)
    deciding.explain(two, "الثاني", by=cast.citizen, now=NOW)
    check_again(on_case, [second])
    assert [(row.explanation, row.gone_at) for row in on_case.findings.filter(gone_at=None)] == [("الثاني", None)]
    check_again(on_case, [second, first])
    assert {row.explanation: row.place for row in on_case.findings.all()} == {
        "الأول": first["place"],
        "الثاني": second["place"],
    }


@calm(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(rounds=st.lists(st.lists(st.integers(0, 4), unique=True, max_size=5), min_size=1, max_size=6))
def test_no_word_is_lost_or_goes_to_another_place_whatever_comes_and_goes(on_case, rounds):
    """What stays where it was from one check to the next is the same finding, and every word said stays."""
    on_case.findings.all().delete()
    base = {"code": "parts-overlap", "subject": "JM-PART", "extra": {}, "measured": 1.0, "required": 0.0}
    before, said = {}, set()
    for number, results in enumerate(rounds):
        running._keep_findings(on_case, [base | {"place": [[n, 0]]} for n in results], NOW)
        there = {row.place[0][0]: row for row in on_case.findings.filter(gone_at=None)}
        assert sorted(there) == sorted(results)
        assert {n: row.pk for n, row in there.items() if n in before} == {n: before[n] for n in there if n in before}
        for place, row in there.items():
            if not row.explanation:
                row.explanation = f"{number}/{place}"
                row.save()
                said.add(row.explanation)
        assert {row.explanation for row in on_case.findings.all()} == said
        before = {n: row.pk for n, row in there.items()}
