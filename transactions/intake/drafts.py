"""Requests being written: begun, saved page by page, shown to the owner, submitted. A draft has no number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import services as people
from accounts.access import engineering_offices_of, roles_in
from accounts.errors import AccountError
from accounts.models import Authorisation, Role, User
from core.forms.concurrency import is_stale, same
from core.forms.versioned import saved_meanwhile
from core.text import prose
from municipality.models import Office

from .. import access, previews, quotas
from ..answers import cleaning as answers
from ..answers.plots import plot_of
from ..answers.summary import answer_in_words
from ..domain.errors import DomainError, Invalid, Overtaken, Problem
from ..domain.service_types import ServiceType, Step, SubmittedBy
from ..domain.text_length import validate_text_length
from ..models import AT_COUNTER, Attachment, AuthorisationEvent, Channel, Draft, Intake, Slip
from ..notifications.authorisation_events import record_authorisation_event
from .assured import refuse_below_level
from .closures import refuse_if_closed
from .eligibility import may_file_for, refuse_authorisation, refuse_unless_applicant, refuse_unless_in_force
from .submission import Submission
from .submit import check_submission, submit


def start_draft(
    service: ServiceType,
    *,
    by: User,
    applicant: User | None = None,
    authorisation: Authorisation | None = None,
    centre: Office | None = None,
    channel: Channel = Channel.COUNTER,
    visitor_changes: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> Draft:
    """Begin a request for oneself, at a counter for someone who came in, or as the office an owner authorised.

    A draft of the same kind in which nothing is written yet is given back instead: pressing twice begins one.
    `visitor_changes` (accounts.visitors.Visitor.differs_from) says that a clerk has the original ID before them, and
    what of the person on file is changed with the request. DomainError `identity_needed` by the rules of the service.
    """
    now = now or timezone.now()
    refuse_if_closed(service)
    channel = channel if centre else Channel.ONLINE
    if centre and Role.CENTRE_CLERK not in roles_in(by, centre):
        raise DomainError("not_at_this_counter", _("You do not take requests at this centre."))
    if service.submitted_by is not SubmittedBy.ENGINEERING_OFFICE:
        refuse_authorisation(authorisation)
    if authorisation is not None:
        _check_office(service, authorisation, by, now)
        applicant = authorisation.owner
    elif service.submitted_by is SubmittedBy.ENGINEERING_OFFICE:
        raise DomainError(
            "office_needed",
            _("This service is filed through an engineering office that the owner authorises."),
        )
    elif applicant is not None and not centre and not may_file_for(by, applicant, service):
        raise DomainError("not_the_applicant", _("You can only start a request for yourself."))
    refuse_unless_applicant(service, applicant or by)
    # Of whom somebody files for by delegation, a clerk has seen the paper; who files is to be known.
    of = (applicant or by) if centre or authorisation else by
    refuse_below_level(service, "start", of, at_counter=centre is not None)
    kind = {
        "service": service.code,
        "applicant": applicant or by,
        "created_by": by,
        "authorisation": authorisation,
        "channel": channel,
        "centre": centre,
        "answers": plot_of(authorisation) if authorisation else {},
    }
    with transaction.atomic():
        # Whoever presses twice at once waits here for the draft of their first press.
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        untouched = Draft.objects.filter(**kind, stage=Draft.Stage.OPEN, attachments=None, slip=None).first()
        if untouched is None:
            quotas.spend_quota("drafts", by, now)
            return Draft.objects.create(**kind, visitor_changes=visitor_changes, created_at=now, updated_at=now)
        untouched.visitor_changes = visitor_changes
        untouched.save(update_fields=["visitor_changes"])
        return untouched


def _check_office(service: ServiceType, authorisation: Authorisation, by: User, now: datetime) -> None:
    if authorisation.office_id not in {office.pk for office in engineering_offices_of(by)}:
        raise DomainError("not_your_office", _("This authorisation was given to another office."))
    refuse_unless_in_force(authorisation, now)
    refuse_below_level(service, "authorise", authorisation.owner)


def lock_open(draft: Draft, by: User) -> Draft:
    """The draft, locked, if it is in this person's hands now; DomainError `already_submitted` or `with_owner`."""
    locked = (
        Draft.objects.select_for_update(of=("self",))
        .select_related("applicant", "authorisation__office", "centre")
        .filter(access.drafts_condition(by), pk=draft.pk)
        .first()
    )
    if locked is None or locked.stage == Draft.Stage.SUBMITTED:
        raise DomainError("already_submitted", _("This request has already been submitted."))
    if locked.stage == Draft.Stage.AWAITING_OWNER and not access.approves(by, locked):
        refuse_unless_writer(locked, by)
    return locked


def lock_to_write(draft: Draft, by: User) -> Draft:
    """As lock_open, if this person may change what is written in it and attached; else `office_writes` too."""
    locked = lock_open(draft, by)
    refuse_unless_writer(locked, by)
    return locked


def refuse_unless_writer(draft: Draft, by: User) -> None:
    """DomainError `office_writes` or `with_owner` for whoever may read a draft and not change it now."""
    if access.may_write(by, draft):
        return
    if access.approves(by, draft):
        message = _(
            "Your engineering office prepares this file. Nothing was changed; the office can change it for you."
        )
        raise DomainError("office_writes", message)
    raise DomainError("with_owner", _("The file is with the owner for approval."))


Page = tuple[Step, Mapping[str, Any]]


def save_step(
    draft: Draft, step: Step, typed: Mapping[str, Any], *, by: User, seen: str = "", now: datetime | None = None
) -> tuple[Problem, ...]:
    """Keep what was typed on one page, right (in canonical form) or wrong, and return what is wrong with it."""
    return save_pages(draft, [(step, typed)], by=by, seen=seen, now=now)


@transaction.atomic
def save_pages(
    draft: Draft, pages: Sequence[Page], *, by: User, seen: str = "", now: datetime | None = None
) -> tuple[Problem, ...]:
    """As save_step, for several pages (step, raw answers) that were shown as one.

    `seen` is the fingerprint of their answers (`answers_of`) when they were opened. Overtaken, and nothing is kept,
    when those were changed since to something else than is typed now.
    """
    locked = lock_to_write(draft, by)
    draft.answers = locked.answers
    written, problems = locked.answers, list[Problem]()
    for step, typed in pages:
        names = {spec.name for spec in step.fields}
        earlier = answers.clean_until(locked.service_type, written, step)
        others = {name: answer for name, answer in written.items() if name not in names}
        written = others | {name: answer for name, answer in typed.items() if name in names}
        cleaned = answers.clean_step(step, written, earlier)
        written = answers.tidy_step(step, written, cleaned.values)
        problems += cleaned.problems
    _refuse_if_overtaken(locked, [step for step, _typed in pages], written, seen)
    locked.answers = draft.answers = written
    locked.updated_at = now or timezone.now()
    locked.save(update_fields=["answers", "updated_at"])
    return tuple(problems)


def answers_of(draft: Draft, steps: Iterable[Step]) -> dict[str, Any]:
    """What is stored of the questions of these pages."""
    names = {spec.name for step in steps for spec in step.fields}
    return {name: answer for name, answer in draft.answers.items() if name in names}


def _refuse_if_overtaken(draft: Draft, steps: Sequence[Step], written: Mapping[str, Any], seen: str) -> None:
    if not is_stale(seen, answers_of(draft, steps)):
        return
    problems = []
    for spec in (spec for step in steps for spec in step.fields):
        stored = draft.answers.get(spec.name)
        if not same(stored, written.get(spec.name)):
            message = saved_meanwhile(answer_in_words(spec, stored))
            problems.append(Problem(spec.name, message, "overtaken", spec.label))
    if problems:
        raise Overtaken(problems)


def content_of(draft: Draft) -> dict[str, Any]:
    """What whoever presses “submit” has looked through: the answers and the files."""
    files = draft.attachments.filter(transaction=None, removed_at=None).values_list("key", flat=True)
    return {"answers": draft.answers, "files": sorted(map(str, files))}


def _refuse_if_changed(draft: Draft, seen: str) -> None:
    if is_stale(seen, content_of(draft)):
        message = _("The file has changed since you opened this page. Review it again, then press the button again.")
        raise DomainError("overtaken", message)


@transaction.atomic
def send_to_owner(draft: Draft, *, by: User, seen: str = "", now: datetime | None = None) -> Draft:
    """The engineering office hands the finished file to the owner for approval; `overtaken` as submit_draft."""
    locked = lock_to_write(draft, by)
    _refuse_if_changed(locked, seen)
    if locked.authorisation is None:
        raise DomainError("no_owner_to_ask", _("This request does not need anyone else's approval."))
    now = now or timezone.now()
    is_ready_for_owner(locked, by=by, now=now)
    locked.stage, locked.owner_note = Draft.Stage.AWAITING_OWNER, ""
    locked.updated_at = now
    locked.save(update_fields=["stage", "owner_note", "updated_at"])
    record_authorisation_event(AuthorisationEvent.Kind.SENT, locked.authorisation, draft=locked, by=by, now=now)
    return locked


@transaction.atomic
def ask_for_changes(draft: Draft, *, note: str, by: User, now: datetime | None = None) -> Draft:
    """The owner, or who may file for them, gives the file back to the office with a note; Invalid when it says nothing
    or too much.
    """
    locked = lock_open(draft, by)
    if locked.authorisation is None or locked.stage != Draft.Stage.AWAITING_OWNER or not access.approves(by, locked):
        raise DomainError("not_with_owner", _("This file is not waiting for your approval."))
    note, now = prose(note), now or timezone.now()
    if not note:
        raise Invalid([Problem("note", _("Write what the office has to change."), "required")])
    if problems := validate_text_length("note", note):
        raise Invalid(problems)
    locked.stage, locked.owner_note = Draft.Stage.OPEN, note
    locked.updated_at = now
    locked.save(update_fields=["stage", "owner_note", "updated_at"])
    record_authorisation_event(AuthorisationEvent.Kind.CHANGES, locked.authorisation, draft=locked, by=by, now=now)
    return locked


def submission_of(draft: Draft, language: str, by: User) -> Submission:
    """The draft as intake takes it: without what was answered before its question was dropped (the pages show that).

    Begun at a counter and sent by its owner, it comes online: no clerk took it in.
    """
    files: dict[str, list[UUID]] = {}
    for document, key in draft.attachments.filter(transaction=None, removed_at=None).values_list("document", "key"):
        files.setdefault(document, []).append(key)
    asked = {document.code for document in draft.service_type.documents_for(draft.answers)}
    questions = {spec.name for spec in draft.service_type.fields()}
    at_counter = draft.channel in AT_COUNTER and draft.created_by_id == by.pk
    return Submission(
        service=draft.service_type,
        applicant=draft.applicant,
        answers={name: answer for name, answer in draft.answers.items() if name in questions},
        attachments={code: keys for code, keys in files.items() if code in asked},
        authorisation=draft.authorisation,
        channel=Channel(draft.channel) if at_counter else Channel.ONLINE,
        centre=draft.centre if at_counter else None,
        language=language,
        draft=draft.pk,
        slip=Slip.objects.filter(draft=draft).first() if draft.channel == Channel.PAPER else None,
    )


def is_ready_for_owner(draft: Draft, *, by: User, now: datetime | None = None) -> None:
    """Raise Invalid with everything that is still missing or wrong in a draft."""
    check_submission(submission_of(draft, draft.applicant.language, by), by=by, now=now or timezone.now())


def submit_draft(draft: Draft, *, by: User, seen: str = "", now: datetime | None = None) -> Intake:
    """Submit once: pressing twice, or coming back later, gives the same receipt.

    `seen` is the fingerprint of `content_of` the draft when it was looked through. DomainError `overtaken` when it was
    changed since; `already_submitted` for the clerk who began what the owner has sent: the receipt is the owner's.
    """
    if earlier := _find_intake(draft, by):
        return earlier
    now = now or timezone.now()
    with transaction.atomic():
        locked = Draft.objects.select_for_update(of=("self",)).filter(access.drafts_condition(by), pk=draft.pk).first()
        if locked is not None and locked.stage != Draft.Stage.SUBMITTED:
            locked = lock_open(draft, by)
            _refuse_if_changed(locked, seen)
            if locked.channel == Channel.PAPER and locked.created_by_id != by.pk:
                raise DomainError("on_paper", _("The service centre enters this request from a slip."))
            if (
                locked.service_type.submitted_by is SubmittedBy.ENGINEERING_OFFICE
                and locked.stage != Draft.Stage.AWAITING_OWNER
            ):
                raise DomainError("owner_has_not_approved", _("The office has not sent you this file yet."))
            if locked.authorisation and locked.stage == Draft.Stage.AWAITING_OWNER:
                record_authorisation_event(
                    AuthorisationEvent.Kind.APPROVED, locked.authorisation, draft=locked, by=by, now=now
                )
            _identify_visitor(locked, by, now)
            intake = submit(submission_of(locked, locked.applicant.language, by), by=by, key=_key(draft), now=now)
            locked.stage, locked.updated_at = Draft.Stage.SUBMITTED, now
            locked.save(update_fields=["stage", "updated_at"])
            return intake
    if taken := _find_intake(draft, by):
        return taken
    raise DomainError("already_submitted", _("This request has already been submitted."))


def _identify_visitor(draft: Draft, by: User, now: datetime) -> None:
    """What a clerk saw and asked is written of the person together with their request, and with nothing else."""
    if draft.visitor_changes is None or draft.channel not in AT_COUNTER or draft.created_by_id != by.pk:
        return
    try:
        draft.applicant = people.confirm_identity(draft.applicant, draft.visitor_changes, by=by, now=now)
    except AccountError as error:
        raise DomainError(error.code, error.message) from error


@transaction.atomic
def ask_about_visitor(draft: Draft, changes: Mapping[str, Any], *, by: User) -> None:
    """A clerk has asked a visitor again about what differs from what is on file."""
    locked = lock_to_write(draft, by)
    locked.visitor_changes = changes
    locked.save(update_fields=["visitor_changes"])


def _key(draft: Draft) -> str:
    return f"draft:{draft.key}"


def _find_intake(draft: Draft, by: User) -> Intake | None:
    """What came of a draft, if its receipt is for this person. Intakes are indexed by sender, so it is looked up so."""
    senders = {draft.applicant_id, draft.created_by_id}
    if draft.authorisation_id is not None:
        # Somebody who may file for the owner may have approved it.
        approved = AuthorisationEvent.objects.filter(draft=draft, kind=AuthorisationEvent.Kind.APPROVED)
        senders.update(approved.values_list("by", flat=True))
    intake = Intake.objects.select_related("transaction").filter(by__in=senders, key=_key(draft)).first()
    return intake if intake and access.may_see_receipt(by, intake.transaction) else None


@transaction.atomic
def delete_draft(draft: Draft, *, by: User, now: datetime | None = None) -> None:
    """Throw a draft away; its files are removed too, and a person of whom a clerk typed no more than this.

    DomainError `office_writes` for the owner while an office works on it.
    """
    locked = lock_open(draft, by)
    if not access.may_discard(by, locked):
        raise DomainError(
            "office_writes",
            _("Your engineering office is working on this file. Revoke its authorisation first, then delete the file."),
        )
    files = Attachment.objects.filter(draft=locked, transaction=None)
    keys = list(files.values_list("key", flat=True))
    files.update(removed_at=now or timezone.now())
    locked.delete()
    people.delete_unproven_account(locked.applicant)
    transaction.on_commit(lambda: [previews.delete_previews(key) for key in keys], robust=True)
