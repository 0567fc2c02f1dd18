"""Documents that whoever objects attaches: sent one by one while they write, and the objection's from then on."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import User

from ..domain.errors import Invalid, Problem
from ..domain.service_types import Document
from ..models import Attachment, Objection, Transaction

DOCUMENT = "objection"
"""The document of a file that came with an objection."""
MOST = 10


def asked_of(case: Transaction) -> Document:
    """What can be attached to an objection on this case that is not sent yet."""
    return Document(f"{DOCUMENT}-{case.pk}", _("Documents that support your objection"), least=0, most=MOST)


def lock_sent(keys: Collection[UUID | str], by: User, document: Document) -> list[Attachment]:
    """The files with these keys, which `by` has sent and no request has taken. Invalid when one is not among them."""
    wanted = set(map(str, keys))
    loose = Attachment.objects.filter(transaction=None, draft=None, delegation=None, removed_at=None, uploaded_by=by)
    files = list(loose.select_for_update().filter(key__in=wanted, content_type__in=document.accepts))
    if len(files) < len(wanted):
        words = _("A document is no longer there, or is of a kind that is not taken here. Attach it again.")
        raise Invalid([Problem("files", words, "unknown_file")])
    if len(files) > document.most:
        words = _("Attach at most %(n)d documents to an objection.") % {"n": document.most}
        raise Invalid([Problem("files", words, "too_many_documents")])
    return files


def keep(files: Collection[Attachment], objection: Objection) -> None:
    """From now on they are the objection's, and are never removed."""
    Attachment.objects.filter(pk__in=[file.pk for file in files]).update(
        transaction=objection.transaction_id, objection=objection, document=DOCUMENT
    )
