"""What pages of the rooms below show of checked drawings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.translation import gettext as _

from transactions.domain import kinds
from transactions.models import Attachment

from ..figures import figures_of_checks
from ..models import DrawingCheck
from ..shown import shown_findings, vanished_findings

register = template.Library()
MAX_SHOWN = 6


@register.inclusion_tag("drawings/part.html")
def drawings_of(files: Iterable[Attachment], staff: bool = False) -> dict[str, Any]:
    """Those of these files that are checked drawings, with what the reviewer will ask about; nothing where none is.

    Most requests have no drawing: then nothing is asked of the database.
    """
    drawn = [file.pk for file in files if file.content_type == kinds.DXF and file.replaced_in is None]
    if not drawn:
        return {"checks": [], "staff": staff}
    rows = DrawingCheck.objects.filter(attachment__in=drawn)
    rows = rows.select_related("attachment").prefetch_related("findings").order_by("attachment_id")[:MAX_SHOWN]
    checks = [{"check": row, "findings": shown_findings(row), "vanished": vanished_findings(row)} for row in rows]
    return {"checks": checks, "staff": staff}


@register.inclusion_tag("drawings/figures.html")
def drawing_figures() -> dict[str, Any]:
    """How often each check finds something, and is overridden."""
    head = [_("Check of drawings"), _("Findings"), _("Overridden"), _("Made a deficiency")]
    return {"rows": figures_of_checks(), "head": head}
