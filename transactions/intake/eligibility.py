"""Who may file a request."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import delegation_for, engineering_offices_of, roles_in
from accounts.delegated import Operation
from accounts.models import Authorisation, Delegation, Role, User
from core.day_words import day_in_words

from ..domain.errors import DomainError
from ..domain.service_types import ApplicantKind, ServiceType, SubmittedBy
from ..models import AT_COUNTER, Channel
from .assured import refuse_below_level
from .submission import Submission

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def refuse_unless_may_submit(submission: Submission, by: User, now: datetime) -> None:
    """Who may file: the owner; a clerk at a counter; for drawings, the owner through an authorised office."""
    service, authorisation = submission.service, submission.authorisation
    refuse_unless_applicant(service, submission.applicant)
    if submission.delegation is not None:
        refuse_unless_delegated(submission.delegation, by, service, timezone.localdate(now))
    by_right = may_file_for(by, submission.applicant, service, authorisation)
    delegated = submission.channel not in AT_COUNTER and by_right
    of = by if delegated else submission.applicant
    refuse_below_level(service, "submit", of, at_counter=submission.channel in AT_COUNTER)
    if submission.channel in AT_COUNTER:
        if submission.centre is None or Role.CENTRE_CLERK not in roles_in(by, submission.centre):
            raise DomainError("not_at_this_counter", _("You do not take requests at this centre."))
    elif not delegated:
        raise DomainError("not_the_applicant", _("Only the owner can submit this request."))
    if service.submitted_by is not SubmittedBy.ENGINEERING_OFFICE:
        refuse_authorisation(authorisation)
        return
    if submission.channel == Channel.API:
        refuse_unless_by_owner(service)
    if authorisation is None or authorisation.owner_id != submission.applicant.pk:
        raise DomainError(
            "office_needed",
            _("This service is filed through an engineering office that the owner authorises."),
        )
    refuse_unless_in_force(authorisation, now)


def may_file_for(by: User, applicant: User, service: ServiceType, given: Authorisation | None = None) -> bool:
    """Is it their own, or does a delegation let them file this service for the applicant? What an engineering office
    prepared under the authorisation `given`, nobody who works in that office approves for its owner.
    """
    if by.pk == applicant.pk:
        return True
    prepared = service.submitted_by is SubmittedBy.ENGINEERING_OFFICE
    if prepared and (given is None or given.office_id in {office.pk for office in engineering_offices_of(by)}):
        return False
    return delegation_for(by, applicant.pk, service.code, Operation.FILE) is not None


def find_delegation(by: User, key: int) -> Delegation:
    """The document by which this person says they act, in force or not; DomainError `not_your_delegation`."""
    row = Delegation.objects.filter(pk=key, agent=by).select_related("principal").first()
    if row is None:
        raise DomainError("not_your_delegation", _("You hold no such document."))
    return row


def refuse_unless_holding(row: Delegation, today: date) -> None:
    """DomainError `delegation_not_live`, which says why."""
    if row.holds(today) and row.principal.is_active:
        return
    if row.ended_at is None and row.starts_on > today:
        message = _("The document %(number)s is not in force before %(day)s.")
    elif row.ended_at is None and row.holds(today):
        message = _("The account of the person you act for by the document %(number)s is closed.")
    else:
        message = _("The document %(number)s is no longer in force. Its last day was %(day)s.")
    day = row.starts_on if row.starts_on > today else row.ends_on
    raise DomainError("delegation_not_live", message % {"number": row.number, "day": day_in_words(day)})


def refuse_unless_delegated(row: Delegation, by: User, service: ServiceType, today: date) -> None:
    """May this person file this service by this document, today? DomainError `not_your_delegation`,
    `delegation_not_live`, `not_delegated`.
    """
    if row.agent_id != by.pk:
        raise DomainError("not_your_delegation", _("You hold no such document."))
    refuse_unless_holding(row, today)
    if not row.covers(service.code, on=today):
        message = _("The document %(number)s does not cover this service.")
    elif not row.covers(service.code, Operation.FILE, on=today):
        message = _("The document %(number)s does not allow you to submit requests.")
    else:
        return
    raise DomainError("not_delegated", message % {"number": row.number})


_ONLY_FOR = {
    ApplicantKind.ESTABLISHMENT: gettext_lazy(
        "This service is for establishments: sign in with the unified number, ten digits that begin with 7."
    ),
    ApplicantKind.PERSON: gettext_lazy("This service is for people, not for establishments."),
}


def only_for_whom(service: ServiceType) -> StrOrPromise:
    """A sentence on a service that only establishments, or only people, can ask for; empty for one that all can."""
    return _ONLY_FOR[next(iter(service.applicants))] if len(service.applicants) == 1 else ""


def refuse_unless_applicant(service: ServiceType, person: User) -> None:
    """DomainError `not_for_applicant`."""
    establishment = person.id_kind.code == "establishment"
    kind = ApplicantKind.ESTABLISHMENT if establishment else ApplicantKind.PERSON
    if kind not in service.applicants:
        raise DomainError("not_for_applicant", str(only_for_whom(service)))


def refuse_unless_by_owner(service: ServiceType) -> None:
    """DomainError `office_needed` for what offices prepare: only a draft shows that they did, and that the owner
    approved that one.
    """
    if service.submitted_by is SubmittedBy.ENGINEERING_OFFICE:
        raise DomainError(
            "office_needed",
            _("An engineering office prepares this request on the portal, and its owner submits it there."),
        )


def refuse_authorisation(authorisation: Authorisation | None) -> None:
    """DomainError `office_not_needed`: an authorisation is for the services that offices prepare."""
    if authorisation is not None:
        raise DomainError("office_not_needed", _("The owner files this service without an engineering office."))


def refuse_unless_in_force(authorisation: Authorisation, now: datetime) -> None:
    """DomainError `authorisation_not_live` or `licence_expired`."""
    if authorisation.status != Authorisation.Status.ACCEPTED:
        raise DomainError("authorisation_not_live", _("The authorisation of the engineering office is not in force."))
    if not authorisation.office.may_practise(timezone.localdate(now)):
        raise DomainError("licence_expired", _("The licence of the engineering office is not in force."))
