"""Ending a certificate that papers were signed with: retired, or stolen. Two administrators, an entry in the journal.

A thief dates a file as he likes, so of a stolen key nothing counts but what we keep byte for byte (verifying.py). What
was ended signs nothing any more (making.py), and stolen is the last word: nobody takes it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import four_eyes
from accounts.models import Proposal, User
from journal import chain
from journal.entry import second_of
from journal.models import Entry

from ..models import SigningCertificate
from . import authority

Why = SigningCertificate.EndedWhy
KIND = "certificate_ended"


def validate(certificate: SigningCertificate, why: str, since: datetime | None, now: datetime) -> None:
    """ValidationError for an end there is not, one it has already, one to come, and after it was stolen."""
    if why not in Why:
        raise ValidationError({"ended_why": _("Choose why it ends.")})
    if certificate.ended_why in (why, Why.STOLEN):
        raise ValidationError({"ended_why": _("This certificate has already ended so.")})
    if since is None or not certificate.not_before <= since <= now:
        raise ValidationError({"ended_from": _("Give a time within the certificate's validity, not in the future.")})


def propose(
    certificate: SigningCertificate, why: str, *, since: datetime, reason: str, by: User | None, now: datetime
) -> Proposal:
    """Propose that it ends; from `since` it is not to be relied on. ValidationError as `validate`; AccountError as
    four_eyes.
    """
    validate(certificate, why, since, now)
    facts = {"certificate": certificate.fingerprint, "why": why, "from": second_of(since)}
    change = f"{certificate.pk}:{why}:{facts['from']}"
    return four_eyes.propose(Proposal.Kind.CERTIFICATE, change, facts, reason=reason, by=by, now=now)


@four_eyes.carries_out(Proposal.Kind.CERTIFICATE)
def _end(proposal: Proposal, by: User | None, now: datetime) -> None:
    facts = proposal.facts or {}
    certificate = SigningCertificate.objects.select_for_update().get(fingerprint=facts["certificate"])
    since = datetime.fromisoformat(facts["from"])
    validate(certificate, facts["why"], since, now)
    certificate.ended_at, certificate.ended_from, certificate.ended_why = now, since, facts["why"]
    certificate.save(update_fields=["ended_at", "ended_from", "ended_why"])
    entered = {**facts, "ended": second_of(now)}
    chain.append(KIND, _subject(certificate), entered, now)


@four_eyes.describes(Proposal.Kind.CERTIFICATE)
def describe(proposal: Proposal) -> list[str]:
    """What is proposed, line by line, and what follows."""
    facts = proposal.facts or {}
    certificate = SigningCertificate.objects.get(fingerprint=facts["certificate"])
    lines = [certificate.subject, certificate.fingerprint, str(Why(facts["why"]).label)]
    since = timezone.localtime(datetime.fromisoformat(facts["from"]))
    lines.append(_("From when: %(moment)s") % {"moment": f"{since:%Y-%m-%d %H:%M}"})
    lines.append(_("No document is signed with it any more: new ones wait for another certificate."))
    if facts["why"] == Why.STOLEN:
        lines.append(_("Whoever checks a file signed with it that we do not keep is told not to rely on it."))
    return lines


def refuse_ended(fingerprint: str) -> None:
    """ImproperlyConfigured where this certificate was ended: nothing is signed with it."""
    if SigningCertificate.objects.filter(fingerprint=fingerprint).exclude(ended_why="").exists():
        raise ImproperlyConfigured("The certificate that signs documents was ended: put a new one in its place.")


def is_signing_with_ended(now: datetime) -> bool:
    """Is what the settings name a certificate that was ended? Whoever is on duty hears of it."""
    if not SigningCertificate.objects.exclude(ended_why="").exists():
        return False
    try:
        refuse_ended(authority.current(now).fingerprint)
    except ImproperlyConfigured:
        return True
    return False


# -- the daily check (journal/check.py) ------------------------------------------------------------------------


def compare(bodies: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Certificates that the journal says have ended, and the database does not."""
    ended = [body for body in bodies if body["kind"] == KIND]
    rows = SigningCertificate.objects.filter(fingerprint__in=[body["certificate"] for body in ended])
    stands = {row.fingerprint: row for row in rows}
    for body in ended:
        row = stands.get(body["certificate"])
        later = row is not None and row.is_stolen and body["why"] != Why.STOLEN
        if not later and (row is None or _facts(row) != (body["why"], body["from"])):
            yield f"{body['ref']}: the journal says it ended ({body['why']}), entry {body['seq']}, and the row does not"


def without_entry() -> list[str]:
    """Certificates that ended without an entry of the journal."""
    ended = SigningCertificate.objects.exclude(ended_why="")
    entered = set(Entry.objects.filter(kind=KIND).values_list("subject", flat=True)) if ended else set()
    return [f"{_subject(row)}: it ended without an entry" for row in ended if _subject(row) not in entered]


def _facts(certificate: SigningCertificate) -> tuple[str, str]:
    return certificate.ended_why, second_of(certificate.ended_from) if certificate.ended_from else ""


def _subject(certificate: SigningCertificate) -> str:
    return f"certificate-{certificate.pk}"
