"""Who may write, file and hold a request, and who hears of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts import services as people
from accounts.models import OfficeMembership
from core.hijri import riyadh_day
from journal import standing
from municipality.models import Office, OfficeKind
from municipality.services import offices_by_pk
from transactions import access
from transactions.admin.history import history
from transactions.attachments import services as attachments
from transactions.domain import service_types
from transactions.domain.errors import DomainError
from transactions.intake import drafts
from transactions.intake.submission import Submission
from transactions.intake.submit import submit
from transactions.models import Attachment, Transaction
from transactions.notifications.notices import recipients_of
from transactions.text.timeline import history_of, movements_of
from transactions.transitions import moves

from ..conftest import ANSWERS, NOW, authorised, drive, files_for, stored, upload

pytestmark = pytest.mark.django_db
ELECTRICITY = "electricity-connection"


@pytest.fixture
def begun(cast):
    """A request begun at a counter, with a paper in it."""
    centre = Office.objects.get(code="SC01")
    draft = drafts.start_draft(service_types.get(ELECTRICITY), by=cast.clerk, applicant=cast.citizen, centre=centre)
    attachments.attach_to_draft(draft, "id_copy", upload(), by=cast.clerk)
    return draft


def test_a_clerk_who_left_the_counter_has_left_what_was_begun_there(cast, begun, signed_in):
    paper = reverse("transactions:file", args=[begun.attachments.get().key])
    pages = (reverse("staff:intake", args=[begun.key]), reverse("transactions:draft", args=[begun.key]), paper)
    before = signed_in(cast.clerk)
    assert [before.get(page, follow=True).status_code for page in pages] == [200, 200, 200]
    assert str(begun.key) in before.get(reverse("transactions:requests")).content.decode()
    post = cast.clerk.posts.get()
    people.create_staff_post(cast.clerk, Office.objects.get(code="SC02"), "centre_clerk", on=date(2020, 1, 1))
    post.ends_on = timezone.localdate() - timedelta(days=1)
    post.save()
    after = signed_in(type(cast.clerk).objects.get(pk=cast.clerk.pk))
    assert [after.get(page, follow=True).status_code for page in pages] == [404, 404, 404]
    for page in ("transactions:requests", "staff:counter"):
        assert str(begun.key) not in after.get(reverse(page)).content.decode()
    assert signed_in(cast.citizen).get(pages[1]).status_code == 200


def test_an_authorisation_is_for_services_that_offices_prepare(cast):
    service, given = service_types.get(ELECTRICITY), authorised(cast)
    with pytest.raises(DomainError) as begun:
        drafts.start_draft(service, by=cast.engineer, authorisation=given, now=NOW)
    answers = ANSWERS[ELECTRICITY]
    sent = Submission(service, cast.citizen, answers, files_for(service, answers, cast.citizen), given)
    with pytest.raises(DomainError) as filed:
        submit(sent, by=cast.citizen, key="k", now=NOW)
    assert (begun.value.code, filed.value.code) == ("office_not_needed", "office_not_needed")


def test_who_belongs_to_an_office_is_asked_of_the_day_in_riyadh(cast):
    given = authorised(cast)
    night = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)  # an hour past midnight there
    today = riyadh_day(night)
    people.add_member(cast.office, cast.other_engineer, on=today)
    OfficeMembership.objects.filter(user=cast.engineer).update(ends_on=today - timedelta(days=1))
    assert recipients_of(cast.citizen, given, night) == [cast.citizen, cast.other_engineer]


def test_a_request_taken_at_a_counter_is_in_the_language_of_its_applicant(cast, begun):
    type(cast.clerk).objects.filter(pk=cast.clerk.pk).update(language="en")
    cast.clerk.refresh_from_db()
    for step in begun.service_type.steps:
        drafts.save_step(begun, step, ANSWERS[ELECTRICITY], by=cast.clerk)
    for code, keys in files_for(begun.service_type, ANSWERS[ELECTRICITY], cast.clerk).items():
        Attachment.objects.filter(key__in=keys).update(draft=begun, document=code)
    begun.attachments.filter(document="id_copy").first().delete()
    assert drafts.submit_draft(begun, by=cast.clerk).transaction.language == "ar"


def test_a_file_is_not_handed_to_its_applicant_nor_to_a_closed_account(cast, submitted, signed_in):
    own = drive(submitted(by=cast.second_reviewer), cast, "under_study")
    other = drive(submitted(), cast, "under_study")
    permit = drive(submitted("building-permit"), cast, "under_study")
    people.add_member(cast.office, cast.second_reviewer, on=date(2020, 1, 1))
    assert access.works_on(cast.second_reviewer, other)
    for case in (own, permit):
        with pytest.raises(DomainError) as refused:
            moves.reassign(case, to=cast.second_reviewer, by=cast.supervisor, now=NOW)
        assert refused.value.code == "wrong_assignee"
        page = signed_in(cast.supervisor).get(reverse("staff:case", args=[case.reference]))
        assert page.context["assignable"] == [cast.reviewer]
    look = {"case": [own.reference, other.reference], "to": cast.second_reviewer.pk, "move": "reassign"}
    answer = signed_in(cast.supervisor).post(reverse("staff:bulk_look"), look, follow=True)
    assert [item.transaction for item in answer.context["page"]] == [other]
    type(cast.reviewer).objects.filter(pk=cast.reviewer.pk).update(is_active=False)
    cast.reviewer.refresh_from_db()
    with pytest.raises(DomainError):
        moves.reassign(other, to=cast.reviewer, by=cast.supervisor, now=NOW)
    page = signed_in(cast.supervisor).get(reverse("staff:case", args=[other.reference]))
    assert page.context["assignable"] == [cast.second_reviewer]


def test_a_paper_taken_out_in_the_last_moment_is_not_taken_in(cast):
    service, answers = service_types.get(ELECTRICITY), ANSWERS[ELECTRICITY]
    sent = Submission(service, cast.citizen, answers, files_for(service, answers, cast.citizen))
    taken_out = []

    def between(execute, sql, *more):
        """All is checked, and what is to be written begins."""
        if sql.startswith("SAVEPOINT") and not taken_out:
            taken_out.append(sql)
            Attachment.objects.filter(document="id_copy").update(removed_at=NOW)
        return execute(sql, *more)

    with pytest.raises(DomainError) as refused, connection.execute_wrapper(between):
        submit(sent, by=cast.citizen, key="k", now=NOW)
    assert (refused.value.code, len(taken_out)) == ("file_taken", 1)
    assert not Transaction.objects.exists()


def test_an_office_entered_a_moment_ago_elsewhere_is_known_where_a_file_goes_to_it(cast, submitted):
    case = drive(submitted(), cast, "under_study")
    assert offices_by_pk()
    new = Office.objects.create(code="NEW", kind=OfficeKind.SUB_MUNICIPALITY, name_ar="الجديدة", name_en="New")
    case = moves.refer(case, to=new, reason="سبب", by=cast.reviewer, now=NOW + timedelta(hours=9))
    assert (history(case)[0].office, history(case)[0].details[1]) == ("بلدية الشرفية", f"إلى: {new.name}")
    line = history_of(case)[0]
    assert (line.office, new.name in line.text) == ("بلدية الشرفية", True)
    assert movements_of(case)[-1].counterpart == new


def test_a_failure_of_ours_does_not_look_like_a_mistake_of_the_decider(cast, submitted, signed_in, settings):
    case = drive(submitted(), cast, "awaiting_supervisor")
    page = signed_in(cast.supervisor)
    settings.JOURNAL_KEY = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVoxMjM0NTY="
    standing.clear_cache()
    url = reverse("staff:move", args=[case.reference, "approve"])
    before = stored(case)
    assert page.post(url, {"version": case.version}).status_code == 503
    assert stored(case) == before
