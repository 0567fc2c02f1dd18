"""A file belongs to the draft it lies in: nobody takes it elsewhere, whatever they may do otherwise."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from knox.models import AuthToken

from accounts import services as people
from municipality.models import Office
from transactions.attachments import services as attachments
from transactions.domain import service_types
from transactions.domain.errors import Invalid
from transactions.intake import drafts
from transactions.intake.submission import Submission
from transactions.intake.submit import submit
from transactions.models import Attachment, Draft, Transaction

from ..conftest import ANSWERS, NOW, authorised, files_for, picture, upload

pytestmark = pytest.mark.django_db
ELECTRICITY = service_types.get("electricity-connection")


def fill(draft, by):
    """Every file a draft of these answers needs, in it."""
    for step in draft.service_type.steps:
        drafts.save_step(draft, step, ANSWERS[draft.service], by=by, now=NOW)
    for document in draft.service_type.documents_for(draft.answers):
        for number in range(document.least):
            photo = "application/pdf" not in document.accepts
            file = upload(f"{number}.jpg", picture("JPEG")) if photo else upload(f"{number}.pdf")
            attachments.attach_to_draft(draft, document.code, file, by=by, now=NOW)
    return by_document(draft)


def by_document(draft):
    found: dict[str, list] = {}
    for code, key in draft.attachments.filter(removed_at=None).values_list("document", "key"):
        found.setdefault(code, []).append(key)
    return found


def take(files, by, service=ELECTRICITY, **more):
    """Send a request of one's own that names these files."""
    sent = Submission(service, by, ANSWERS[service.code], files, **more)
    return submit(sent, by=by, key="taken", now=NOW)


def refused(files, by, **more):
    """Not one of these files counts as there."""
    with pytest.raises(Invalid) as caught:
        take(files, by, **more)
    assert {problem.code for problem in caught.value.problems} == {"document_missing"}
    assert not Transaction.objects.exists()
    return True


def at_counter(cast):
    centre = Office.objects.get(code="SC01")
    return drafts.start_draft(ELECTRICITY, by=cast.clerk, applicant=cast.other_citizen, centre=centre, now=NOW)


def of_office(cast, given):
    service = service_types.get("building-permit")
    return drafts.start_draft(service, by=cast.engineer, authorisation=given, now=NOW)


def test_a_clerk_takes_no_file_of_a_visitor_for_a_request_of_their_own(cast):
    files = fill(at_counter(cast), cast.clerk)
    assert refused(files, cast.clerk)


def test_an_engineer_takes_no_file_of_an_owner_while_authorised_nor_after(cast):
    given = authorised(cast)
    draft = of_office(cast, given)
    files = fill(draft, cast.engineer)
    elsewhere = {"ownership_doc": files["deed"], "croquis": files["croquis"], "id_copy": files["deed"][:1]}
    assert refused(elsewhere, cast.engineer)
    people.revoke_authorisation(given, by=cast.citizen, now=NOW)
    assert refused(elsewhere, cast.engineer)
    assert by_document(draft) == files


def test_an_owner_takes_no_file_out_of_what_their_office_or_a_clerk_writes(cast):
    files = fill(at_counter(cast), cast.clerk)
    assert refused(files, cast.other_citizen)


def test_nobody_takes_a_file_out_of_another_draft_of_their_own(cast):
    first = drafts.start_draft(ELECTRICITY, by=cast.citizen, now=NOW)
    files = fill(first, cast.citizen)
    second = drafts.start_draft(ELECTRICITY, by=cast.citizen, now=NOW)
    assert second.pk != first.pk
    assert refused(files, cast.citizen, draft=second.pk)
    assert drafts.submit_draft(first, by=cast.citizen, now=NOW).transaction.attachments.count() == sum(
        map(len, files.values())
    )


def test_a_draft_takes_no_file_that_was_sent_for_a_request_to_come(cast):
    """What a program uploaded waits for the program's own request."""
    free = files_for(ELECTRICITY, ANSWERS[ELECTRICITY.code], cast.citizen)
    draft = drafts.start_draft(ELECTRICITY, by=cast.citizen, now=NOW)
    assert refused(free, cast.citizen, draft=draft.pk)
    assert take(free, cast.citizen)


def test_what_was_removed_or_thrown_away_comes_with_no_request(cast):
    draft = drafts.start_draft(ELECTRICITY, by=cast.citizen, now=NOW)
    files = fill(draft, cast.citizen)
    drafts.delete_draft(draft, by=cast.citizen, now=NOW)
    assert refused(files, cast.citizen)


def test_a_program_takes_no_file_of_a_draft_either(cast, client):
    files = fill(at_counter(cast), cast.clerk)
    token = AuthToken.objects.create(cast.clerk)[1]
    body = {
        "service": ELECTRICITY.code,
        "answers": ANSWERS[ELECTRICITY.code],
        "attachments": {code: [str(key) for key in keys] for code, keys in files.items()},
    }
    headers = {"Authorization": f"Token {token}", "Idempotency-Key": "k"}
    answer = client.post("/api/v1/transactions/", body, headers=headers, content_type="application/json")
    assert answer.status_code in (400, 422)
    assert not Transaction.objects.exists()


def test_after_revocation_the_file_is_not_even_there_for_who_uploaded_it(cast, signed_in):
    given = authorised(cast)
    files = fill(of_office(cast, given), cast.engineer)
    page = reverse("transactions:file", args=[files["deed"][0]])
    assert signed_in(cast.engineer).get(page).status_code == 200
    people.revoke_authorisation(given, by=cast.citizen, now=NOW)
    assert signed_in(cast.engineer).get(page).status_code == 404
    assert signed_in(cast.citizen).get(page).status_code == 200


def moved(file, **changed):
    """The database refuses, though no service is asked."""
    with pytest.raises(DatabaseError), transaction.atomic():
        Attachment.objects.filter(pk=file.pk).update(**changed)
    return True


def test_the_database_itself_keeps_a_file_where_it_lies(cast, submitted):
    mine, other = (drafts.start_draft(ELECTRICITY, by=cast.citizen, now=NOW) for _draft in range(2))
    attachments.attach_to_draft(mine, "id_copy", upload(), by=cast.citizen, now=NOW)
    other = Draft.objects.create(
        service=ELECTRICITY.code, applicant=cast.citizen, created_by=cast.citizen, created_at=NOW, updated_at=NOW
    )
    lying = mine.attachments.get()
    assert moved(lying, draft=other)
    assert moved(lying, draft=None), "it would be free for whoever uploaded it"
    case = submitted()
    taken = case.attachments.first()
    assert moved(taken, transaction=None)
    assert moved(taken, transaction=submitted(by=cast.other_citizen))
    attachments.remove(lying, by=cast.citizen, now=NOW)
    assert moved(lying, transaction=case)


def test_postgresql_gives_a_request_the_files_of_its_own_draft_only(cast, submitted):
    if connection.vendor != "postgresql":
        return
    strangers = at_counter(cast)
    attachments.attach_to_draft(strangers, "id_copy", upload(), by=cast.clerk, now=NOW)
    file, case = strangers.attachments.get(), submitted()
    assert moved(file, transaction=case), "later than its request"
    case.pk, case.reference = case.pk + 1000, "C1A-1448-009999-X"

    def born_with_it():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE transactions_attachment SET transaction_id = %s WHERE id = %s", [case.pk, file.pk])
            case.save(force_insert=True)

    with pytest.raises(DatabaseError, match="its own draft"):
        born_with_it()
