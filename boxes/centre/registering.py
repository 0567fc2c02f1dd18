"""Boxes enrolled by two administrators, and ended by one press."""

from __future__ import annotations

import base64
import logging
from datetime import datetime
from functools import partial

import pyrage
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import access_log, four_eyes
from accounts.access import is_administrator
from accounts.errors import AccountError
from accounts.models import Act, Proposal, User
from core.db.locks import take_lock
from core.text import is_storable, one_line
from journal import keys, nodes
from journal.entry import second_of
from journal.node_list import CLONED, RETIRED, STOLEN, ListedChain
from municipality.models import Office
from transactions.domain.pins import box_key
from transactions.domain.references import BOX_LETTERS

from .. import enrolment, words
from ..models import Box, Delivered
from . import news, secrets

logger = logging.getLogger(__name__)
CHARACTERS = "0123456789ABCDEFGHJKMNPQRSTUVWXYZ"
# In the words of the node list.
ENDS = {Box.End.LOST: STOLEN, Box.End.RETIRED: RETIRED, Box.End.CLONED: CLONED}


def propose(office: Office, name: str, *, reason: str, by: User | None, now: datetime) -> Proposal:
    """Propose a box for an office. ValidationError for a name that is none; AccountError as four_eyes."""
    name = one_line(name)
    if not name or len(name) > 60 or not is_storable(name):
        raise ValidationError({"name": _("Give the box a name of up to 60 characters.")})
    facts = {"office": office.pk, "name": name}
    return four_eyes.propose(Proposal.Kind.BOX, f"{office.pk}:{name}"[:60], facts, reason=reason, by=by, now=now)


@four_eyes.describes(Proposal.Kind.BOX)
def describe(proposal: Proposal) -> list[str]:
    """What is proposed, line by line."""
    facts = proposal.facts or {}
    office = Office.objects.filter(pk=facts.get("office", 0)).first()
    return [_("%(name)s, at %(office)s") % {"name": facts.get("name", ""), "office": office.name if office else "—"}]


@four_eyes.carries_out(Proposal.Kind.BOX)
def _create(proposal: Proposal, by: User | None, now: datetime) -> None:
    facts = proposal.facts or {}
    take_lock("boxes")
    taken = set(Box.objects.values_list("node", flat=True))
    free = (f"{letter}{character}" for letter in BOX_LETTERS for character in CHARACTERS)
    node = next((name for name in free if name not in taken), "")
    if not node:
        raise ValidationError(_("All names for boxes have been given."))
    Box.objects.create(
        node=node,
        office_id=facts["office"],
        name=facts["name"],
        created_at=now,
        created_by=proposal.proposed_by,
        confirmed_by=four_eyes.second(proposal, by),
    )


@transaction.atomic
def enrol(box: Box, *, by: User, now: datetime) -> tuple[bytes, str]:
    """Make the enrolment file of a box, once: (the sealed file, its one-time secret). The keys in it are kept nowhere
    else. AccountError `not_an_administrator`, `enrolled_already`, `box_ended`, `no_identity`.
    """
    locked = _locked(box, by)
    if locked.state == Box.State.ENDED:
        raise AccountError("box_ended", _("This box has ended. Enrol another one."))
    if locked.enrolled_at is not None:
        message = _("The file of this box was made already. If it is lost, end the box and enrol another one.")
        raise AccountError("enrolled_already", message)
    try:
        recipient = secrets.recipient()
    except ImproperlyConfigured as error:
        message = _("The centre has no key to open deliveries with yet. The operators have to set one first.")
        raise AccountError("no_identity", message) from error
    key, age = Ed25519PrivateKey.generate(), pyrage.x25519.Identity.generate()
    locked.public_key, locked.recipient = key.public_key().public_bytes_raw(), str(age.to_public())
    locked.enrolled_at = now
    locked.save(update_fields=["public_key", "recipient", "enrolled_at"])
    chain, trusted = secrets.our_chain(), nodes.trusted_key()
    content = {
        "node": locked.node,
        "letter": locked.letter,
        "name": locked.name,
        "office": locked.office.code,
        "centre": settings.PORTAL_URL,
        "centre_keys": {chain: base64.b64encode(keys.public_bytes()).decode()},
        "centre_recipient": recipient,
        "node_list_key": base64.b64encode(trusted).decode() if trusted else "",
        "demo": settings.DEMO,
        "made_at": second_of(now),
        "news": secrets.sign(words.NEWS, news.for_box(locked, now), chain),
        "private": {
            "journal_key": base64.b64encode(key.private_bytes_raw()).decode(),
            "age_key": str(age),
            "pin_key": box_key(locked.node),
        },
    }
    secret = enrolment.make_secret()
    access_log.record(Act.BOX_ENROLLED, by=by, office=locked.office, subject=locked.node, now=now)
    return enrolment.seal(content, secret), secret


@transaction.atomic
def end(box: Box, why: Box.End, *, by: User | None, now: datetime) -> Box:
    """From this moment on nothing this box delivers is taken in by itself. Ended twice is once. AccountError
    `not_an_administrator`; nobody (`by` None) when the deliveries themselves show it.
    """
    locked = _locked(box, by) if by else Box.objects.select_for_update(of=("self",)).get(pk=box.pk)
    if locked.state == Box.State.ENDED:
        return locked
    locked.state, locked.ended_at, locked.ended_why = Box.State.ENDED, now, why
    locked.ended_by_id = by.pk if by else None
    locked.save(update_fields=["state", "ended_at", "ended_by", "ended_why"])
    transaction.on_commit(partial(default_storage.delete, enrolment_file(locked)), robust=True)
    access_log.record(Act.BOX_ENDED, by=by, office=locked.office, subject=locked.node, why=str(why.label), now=now)
    logger.critical("office box ended", extra={"box": locked.node, "why": why.value})
    return locked


def enrolment_file(box: Box) -> str:
    """Where the sealed file of a box lies in the store until the box is heard, or ends."""
    return f"boxes/enrolment-{box.node}"


def note_heard(box: Box, now: datetime) -> None:
    """A box has signed something. From the first time on nobody needs its enrolment file any more."""
    if box.seen_at is None:
        transaction.on_commit(partial(default_storage.delete, enrolment_file(box)), robust=True)
    Box.objects.filter(pk=box.pk).update(seen_at=now)


def _locked(box: Box, by: User) -> Box:
    if not is_administrator(by):
        raise AccountError("not_an_administrator", _("Only administrators may do this."))
    return Box.objects.select_for_update(of=("self",)).select_related("office").get(pk=box.pk)


def key_of(chain: str, digest: str) -> tuple[ListedChain, bool] | None:
    """For the verify page: the key of the box whose chain this is, and whether the entry with this hash was taken in;
    None when no box has it.
    """
    box = Box.objects.filter(node=chain[:2], letter=chain[2:3]).exclude(public_key=None).first()
    if box is None or box.public_key is None:
        return None
    ended = second_of(box.ended_at) if box.ended_at else ""
    reason = ENDS[Box.End(box.ended_why)] if box.ended_why else ""
    key = base64.b64encode(bytes(box.public_key)).decode()
    listed = ListedChain(chain, key, second_of(box.created_at), ended, reason)
    taken = Delivered.objects.filter(box=box, hash=bytes.fromhex(digest), state=Delivered.State.TAKEN)
    return listed, taken.exists()
