"""What is said of the documents a request lacks or has too many of."""

from __future__ import annotations

from django.utils.translation import ngettext

from .service_types import Document


def message_missing(document: Document) -> str:
    """That a document lacks files, in the reader's language."""
    return ngettext(
        "%(document)s is missing: attach %(least)d file.",
        "%(document)s is missing: attach %(least)d files.",
        document.least,
    ) % {"document": document.label, "least": document.least}


def message_too_many(document: Document) -> str:
    """That a document takes no more files, in the reader's language."""
    return ngettext(
        "%(document)s: attach at most %(most)d file.",
        "%(document)s: attach at most %(most)d files.",
        document.most,
    ) % {"document": document.label, "most": document.most}
