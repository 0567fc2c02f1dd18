"""An inspection on site: its move, its result, its photographs, and who may see and record them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from journal.models import Entry
from transactions.attachments import services as attachments
from transactions.domain import service_types
from transactions.domain.errors import DomainError, Invalid
from transactions.domain.service_types import SiteInspection, Stage
from transactions.domain.workflow import Actor, MoveName, Status
from transactions.models import Attachment, Inspection, Notification, PaperContent, Transaction
from transactions.papers import book
from transactions.transitions import inspections, moves
from transactions.transitions.moves import RequestedCompletion

from ..conftest import NOW, STEP, drive, inspected, pdf, picture, stored, upload
from ..portal.world import client_of

pytestmark = pytest.mark.django_db
ELECTRICITY = "electricity-connection"
SITE = Stage(
    "site", "Inspection on site", Status.UNDER_TECH_AUDIT, Actor.INSPECTOR, 2, MoveName.INSPECT,
    inspection=SiteInspection(("The meter cabinet is in place",), least=2, most=3),
)  # fmt: skip
LATER = NOW + 5 * STEP
DAY = timezone.localdate(NOW)


@pytest.fixture(autouse=True)
def inspecting(monkeypatch):
    """Electricity connections with a visit between study and approval."""
    usual = service_types.get(ELECTRICITY)
    registration, study, _informal, *rest = usual.stages
    changed = replace(usual, stages=(registration, study, SITE, *rest))
    monkeypatch.setitem(service_types._registry, ELECTRICITY, changed)


@pytest.fixture
def case(cast, submitted):
    found = drive(submitted(), cast, "under_tech_audit")
    assert found.stage == "site"
    return found


def photographs(case, by, many=2):
    files = [upload(f"{n}.jpg", picture("JPEG", shade=n)) for n in range(many)]
    return [attachments.attach_to_inspection(case, file, by=by, now=LATER).key for file in files]


def record(case, by, **changed):
    facts = {"result": "passed", "visited_on": DAY, "photographs": (), "by": by, "now": LATER}
    return inspections.inspect(case, **facts | changed)


def test_a_place_as_required_goes_on_with_its_photographs(cast, case):
    keys = photographs(case, cast.inspector)
    done = record(case, cast.inspector, photographs=keys, findings="العداد في مكانه")
    assert (done.status, done.stage) == ("awaiting_supervisor", "approval")
    visit = done.inspections.get()
    assert (visit.result, visit.visited_on, visit.findings, visit.by) == (
        "passed",
        DAY,
        "العداد في مكانه",
        cast.inspector,
    )
    assert sorted(file.key for file in visit.photographs.all()) == sorted(keys)
    assert visit.event == done.events.get(move="inspect")
    assert visit.event.facts["photographs"] == 2
    assert Notification.objects.filter(event=visit.event, recipient=cast.citizen).exists()
    # They are the office's: no document of the applicant's, and no file the journal says came with the request.
    assert not done.attachments.sent().filter(inspection=visit).exists()


def test_a_place_not_as_required_comes_back_with_what_was_found_and_is_inspected_again(cast, case):
    done = record(
        case, cast.inspector, result="failed", findings="لا توجد طفاية", photographs=photographs(case, cast.inspector)
    )
    assert (done.status, done.stage) == ("returned", "site")
    asked = done.deficiencies.open().get()
    assert asked.sentence == "لا توجد طفاية"
    assert done.events.last().facts["inspection"] == "failed"
    again = moves.answer(done, answers={asked.pk: "وفّرناها"}, by=cast.citizen, now=LATER + STEP)
    assert (again.status, again.stage) == ("under_tech_audit", "site")
    passed = inspected(again, by=cast.inspector, now=LATER + 2 * STEP)
    assert passed.status == "awaiting_supervisor"
    assert [visit.result for visit in passed.inspections.all()] == ["failed", "passed"]


@pytest.mark.parametrize(
    ("changed", "path", "many"),
    [
        ({"result": ""}, "result", 2),
        ({"result": "perhaps"}, "result", 2),
        ({"visited_on": None}, "visited_on", 2),
        ({"visited_on": DAY + timedelta(days=1)}, "visited_on", 2),
        ({"visited_on": DAY - timedelta(days=1)}, "visited_on", 2),
        ({"result": "failed"}, "findings", 2),
        ({"result": "failed", "findings": " \u200f "}, "findings", 2),
        ({"findings": "x" * 2001}, "findings", 2),
        ({}, "photographs", 1),
        ({}, "photographs", 0),
    ],
)
def test_a_record_that_lacks_something_is_refused_and_the_photographs_stay(cast, case, changed, path, many):
    keys, before = photographs(case, cast.inspector, many), stored(case)
    with pytest.raises(Invalid) as refused:
        record(case, cast.inspector, photographs=keys, **changed)
    assert path in [problem.path for problem in refused.value.problems]
    assert stored(case) == before
    assert not Inspection.objects.exists()
    assert attachments.pending_photographs(case, cast.inspector).count() == many


def test_photographs_are_photographs_of_who_records_and_not_too_many(cast, case):
    with pytest.raises(Invalid):
        attachments.attach_to_inspection(case, upload("plan.pdf", pdf()), by=cast.inspector, now=LATER)
    photographs(case, cast.inspector, 3)
    with pytest.raises(Invalid):
        attachments.attach_to_inspection(case, upload("4.jpg", picture("JPEG", shade=9)), by=cast.inspector, now=LATER)
    paper = attachments.store(upload("p.pdf", pdf()), document="x", by=cast.inspector, now=LATER)
    theirs = attachments.store(upload("p.jpg", picture("JPEG")), document="x", by=cast.citizen, now=LATER)
    of_case = case.attachments.first()
    mine = [file.key for file in attachments.pending_photographs(case, cast.inspector)][:2]
    for strange in (paper.key, theirs.key, of_case.key):
        with pytest.raises(Invalid) as refused:
            record(case, cast.inspector, photographs=[*mine, strange])
        assert [problem.code for problem in refused.value.problems] == ["unknown_file"]


def test_the_same_photograph_sent_twice_is_there_once(cast, case):
    for _press in range(2):
        attachments.attach_to_inspection(case, upload("a.jpg", picture("JPEG")), by=cast.inspector, now=LATER)
    assert attachments.pending_photographs(case, cast.inspector).count() == 1


@pytest.mark.parametrize(
    "who", ["citizen", "reviewer", "supervisor", "registry", "other_reviewer", "central_inspector"]
)
def test_only_an_inspector_of_the_office_records_it(cast, case, who):
    person, before = getattr(cast, who), stored(case)
    for result in ("passed", "failed"):
        with pytest.raises(DomainError):
            record(case, person, result=result, findings="x")
    with pytest.raises(DomainError):
        attachments.attach_to_inspection(case, upload("a.jpg", picture("JPEG")), by=person, now=LATER)
    assert stored(case) == before


def test_at_another_stage_nothing_is_inspected(cast, submitted):
    case = drive(submitted(), cast, "under_study")
    for result in ("passed", "failed"):
        with pytest.raises(DomainError) as refused:
            record(case, cast.reviewer, result=result, findings="x")
        assert refused.value.code == "move_not_allowed"
    case = drive(case, cast, "under_tech_audit")
    with pytest.raises(DomainError):
        moves.recommend(case, by=cast.inspector, now=LATER)


def test_two_who_record_at_once_record_it_once(cast, case):
    keys = photographs(case, cast.inspector)
    record(case, cast.inspector, photographs=keys, version=case.version)
    with pytest.raises(DomainError) as refused:
        record(case, cast.inspector, photographs=keys, version=case.version)
    assert refused.value.code == "moved_meanwhile"
    assert Inspection.objects.count() == 1


def test_what_was_found_is_bound_in_the_journal_with_the_decision(cast, case):
    case = drive(case, cast, "completed", LATER)
    frozen = PaperContent.objects.get(transaction=case, what="approved")
    (visit,) = frozen.content["inspections"]
    hashes = sorted(Attachment.objects.filter(inspection__isnull=False).values_list("sha256", flat=True))
    assert (visit["result"], visit["photographs"]) == ("passed", hashes)
    bodies = [json.loads(bytes(row.body)) for row in Entry.objects.filter(subject=case.reference).order_by("seq")]
    assert list(book.compare(bodies)) == []


def test_the_answer_to_a_return_after_an_inspection_is_compared_without_its_photographs(cast, case):
    case = record(
        case, cast.inspector, result="failed", findings="طفاية", photographs=photographs(case, cast.inspector)
    )
    item = case.deficiencies.open().get()
    case = moves.answer(case, answers={item.pk: "وفّرناها"}, by=cast.citizen, now=LATER + STEP)
    bodies = [json.loads(bytes(row.body)) for row in Entry.objects.filter(subject=case.reference).order_by("seq")]
    assert list(book.compare(bodies)) == []
    case = moves.return_for_completion(
        case, deficiencies=[RequestedCompletion("load-reason")], by=cast.inspector, now=LATER + 2 * STEP
    )
    assert case.deficiencies.open().get().round == 2


@pytest.mark.parametrize("language", ["ar", "en"])
def test_the_page_takes_photographs_one_by_one_and_then_the_result(cast, case, language):
    client = client_of(cast.inspector)
    client.post("/language/", {"language": language, "next": "/"})
    url = reverse("staff:inspection", args=[case.reference])
    assert url in client.get(reverse("staff:case", args=[case.reference])).content.decode()
    for number in range(2):
        file = upload(f"{number}.jpg", picture("JPEG", shade=number))
        page = client.post(url, {"attach": "1", "reason": "مسودة", "photographs": file})
        assert page.status_code == 200
        assert "مسودة" in page.content.decode()
    page = client.post(url, {"version": case.version, "result": "failed", "visited_on": DAY.isoformat()})
    assert page.status_code == 422
    assert len(page.context["photographs"]) == 2
    first = str(page.context["photographs"][0].key)
    assert len(client.post(url, {"remove": first}).context["photographs"]) == 1
    third = upload("3.jpg", picture("JPEG", shade=3))
    today = timezone.localdate().isoformat()
    sent = {"version": case.version, "result": "passed", "visited_on": today, "photographs": third, "reason": "سليم"}
    assert client.post(url, sent).status_code == 302
    case = Transaction.objects.get(pk=case.pk)
    assert (case.status, case.inspections.get().photographs.count()) == ("awaiting_supervisor", 2)
    for person, address in (
        (cast.supervisor, reverse("staff:case", args=[case.reference])),
        (cast.citizen, reverse("transactions:request", args=[case.reference])),
    ):
        reader = client_of(person)
        html = reader.get(address).content.decode()
        assert "سليم" in html
        for file in case.inspections.get().photographs.all():
            assert str(file.key) in html
            assert reader.get(reverse("transactions:file", args=[file.key])).status_code == 200
    stranger = client_of(cast.other_citizen)
    file = case.inspections.get().photographs.first()
    assert stranger.get(reverse("transactions:file", args=[file.key])).status_code == 404


def test_who_may_not_inspect_is_led_back(cast, case):
    page = client_of(cast.reviewer).get(reverse("staff:inspection", args=[case.reference]))
    assert page.url == reverse("staff:case", args=[case.reference])
    assert client_of(cast.citizen).get(reverse("staff:inspection", args=[case.reference])).status_code in (302, 404)


def test_the_api_records_it_with_the_keys_of_files_that_were_sent(cast, case):
    client = client_of(cast.inspector)
    keys = [str(key) for key in photographs(case, cast.inspector)]
    url = f"/api/v1/transactions/{case.reference}/"
    assert "inspect" in [move["move"] for move in client.get(url).json()["moves"]]
    body = {
        "move": "inspect", "version": case.version, "result": "passed", "photographs": keys,
        "visited_on": timezone.localdate().isoformat(),
    }  # fmt: skip
    answer = client.post(f"{url}moves/", body, content_type="application/json")
    assert (answer.status_code, answer.json()["status"]) == (200, "awaiting_supervisor")
    (visit,) = client.get(url).json()["inspections"]
    assert (visit["result"], len(visit["photographs"])) == ("passed", 2)


def test_words_are_given_back_when_the_case_has_moved_meanwhile(cast, case):
    client, url = client_of(cast.inspector), reverse("staff:inspection", args=[case.reference])
    photographs(case, cast.inspector)
    sent = {"result": "failed", "visited_on": timezone.localdate().isoformat(), "reason": "لا توجد طفاية عند المدخل"}
    stale = client.post(url, sent | {"version": case.version - 1})
    assert (stale.status_code, sent["reason"] in stale.content.decode()) == (409, True)
    assert client.post(url, sent | {"version": case.version}).status_code == 302
    again = client.post(url, sent | {"version": case.version})
    assert (again.status_code, sent["reason"] in again.content.decode()) == (409, True)
    assert Inspection.objects.count() == 1
    Transaction.objects.filter(pk=case.pk).update(held_by=None, branch=None, centre=None, status="withdrawn",
                                                  closed_at=NOW, withdrawn_at=NOW, paused_at=None)  # fmt: skip
    gone = client.post(url, sent | {"version": case.version})
    assert (gone.status_code, sent["reason"] in gone.content.decode()) == (404, True)


def test_a_failed_visit_without_words_says_so_at_its_box(cast, case):
    client, url = client_of(cast.inspector), reverse("staff:inspection", args=[case.reference])
    photographs(case, cast.inspector)
    today = timezone.localdate().isoformat()
    page = client.post(url, {"version": case.version, "result": "failed", "visited_on": today, "reason": " "})
    assert page.status_code == 422
    assert [problem.path for problem in page.context["problems"]] == ["reason"]
    assert 'href="#id_reason"' in page.content.decode()


@pytest.mark.parametrize(("result", "move"), [("passed", "inspect"), ("failed", "return")])
def test_what_was_found_is_read_by_each_in_their_language(cast, case, signed_in, result, move):
    arabic, english = "العداد مكشوف للمطر", "The meter stands in the rain"
    photographs(case, cast.inspector)
    page, url = signed_in(cast.inspector), reverse("staff:inspection", args=[case.reference])
    typed = {"version": case.version, "result": result, "visited_on": str(DAY), "reason-other": english}
    refused = page.post(url, typed)
    assert (refused.status_code, english in refused.content.decode()) == (422, True)
    assert not case.inspections.exists()
    assert page.post(url, typed | {"reason": arabic}).status_code == 302
    visit = case.inspections.get()
    assert (visit.findings, visit.own_words) == (arabic, {"ar": arabic, "en": english})
    assert case.events.order_by("-seq")[0].move == move
    if result == "failed":
        assert case.deficiencies.get().own_words == {"ar": arabic, "en": english}
    own = signed_in(cast.citizen)
    for language, shown, hidden in (("en", english, arabic), ("ar", arabic, english)):
        own.post("/language/", {"language": language, "next": "/"})
        html = own.get(reverse("transactions:request", args=[case.reference])).content.decode()
        assert (shown in html, hidden in html) == (True, False)
