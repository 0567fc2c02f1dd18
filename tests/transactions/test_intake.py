"""Taking a request in: everything or nothing, once, and every problem named."""

from __future__ import annotations

import itertools
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import services as people
from journal.models import Entry
from transactions.attachments import services as attachments
from transactions.domain import service_types
from transactions.domain.errors import DomainError, Invalid
from transactions.intake import drafts
from transactions.intake import submit as intake_module
from transactions.intake.submission import Submission
from transactions.intake.submit import submit
from transactions.models import Attachment, Channel, Event, Intake, Notification, Outbox, Serial, Transaction
from transactions.outbox import queue

from ..conftest import ANSWERS, NOW, authorised, files_for, upload

pytestmark = pytest.mark.django_db


def submission(cast, code="electricity-connection", **changed) -> Submission:
    service = service_types.get(code)
    answers = ANSWERS[code] | changed
    answers = {name: value for name, value in answers.items() if value is not None}
    authorisation = authorised(cast) if code == "building-permit" else None
    return Submission(service, cast.citizen, answers, files_for(service, answers, cast.citizen), authorisation)


def counts() -> list[int]:
    kinds = (Transaction, Event, Entry, Outbox, Intake, Notification, Serial)
    return [model._default_manager.count() for model in kinds]


def problems_of(caught) -> dict[str, str]:
    return {problem.path: problem.code for problem in caught.value.problems}


def test_a_submission_writes_the_row_its_event_the_entry_and_what_is_owed(cast):
    taken = submit(submission(cast), by=cast.citizen, key="k", now=NOW)
    case = taken.transaction
    assert case.reference.startswith("C1A-1448-000001-")
    assert [event.move for event in case.events.all()] == ["submit"]
    assert [entry.kind for entry in Entry.objects.all()] == ["received"]
    assert list(Outbox.objects.values_list("kind", flat=True)) == ["route"]
    assert Attachment.objects.filter(transaction=case).count() == 5


@pytest.mark.parametrize("last", ["queue.enqueue", "attach_files", "chain.append", "receipts.encode_token"])
def test_dying_before_the_end_leaves_nothing_behind(last, cast, monkeypatch):
    sent = submission(cast)
    before = counts()

    def die(*args, **kwargs):
        raise RuntimeError("the process died here")

    place, _, name = last.rpartition(".")
    monkeypatch.setattr(getattr(intake_module, place) if place else intake_module, name, die)
    with pytest.raises(RuntimeError):
        submit(sent, by=cast.citizen, key="k", now=NOW)
    assert counts() == before
    assert not Attachment.objects.exclude(transaction=None).exists()
    monkeypatch.undo()
    assert submit(sent, by=cast.citizen, key="k", now=NOW).transaction.reference.startswith("C1A-1448-000001-")


def test_the_same_key_and_body_give_the_same_receipt(cast):
    sent = submission(cast)
    first = submit(sent, by=cast.citizen, key="k", now=NOW)
    after = counts()
    again = submit(sent, by=cast.citizen, key="k", now=NOW + timedelta(days=3))
    assert (again.pk, again.token) == (first.pk, first.token)
    assert counts() == after


def test_the_same_key_with_another_body_is_refused(cast):
    submit(submission(cast), by=cast.citizen, key="k", now=NOW)
    after = counts()
    with pytest.raises(DomainError) as caught:
        submit(submission(cast, street="شارع آخر"), by=cast.citizen, key="k", now=NOW)
    assert caught.value.code == "key_reused"
    assert counts() == after


def test_two_people_may_use_the_same_key(cast):
    one = submit(submission(cast), by=cast.citizen, key="k", now=NOW)
    service = service_types.get("electricity-connection")
    answers = ANSWERS["electricity-connection"]
    other = Submission(service, cast.other_citizen, answers, files_for(service, answers, cast.other_citizen))
    two = submit(other, by=cast.other_citizen, key="k", now=NOW)
    assert one.transaction_id != two.transaction_id


def test_every_problem_is_named_at_once(cast):
    sent = Submission(
        service_types.get("electricity-connection"),
        cast.citizen,
        {"request_kind": "free", "load_kva": "many", "meters": "0", "district": "حي لا وجود له", "lived_in": False},
    )
    with pytest.raises(Invalid) as caught:
        submit(sent, by=cast.citizen, key="k", now=NOW)
    found = problems_of(caught)
    assert {"request_kind", "ownership", "load_kva", "meters", "street", "lived_in", "not_in_wadi"} <= set(found)
    assert found["district"] == "district_unknown"
    assert Transaction.objects.count() == 0


def test_every_missing_document_is_named(cast):
    sent = Submission(service_types.get("electricity-connection"), cast.citizen, ANSWERS["electricity-connection"])
    with pytest.raises(Invalid) as caught:
        submit(sent, by=cast.citizen, key="k", now=NOW)
    assert problems_of(caught) == dict.fromkeys(
        (f"documents.{code}" for code in ("facade_photo", "croquis", "id_copy", "ownership_doc")), "document_missing"
    )


@pytest.mark.parametrize(
    ("code", "changed", "expected"),
    [
        ("land-subdivision", {"deed_date": "2070-01-01"}, {"deed_date": "future_date"}),
        ("land-subdivision", {"deed_date": "2026-02-30"}, {"deed_date": "impossible_date"}),
        ("land-subdivision", {"deed_date": "1447/13/01"}, {"deed_date": "impossible_date"}),
        ("land-subdivision", {"deed_date": "1846/03/15"}, {"deed_date": "outside_calendar"}),
        ("land-subdivision", {"deed_date": "1924-07-31"}, {"deed_date": "outside_calendar"}),
        ("land-subdivision", {"deed_date": "1342/12/29"}, {"deed_date": "outside_calendar"}),
        ("land-subdivision", {"deed_number": "12"}, {"deed_number": "pattern"}),
        ("land-subdivision", {"area_m2": "1200"}, {"parts": "areas_do_not_add_up"}),
        ("land-subdivision", {"parts": []}, {"parts": "count"}),
        ("land-subdivision", {"made_up": "x"}, {"made_up": "unknown_field"}),
        ("electricity-connection", {"district": "حي الخيال"}, {"district": "district_unknown"}),
        ("electricity-connection", {"load_kva": "-5"}, {"load_kva": "min_value"}),
        ("electricity-connection", {"load_kva": "NaN"}, {"load_kva": "invalid"}),
        ("electricity-connection", {"meters": "1.5"}, {"meters": "invalid"}),
        ("building-permit", {"survey_date": "2020-01-01"}, {"survey_date": "survey_too_old"}),
        ("building-permit", {"ground_area_m2": "700"}, {"ground_area_m2": "areas_do_not_add_up"}),
    ],
)
def test_bad_answers_are_named(code, changed, expected, cast):
    sent = submission(cast, code, **changed)
    with pytest.raises(Invalid) as caught:
        submit(sent, by=cast.citizen, key="k", now=NOW)
    assert problems_of(caught) | expected == problems_of(caught)
    assert Transaction.objects.count() == 0


def test_eastern_digits_and_separators_are_read_as_numbers(cast):
    sent = submission(cast, "land-subdivision", deed_number="٣٢٠٢١١٠٠٤٤٥٥", deed_date="١٤٤٠/٠٣/١٥", area_m2="٩٠٠٫٠")
    case = submit(sent, by=cast.citizen, key="k", now=NOW).transaction
    assert (case.answers["deed_number"], case.answers["deed_date"], case.answers["area_m2"]) == (
        "320211004455",
        "2018-11-23",
        "900",
    )


def test_a_district_is_found_by_either_name(cast):
    case = submit(submission(cast, district="SHR-01"), by=cast.citizen, key="a", now=NOW).transaction
    for number, name in enumerate((case.district.name_ar, case.district.name_en.upper())):
        found = submit(submission(cast, district=name), by=cast.citizen, key=str(number), now=NOW).transaction
        assert found.district == case.district


def test_a_district_on_no_list_goes_to_the_central_office(cast, submitted):
    case = submitted(district="unlisted")
    assert (case.district, case.branch.code, case.events.last().rule) == (None, "CTR", "district.unknown")


def test_a_file_of_somebody_else_is_missing_not_taken(cast):
    service = service_types.get("electricity-connection")
    answers = ANSWERS[service.code]
    theirs = files_for(service, answers, cast.other_citizen)
    with pytest.raises(Invalid) as caught:
        submit(Submission(service, cast.citizen, answers, theirs), by=cast.citizen, key="k", now=NOW)
    assert set(problems_of(caught).values()) == {"document_missing"}


def test_a_file_belongs_to_one_request_only(cast):
    service = service_types.get("electricity-connection")
    answers = ANSWERS[service.code]
    files = files_for(service, answers, cast.citizen)
    submit(Submission(service, cast.citizen, answers, files), by=cast.citizen, key="a", now=NOW)
    with pytest.raises(Invalid):
        submit(Submission(service, cast.citizen, answers, files), by=cast.citizen, key="b", now=NOW)
    assert Transaction.objects.count() == 1


def test_only_the_owner_submits_and_only_a_clerk_of_this_centre_takes(cast):
    from municipality.models import Office

    sent = submission(cast)
    with pytest.raises(DomainError) as caught:
        submit(sent, by=cast.other_citizen, key="k", now=NOW)
    assert caught.value.code == "not_the_applicant"
    at_counter = Submission(
        sent.service, cast.citizen, sent.answers, sent.attachments, None, Channel.COUNTER,
        Office.objects.get(code="SC02"),
    )  # fmt: skip
    with pytest.raises(DomainError) as caught:
        submit(at_counter, by=cast.clerk, key="k", now=NOW)
    assert caught.value.code == "not_at_this_counter"


@pytest.mark.parametrize("why", ["none", "revoked", "expired", "someone else's"])
def test_a_building_permit_needs_an_authorisation_in_force(why, cast):
    sent = submission(cast, "building-permit")
    authorisation = sent.authorisation
    if why == "none":
        authorisation = None
    elif why == "revoked":
        authorisation = people.revoke_authorisation(authorisation, by=cast.citizen, now=NOW)
    elif why == "expired":
        authorisation.office.licence_expires_on = NOW.date() - timedelta(days=1)
        authorisation.office.save()
    else:
        other = people.authorise_office(
            people.confirm_identity(cast.other_citizen, {}, by=cast.clerk),
            cast.office,
            plan_number="1",
            parcel_number="1",
            now=NOW,
        )
        authorisation = people.answer_authorisation(other, accept=True, by=cast.engineer, now=NOW)
    with pytest.raises(DomainError):
        submit(
            Submission(sent.service, cast.citizen, sent.answers, sent.attachments, authorisation),
            by=cast.citizen,
            key="k",
            now=NOW,
        )
    assert Transaction.objects.count() == 0


@pytest.mark.parametrize(
    ("typed", "refused"),
    [
        ({}, set()),
        ({"plan_number": "٤١٥", "parcel_number": "\u200f ٢٧ "}, set()),
        ({"parcel_number": "28"}, {"parcel_number"}),
        ({"plan_number": "416", "parcel_number": "2 7"}, {"plan_number", "parcel_number"}),
    ],
)
def test_an_authorisation_files_a_permit_for_its_own_plot_only(typed, refused, cast):
    sent = submission(cast, "building-permit", **typed)
    if not refused:
        assert submit(sent, by=cast.citizen, key="k", now=NOW)
        return
    with pytest.raises(Invalid) as caught:
        submit(sent, by=cast.citizen, key="k", now=NOW)
    assert problems_of(caught) == dict.fromkeys(refused, "another_plot")
    assert Transaction.objects.count() == 0


def test_an_office_cannot_send_the_owner_a_file_for_another_plot(cast):
    service = service_types.get("building-permit")
    draft = drafts.start_draft(service, by=cast.engineer, authorisation=authorised(cast), now=NOW)
    for step in service.steps:
        drafts.save_step(draft, step, ANSWERS[service.code] | {"parcel_number": "28"}, by=cast.engineer, now=NOW)
    for document in service.documents_for(draft.answers):
        for _ in range(document.least):
            attachments.attach_to_draft(draft, document.code, upload(), by=cast.engineer, now=NOW)
    with pytest.raises(Invalid) as caught:
        drafts.send_to_owner(draft, by=cast.engineer, now=NOW)
    (problem,) = caught.value.problems
    assert (problem.path, "27" in problem.message) == ("parcel_number", True)


def test_serials_count_on_and_start_again_with_the_hijri_year(cast):
    days = (NOW, NOW + timedelta(days=1), NOW + timedelta(days=300))
    found = [
        submit(submission(cast), by=cast.citizen, key=str(number), now=day).transaction.reference[:15]
        for number, day in enumerate(days)
    ]
    assert found == ["C1A-1448-000001", "C1A-1448-000002", "C1A-1449-000001"]


def test_the_reference_never_changes(cast, submitted):
    case = submitted()
    reference = case.reference
    queue.process_row(Outbox.objects.get(kind="route").pk, NOW)
    case.refresh_from_db()
    assert case.reference == reference


def test_centres_share_the_load_by_capacity(cast, submitted):
    taken = [submitted(by=cast.citizen).centre for _ in range(12)]
    load = {centre.code: sum(c == centre for c in taken) / centre.capacity for centre in set(taken)}
    assert len(load) > 1
    for (_, one), (_, two) in itertools.combinations(load.items(), 2):
        assert abs(one - two) <= 1 / min(centre.capacity for centre in taken)


def test_more_files_than_a_request_can_have_are_refused_before_they_are_looked_for(cast, submitted):
    service = service_types.get("electricity-connection")
    many = {f"d{n}": [uuid4() for _ in range(20)] for n in range(10)}
    with CaptureQueriesContext(connection) as asked, pytest.raises(Invalid) as refused:
        submit(Submission(service, cast.citizen, ANSWERS[service.code], many), by=cast.citizen, key="many")
    assert [problem.code for problem in refused.value.problems] == ["too_many_documents"]
    assert not [query for query in asked if "transactions_attachment" in query["sql"]]
