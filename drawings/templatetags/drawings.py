"""What pages of the rooms below show of checked drawings."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import gettext as _

from transactions.models import Draft, Transaction

from ..figures import figures_of_checks
from ..models import DrawingCheck
from ..shown import shown_findings

register = template.Library()
MAX_SHOWN = 6


@register.inclusion_tag("drawings/part.html")
def drawings_of(thing: Transaction | Draft, staff: bool = False) -> dict[str, Any]:
    """The checked drawings of a request or a draft, with what the reviewer will ask about; nothing where none is."""
    about = {"attachment__transaction": thing} if isinstance(thing, Transaction) else {"attachment__draft": thing}
    rows = DrawingCheck.objects.filter(**about, attachment__removed_at=None, attachment__replaced_in=None)
    rows = rows.select_related("attachment").prefetch_related("findings").order_by("attachment_id")[:MAX_SHOWN]
    return {"checks": [{"check": row, "findings": shown_findings(row)} for row in rows], "staff": staff}


@register.inclusion_tag("drawings/figures.html")
def drawing_figures() -> dict[str, Any]:
    """How often each check finds something, and is overridden."""
    head = [_("Check of drawings"), _("Findings"), _("Overridden"), _("Made a deficiency")]
    return {"rows": figures_of_checks(), "head": head}
