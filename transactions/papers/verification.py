"""What the verify page says of a journal entry's subject as it stands now. Names no person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from core.day_words import day_in_words
from core.templatetags.portal import both_dates, ltr
from core.text import compact, isolated, one_line, plain_characters, written_code
from journal.receipts import LookupResult
from municipality.services import offices_by_pk

from ..booklets import standing
from ..booklets.record import SLIP
from ..domain import references, service_types
from ..domain.register_lines import read_line
from ..domain.slips import is_slip
from ..domain.workflow import Status
from ..models import IssuedDocument, PaperContent, Transaction
from . import card
from .paper_content import RECEIVED
from .validity import in_force_until


def status_now(subject: str, body: Mapping[str, Any]) -> str | None:
    """One sentence on the transaction a receipt, decision or permit speaks of; None when it is unknown here."""
    if body.get("kind") == SLIP:
        slip = standing.find(subject)
        return standing.in_words(slip) if slip else None
    case = Transaction.objects.filter(reference=subject).first()
    if case is None:
        return None
    number = body.get("number")
    issued = IssuedDocument.objects.filter(transaction=case, number=number).first() if number else None
    if issued:
        issued.transaction = case
    if issued and issued.ended_at:
        return _ended(issued)
    if issued and (until := in_force_until(issued)):
        if until < timezone.localdate():
            return _("This document expired on %(day)s.") % {"day": until.isoformat()}
        if until != issued.valid_until:
            sentence = _("This document is in force until %(day)s: it was extended because of a declared incident.")
            return sentence % {"day": until.isoformat()}
        return _("This document is in force until %(day)s.") % {"day": until.isoformat()}
    return _("The request is now: %(status)s.") % {"status": (case.outcome or Status(case.status)).label}


def _ended(issued: IssuedDocument) -> str:
    """Since when a document is no longer valid, and what is in its place; why is for its holder."""
    words = {
        "day": day_in_words(issued.ended_at),
        "number": isolated(issued.replaced_by.number) if issued.replaced_by else "",
    }
    if issued.replaced_by:
        return _("This document is no longer valid: it was replaced on %(day)s by document %(number)s.") % words
    return _("This document is no longer valid: it was revoked on %(day)s.") % words


def status_of(content: PaperContent) -> str | None:
    """The same of what a paper was made of."""
    number = content.document.number if content.document else ""
    return status_now(content.transaction.reference, {"number": number})


def details_of(subject: str, body: Mapping[str, Any]) -> card.Rows:
    """Holder and key figures of the paper an entry is about, to compare; nothing of those from before contents."""
    content = content_of_entry(subject, body)
    return card.compared(content) if content else []


def content_of_entry(subject: str, body: Mapping[str, Any]) -> PaperContent | None:
    """What the paper says that an entry of the journal is about; None where no content is bound by it."""
    frozen = PaperContent.objects.select_related("document").filter(
        transaction__reference=subject, content_hash=body.get("content", "-")
    )
    return frozen.exclude(what=RECEIVED).order_by("pk").first()


_PAPER = re.compile(r"(?P<office>[A-Z][A-Z0-9]*?)(?P<year>1[345][0-9]{2})(?P<line>[0-9]{6,9})")
_PAPER_IN_PARTS = re.compile(r"(?P<office>[A-Z][A-Z0-9]*)[-/ ](?P<year>1[345][0-9]{2})[-/ ](?P<line>[0-9]{1,9})")


# A number with its strokes, among other words.
_INSIDE = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9]* ?[-/] ?1[345][0-9]{2} ?[-/] ?[0-9]{1,9}(?:-[0-9A-Za-z])?(?![A-Za-z0-9])"
)


def paper_number(text: str) -> str:
    """The number of an issued paper as it is printed, from how it is typed; empty when it has not its shape."""
    paper = _PAPER_IN_PARTS.fullmatch(written_code(text).upper()) or _PAPER.fullmatch(compact(text).upper())
    return f"{paper['office']}-{paper['year']}-{int(paper['line']):06d}" if paper else ""


def number_typed(text: str) -> LookupResult | None:
    """What a number typed for a code stands for: an issued paper, a transaction, a line of a register. Names nobody."""
    whole = one_line(text)[:200]
    inside = [match[0] for match in _INSIDE.finditer(plain_characters(whole))]
    looked = [_look_up_number(typed) for typed in inside or [whole]]
    return next((each for each in looked if each and each.kind == "info"), next(filter(None, looked), None))


def _look_up_number(typed: str) -> LookupResult | None:
    if is_slip(references.parse(typed)):
        return _find_issued(
            _("This is the number of a paper slip"),
            _("By itself it proves nothing. Scan the code on the slip, or use its number with the PIN printed there."),
            reverse("transactions:inquiry"),
        )
    if references.parse(typed):
        return _find_issued(
            _("This is the number of a transaction"),
            _(
                "By itself it does not prove any document. To find out where the request is, use it with the PIN "
                "on the receipt."
            ),
            reverse("transactions:inquiry"),
        )
    number = paper_number(typed)
    if number and number.split("-")[0] not in {office.code for office in offices_by_pk().values()}:
        number = ""  # nobody of ours numbers so: words before a number were read as an office
    issued = IssuedDocument.objects.select_related("transaction").filter(number=number).first() if number else None
    if issued:
        return _describe_issued(issued)
    if references.looks_like_reference(typed):
        message = _("Compare each character with the document; most often two have been swapped or one misread.")
        return LookupResult(
            "warning", _("This looks like the number of a transaction, and one character is wrong"), message
        )
    if number:
        message = _(
            "Check each character. If it matches the document, scan the QR code, or show the document at a "
            "service centre."
        )
        return LookupResult("warning", _("We have issued no document under this number"), message)
    if read_line(typed):
        return _find_issued(
            _("This is a number of an office’s register"),
            _("Each office has its own numbering: choose the office, and enter the last four digits of the ID."),
            f"{reverse('transactions:inquiry')}?by=incoming#incoming",
        )
    return None


def _find_issued(title: str, text: str, link: str) -> LookupResult:
    return LookupResult("info", title, text, link=link, link_text=_("Find out where it is"))


def _describe_issued(issued: IssuedDocument) -> LookupResult:
    service = service_types.find(issued.transaction.service)
    rows: list[tuple[str, object]] = [
        (_("Document type"), service.output.title if service else issued.kind),
        (_("Document number"), ltr(issued.number)),
        (_("Issued on"), both_dates(issued.issued_at)),
    ]
    if issued.ended_at:
        rows.append((_("Status"), _ended(issued)))
    elif until := in_force_until(issued):
        ended = until < timezone.localdate()
        rows.append((_("Expired on") if ended else _("In force until"), both_dates(until)))
    message = _(
        "A number can be copied. To find out whether the document in front of you is genuine, scan its QR code."
    )
    return LookupResult("info", _("We have issued a document under this number"), message, rows)
