"""A small city with its hard moments, and people in the middle of something: what the pages are shown with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Concat
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from accounts import api_tokens, emails, four_eyes
from accounts import services as people
from accounts.models import Authorisation, EmailChange, User
from core.outside_http import Exchange
from journal import chain
from municipality.models import Office
from outside import exchanges
from outside.answers import record_message
from outside.models import Channel as BodyChannel
from outside.models import Referral
from transactions import feedback
from transactions.admin import staff_site
from transactions.attachments import objections as objection_files
from transactions.attachments import services as attachments
from transactions.books.reconcile import reconcile
from transactions.domain import pins, service_types
from transactions.domain.references import Reference
from transactions.domain.service_types import SubmittedBy
from transactions.inquiry import brought
from transactions.intake import drafts
from transactions.intake.closures import save_closure
from transactions.models import (
    Attachment,
    Channel,
    Closure,
    Draft,
    Intake,
    SigningCertificate,
    StatusSubscription,
    Transaction,
)
from transactions.notifications import subscriptions
from transactions.selectors import open_figures
from transactions.transitions import bulk, moves, notes, objections
from transactions.transitions.handing_out import hand_out
from transactions.transitions.moves import RequestedCompletion
from transactions.visits import services as counter_visits
from transactions.visits import tickets
from transactions.visits.reprints import reprint_receipt

from ..billing.samples import money_that_waits
from ..boxes.machine import in_quarantine
from ..conftest import ANSWERS, NOW, PASSWORD, answers_today, applicant_of, drive, ends_as, picture, upload
from ..paper import handed, staff
from ..portal.world import a_checked_drawing, an_incident, answered_at_counter

LONG_NAME = "عبدالرحمن بن عبدالعزيز بن محمد آل عبدالله الغامدي الزهراني القرشي الحارثي المطيري العتيبي الشهراني"
LONG_FILE = "المخططات-المعمارية-لمبنى-سكني-من-دورين-وملحق-final-approved-version-12-" + "نسخة-" * 8 + ".pdf"
LISTED = [model._meta for model in staff_site._registry if model is not Transaction]


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.cookies["sessionid"].value


def session_just_confirmed(user: User) -> str:
    """Of somebody who has just typed their password once more; as often as pages are looked at."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    with override_settings(ACCOUNT_RATE_LIMITS=False):
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client.cookies["sessionid"].value


def session_half_signed_in(user: User) -> str:
    """Of somebody whose password was right, before the second factor."""
    client = Client()
    client.post(reverse("account_login"), {"login": user.national_id, "password": PASSWORD})
    return client.cookies["sessionid"].value


def session_with_code_sent(user: User) -> str:
    """Of somebody to whom a code went out by SMS."""
    client = Client()
    client.post(
        reverse("accounts:first"),
        {"national_id": user.national_id, "full_name": user.full_name, "phone": user.phone},
    )
    return client.cookies["sessionid"].value


def build(cast: Any, submitted: Callable[..., Transaction]) -> dict[str, str]:
    """A small city with its hard moments: long names, a file 400 days old, a service closed for new requests."""
    User.objects.update(full_name=Concat("full_name", Value(" بن Zayd")))
    User.objects.filter(pk=cast.citizen.pk).update(full_name=LONG_NAME)
    long_ago = NOW - timedelta(days=400)
    returned = drive(submitted(now=long_ago, street=LONG_NAME), cast, "under_study", long_ago)
    codes = [entry.code for entry in returned.service_type.deficiencies[:3]]
    asked = [RequestedCompletion(code) for code in codes]
    returned = moves.return_for_completion(returned, deficiencies=asked, by=cast.reviewer, now=long_ago)
    first = Attachment.objects.filter(transaction=returned).first()
    a_checked_drawing(first)
    Attachment.objects.filter(pk=first.pk).update(original_name=LONG_FILE)
    issued = drive(submitted("building-permit", now=NOW - timedelta(days=20)), cast, "issued", NOW - timedelta(days=20))
    still_open = drive(submitted("building-permit", now=NOW - timedelta(days=3)), cast, "under_admin_audit")
    unpaid = drive(submitted("building-permit"), cast, "awaiting_payment")
    money_that_waits(unpaid)
    people.authorise_office(
        people.confirm_identity(cast.other_citizen, {}, by=cast.clerk), cast.office, plan_number="9", parcel_number="9"
    )
    permit = drafts.start_draft(unpaid.service_type, by=cast.engineer, authorisation=unpaid.authorisation, now=NOW)
    Draft.objects.filter(pk=permit.pk).update(owner_note="صحّحوا المساحة")
    service = returned.service_type
    draft = drafts.start_draft(service, by=cast.citizen, now=NOW)
    typed = {name: str(value) for name, value in ANSWERS[service.code].items() if name != "street"}
    drafts.save_step(draft, service.steps[0], typed, by=cast.citizen, now=NOW)
    attachments.attach_to_draft(draft, "id_copy", upload(LONG_FILE), by=cast.citizen, now=NOW)
    attachments.attach_to_draft(draft, "facade_photo", upload("واجهة.jpg", picture("JPEG")), by=cast.citizen, now=NOW)
    of_services = each_service(cast, submitted)
    rights = claimed(cast, submitted)
    save_closure(
        Closure(
            service="land-subdivision",
            since=NOW - timedelta(days=2),
            reason_ar="نراجع حدود المخططات المعتمدة بعد تحديثها.",
            reason_en="The boundaries of the approved plans are being checked after their update.",
            reopens_on=(NOW + timedelta(days=12)).date(),
        )
    )
    an_incident(NOW, by=cast.administrator)
    office = Office.objects.get(code="SHR")
    asked_for = "تتولى إدارة الفرع اعتبارًا من اليوم بقرار الأمين رقم 318، وقد انتهى تكليف سلفها. " * 2
    four_eyes.give_post(
        cast.other_citizen, office, "supervisor", starts_on=NOW.date(), reason=asked_for, by=cast.administrator
    )
    api_tokens.create_api_token(cast.other_citizen, name=LONG_NAME[:50])
    note = "ملاحظة طويلة إلى زميل: راجعوا الحد الشمالي مع الرفع المساحي قبل الاعتماد، والجار حضر أمس. " * 3
    notes.write_note(still_open, text=note, by=cast.supervisor, to=cast.reviewer, now=NOW)
    centre = Office.objects.get(code="SC01")
    # What the pages call today and yesterday they know from the real clock.
    at_counter = submitted(centre=centre, channel=Channel.COUNTER, now=timezone.now())
    sent_back = drive(submitted("building-permit"), cast, "under_admin_audit")
    moves.return_for_completion(sent_back, deficiencies=[RequestedCompletion("survey-old")], by=cast.reviewer)
    permit = issued.service_type
    authorisation = Authorisation.objects.get(status="accepted")
    office_draft = written(
        drafts.start_draft(permit, by=cast.engineer, authorisation=authorisation, now=NOW), cast.engineer
    )
    drafts.send_to_owner(office_draft, by=cast.engineer, now=NOW)
    kept = drafts.start_draft(service, by=cast.clerk, applicant=cast.citizen, centre=centre, now=NOW)
    intake_ready = written(kept, cast.clerk)
    new_mobile = {"phone": {"from": cast.citizen.phone, "to": "+966599000111"}}
    intake = drafts.start_draft(
        service, by=cast.clerk, applicant=cast.citizen, centre=centre, visitor_changes=new_mobile, now=NOW
    )
    elsewhere = str(Reference("C1", "A", 1448, 900007))
    brought.hand_in_receipt(
        code=elsewhere, pin=pins.derive_pin(elsewhere), phone=cast.citizen.phone, address="198.51.100.7", now=NOW
    )
    with transaction.atomic():
        chain.append("received", str(Reference("C1", "A", 1448, 900008)), {}, NOW)
    reconcile(NOW + timedelta(minutes=30))
    while open_figures.store_past_months(NOW + timedelta(days=31)):
        pass  # a year at a time, and the oldest file is older
    feedback.give_feedback(page="transactions:help", language="ar", useful=False, address="198.51.100.7", now=NOW)
    emails.request_change(cast.other_citizen, "a.very.long.address.of.somebody@department.example.org")
    before_bodies(cast, submitted)
    quarantined = in_quarantine(cast)
    SigningCertificate.objects.create(
        fingerprint="3f" * 32,
        subject="CN=Documents of the Municipality of Jeddah,OU=Electronic services,O=Jeddah Municipality,C=SA",
        not_before=NOW - timedelta(days=300),
        not_after=NOW + timedelta(days=4000),
        first_used_at=NOW,
    )
    TOTP.activate(cast.second_reviewer, generate_totp_secret())
    RecoveryCodes.activate(cast.second_reviewer)
    answered = answered_at_counter(cast, submitted)
    counter_visits.begin_visit(
        reference=returned.reference, national_id=cast.citizen.national_id, centre=centre, by=cast.clerk
    )
    cases = {
        name: case.reference
        for name, case in {
            "returned": returned, "issued": issued, "open": still_open,
            "counter": at_counter, "unpaid": unpaid,
        }.items()
    }  # fmt: skip
    return (
        cases
        | of_services
        | {
            **{f"pin_{name}": pins.derive_pin(reference) for name, reference in cases.items()},
            **rights,
            "draft": str(draft.key),
            "drawing": str(first.key),
            "answered": str(answered.key),
            "intake": str(intake.key),
            "intake_ready": str(intake_ready.key),
            "office_draft": str(office_draft.key),
            **{f"{meta.app_label}_{meta.model_name}": str(first_of(meta.model)) for meta in LISTED},
            "outside_key": str(Referral.objects.order_by("pk")[0].key),
            "delivered": str(quarantined.pk),
            "past": str(Office.history.filter(id=first_of(Office)).latest().pk),
            "email": emails.make_token(EmailChange.objects.get()),
            "subscription": subscriptions.make_token(
                StatusSubscription.objects.create(email="reader@example.org", language="ar", requested_at=NOW)
            ),
            **of_bulks(cast, submitted),
            "booklet": str(handed(cast, staff("second administrator", 961, "CTR", "administrator")).pk),
            "token": Intake.objects.get(transaction=issued).token,
            "day": NOW.date().isoformat(),
            "month": f"{NOW:%Y-%m}",
        }
    )


def claimed(cast: Any, submitted: Callable[..., Transaction]) -> dict[str, str]:
    """Requests refused today: one as it is, one objected to, one where that was dismissed; and one that is late."""
    now, long_ago = timezone.now(), NOW - timedelta(days=90)
    cases = []
    for _each in range(3):
        case = drive(submitted("land-subdivision"), cast, "awaiting_supervisor")
        cases.append(moves.reject(case, reason=LONG_NAME, by=cast.supervisor, now=now))
    refused, objected, dismissed = cases
    proof = objection_files.attach_to_objection(objected, upload("صك.jpg", picture("JPEG")), by=cast.citizen, now=now)
    objections.submit_objection(objected, reason=LONG_NAME, files=[proof.key], by=cast.citizen, now=now)
    dismissed = objections.submit_objection(dismissed, reason=LONG_NAME, by=cast.citizen, now=now)
    dismissed = objections.dismiss(dismissed, reason=LONG_NAME, by=cast.central_supervisor, now=now)
    late = drive(submitted(now=long_ago), cast, "under_study", long_ago)
    handed = drive(submitted("land-subdivision"), cast, "issued")
    came = {"national_id": cast.citizen.national_id, "centre": Office.objects.get(code="SC01"), "by": cast.clerk}
    visit = counter_visits.begin_visit(reference=handed.reference, purpose="collect", **came)
    papers = [document.number for document in handed.issued_documents.all()]
    hand_out(handed, visit=visit, papers=papers, originals=LONG_NAME, signed=True, by=cast.clerk)
    waiting = drive(submitted("land-subdivision"), cast, "issued")
    counter_visits.begin_visit(reference=waiting.reference, purpose="collect", **came)
    asked = counter_visits.begin_visit(reference=late.reference, purpose="ask", **came)
    tickets.call_next(came["centre"], serving=None, by=cast.clerk)
    return {
        "asked": late.reference,
        "reprint": str(reprint_receipt(asked, by=cast.clerk).key),
        "ticket": str(tickets.draw(came["centre"], key=uuid4(), by=cast.clerk).key),
        "collected": waiting.reference,
        "collection": str(visit.key),
        "refused": refused.reference,
        "objected": objected.reference,
        "dismissed": dismissed.reference,
        "objection": str(dismissed.objections.get().pk),
        "late": late.reference,
    }


def before_bodies(cast: Any, submitted: Callable[..., Transaction]) -> None:
    """A connection that the company acknowledged, and an exchange with it that failed."""
    referral = Referral.objects.get(transaction=drive(submitted(), cast, "completed"))
    acknowledged = {"kind": "acknowledged", "number": "E-000123", "happened_at": NOW + timedelta(days=1)}
    record_message(
        body="electricity", key="1", about=referral.transaction.reference, channel=BodyChannel.WEBHOOK,
        now=NOW + timedelta(days=1), **acknowledged,
    )  # fmt: skip
    failed = Exchange("electricity", "connection", "POST", "https://electricity.example/messages", str(referral.key),
                      "unreachable", NOW.timestamp(), 5000, error="no connection (TimeoutError)")  # fmt: skip
    exchanges.record(exchange=failed)


def of_bulks(cast: Any, submitted: Callable[..., Transaction]) -> dict[str, str]:
    """An action on many cases that was looked at, one that goes on and one that is done, each with what stays."""
    cases = [submitted() for _ in range(3)]
    elsewhere = drive(submitted(), cast, "under_study")
    made = {}
    for name in ("looked_at", "running", "done"):
        job = bulk.look([*cases, elsewhere], "register", by=cast.registry, now=NOW)
        if name != "looked_at":
            bulk.start(job, now=NOW)
        if name == "done":
            bulk.work_on(job.pk, NOW)
        made[f"bulk_{name}"] = str(job.key)
    labels = bulk.look(cases, "print_labels", by=cast.registry, now=NOW)
    bulk.start(labels, now=NOW)
    bulk.work_on(labels.pk, NOW)
    return made | {"bulk_printed": str(labels.key)}


def each_service(cast: Any, submitted: Callable[..., Transaction]) -> dict[str, str]:
    """Of each service a paper, a draft its owner writes, and a visit on site with a photograph, by their codes."""
    made = {}
    for service in service_types.offered_services():
        code, owner = service.code, applicant_of(service, cast)
        key = code.replace("-", "_")
        made[f"paper_{key}"] = drive(submitted(code), cast, ends_as(service)).reference
        if service.submitted_by is SubmittedBy.OWNER:
            draft = drafts.start_draft(service, by=owner, now=NOW)
            for step in service.steps:
                drafts.save_step(draft, step, answers_today(code), by=owner, now=NOW)
            made[f"draft_{key}"] = str(draft.key)
        site = next((stage for stage in service.stages if stage.inspection), None)
        if site is not None:
            case = drive(submitted(code), cast, site.status)
            attachments.attach_to_inspection(case, upload("واجهة.jpg", picture("JPEG")), by=cast.inspector, now=NOW)
            made[f"site_{key}"] = case.reference
    return made


def written(draft: Draft, by: User) -> Draft:
    """The draft with every question answered and every document there."""
    service = draft.service_type
    answers = {name: value for name, value in answers_today(service.code).items() if value is not True}
    answers |= {name: "on" for name, value in ANSWERS[service.code].items() if value is True}
    for step in service.steps:
        drafts.save_step(draft, step, answers, by=by)
    for document in service.documents_for(draft.answers):
        photo = "application/pdf" not in document.accepts
        for number in range(document.least):
            file = upload(f"{document.code}-{number}.jpg", picture("JPEG")) if photo else upload(f"{document.code}.pdf")
            attachments.attach_to_draft(draft, document.code, file, by=by)
    return draft


def first_of(model: Any) -> int:
    return model._default_manager.order_by("pk").values_list("pk", flat=True)[0]
