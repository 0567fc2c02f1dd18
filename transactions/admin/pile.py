"""The pile: what waits of it in the city and at the offices one oversees, at which pace and until when."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import current_user
from municipality.models import Office
from municipality.services import office_by_code

from ..domain import piles as rules
from ..domain.lanes import NEW_SHARE_PERCENT
from ..models import PileForecast
from ..selectors import piles
from ..selectors.case_lists import supervised_offices
from .site import staff_site

# So many earlier forecasts are shown of each office.
FORECASTS = 5


@require_safe
def pile(request: HttpRequest) -> HttpResponse:
    """The city as everybody is told of it, and the offices of this supervisor in full."""
    offices = supervised_offices(current_user(request))
    if not offices:
        raise Http404
    earlier = _forecasts(offices)
    known = piles.remembered()
    context: dict[str, Any] = staff_site.each_context(request) | {
        "title": _("The pile"),
        "city": [row | {"name": _name(row["office"]), "ends": _ends(row)} for row in piles.published()],
        "offices": [
            {
                "office": office,
                "pile": known.get(office.code),
                "facts": known[office.code].known if office.code in known else {},
                "ends": known[office.code].ends if office.code in known else None,
                "with_one_more": piles.span_of(known[office.code].known.get("with_one_more"))
                if office.code in known
                else None,
                "forecasts": earlier.get(office.code, []),
                "files": f"{reverse('staff:supervision')}?{urlencode({'show': 'pile', 'office': office.code})}#files",
            }
            for office in offices
        ],
        "share": NEW_SHARE_PERCENT,
        "min_days": rules.MIN_DAYS,
        "horizon": rules.HORIZON,
    }
    return render(request, "staff/pile.html", context)


def _name(code: str) -> str:
    office = office_by_code(code) if code else None
    return office.name if office else _("The whole city")


def _ends(row: dict[str, Any]) -> Any:
    return piles.span_of([row["first"], row["last"]])


def _forecasts(offices: list[Office]) -> dict[str, list[PileForecast]]:
    """The last of each office that can be compared with what came, the latest first."""
    rows: dict[str, list[PileForecast]] = {}
    codes = [office.code for office in offices]
    for row in PileForecast.objects.filter(office__in=codes, actual__isnull=False).order_by("-day")[:200]:
        if len(rows.setdefault(row.office, [])) < FORECASTS:
            rows[row.office].append(row)
    return rows
