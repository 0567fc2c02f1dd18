"""Secrets and powers that came back out of a backup: some were ended after it was made, and nobody knows which.

So all of them end. Whoever has both the old password and the mobile on file makes new ones; everybody else shows
their ID at a service centre. Posts, memberships and authorisations are given back by `manage.py reinstate`, after
somebody has compared them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from knox.models import AuthToken

from .errors import AccountError
from .models import Authorisation, Delegation, EmailChange, OfficeMembership, OneTimeCode, Proposal, StaffPost, User
from .sign_on import flow

TERMS: dict[str, type[StaffPost | OfficeMembership | Delegation]] = {
    "posts": StaffPost,
    "memberships": OfficeMembership,
    "delegations": Delegation,
}
RESTORE = "restore"
LIVE = (Authorisation.Status.GIVEN, Authorisation.Status.ACCEPTED)
# How many, or which by their keys where somebody has to go through them.
Revoked = dict[str, int | list[int]]


@transaction.atomic
def revoke_restored_access(now: datetime) -> Revoked:
    """End every secret and power that a restore has brought back; returns what was ended, by kind."""
    today = timezone.localdate(now)
    ended: Revoked = {
        "sessions": Session.objects.all().delete()[0],
        "tokens": AuthToken.objects.all().delete()[0],
        "codes": OneTimeCode.objects.filter(used_at=None).delete()[0],
        "sign_ons": flow.end_all(now),
        "email_links": EmailChange.objects.filter(closed_at=None).update(closed_at=now),
        "second_factors": Authenticator.objects.all().delete()[0],
        "passwords_and_mobiles": User.objects.update(to_renew=True),
    }
    rulers = User.objects.filter(is_superuser=True)
    ended["superusers"] = list(rulers.values_list("pk", flat=True))
    rulers.update(is_superuser=False)
    for kind, model in TERMS.items():
        current = model.objects.exclude(ends_on__lt=today)
        ended[kind] = list(current.values_list("pk", flat=True))
        for term in current:
            term.save()  # how it stood, in its history, from which `reinstate` gives it back
            term._change_reason = RESTORE
            term.starts_on = min(term.starts_on, today - timedelta(days=1))
            term.ends_on = today - timedelta(days=1)
            term.save()
    waiting = Proposal.objects.filter(outcome=Proposal.Outcome.WAITING)
    ended["proposals"] = waiting.update(outcome=Proposal.Outcome.LAPSED, answered_at=now)
    live = Authorisation.objects.filter(status__in=LIVE)
    ended["authorisations"] = list(live.values_list("pk", flat=True))
    live.update(status=Authorisation.Status.REVOKED, revoked_at=now)
    return ended


def refuse_unproven_phone(user: User, *, proved: bool) -> None:
    """AccountError `to_renew`: a mobile that came back out of a backup opens an account only with the password."""
    if user.to_renew and not proved:
        message = _(
            "The portal was restored from a backup, so a mobile alone cannot open an existing account. Sign in "
            "with your password, or show your original ID at a service centre."
        )
        raise AccountError("to_renew", message)


def trust_phone(user: User) -> None:
    """Whose mobile it is was made sure of: it opens the account again, and the password of before does not."""
    if user.to_renew:
        user.set_unusable_password()
        user.to_renew = False


@transaction.atomic
def reinstate(kind: str, keys: Sequence[int], now: datetime) -> int:
    """Give back posts, memberships, authorisations or superusers that a restore ended; returns how many.

    A post or membership holds from and to the days it held before, no longer; one that was changed since stays.
    """
    if kind == "superusers":
        return User.objects.filter(pk__in=keys, is_superuser=False).update(is_superuser=True)
    if kind == "authorisations":
        given = Authorisation.objects.filter(pk__in=keys, status=Authorisation.Status.REVOKED)
        answered = given.exclude(answered_at=None).update(status=Authorisation.Status.ACCEPTED, revoked_at=None)
        return answered + given.filter(answered_at=None).update(status=Authorisation.Status.GIVEN, revoked_at=None)
    done = 0
    for term in TERMS[kind].objects.filter(pk__in=keys).order_by("pk"):
        newest = term.history.latest()
        if newest.history_change_reason != RESTORE:
            continue
        before = newest.prev_record
        term.starts_on, term.ends_on = before.starts_on, before.ends_on
        term.save()
        done += 1
    return done
