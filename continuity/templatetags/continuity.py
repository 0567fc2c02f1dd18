"""What a promise is worth, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from transactions.models import Transaction

from .. import heads, place, watch
from ..classes import RECEIVED, of_case
from ..worth import Worth

register = template.Library()
LABELS = {
    Worth.CONFIRMED: pgettext_lazy("promise", "Confirmed"),
    Worth.PROVISIONAL: pgettext_lazy("promise", "Provisional"),
}
WORDS = {
    Worth.CONFIRMED: _("a second authority keeps it too"),
    Worth.PROVISIONAL: _("kept by us so far; it becomes confirmed by itself once a second authority keeps it too"),
}
ALONE = _("kept by us alone; this paper is your proof")
KINDS = {
    RECEIVED: _("Receipt of a request"),
    "answered": _("Answer to a return"),
    "corrected": _("Correction"),
    "decided": _("Decision on a request"),
    "objection": _("Decision on an objection"),
    "paid": _("Payment"),
    "issued": _("Issued document"),
}


def worth_in_words(worth: Worth) -> str:
    """What the class means here."""
    if place.ours is not None:
        return place.ours.words(worth)
    return str(WORDS[worth] if settings.VAULT_URL else ALONE)


@register.inclusion_tag("components/worth_row.html")
def worth_row(case: Transaction, kind: str = RECEIVED) -> dict[str, Any]:
    """A row of a summary: what the latest promise of this kind is worth now; nothing where there is none."""
    entries = of_case(case, [kind])
    return shown(entries[-1].worth, now=timezone.now()) if entries else {}


@register.inclusion_tag("components/worth_line.html")
def worth_line(case: Transaction, kind: str) -> dict[str, Any]:
    """The same in the foot of a paper, which says what held when it was printed."""
    return worth_row(case, kind)


@register.inclusion_tag("components/worth_list.html")
def worth_list(case: Transaction) -> dict[str, Any]:
    """Every promise of a case with its class."""
    return {"rows": [shown(entry.worth, what=KINDS[entry.kind], at=entry.at) for entry in of_case(case)]}


@register.inclusion_tag("components/cosigned_row.html")
def cosigned_row(body: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a summary: has the vault signed the journal with this entry in it? Nothing where there is no vault."""
    if not settings.VAULT_URL or not isinstance(body.get("seq"), int):
        return {}
    return {"asked": True, "at": heads.signed_with(body["node"], body["inc"], body["seq"])}


def shown(worth: Worth, **more: Any) -> dict[str, Any]:
    """What the components need to show a class, with whatever else they are given."""
    kind = "success" if worth is Worth.CONFIRMED else "info"
    return {"worth": worth, "label": LABELS[worth], "kind": kind, "said": worth_in_words(worth), **more}


@register.inclusion_tag("staff/parts/vault.html")
def vault_state() -> dict[str, Any]:
    """The vault as operators see it."""
    now = timezone.now()
    wrong = [(watch.WORDS[failure], many) for failure, many in watch.failures(now).items() if many]
    age = watch.rehearsed(now)
    return {"wrong": wrong, "rehearsed_at": now - age if age is not None else None}
