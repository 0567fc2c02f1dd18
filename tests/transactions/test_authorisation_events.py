"""Before a request is submitted: owner and office hear of each other, once, in their language, or not at all."""

from __future__ import annotations

import pytest
from django.core import mail
from django.db import transaction
from django.urls import reverse

from accounts import services as people
from accounts.errors import AccountError
from transactions.domain import service_types
from transactions.domain.errors import DomainError
from transactions.intake import drafts
from transactions.models import Attachment, AuthorisationEvent, Notification, Outbox
from transactions.notifications.messages import write_message

from ..conftest import ANSWERS, NOW, authorised, files_for, work_off
from ..page_forms import flat

pytestmark = pytest.mark.django_db
Kind = AuthorisationEvent.Kind
PERMIT = service_types.get("building-permit")


@pytest.fixture
def prepared(cast):
    """A file that the office has finished and not yet sent."""
    draft = drafts.start_draft(PERMIT, by=cast.engineer, authorisation=authorised(cast), now=NOW)
    for step in PERMIT.steps:
        drafts.save_step(draft, step, ANSWERS[PERMIT.code], by=cast.engineer, now=NOW)
    for keys in files_for(PERMIT, ANSWERS[PERMIT.code], cast.engineer).values():
        Attachment.objects.filter(key__in=keys).update(draft=draft)
    Notification.objects.all().delete()
    return draft


def told() -> list[tuple[str, str]]:
    rows = Notification.objects.exclude(authorisation_event=None).order_by("pk")
    return [
        (row.recipient.full_name, row.authorisation_event.kind)
        for row in rows.select_related("recipient", "authorisation_event")
    ]


def test_an_authorisation_is_told_to_the_other_side_at_every_turn(cast):
    accepted = authorised(cast)
    people.revoke_authorisation(accepted, by=cast.citizen, now=NOW)
    given = people.authorise_office(cast.citizen, cast.office, plan_number="1", parcel_number="1", now=NOW)
    people.answer_authorisation(given, accept=False, by=cast.engineer, now=NOW)
    assert told() == [
        ("engineer", Kind.AUTHORISED),
        ("citizen", Kind.ACCEPTED),
        ("engineer", Kind.REVOKED),
        ("engineer", Kind.AUTHORISED),
        ("citizen", Kind.DECLINED),
    ]


def test_everybody_of_the_office_hears_of_an_owner_and_nobody_who_has_left(cast):
    people.add_member(cast.office, cast.other_citizen, on=NOW.date())
    leaver = people.add_member(cast.office, cast.reviewer, on=NOW.date().replace(year=2020))
    leaver.ends_on = NOW.date().replace(year=2021)
    leaver.save()
    people.authorise_office(cast.citizen, cast.office, plan_number="1", parcel_number="1", now=NOW)
    assert sorted(told()) == [("engineer", Kind.AUTHORISED), ("other citizen", Kind.AUTHORISED)]


def test_a_file_goes_to_the_owner_and_back_and_each_is_told_once(cast, prepared):
    people.add_member(cast.office, cast.other_citizen, on=NOW.date())
    drafts.send_to_owner(prepared, by=cast.engineer, now=NOW)
    with pytest.raises(DomainError):
        drafts.send_to_owner(prepared, by=cast.engineer, now=NOW)
    drafts.ask_for_changes(prepared, note="الحد الشمالي", by=cast.citizen, now=NOW)
    with pytest.raises(DomainError):
        drafts.ask_for_changes(prepared, note="مرة أخرى", by=cast.citizen, now=NOW)
    # Who prepared the file hears of it, and not their colleague.
    assert told() == [("citizen", Kind.SENT), ("engineer", Kind.CHANGES)]
    drafts.send_to_owner(prepared, by=cast.engineer, now=NOW)
    assert told()[2:] == [("citizen", Kind.SENT)]


def test_when_who_prepared_it_has_left_the_office_is_told(cast, prepared):
    people.add_member(cast.office, cast.other_citizen, on=NOW.date())
    drafts.send_to_owner(prepared, by=cast.engineer, now=NOW)
    cast.office.memberships.filter(user=cast.engineer).update(ends_on=NOW.date().replace(year=2021))
    drafts.ask_for_changes(prepared, note="الحد", by=cast.citizen, now=NOW)
    assert told()[1:] == [("other citizen", Kind.CHANGES)]


def test_an_approval_is_kept_and_the_office_hears_of_it_with_the_number(cast, prepared):
    drafts.send_to_owner(prepared, by=cast.engineer, now=NOW)
    first = drafts.submit_draft(prepared, by=cast.citizen, now=NOW)
    assert drafts.submit_draft(prepared, by=cast.citizen, now=NOW) == first
    assert [event.kind for event in AuthorisationEvent.objects.filter(draft=prepared)] == [Kind.APPROVED, Kind.SENT]
    assert told() == [("citizen", Kind.SENT)]
    work_off(NOW)
    (notice,) = Notification.objects.filter(recipient=cast.engineer)
    assert (notice.event.move, notice.event.transaction) == ("submit", first.transaction)


def test_what_did_not_happen_is_told_to_nobody(cast, prepared):
    with pytest.raises(AccountError):
        people.authorise_office(cast.citizen, cast.office, plan_number="415", parcel_number="27", now=NOW)
    with transaction.atomic():
        drafts.send_to_owner(prepared, by=cast.engineer, now=NOW)
        transaction.set_rollback(True)  # the power goes before the commit
    assert told() == []
    prepared.refresh_from_db()
    assert prepared.stage == "open"


def test_sms_and_mail_lead_to_the_file_in_the_language_of_the_reader_once(cast, prepared, settings):
    settings.PORTAL_URL = "https://portal.example"
    cast.citizen.email, cast.citizen.language = "citizen@example.org", "en"
    cast.citizen.save()
    Outbox.objects.all().delete()
    drafts.send_to_owner(prepared, by=cast.engineer, now=NOW)
    assert work_off() == 1
    assert work_off() == 0
    (sms,) = settings.SMS_DIR.iterdir()
    (letter,) = mail.outbox
    link = "https://portal.example" + reverse("transactions:check", args=[prepared.key])
    assert letter.subject == "A file is waiting for your approval"
    for text in (letter.body, sms.read_text(encoding="utf-8")):
        assert link in text.split()
        assert "A file is waiting for your approval" in text
        for private in ("citizen ", "engineer ", cast.citizen.national_id, "415"):
            assert private not in text


@pytest.mark.parametrize("kind", Kind)
def test_each_notice_leads_its_reader_to_a_page_they_may_open(kind, cast, prepared, signed_in):
    to_owner = kind in (Kind.ACCEPTED, Kind.DECLINED, Kind.SENT)
    reader = cast.citizen if to_owner else cast.engineer
    of_file = prepared if kind in (Kind.SENT, Kind.CHANGES, Kind.APPROVED) else None
    event = AuthorisationEvent.objects.create(
        kind=kind, authorisation=prepared.authorisation, draft=of_file, by=cast.citizen, at=NOW
    )
    notice = Notification.objects.create(authorisation_event=event, recipient=reader, created_at=NOW)
    page = signed_in(reader)
    html = flat(page.get(reverse("transactions:notices")))
    said = write_message(notice)
    assert f'<a href="{said.path}">{said.title}</a>' in html
    assert page.get(said.path).status_code == 200


def test_a_notice_of_a_file_that_was_thrown_away_leads_to_the_authorisations(cast, prepared, signed_in):
    drafts.send_to_owner(prepared, by=cast.engineer, now=NOW)
    drafts.ask_for_changes(prepared, note="لا", by=cast.citizen, now=NOW)
    drafts.delete_draft(prepared, by=cast.engineer, now=NOW)
    notice = Notification.objects.get(recipient=cast.citizen)
    assert write_message(notice).path == reverse("accounts:authorisations")
    assert signed_in(cast.engineer).get(reverse("transactions:notices")).status_code == 200
