"""Drawings checked without a request and on one: kept by whoever sent them, explained, decided on, asked for."""

from __future__ import annotations

import hashlib
import io
import json
from random import Random

import pytest
from django.core.management import call_command
from django.urls import reverse

from drawings import asking, caged, deciding
from drawings.domain import rules
from drawings.domain.facts import Facts
from drawings.figures import figures_of_checks
from drawings.layer_template import content as template
from drawings.models import DrawingCheck, DrawingFinding
from drawings.words import check_of
from transactions.attachments import render_jobs, rendering
from transactions.attachments import services as attachments
from transactions.domain import kinds, service_types
from transactions.domain.errors import DomainError, Invalid, NotVisible
from transactions.intake import drafts
from transactions.models import Attachment, Deficiency
from transactions.transitions import moves

from ..conftest import NOW, drive, put, upload, work_off
from .faults import FAULTS
from .made import division
from .written import written

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]


@pytest.fixture(autouse=True)
def _as_long_as_it_takes(monkeypatch):
    """The clock of a machine that runs all tests at once says nothing."""
    monkeypatch.setattr(caged, "SECONDS", 120.0)
    monkeypatch.setattr(rendering, "SECONDS", 120.0)
    monkeypatch.setattr(rendering, "PATIENT_SECONDS", 120.0)


def drawing(name: str, seed: int = 1):
    drawn = FAULTS[name](Random(seed))
    return drawn, written(drawn, hard=False)


def check_by(user, name: str = "short_side", content: bytes | None = None, **facts):
    drawn, made = drawing(name)
    given = Facts.from_json(drawn.facts | facts)
    check = asking.check_loose(upload("villa.dxf", content or made), given, by=user, now=NOW)
    work_off()
    check.refresh_from_db()
    return check


@pytest.fixture
def case(cast, submitted):
    return drive(submitted("land-subdivision"), cast, "under_tech_audit")


@pytest.fixture
def on_case(case, cast):
    """A drawing of a request in which two parts overlap, checked."""
    _drawn, content = drawing("parts_over_each_other")
    file = case.attachments.filter(document="division_drawing").first()
    put(file, content)
    file.content_type, file.look, file.pages = kinds.DXF, "", None
    file.size, file.sha256 = len(content), hashlib.sha256(content).hexdigest()
    file.save()
    render_jobs.request_rendering(file, now=NOW)
    check = asking.ask_of_request(file, now=NOW)
    work_off()
    check.refresh_from_db()
    file.refresh_from_db()
    return check


def the_overlap(check) -> DrawingFinding:
    return check.findings.get(code="parts-overlap")


# -- without a request -------------------------------------------------------------------------------------------------
def test_a_drawing_is_checked_without_a_request_and_seen_by_its_sender_alone(cast, signed_in):
    drawn, content = drawing("short_side")
    sender = signed_in(cast.citizen)
    sent = {
        "what": "villa",
        "plot_area": f"{drawn.facts['plot_area']:.2f} م²",
        "street_width": str(drawn.facts["street_width"]),
        "units": "1",
        "file": upload("villa.dxf", content),
    }
    answer = sender.post(reverse("drawings:checks"), sent)
    assert answer.status_code == 302
    waiting = sender.get(answer.url)
    assert waiting["Refresh"]
    work_off()
    page = sender.get(answer.url)
    assert "Refresh" not in page
    check = DrawingCheck.objects.get()
    assert [finding.code for finding in check.findings.all()] == ["setback-side"]
    finding = check.findings.get().content
    shown = page.content.decode()
    assert f"{finding['measured']:.2f}".rstrip("0") in shown
    assert "villa.setback_neighbour_min_m" in shown
    assert "sheet-plan__place" in shown
    listed = sender.get(reverse("drawings:checks")).content.decode()
    assert reverse("drawings:check", args=[check.attachment.key]) in listed
    for other in (cast.other_citizen, cast.reviewer):
        assert signed_in(other).get(answer.url).status_code == 404


def test_what_is_no_dxf_or_lacks_an_answer_is_refused_in_words(cast, signed_in):
    sender = signed_in(cast.citizen)
    sent = {"what": "villa", "plot_area": "600", "file": upload("plan.pdf")}
    assert sender.post(reverse("drawings:checks"), sent).status_code == 422
    assert sender.post(reverse("drawings:checks"), {"what": "villa"}).status_code == 422
    assert not DrawingCheck.objects.exists()


def test_more_than_a_score_are_not_kept(cast, monkeypatch):
    monkeypatch.setattr(asking, "MAX_KEPT", 1)
    check_by(cast.citizen)
    with pytest.raises(DomainError) as refused:
        asking.check_loose(upload("b.dxf", template()), Facts(), by=cast.citizen, now=NOW)
    assert refused.value.code == "too_many_drawings"


def test_it_goes_with_its_file_when_deleted_or_a_week_old(cast, signed_in):
    check = check_by(cast.citizen)
    sender = signed_in(cast.citizen)
    assert sender.post(reverse("drawings:delete", args=[check.attachment.key])).status_code == 302
    assert asking.checks_of(cast.citizen) == []
    other = check_by(cast.citizen, content=template())
    Attachment.objects.filter(pk=other.attachment_id).update(uploaded_at=NOW.replace(year=NOW.year - 1))
    call_command("sweep_files", stdout=io.StringIO())
    assert not DrawingCheck.objects.filter(pk=other.pk).exists()


def test_the_unit_is_asked_for_once(cast, signed_in):
    drawn, content = drawing("unit_not_stated")
    check = asking.check_loose(upload("x.dxf", content), Facts(), by=cast.citizen, now=NOW)
    work_off()
    sender, at = signed_in(cast.citizen), reverse("drawings:unit", args=[check.attachment.key])
    assert at in sender.get(reverse("drawings:check", args=[check.attachment.key])).content.decode()
    assert sender.post(at, {"unit": "99"}).status_code == 422
    assert sender.post(at, {"unit": str(drawn.unit)}).status_code == 302
    work_off()
    check.refresh_from_db()
    assert check.result["state"] == "checked"
    assert at not in sender.get(reverse("drawings:check", args=[check.attachment.key])).content.decode()


def test_asked_twice_it_is_one_check_and_a_late_answer_to_an_old_question_is_not_kept(cast, monkeypatch):
    check = check_by(cast.citizen)
    again = asking.ask(check.attachment, Facts.from_json(check.facts), on=NOW.date(), now=NOW)
    assert (again.pk, again.state) == (check.pk, "done")
    changed = Facts.from_json(check.facts | {"street_width": 40.0})
    real = caged.check

    def asked_meanwhile(*given):
        found = real(*given)
        monkeypatch.setattr(caged, "check", real)
        asking.ask(check.attachment, changed, on=NOW.date(), now=NOW)
        return found

    asking.ask(check.attachment, Facts.from_json(check.facts | {"street_width": 33.0}), on=NOW.date(), now=NOW)
    monkeypatch.setattr(caged, "check", asked_meanwhile)
    work_off()
    check.refresh_from_db()
    assert (check.state, check.facts["street_width"]) == ("done", 40.0)
    assert "setback-front" in {finding.code for finding in check.findings.all()}


def test_the_template_and_its_guide_are_public(client):
    assert client.get(reverse("drawings:guide")).status_code == 200
    got = client.get(reverse("drawings:template"))
    assert got.content == template()
    assert "attachment" in got["Content-Disposition"]


# -- on a request ------------------------------------------------------------------------------------------------------
def test_a_drawing_of_a_draft_is_checked_by_itself_and_told_before_it_is_sent(cast, signed_in):
    drawn = division(Random(2))
    draft = drafts.start_draft(service_types.get("land-subdivision"), by=cast.citizen, now=NOW)
    draft.answers = {"area_m2": str(drawn.facts["plot_area"]), "villas": "detached"}
    draft.answers["parts"] = [{"area_m2": str(area + 20)} for area in drawn.facts["parts"]]
    draft.save()
    file = attachments.attach_to_draft(
        draft, "division_drawing", upload("d.dxf", written(drawn, hard=False)), by=cast.citizen, now=NOW
    )
    work_off()
    check = DrawingCheck.objects.get(attachment=file)
    assert {finding.code for finding in check.findings.all()} == {"part-area-typed"}
    owner = signed_in(cast.citizen)
    shown = owner.get(reverse("transactions:check", args=[draft.key])).content.decode()
    assert reverse("drawings:check", args=[file.key]) in shown
    draft.answers["parts"] = [{"area_m2": str(area)} for area in drawn.facts["parts"]]
    draft.save()
    check = DrawingCheck.objects.select_related("attachment__draft").get()
    assert asking.is_stale(check)
    assert owner.post(reverse("drawings:again", args=[file.key])).status_code == 302
    work_off()
    assert not DrawingCheck.objects.get().findings.exists()


def test_the_applicant_explains_and_the_reviewer_reads_it(on_case, cast, signed_in):
    finding = the_overlap(on_case)
    at = reverse("drawings:finding", args=[on_case.attachment.key, finding.pk])
    assert signed_in(cast.citizen).post(at, {"explanation": "الجدار مشترك"}).status_code == 302
    reviewer = signed_in(cast.reviewer)
    assert "الجدار مشترك" in reviewer.get(reverse("drawings:check", args=[on_case.attachment.key])).content.decode()
    case = reviewer.get(reverse("staff:case", args=[on_case.attachment.transaction.reference])).content.decode()
    assert reverse("drawings:check", args=[on_case.attachment.key]) in case
    assert signed_in(cast.other_citizen).post(at, {"explanation": "x"}).status_code == 404
    with pytest.raises(NotVisible):
        deciding.explain(finding, "x", by=cast.reviewer)


def test_an_override_needs_a_reason_and_only_who_works_on_the_case_decides(on_case, cast, signed_in):
    finding = the_overlap(on_case)
    with pytest.raises(Invalid):
        deciding.decide(finding, "overridden", " ", by=cast.reviewer, now=NOW)
    with pytest.raises(Invalid):
        deciding.decide(finding, "whatever", "x", by=cast.reviewer, now=NOW)
    for stranger in (cast.citizen, cast.other_citizen):
        with pytest.raises(NotVisible):
            deciding.decide(finding, "accepted", "", by=stranger, now=NOW)
    at = reverse("drawings:finding", args=[on_case.attachment.key, finding.pk])
    reviewer = signed_in(cast.reviewer)
    assert reviewer.post(at, {"decision": "overridden", "reason": ""}).status_code == 422
    assert reviewer.post(at, {"decision": "overridden", "reason": "حُدّد في الموقع"}).status_code == 302
    finding.refresh_from_db()
    assert (finding.decision, finding.reason, finding.decided_by) == ("overridden", "حُدّد في الموقع", cast.reviewer)
    seen = signed_in(cast.citizen).get(reverse("drawings:check", args=[on_case.attachment.key])).content.decode()
    assert "حُدّد في الموقع" not in seen


def test_a_finding_becomes_a_deficiency_at_its_place(on_case, case, cast, signed_in):
    finding = the_overlap(on_case)
    deciding.decide(finding, "deficiency", "", by=cast.reviewer, now=NOW)
    finding.refresh_from_db()
    mark = finding.mark
    across, down = zip(*mark.points, strict=True)
    assert 0 < min(across) < max(across) < min(across) + 0.2 < 1, "the strip where they overlap, and not the page"
    assert 0 <= min(down) < max(down) <= 1
    case.refresh_from_db()
    sent = {"version": case.version, "mark": mark.pk, f"mark-{mark.pk}": mark.text}
    assert (
        signed_in(cast.reviewer).post(reverse("staff:move", args=[case.reference, "return"]), sent).status_code == 302
    )
    assert Deficiency.objects.get().names == ("division_drawing",)
    with pytest.raises(DomainError):
        deciding.decide(finding, "accepted", "", by=cast.reviewer, now=NOW)


def test_a_place_on_the_drawing_is_that_place_on_its_page(on_case):
    """The corner of the plot that lies lowest on the drawing lies lowest on the page that is made of it."""
    plot = next(line for line in on_case.result["plan"] if line["layer"] == "JM-PLOT")
    points = deciding.page_points(on_case.attachment, on_case.result, plot["points"])
    lowest = min(plot["points"], key=lambda point: point[1])
    assert max(points, key=lambda point: point[1]) == points[plot["points"].index(lowest)]
    assert all(0 < across < 1 and 0 < down < 1 for across, down in points)


def test_how_often_a_check_finds_something_and_is_overridden_is_published(on_case, cast, client):
    finding = the_overlap(on_case)
    deciding.decide(finding, "overridden", "حُدّد في الموقع", by=cast.reviewer, now=NOW)
    title = str(check_of("parts-overlap").title)
    assert {str(row[0]): row[2] for row in figures_of_checks()}[title] == ["withheld", "withheld", 0]
    assert title in client.get(reverse("transactions:figures")).content.decode()
    content = finding.content
    many = [
        DrawingFinding(check_of=on_case, key=str(number), code="parts-overlap", number=number, content=content)
        for number in range(10, 19)
    ]
    DrawingFinding.objects.bulk_create(many)
    assert figures_of_checks()[0][2] == [10, "withheld", 0]


def test_what_was_decided_stays_when_the_drawing_is_checked_again(on_case, cast):
    deciding.decide(the_overlap(on_case), "accepted", "", by=cast.reviewer, now=NOW)
    file = on_case.attachment
    file.transaction.answers["area_m2"] = "9999"
    file.transaction.save(update_fields=["answers"])
    asking.ask_of_request(file, now=NOW)
    work_off()
    on_case.refresh_from_db()
    assert the_overlap(on_case).decision == "accepted"


def test_a_request_is_checked_by_the_rules_of_the_day_it_was_sent(on_case):
    day = on_case.attachment.transaction.submitted_at.date()
    assert on_case.rule_set == rules.in_force(day).code
    assert json.dumps(on_case.result)


def test_registering_checks_a_drawing_that_came_before_its_answers(cast, submitted):
    case = submitted("land-subdivision")
    file = case.attachments.filter(document="division_drawing").first()
    put(file, template())
    Attachment.objects.filter(pk=file.pk).update(content_type=kinds.DXF, sha256=hashlib.sha256(template()).hexdigest())
    assert not DrawingCheck.objects.exists()
    moves.register(case, by=cast.registry, now=NOW)
    work_off()
    assert DrawingCheck.objects.get().state == "done"
