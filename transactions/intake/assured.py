"""What a service asks of who somebody is (service_types.Assured), asked of a person; and what they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.assurance import Level, explain_level
from accounts.delegated import Operation

from .. import access
from ..domain.errors import DomainError

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from accounts.models import User

    from ..domain.service_types import ServiceType
    from ..models import Transaction

# By the names of service_types.Assured.
LACKING = {
    "start": gettext_lazy("To start this request, you must verify your identity to a higher level."),
    "submit": gettext_lazy(
        "To submit this request, you must verify your identity to a higher level. What you write here is saved "
        "in the meantime."
    ),
    "authorise": gettext_lazy("The owner of the plot must first verify their identity to a higher level."),
    "receive": gettext_lazy("This document is released to its owner once their identity is verified."),
}


def missing_level(service: ServiceType, step: str, person: User, *, at_counter: bool = False) -> StrOrPromise:
    """What stands between this person and a step (a name of Assured), and how to get there; empty when nothing does.

    `at_counter`: a clerk has the original ID before them.
    """
    needed: Level = getattr(service.assured, step)
    known = max(person.assurance, Level.COUNTER) if at_counter else person.assurance
    if known >= needed:
        return ""
    how = (
        explain_level(needed)
        if needed <= person.id_kind.highest
        else _("This level cannot be reached with this kind of ID.")
    )
    return f"{LACKING[step]} {how}"


def refuse_below_level(service: ServiceType, step: str, person: User, *, at_counter: bool = False) -> None:
    """DomainError `identity_needed`."""
    if message := missing_level(service, step, person, at_counter=at_counter):
        raise DomainError("identity_needed", message)


def why_not_received(case: Transaction, reader: User) -> StrOrPromise:
    """What keeps what was issued from somebody on the applicant's side; empty when nothing does.

    A delegate needs a paper that lets them receive it. Whoever acts waits until the applicant is known well enough, but
    for such a delegate who is known well enough themselves.
    """
    if not access.acts_for_applicant(reader, case, Operation.RECEIVE):
        return _("The document by which you act for its owner does not allow you to receive what is issued.")
    lacking = missing_level(case.service_type, "receive", case.applicant)
    if lacking and access.delegation_about(reader, case, Operation.RECEIVE):
        return missing_level(case.service_type, "receive", reader)
    return lacking


def refuse_to_receive(case: Transaction, reader: User) -> None:
    """DomainError `identity_needed` or `not_delegated` for somebody on the applicant's side; staff are not asked."""
    if access.acts_for_applicant(reader, case) and (message := why_not_received(case, reader)):
        covered = access.acts_for_applicant(reader, case, Operation.RECEIVE)
        raise DomainError("identity_needed" if covered else "not_delegated", message)


def may_receive_document(case: Transaction, reader: User) -> bool:
    """May somebody on the applicant's side be handed what was issued?"""
    return not why_not_received(case, reader)


def describe_levels(service: ServiceType) -> list[StrOrPromise]:
    """Lines for the page of a service: what has to be proven beyond a mobile, before what."""
    words = {
        "start": _("before you start"),
        "submit": _("before you submit"),
        "authorise": _("before you authorise an engineering office"),
        "receive": _("before you get the document"),
    }
    steps: dict[Level, list[str]] = {}
    for step, when in words.items():
        level: Level = getattr(service.assured, step)
        if level > Level.PHONE and (step != "authorise" or service.submitted_by == "engineering_office"):
            steps.setdefault(level, []).append(when)
    return [
        _("%(level)s: %(when)s") % {"level": level.label, "when": _(", ").join(when)}
        for level, when in sorted(steps.items())
    ]
