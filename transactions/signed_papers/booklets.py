"""A booklet to print: a cover, and a page for each slip with its number, PIN and code, in both languages."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from journal import receipts
from journal.models import Entry

from ..booklets.record import SLIP
from ..domain.pins import derive_pin, format_pin
from ..domain.service_types import SubmittedBy, offered_services
from ..models import Booklet, Slip
from .sheet import LANGUAGES, Pair, _code, _days, _emblem, _words
from .typesetting import typeset_apart

TEMPLATE = Path(__file__).with_name("booklet.typ")


def pdf_of(booklet: Booklet) -> bytes:
    """The PDF of a booklet: the same bytes each time. RuntimeError when it cannot be set."""
    return typeset_apart(sheet_of(booklet), booklet.printed_at, TEMPLATE)


def sheet_of(booklet: Booklet) -> dict[str, Any]:
    """The data of booklet.typ."""
    slips = list(booklet.slips.order_by("index"))
    tokens = _tokens(slips)
    return {
        "name": f"{_words(lambda: _('Booklet of slips'))['ar']} {booklet}",
        "number": str(booklet),
        "organisation": _words(lambda: _("Jeddah Municipality")),
        "office": _in_both(booklet.office.name_ar, booklet.office.name_en),
        "emblem": _emblem(),
        "notice": _words(_demo_words) if settings.DEMO else None,
        "title": _words(lambda: _("Booklet of slips")),
        "facts": [
            _fact(lambda: _("Numbers"), [[f"{slips[0].number} – {slips[-1].number}"]] * 2),
            _fact(lambda: _("Slips"), [[str(booklet.size)]] * 2),
            _fact(lambda: _("Printed on"), _days(booklet.printed_at.isoformat())),
        ],
        "rules": [_words(rule) for rule in RULES],
        "slip": {name: _words(say) for name, say in WORDS.items()},
        "services": [_titles(service) for service in offered_services() if service.submitted_by is SubmittedBy.OWNER],
        "slips": [_slip(slip, tokens[slip.number], booklet.size) for slip in slips],
        "qr_words": _words(lambda: _("Code to verify this slip"))["ar"],
    }


def _tokens(slips: Iterable[Slip]) -> dict[str, str]:
    """What proves each slip: its entry of the journal, as it was signed with the printing."""
    entries = Entry.objects.filter(kind=SLIP, subject__in=[slip.number for slip in slips])
    return {entry.subject: receipts.encode_token(entry) for entry in entries}


def _slip(slip: Slip, token: str, size: int) -> dict[str, Any]:
    address = settings.PORTAL_URL + reverse("journal:verify_token", args=[token])
    return {
        "number": slip.number,
        "pin": format_pin(derive_pin(slip.number)),
        "place": f"{slip.index} / {size}",
        "qr": _code(address),
    }


def _fact(label: Any, values: list[list[str]]) -> dict[str, Any]:
    return {"label": _words(label), "value": dict(zip(LANGUAGES, values, strict=True))}


def _in_both(ar: str, en: str) -> Pair:
    return {"ar": ar, "en": en}


def _titles(service: Any) -> Pair:
    titles = {}
    for language in LANGUAGES:
        with override(language):
            titles[language] = str(service.title)
    return titles


def _demo_words() -> str:
    return _("Demonstration: printed by a demonstration system with a key of its own. It has no legal effect.")


RULES = (
    lambda: _("Use a slip only while the system cannot take requests, and only after you have seen the original ID."),
    lambda: _("Write the date and time when you take the request: the place in the queue goes by them."),
    lambda: _("Fill in both parts. Tear off the lower part and give it to the applicant."),
    lambda: _("Use the slips in order. Do not discard a spoilt slip: write “void” on it and report it."),
    lambda: _("If slips are lost or stolen, report it at once: from then on nobody can use them unexamined."),
    lambda: _("When the system works again, enter each slip with its number and PIN, and scan it."),
)
WORDS = {
    "title": lambda: _("Request taken on paper"),
    "centre_part": lambda: _("For the service centre"),
    "applicant_part": lambda: _("For the applicant: keep this"),
    "number": lambda: _("Number"),
    "pin": lambda: _("PIN"),
    "slip": lambda: _("Slip"),
    "date": lambda: _("Date"),
    "time": lambda: _("Time"),
    "full_name": lambda: _("Full name, as on the ID"),
    "national_id": lambda: _("National ID, iqama or establishment number"),
    "phone": lambda: _("Mobile"),
    "service": lambda: _("Service"),
    "plot": lambda: _("Plan and parcel, district"),
    "answers": lambda: _("What is requested"),
    "documents": lambda: _("Documents handed in"),
    "clerk": lambda: _("Clerk’s name and signature"),
    "seen": lambda: _("The original ID was seen"),
    "stamp": lambda: _("Stamp"),
    "how": lambda: _(
        "With this number and PIN you can ask where your request is, on the inquiry page or by scanning the code. "
        "Until it is entered, the page says so. Your place in the queue goes by the date and time above where an "
        "outage was declared for it."
    ),
}
