"""States of a page in a word each, with the kind of tag that says it (templates/components/status_tag.html)."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Authorisation, User

from .. import access
from ..models import Draft

SOON_DAYS = 60


@dataclass(frozen=True)
class Tag:
    """`kind` is success, warning, error, info or plain; without one the words stand alone."""

    kind: str
    label: str


def draft_tag(draft: Draft, reader: User) -> Tag:
    """Whom a request that is not submitted waits for."""
    authorisation, own = draft.authorisation, access.approves(reader, draft)
    if authorisation and authorisation.status != Authorisation.Status.ACCEPTED:
        return Tag("plain", _("The authorisation has ended"))
    if draft.stage == Draft.Stage.AWAITING_OWNER:
        return Tag("warning", _("Awaiting your approval")) if own else Tag("info", _("With the owner for approval"))
    if draft.owner_note:
        return Tag("warning", _("The owner asks for changes"))
    return Tag("plain", _("The office is preparing it") if authorisation and own else _("Draft"))


def licence_tag(days: int) -> Tag | None:
    """Of an engineering office whose licence runs so many days yet; nothing while that is no news."""
    if days < 0:
        return Tag("error", _("Not in force"))
    if days > SOON_DAYS:
        return None
    words = ngettext("Expires in %(n)s day", "Expires in %(n)s days", days) % {"n": days}
    return Tag("warning", words if days else _("Expires today"))


def portal_tag(offered: int, closed: int, *, routing_works: bool) -> Tag:
    """How the portal is, with so many services, of which so many take no new requests."""
    if closed == offered:
        return Tag("warning", _("No service is taking new requests at the moment"))
    if closed:
        return Tag("warning", _("Some services are not taking new requests at the moment"))
    if routing_works:
        return Tag("success", _("The service is running"))
    return Tag("warning", _("We are taking requests, but routing is delayed"))
