"""What was issued is kept as issued: a row frozen in both languages, bound in the journal, drawn from for ever."""

from __future__ import annotations

import json
import re
from importlib import import_module

import pytest
from django.apps import apps
from django.db import transaction
from django.urls import reverse
from django.utils import translation

from journal.models import Entry
from municipality.models import District
from municipality.services import clear_caches
from transactions.attachments import services as attachments
from transactions.domain import service_types
from transactions.domain.content import content_hash
from transactions.models import PaperContent
from transactions.papers import book
from transactions.transitions import moves
from transactions.transitions.moves import RequestedCompletion

from ..conftest import NOW, STEP, applicant_of, drive, ends_as, pdf, upload
from .test_versions import PARTS, _Editor, entry

pytestmark = pytest.mark.django_db
OLD_PAPERS = import_module("transactions.migrations.0017_old_papers")
# Those that issued papers before papers were frozen; nothing was inspected on site then.
OLD = {"electricity-connection", "land-subdivision", "building-permit"}
SERVICES = {service.code: ends_as(service) for service in service_types.offered_services()}


def page(client, case, language="ar"):
    kind = case.issued_documents.get().kind
    url = reverse("transactions:document", args=[case.reference, kind])
    client.post("/language/", {"language": language, "next": "/"})
    answer = client.get(url, headers={"accept-language": language})
    assert answer.status_code == 200
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", article(answer.content.decode()))


def article(html):
    """The paper, but for what it is worth at the moment: that is said as of the printing."""
    paper = re.search(r'<article class="paper">.*?</article>', html, re.S)[0]
    return re.sub(r'<span class="worth">.*?</span>', "", paper, flags=re.S)


def upset(cast, case):
    """Everything a live page would have shown otherwise."""
    for person in (cast.citizen, cast.establishment):
        person.full_name = "somebody else"
        person.save()
    for office in {case.branch, case.held_by}:
        office.name_ar, office.name_en = "اسم جديد", "A new name"
        office.save()
    District.objects.filter(code="SHR-01").update(name_ar="حي آخر", name_en="Elsewhere")
    cast.office.name_ar = cast.office.name_en = "Renamed"
    cast.office.save()
    clear_caches()


@pytest.mark.parametrize(("code", "until"), SERVICES.items())
@pytest.mark.parametrize("language", ["ar", "en"])
def test_a_paper_stays_as_it_was_issued(code, until, language, cast, submitted, signed_in):
    case = drive(submitted(code), cast, until)
    client = signed_in(applicant_of(case.service_type, cast))
    before = page(client, case, language)
    upset(cast, case)
    assert page(client, case, language) == before
    frozen = PaperContent.objects.get(document__transaction=case)
    written = entry("issued", case.reference)
    assert frozen.content_hash == content_hash(case.mark_salt, frozen.content) == written["content"]
    assert (written["version"], frozen.reconstructed, set(frozen.content) >= {"ar", "en"}) == (1, False, True)
    assert frozen.content["ar"] != frozen.content["en"]


def test_signed_minutes_print_the_correction_that_was_approved(cast, submitted, signed_in):
    case = drive(submitted("land-subdivision"), cast, "under_tech_audit")
    case = moves.return_for_completion(
        case, deficiencies=[RequestedCompletion("part-area")], by=cast.reviewer, now=NOW + 2 * STEP
    )
    words = {item.pk: "" for item in case.deficiencies.open()}
    case = moves.answer(case, answers=words, changes={"parts": PARTS}, by=cast.citizen, now=NOW + 3 * STEP)
    case = drive(case, cast, "issued", NOW + 4 * STEP)
    for language in ("ar", "en"):
        html = page(signed_in(cast.citizen), case, language)
        assert ('<bdi dir="ltr">460</bdi>' in html, '<bdi dir="ltr">440</bdi>' in html, ">450<" in html) == (
            True,
            True,
            False,
        )
    assert entry("issued", case.reference)["version"] == 2
    assert entry("issued", case.reference)["plot"] == "415 / 27"


def test_the_permit_lists_the_approved_drawings_and_not_those_replaced(cast, submitted, signed_in):
    case = drive(submitted("building-permit"), cast, "under_study")
    case = moves.return_for_completion(
        case, deficiencies=[RequestedCompletion("arch-setbacks")], by=cast.reviewer, now=NOW + STEP
    )
    item, old = case.deficiencies.get(), case.attachments.get(document="arch_drawings")
    new = attachments.attach_to_deficiency(item, upload("new-drawing.pdf", pdf(300)), by=cast.engineer, now=NOW)
    case = moves.answer(case, answers={item.pk: ""}, replaced=[str(old.key)], by=cast.engineer, now=NOW + 9 * STEP)
    case = drive(case, cast, "issued", NOW + 10 * STEP)
    html = page(signed_in(cast.citizen), case)
    assert (new.original_name in html, new.sha256[:16] in html, old.original_name in html) == (True, True, False)


def test_decisions_are_frozen_too(cast, submitted):
    case = drive(submitted("land-subdivision"), cast, "awaiting_supervisor")
    moves.reject(case, reason="تقع في وادٍ", by=cast.supervisor, now=NOW + 9 * STEP)
    frozen = PaperContent.objects.get(transaction=case)
    assert (frozen.what, frozen.content["reason"], frozen.event.move) == ("rejected", "تقع في وادٍ", "reject")
    assert entry("decided", case.reference)["content"] == frozen.content_hash
    approved = drive(submitted("land-subdivision"), cast, "approved")
    assert PaperContent.objects.get(transaction=approved).what == "approved"


@pytest.mark.parametrize(("code", "until"), [(code, until) for code, until in SERVICES.items() if code in OLD])
def test_old_papers_are_frozen_from_what_is_known_and_say_so(code, until, cast, submitted):
    case = drive(submitted(code), cast, until)
    as_issued = PaperContent.objects.get(document__transaction=case).content
    PaperContent.objects.all().delete()
    for _run in range(2):
        OLD_PAPERS.freeze(apps, _Editor())
        frozen = PaperContent.objects.get()
        assert (frozen.content, frozen.reconstructed, frozen.event) == (as_issued, True, None)
        assert frozen.content_hash == content_hash(case.mark_salt, frozen.content)


def test_a_paper_issued_while_the_version_before_was_replaced_is_shown(cast, submitted, signed_in):
    case = drive(submitted("building-permit"), cast, "issued")
    before = page(signed_in(cast.citizen), case)
    PaperContent.objects.all().delete()
    assert page(signed_in(cast.citizen), case) == before


def test_pledges_are_not_listed_as_approved(cast, submitted, signed_in):
    case = drive(submitted("electricity-connection"), cast, "completed")
    with translation.override("ar"):
        pledge = next(str(spec.label) for spec in case.service_type.fields() if spec.name == "lived_in")
    assert pledge not in page(signed_in(cast.citizen), case)


def test_the_check_of_the_journal_compares_versions_decisions_and_papers(cast, submitted):
    case = drive(submitted("building-permit"), cast, "under_study")
    case = moves.return_for_completion(
        case, deficiencies=[RequestedCompletion("arch-setbacks")], by=cast.reviewer, now=NOW + STEP
    )
    item, old = case.deficiencies.get(), case.attachments.get(document="arch_drawings")
    attachments.attach_to_deficiency(item, upload("new.pdf", pdf(300)), by=cast.engineer, now=NOW)
    case = moves.answer(case, answers={item.pk: ""}, replaced=[str(old.key)], by=cast.engineer, now=NOW + 2 * STEP)
    changes = {"total_area_m2": "600"}
    case = moves.correct(case, changes=changes, reason="x", by=cast.reviewer, now=NOW + 3 * STEP)
    case = drive(case, cast, "issued", NOW + 4 * STEP)
    bodies = [json.loads(bytes(row.body)) for row in Entry.objects.filter(subject=case.reference).order_by("seq")]
    assert [body["kind"] for body in bodies] == ["received", "answered", "corrected", "decided", "paid", "issued"]
    assert list(book.compare(bodies)) == []

    def told(rows, **changed):
        with transaction.atomic():
            rows.update(**changed)
            found = list(book.compare(bodies))
            transaction.set_rollback(True)
        return [int(line.split("entry ")[1].split()[0]) for line in found]

    answered, corrected, decided, _paid, issued = (body["seq"] for body in bodies[1:])
    contents = PaperContent.objects.filter(transaction=case)
    assert told(case.versions.filter(number=2), answers={"total_area_m2": "1"}) == [answered]
    assert told(case.versions.filter(number=3), answers={})[-1:] == [corrected]
    assert told(contents.filter(document=None), content={"ar": {}}) == [decided]
    assert told(contents.exclude(document=None), content={"ar": {}}) == [issued]
