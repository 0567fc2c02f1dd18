"""The checklist on the reviewer's page: each press by itself, in two tabs, and what it does to the forms beside it."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from transactions.models import Check
from transactions.transitions import checklist, moves

from ..conftest import NOW, drive

pytestmark = pytest.mark.django_db


@pytest.fixture
def permit(cast, submitted, settings):
    settings.CHECKLISTS_BIND = True
    return drive(submitted("building-permit"), cast, "under_admin_audit")


def pressing(case, press, **more):
    return {"press": press, "stage": case.stage, "answers": case.answers_version, **more}


def test_each_press_is_a_row_of_its_own_also_from_two_windows(permit, cast, signed_in):
    url = reverse("staff:check", args=[permit.reference])
    one, other = signed_in(cast.reviewer), signed_in(cast.second_reviewer)
    # Both windows show nothing ticked; neither loses what the other presses.
    for page, press in (
        (one, "ticked:completeness/deed"),
        (other, "ticked:completeness/survey"),
        (one, "not_needed:completeness/soil"),
        (one, "ticked:completeness/deed"),
    ):
        answer = page.post(url, pressing(permit, press, **{"from": "/staff/?order=due"}))
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("staff:case", args=[permit.reference]))
        assert answer["Location"].endswith("#checklist")
    assert [(row.code, row.state, row.by) for row in Check.objects.all()] == [
        ("deed", "ticked", cast.reviewer),
        ("survey", "ticked", cast.second_reviewer),
        ("soil", "not_needed", cast.reviewer),
    ]
    html = one.get(reverse("staff:case", args=[permit.reference])).content.decode()
    assert cast.second_reviewer.full_name in html
    assert "3/9" in html
    # A page from before another press still makes its move: a press makes none old.
    assert permit.version == type(permit).objects.get(pk=permit.pk).version


def test_a_deficiency_fills_the_return_form_and_is_asked_once(permit, cast, signed_in):
    page, url = signed_in(cast.reviewer), reverse("staff:check", args=[permit.reference])
    case_url = reverse("staff:case", args=[permit.reference])
    page.post(url, pressing(permit, "deficient:completeness/soil"))
    page.post(url, pressing(permit, "deficient:completeness/regulation"))  # no code of the catalogue says it
    shown = page.get(case_url)
    assert [choice.code for choice in shown.context["choices"] if choice.chosen] == ["soil-borings"]
    own = shown.context["own_words"][0]
    assert "بيان نظام البناء: للقطعة نفسها" in own.sentence
    assert {name for name, _label, ticked in own.names if ticked} == {"building_regulation", "parcel_number"}
    assert shown.context["open_move"] == "return"
    # The whole form as the page shows it is sent: two deficiencies, each opening what it is about.
    sent = {
        "version": permit.version,
        "deficiency": ["soil-borings"],
        "sentence-soil-borings": next(c.sentence for c in shown.context["choices"] if c.chosen),
        "own-1": own.sentence,
        "opens-1": ["building_regulation", "parcel_number"],
    }
    page.post(reverse("staff:move", args=[permit.reference, "return"]), sent)
    permit.refresh_from_db()
    assert {item.code: set(item.names) for item in permit.deficiencies.all()} == {
        "soil-borings": {"soil_report"}, "own-1": {"building_regulation", "parcel_number"},
    }  # fmt: skip
    moves.answer(
        permit, answers={item.pk: "أُرفق" for item in permit.deficiencies.all()}, by=cast.citizen, now=timezone.now()
    )
    # It was asked and answered, so the form does not ask again by itself; the point stays open.
    again = page.get(case_url)
    assert not any(choice.chosen for choice in again.context["choices"])
    assert not again.context["own_words"][0].chosen
    assert "soil" in {line.point.code for line in again.context["checklist"].now if not line.is_settled}


def test_open_points_are_named_where_the_move_is_and_when_it_is_refused(permit, cast, signed_in):
    page = signed_in(cast.reviewer)
    case_url = reverse("staff:case", args=[permit.reference])
    for line in checklist.read(permit, [permit.stage]):
        if line.point.code != "soil":
            checklist.press(permit, stage=permit.stage, code=line.point.code, state="ticked", by=cast.reviewer)
    named = "بقي بند واحد في قائمة التحقق: تقرير التربة"
    assert named in page.get(case_url).content.decode()
    refused = page.post(
        reverse("staff:move", args=[permit.reference, "recommend"]), {"version": permit.version, "reason": "ملاحظتي"}
    )
    assert refused.status_code == 409
    html = refused.content.decode()
    assert named in html
    assert "ملاحظتي" in html
    api = signed_in(cast.reviewer).post(
        f"/api/v1/transactions/{permit.reference}/moves/", {"move": "recommend", "version": permit.version},
        content_type="application/json",
    )  # fmt: skip
    assert (api.status_code, api.json()["code"]) == (409, "checklist_open")


def test_a_supervisor_leaves_points_out_and_a_refusal_keeps_the_words(permit, cast, signed_in):
    page, url = signed_in(cast.supervisor), reverse("staff:check", args=[permit.reference])
    case_url = reverse("staff:case", args=[permit.reference])
    assert 'value="leave_out"' in page.get(case_url).content.decode()
    assert 'value="leave_out"' not in signed_in(cast.reviewer).get(case_url).content.decode()
    assert page.post(url, pressing(permit, "leave_out", reason=" ")).status_code == 422
    old = page.post(url, {"press": "leave_out", "stage": "technical", "reason": "سبق فحص هذه الأرض"})
    assert old.status_code == 409
    assert "سبق فحص هذه الأرض" in old.content.decode()
    assert page.post(url, pressing(permit, "leave_out", reason="سبق فحص هذه الأرض")).status_code == 302
    html = page.get(case_url).content.decode()
    assert html.count("سبق فحص هذه الأرض") == 9
    assert 'value="leave_out"' not in html
    moves.recommend(permit, by=cast.reviewer, now=NOW)
    later = page.get(case_url)
    assert "قائمة التحقق: تم التحقق من 0 من أصل 9؛ تجاوزه المشرف: 9" in later.content.decode()
    assert [stage.settled for stage in later.context["checklist"].earlier] == [9]


def test_who_may_not_press_reads_and_presses_nothing(permit, cast, signed_in):
    checklist.press(permit, stage=permit.stage, code="deed", state="ticked", by=cast.reviewer)
    html = signed_in(cast.registry).get(reverse("staff:case", args=[permit.reference])).content.decode()
    assert "الصك: صفحاته كلها مقروءة" in html
    assert not re.search(r'name="press"', html)
    url = reverse("staff:check", args=[permit.reference])
    assert signed_in(cast.registry).post(url, pressing(permit, "ticked:completeness/soil")).status_code == 409
    assert signed_in(cast.central_reviewer).post(url, pressing(permit, "ticked:completeness/soil")).status_code == 404
    assert signed_in(cast.reviewer).get(url).status_code == 302
    assert signed_in(cast.reviewer).post(url, {"press": "\x00:\x00", "stage": permit.stage}).status_code == 400
    assert Check.objects.count() == 1
    for nonsense in ({}, {"press": "ticked"}, {"press": "ticked:completeness/deed/x", "stage": permit.stage}):
        assert signed_in(cast.reviewer).post(url, nonsense).status_code == 409


def test_an_old_page_ticks_nothing_of_what_it_never_showed(permit, cast, signed_in):
    """The case went back and came again to the same stage: the page from before knows neither answers nor files."""
    reviewer, supervisor = signed_in(cast.reviewer), signed_in(cast.supervisor)
    url = reverse("staff:check", args=[permit.reference])
    reviewer.post(url, pressing(permit, "ticked:completeness/deed"))
    old = pressing(permit, "ticked:completeness/regulation")
    old_reason = pressing(permit, "leave_out", reason="سبق فحص هذه الأرض")
    asked = [moves.RequestedCompletion(sentence="صحّح نظام البناء", opens=("building_regulation",))]
    returned = moves.return_for_completion(permit, deficiencies=asked, by=cast.reviewer, now=NOW)
    answered = moves.answer(
        returned, answers={item.pk: "صحّحناه" for item in returned.deficiencies.all()}, by=cast.citizen, now=NOW
    )
    assert (answered.stage, answered.status) == (permit.stage, permit.status)
    assert answered.answers_version != permit.answers_version
    nothing_said = {name: value for name, value in old.items() if name != "answers"}
    for page, sent in ((reviewer, old), (supervisor, old_reason), (reviewer, nothing_said)):
        refused = page.post(url, sent)
        assert refused.status_code == 409
    assert "سبق فحص هذه الأرض" in supervisor.post(url, old_reason).content.decode()
    assert [row.code for row in Check.objects.all()] == ["deed"]
    shown = reviewer.get(reverse("staff:case", args=[permit.reference])).content.decode()
    assert f'name="answers" value="{answered.answers_version}"' in shown
    assert reviewer.post(url, pressing(answered, "ticked:completeness/regulation")).status_code == 302


def test_the_public_sees_nothing_of_the_checklist(permit, cast, signed_in):
    checklist.press(permit, stage=permit.stage, code="deed", state="deficient", by=cast.reviewer)
    html = signed_in(cast.citizen).get(reverse("transactions:request", args=[permit.reference])).content.decode()
    assert "الصك: صفحاته كلها مقروءة" not in html


def test_a_closed_case_shows_what_was_looked_at_when_asked(cast, submitted, signed_in):
    case = drive(submitted("building-permit"), cast, "under_study")
    checklist.press(case, stage="technical", code="use", state="ticked", by=cast.reviewer, now=NOW)
    issued = drive(case, cast, "issued", timezone.now())
    page, url = signed_in(cast.supervisor), reverse("staff:case", args=[issued.reference])
    assert "الاستخدام" not in page.get(url).content.decode().partition('id="checklist"')[2].partition("</section>")[0]
    whole = page.get(url, {"checks": "1"}).content.decode().partition('id="checklist"')[2].partition("</section>")[0]
    assert cast.reviewer.full_name in whole
    assert 'name="press"' not in whole


def test_the_page_of_a_checked_case_asks_once_more_at_most(permit, cast, signed_in, django_assert_max_num_queries):
    for line in checklist.read(permit, [permit.stage]):
        checklist.press(permit, stage=permit.stage, code=line.point.code, state="ticked", by=cast.reviewer)
    page, url = signed_in(cast.reviewer), reverse("staff:case", args=[permit.reference])
    page.get(url)
    with django_assert_max_num_queries(13):
        assert page.get(url).status_code == 200
