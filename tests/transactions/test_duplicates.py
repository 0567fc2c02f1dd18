"""Hints of duplicates: the same deed, plot, file or person; who reads which number; nothing is refused."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from municipality.models import Office
from permits.catalogue import land_subdivision
from transactions.attachments import services as attachments
from transactions.intake import drafts
from transactions.models import Attachment, Draft, Transaction
from transactions.selectors import duplicates
from transactions.transitions import moves, notes

from .. import crowd
from ..conftest import NOW, answers_today, drive, pdf, upload, work_off

pytestmark = pytest.mark.django_db
ELSEWHERE = {"deed_number": "777777", "plan_number": "9/x", "parcel_number": "1"}


def away() -> dict[str, object]:
    """Where a request lies that nobody of Ash-Sharafiyah reads."""
    office = Office.objects.get(code="MTR")
    return {"held_by": office, "branch": office, "centre": None, "taken_at": None}


def write(by, *, files=(), **changed) -> Draft:
    """A subdivision being written, with answers as typed; `files` are (document, name, bytes)."""
    draft = drafts.start_draft(land_subdivision.SERVICE, by=by)
    draft.answers = answers_today("land-subdivision") | changed
    draft.save()
    for document, name, content in files:
        attachments.attach_to_draft(draft, document, upload(name, content), by=by)
    return draft


def hints(draft: Draft, reader) -> dict[str, duplicates.Hint]:
    files = list(draft.attachments.filter(removed_at=None))
    return {hint.code: hint for hint in duplicates.hints_for_draft(draft, files, reader)}


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ({"deed_number": "320211004455"}, {"deed_number": "٣٢٠٢١١٠٠٤٤٥٥"}),
        ({"deed_number": "320211004455"}, {"deed_number": "\u200f3202 1100-4455"}),
        ({"deed_number": "٣٢٠٢١١٠٠٤٤٥٥"}, {"deed_number": "320211004455"}),
    ],
)
def test_a_deed_is_known_again_however_it_is_typed(stored, typed, cast, submitted):
    case = submitted("land-subdivision", **ELSEWHERE)
    Transaction.objects.filter(pk=case.pk).update(answers=case.answers | stored)
    found = hints(write(cast.citizen, plan_number="88", parcel_number="2", **typed), cast.citizen)
    assert found["same_deed"].references == (case.reference,)
    assert found["same_deed"].others == ""
    assert "same_plot" not in found


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        (("415/ج/س", "27"), ("٤١٥ / ج / س", "٢٧")),
        (("415/ج/س", "27-28"), ("415∕ج\\س", "27 – 28")),
        (("415/C/S", "27"), ("415/c/s", "27")),
        (("٤١٥", "٢٧"), ("415", "27")),
    ],
)
def test_a_plot_is_known_again_by_plan_and_parcel_together(stored, typed, cast, submitted):
    case = submitted("land-subdivision", **ELSEWHERE)
    numbers = dict(zip(("plan_number", "parcel_number"), stored, strict=True))
    Transaction.objects.filter(pk=case.pk).update(answers=case.answers | numbers)
    other = write(cast.other_citizen, deed_number="123456", plan_number=typed[0], parcel_number=typed[1])
    assert hints(other, cast.other_citizen)["same_plot"].references == ()
    assert hints(other, cast.other_citizen)["same_plot"].others
    for plan, parcel in ((typed[0], "999"), ("999", typed[1])):
        other = write(cast.other_citizen, deed_number="123456", plan_number=plan, parcel_number=parcel)
        assert not {"same_plot", "same_deed"} & set(hints(other, cast.other_citizen))


def test_withdrawn_and_long_decided_requests_are_no_conflict_but_lately_decided_ones_are(cast, submitted):
    now = timezone.now()
    case = submitted("land-subdivision", now=now - timedelta(days=20))
    draft = write(cast.citizen)
    assert {"same_deed", "same_plot"} <= set(hints(draft, cast.citizen))
    case = drive(case, cast, "issued", now=now - timedelta(days=19))
    assert {"same_deed", "same_plot"} <= set(hints(draft, cast.citizen))
    long_ago = now - duplicates.DECIDED_WITHIN - timedelta(days=1)
    Transaction.objects.filter(pk=case.pk).update(closed_at=long_ago)
    assert not {"same_deed", "same_plot"} & set(hints(draft, cast.citizen))
    withdrawn = submitted("land-subdivision", now=now - timedelta(days=2))
    assert "same_deed" in hints(draft, cast.citizen)
    moves.withdraw(withdrawn, by=cast.citizen, now=now)
    assert not {"same_deed", "same_plot"} & set(hints(draft, cast.citizen))


@pytest.mark.parametrize(("minutes", "told"), [(13, True), (59, True), (61, False), (24 * 60, False)])
def test_the_same_person_twice_within_the_window(minutes, told, cast, submitted):
    first = submitted("land-subdivision", now=NOW, **ELSEWHERE)
    later = NOW + timedelta(minutes=minutes)
    second = submitted("land-subdivision", now=later, deed_number="888888", plan_number="7", parcel_number="3")
    submitted("electricity-connection", now=later)  # another service is another matter
    for one, other in ((first, second), (second, first)):
        found = {hint.code: hint for hint in duplicates.hints_for_case(one, [], cast.citizen)}
        assert ("same_person" in found) == told
        if told:
            assert found["same_person"].references == (other.reference,)


def test_the_same_file_in_other_requests_of_this_and_of_another_person_and_twice_in_one(cast, submitted):
    scan = pdf() + b"% a scan"
    mine, theirs = submitted(), submitted(by=cast.other_citizen)
    for case in (mine, theirs):
        file = case.attachments.first()
        Attachment.objects.filter(pk=file.pk).update(sha256=attachments._digest(upload(content=scan)))
    code = land_subdivision.SERVICE.documents[0].code
    other = land_subdivision.SERVICE.documents[1].code
    draft = write(cast.citizen, files=[(code, "a.pdf", scan), (other, "b.pdf", scan)], **ELSEWHERE)
    found = hints(draft, cast.citizen)
    assert found["same_file"].references == (mine.reference,)
    assert "a.pdf" in found["same_file"].message
    assert found["same_file"].others
    assert theirs.reference not in str(found)
    assert "a.pdf" in found["same_file_twice"].message
    assert "b.pdf" in found["same_file_twice"].message
    one_other_byte = write(cast.citizen, files=[(code, "a.pdf", scan + b" ")], **ELSEWHERE)
    assert not {"same_file", "same_file_twice"} & set(hints(one_other_byte, cast.citizen))


def test_staff_are_led_to_what_they_may_see_and_told_the_office_of_the_rest(cast, submitted):
    here = submitted("land-subdivision", by=cast.other_citizen)
    there = submitted("land-subdivision", by=cast.other_citizen)
    Transaction.objects.filter(pk=there.pk).update(**away())
    case = submitted("land-subdivision")
    found = {hint.code: hint for hint in duplicates.hints_for_case(case, [], cast.reviewer)}
    assert found["same_deed"].references == (here.reference,)
    assert Office.objects.get(code="MTR").name in found["same_deed"].others


def test_the_pages_show_it_and_submitting_goes_on(cast, submitted, signed_in):
    theirs = submitted("land-subdivision", by=cast.other_citizen)
    mine = submitted("land-subdivision")
    draft = write(cast.citizen)
    page = signed_in(cast.citizen)
    url = reverse("transactions:check", args=[draft.key])
    html = page.get(url).content.decode()
    assert reverse("transactions:request", args=[mine.reference]) in html
    for secret in (theirs.reference, cast.other_citizen.full_name, cast.other_citizen.national_id):
        assert secret not in html
    for document in land_subdivision.SERVICE.documents_for(draft.answers):
        for number in range(document.least):
            content = pdf() + uuid.uuid4().hex.encode()
            attachments.attach_to_draft(draft, document.code, upload(f"{number}.pdf", content), by=cast.citizen)
    sent = drafts.submit_draft(draft, by=cast.citizen).transaction
    work_off(timezone.now() + timedelta(hours=1))
    case_page = signed_in(cast.reviewer).get(reverse("staff:case", args=[sent.reference])).content.decode()
    assert reverse("staff:case", args=[theirs.reference]) in case_page
    flags = page.get(f"/api/v1/transactions/{sent.reference}/").json()["flags"]
    assert [mine.reference] in [flag["references"] for flag in flags if flag["code"] == "same_deed"]
    assert theirs.reference not in str(flags)


def test_whoever_may_open_a_refused_request_again_reads_it_too_and_the_page_asks_no_fourteenth_time(
    cast, submitted, signed_in
):
    theirs = submitted("land-subdivision", by=cast.other_citizen)
    case = drive(submitted("land-subdivision"), cast, "under_study")
    first = case.service_type.deficiencies[0].code
    case = moves.return_for_completion(case, deficiencies=[moves.RequestedCompletion(first)], by=cast.reviewer, now=NOW)
    case = moves.answer(case, answers={case.deficiencies.get().pk: "تم"}, by=cast.citizen, now=NOW)
    notes.write_note(case, text="x", by=cast.reviewer, to=cast.supervisor, now=NOW)
    case = moves.reject(case, reason="ليس فيه شارع", by=cast.supervisor, now=NOW)
    page, url = signed_in(cast.supervisor), reverse("staff:case", args=[case.reference])
    page.get(url)
    with CaptureQueriesContext(connection) as caught:
        html = page.get(url).content.decode()
    assert reverse("staff:case", args=[theirs.reference]) in html
    assert len(caught) <= 13  # twelve, and how the matter stands before the body outside


def test_the_clerk_at_the_counter_reads_it_to_the_visitor(cast, submitted, signed_in):
    theirs = submitted("land-subdivision", by=cast.other_citizen)
    centre = Office.objects.get(code="SC01")
    draft = drafts.start_draft(land_subdivision.SERVICE, by=cast.clerk, applicant=cast.citizen, centre=centre)
    draft.answers = answers_today("land-subdivision")
    draft.save()
    for document in land_subdivision.SERVICE.documents_for(draft.answers):
        for number in range(document.least):
            attachments.attach_to_draft(draft, document.code, upload(f"{number}.pdf"), by=cast.clerk)
    Transaction.objects.filter(pk=theirs.pk).update(**away())
    html = signed_in(cast.clerk).get(reverse("staff:intake_check", args=[draft.key])).content.decode()
    assert Office.objects.get(code="MTR").name in html
    assert theirs.reference not in html
    assert cast.other_citizen.full_name not in html


def plan_among_thousands(sql: str, case: Transaction, file: Attachment, cast) -> str:
    """Which index is cheapest is known of filled tables; a small one is read by any of them."""

    def changed(nth: int) -> dict[str, object]:
        answers = case.answers | {"deed_number": f"9{nth}", "plan_number": f"8{nth}"}
        return {"applicant_id": cast.other_citizen.pk, "answers": answers}

    crowd.copies(case, 5_000, changed)
    Attachment.objects.bulk_create(
        Attachment(**crowd.values_of(file) | {"key": uuid.uuid4(), "sha256": f"{nth:064x}", "stored_as": f"copy-{nth}"})
        for nth in range(5_000)
    )
    crowd.gather_statistics()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(row[0] for row in cursor.fetchall())


def test_it_asks_the_database_once_and_uses_an_index_for_each_kind(cast, submitted):
    case = submitted("land-subdivision")
    files = list(case.attachments.sent())
    duplicates.hints_for_case(case, files, cast.reviewer)
    with CaptureQueriesContext(connection) as caught:
        assert duplicates.hints_for_case(case, files, cast.reviewer)
    assert len(caught) == 1
    if connection.vendor == "postgresql":
        plan = plan_among_thousands(caught.captured_queries[0]["sql"], case, files[0], cast)
        for index in ("by_deed", "by_plot", "my_requests", "same_file"):
            assert index in plan
