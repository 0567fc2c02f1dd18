"""What the law gives people: their data in a form programs read, and its erasure; and what is kept no longer.

What was promised stays verifiable: the journal names nobody, and whoever holds an ID number can still check the mark
that stands for it. Requests themselves are municipal files: they stay, and no row tells any more who made them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import CharField, F, Model, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext as _
from knox.models import AuthToken

from accounts import access_log, newcomers
from accounts.access import holds_power
from accounts.errors import AccountError
from accounts.models import (
    ERASED,
    AccessRecord,
    Act,
    Authorisation,
    Delegation,
    NameChange,
    OfficeMembership,
    OneTimeCode,
    PhoneChange,
    Proposal,
    SignOnRequest,
    StaffPost,
    User,
)
from accounts.signals import person_erased
from journal import chain
from journal.entry import person_mark

from .. import previews
from ..attachments.services import unattached_of
from ..domain.pauses import days_lost
from ..incidents import memory
from ..models import (
    Attachment,
    BroughtReceipt,
    CounterVisit,
    Delivery,
    Draft,
    Notification,
    Outbox,
    SavedFilter,
    Slip,
    StatusSubscription,
    Transaction,
)

UNKNOWN = "—"
LIVE = (Authorisation.Status.GIVEN, Authorisation.Status.ACCEPTED)


# -- export ----------------------------------------------------------------------------------------------------


def export_personal_data(user: User, *, now: datetime | None = None) -> dict[str, Any]:
    """Everything kept about this person, as JSON holds it; kept in the access log that it was taken out."""
    access_log.record(Act.EXPORT, by=user, person=user, now=now)
    own = ("national_id", "full_name", "phone", "email", "language", "sms_notices", "email_notices", "date_joined")
    return {
        "made_at": now or timezone.now(),
        "person": {name: getattr(user, name) for name in (*own, "identity_verified_at", "last_login")},
        "emails_asked": list(user.emails_asked.order_by("pk").values("email", "asked_at", "closed_at")),
        "requests": [_request(case) for case in user.transactions.order_by("pk")],
        "drafts": [
            {"service": draft.service, "answers": draft.answers, "saved_at": draft.updated_at}
            for draft in Draft.objects.unsent().filter(applicant=user).order_by("pk")
        ],
        "files": list(
            Attachment.objects.filter(_files_of(user), removed_at=None)
            .order_by("pk")
            .values("key", "document", "original_name", "content_type", "size", "sha256", "uploaded_at")
        ),
        "authorisations": list(
            user.authorisations.order_by("pk").values(
                "office__licence_number", "plan_number", "parcel_number", "status", "given_at", "revoked_at"
            )
        ),
        "delegations": list(
            Delegation.objects.filter(Q(principal=user) | Q(agent=user))
            .order_by("pk")
            .values("principal__full_name", "agent__full_name", "number", "issuer", "starts_on", "ends_on", "ended_at")
        ),
        "posts": list(user.posts.order_by("pk").values("office__code", "role", "starts_on", "ends_on")),
        "engineering_offices": list(
            user.memberships.order_by("pk").values("office__licence_number", "role", "starts_on", "ends_on")
        ),
        "programs": list(
            AuthToken.objects.filter(user=user).values("program__name", "program__scopes", "created", "expiry")
        ),
        "visits": list(
            CounterVisit.objects.filter(visitor=user)
            .order_by("pk")
            .values("transaction__reference", "centre__code", "whom", "at", "ended_at")
        ),
        "notices": list(Notification.objects.filter(recipient=user).order_by("pk").values("created_at", "read_at")),
        "phone_changes": list(PhoneChange.objects.filter(user=user).order_by("pk").values("old", "new", "changed_at")),
        "name_changes": list(NameChange.objects.filter(user=user).order_by("pk").values("old", "new", "changed_at")),
        "who_looked": list(
            AccessRecord.objects.filter(person=user).order_by("pk").values("at", "act", "subject", "office__code")
        ),
    }


def _files_of(user: User) -> Q:
    """What they sent or somebody sent for them, the scans of papers that name them, and what belongs to no request."""
    of_papers = Q(delegation__principal=user) | Q(delegation__agent=user)
    of_slips = Q(slip__transaction__applicant=user) | Q(slip__draft__applicant=user)
    loose = Q(transaction=None, draft=None, delegation=None, slip=None, uploaded_by=user)
    return Q(transaction__applicant=user) | Q(draft__applicant=user) | of_papers | of_slips | loose


def _request(case: Transaction) -> dict[str, Any]:
    fields = ("seq", "at", "move", "from_status", "to_status", "reason")
    return {
        "reference": case.reference,
        "service": case.service,
        "status": case.status,
        "submitted_at": case.submitted_at,
        "answers": case.answers,
        "events": list(case.events.order_by("seq").values(*fields, own_words=F("facts__own_words"))),
        "asked": list(case.deficiencies.order_by("pk").values("sentence", "own_words", "answer", "answered_at")),
        "inspections": list(case.inspections.order_by("pk").values("visited_on", "result", "findings", "own_words")),
        "objections": list(
            case.objections.order_by("pk").values(
                "kind",
                "at",
                "outcome",
                text=F("event__reason"),
                answer=F("decision__reason"),
                answer_own_words=F("decision__facts__own_words"),
                addressed_to_name=F("addressed_to__full_name"),
            )
        ),
        "papers": list(case.issued_documents.order_by("pk").values("kind", "number", "issued_at", "valid_until")),
    }


# -- erasure ---------------------------------------------------------------------------------------------------


def reason_not_to_erase(user: User, now: datetime) -> str:
    """What stands against erasing this person now, in words; nothing when nothing does."""
    if holds_power(user):
        return _("You work for the municipality. Your posts have to end first.")
    if user.memberships.current(timezone.localdate(now)).exists():
        return _("You work in an engineering office. Your membership has to end first.")
    if user.transactions.open().exists():
        return _("You have open requests. Wait until they are closed, or withdraw them first.")
    if user.authorisations.filter(status__in=LIVE).exists():
        return _("An engineering office is still authorised by you. Revoke that first.")
    return ""


@transaction.atomic
def erase_person(user: User, *, by: User, now: datetime | None = None) -> None:
    """Take out of the database who this person is. AccountError `cannot_be_erased` with what stands against it.

    Their account opens no more. Closed requests stay as municipal files under a person without name, number or mobile;
    papers as they were issued, with the name that stands on them (PaperContent), or they would no longer be those.
    """
    now = now or timezone.now()
    locked = User.objects.select_for_update().get(pk=user.pk)
    if message := reason_not_to_erase(locked, now):
        raise AccountError("cannot_be_erased", message)
    OneTimeCode.objects.filter(national_id=locked.national_id).delete()
    SignOnRequest.objects.filter(national_id=locked.national_id).delete()
    _forget_delegations(locked, now)
    locked.emails_asked.all().delete()
    EmailAddress.objects.filter(user=locked).delete()
    if locked.email:
        StatusSubscription.objects.filter(email__iexact=locked.email).delete()
    PhoneChange.objects.filter(user=locked).update(old="", new="")
    # What makes two proposals the same names the mobile, too.
    told_apart = Concat(Value("erased:"), Cast("pk", CharField()))
    Proposal.objects.filter(person=locked).update(phone="", same=told_apart)
    newcomers.forget(locked)
    NameChange.objects.filter(user=locked).update(old="", new="", phone="")
    BroughtReceipt.objects.filter(transaction__applicant=locked).update(phone="")
    SavedFilter.objects.filter(owner=locked).delete()
    person_erased.send(User, person=locked, now=now)
    _delete_history(User, [locked.pk])
    _delete_history(Authorisation, locked.authorisations.values_list("pk", flat=True))
    _delete_history(Proposal, locked.proposals.values_list("pk", flat=True))
    _delete_history(StaffPost, locked.posts.values_list("pk", flat=True))
    _delete_history(OfficeMembership, locked.memberships.values_list("pk", flat=True))
    AuthToken.objects.filter(user=locked).delete()
    Authenticator.objects.filter(user=locked).delete()
    _delete_drafts(Draft.objects.unsent().filter(applicant=locked), now)
    # Of those that were sent, the request keeps what counts.
    Draft.objects.filter(applicant=locked).update(visitor_changes=None, owner_note="")
    _remove_files(unattached_of(locked), now)
    _delete_notices(Notification.objects.filter(recipient=locked))
    marks = [(case.reference, person_mark(case.mark_salt, locked.national_id)) for case in locked.transactions.all()]
    locked.national_id = f"{ERASED}{locked.pk:09d}"
    locked.full_name, locked.phone, locked.email, locked.is_active = UNKNOWN, "", "", False
    locked.set_unusable_password()
    locked.save()
    access_log.record(Act.ERASED, by=by, person=locked, now=now)
    for reference, mark in marks:
        # So that the journal's check knows whose mark that of the request was, which no row can tell any more.
        chain.append("erased", reference, {"for": mark}, now)


def _forget_delegations(person: User, now: datetime) -> None:
    """Those by which they acted, or others for them, end and lose what the paper says: it names both sides. That there
    was one, from which day to which and who saw it, stays for the events that name it.
    """
    either = Q(principal=person) | Q(agent=person)
    Delegation.objects.filter(either, ended_at=None).update(ended_at=now)
    Delegation.objects.filter(either).update(number=UNKNOWN, issuer=UNKNOWN)
    Delegation.history.filter(either).update(number=UNKNOWN, issuer=UNKNOWN)
    papers = Delegation.objects.filter(either).values("pk")
    _remove_files(Attachment.objects.filter(delegation__in=papers, removed_at=None), now)


def _delete_history(model: type[Model], keys: Iterable[int]) -> None:
    """What the admin's own history quotes of these rows."""
    rows = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(model))
    rows.filter(object_id__in=[str(key) for key in keys]).update(object_repr=UNKNOWN, change_message="")


def _delete_drafts(drafts: Any, now: datetime) -> int:
    """Drafts with their files, also the scan of the slip one was entered from; the files' bytes go with the daily
    sweep.
    """
    deleted = list(drafts.values_list("pk", flat=True))
    slips = Slip.objects.filter(draft__in=deleted, transaction=None)
    scans = list(slips.exclude(scan=None).values_list("scan", flat=True))
    # Without a scan nobody can read it: it is begun again.
    slips.update(scan=None, asked_at=None)
    _remove_files(Attachment.objects.filter(Q(draft__in=deleted) | Q(pk__in=scans), transaction=None), now)
    Draft.objects.filter(pk__in=deleted).delete()
    return len(deleted)


def _remove_files(files: QuerySet[Attachment], now: datetime) -> None:
    """They are shown to nobody from now on; their names go at once, their bytes with the daily sweep."""
    keys = list(files.values_list("key", flat=True))
    Attachment.objects.filter(key__in=keys).update(removed_at=now, original_name=UNKNOWN)
    transaction.on_commit(lambda: [previews.delete_previews(key) for key in keys], robust=True)


def _delete_notices(notices: Any) -> int:
    chosen = list(notices.values_list("pk", flat=True))
    Outbox.objects.filter(kind="notify", subject__in=chosen).delete()
    Delivery.objects.filter(notification__in=chosen).delete()
    Notification.objects.filter(pk__in=chosen).delete()
    return len(chosen)


# -- retention -------------------------------------------------------------------------------------------------


@transaction.atomic
def delete_expired(now: datetime, most: int) -> dict[str, int]:
    """Apply the periods of settings.privacy, so many of each kind at a time; returns how many went."""
    keep_for = timedelta(days=settings.KEEP_DRAFTS_DAYS)
    # Nobody could go on writing while an incident lasted: its days are no days of the period.
    stale = now - keep_for - timedelta(days=days_lost(memory.known().pauses, now - keep_for, now))
    drafts = Draft.objects.unsent().filter(updated_at__lt=stale).order_by("pk").values("pk")[:most]
    old = now - timedelta(days=settings.KEEP_NOTICES_DAYS)
    notices = Notification.objects.filter(created_at__lt=old).order_by("pk")[:most]
    handed_in = BroughtReceipt.objects.filter(settled_at__lt=old).exclude(phone="").values("pk")[:most]
    return {
        "drafts": _delete_drafts(Draft.objects.filter(pk__in=list(drafts.values_list("pk", flat=True))), now),
        "notices": _delete_notices(notices),
        "mobiles": BroughtReceipt.objects.filter(pk__in=handed_in).update(phone=""),
    }
