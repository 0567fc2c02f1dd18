"""The counter's numbers: draw, print, call, end; and the list of a day."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import current_user
from accounts.models import User
from core.text import parse_int
from municipality.models import Office

from ..domain.errors import DomainError
from ..models import CounterTicket
from ..views.common import hidden_is_404
from ..views.desk import Desk
from ..visits import tickets
from ..visits.day import list_day
from .site import staff_site
from .visits import centres_of

Outcome = CounterTicket.Outcome


def strip(user: User, centres: list[Office]) -> dict[str, Any]:
    """What the counter's page shows of numbers: the one being served, and how many wait at each centre."""
    today = timezone.localdate()
    return {
        "serving": tickets.serving_now(user),
        "places": [(centre, tickets.count_waiting(centre, today)) for centre in centres],
        "draw_key": uuid.uuid4(),
    }


@hidden_is_404
@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """Draw a number, call the next, or end the one being served, as was pressed."""
    user = current_user(request)
    centre = _centre(user, request.POST.get("centre", ""))
    serving = parse_int(request.POST.get("serving", ""), max_digits=18)
    try:
        if "draw" in request.POST:
            ticket = tickets.draw(centre, key=_key(request), by=user)
            return redirect(reverse("staff:ticket", args=[ticket.key]) + "#print")
        if "next" in request.POST:
            tickets.call_next(centre, serving=serving, by=user)
        elif "served" in request.POST or "absent" in request.POST:
            outcome = Outcome.ABSENT if "absent" in request.POST else Outcome.SERVED
            tickets.end(outcome, serving=serving, by=user)
    except DomainError as error:
        messages.error(request, str(error.message))
    return redirect("staff:counter")


def _centre(user: User, code: str) -> Office:
    centre = next((centre for centre in centres_of(user) if centre.code == code), None)
    if centre is None:
        raise Http404
    return centre


def _key(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError as error:
        raise Http404 from error


@hidden_is_404
@require_safe
def show(request: HttpRequest, key: UUID) -> HttpResponse:
    """The slip with a number, the same however often it is printed."""
    ticket = tickets.get_ticket(current_user(request), key)
    context = staff_site.each_context(request) | {
        "desk": Desk(reverse("staff:counter"), _("Counter")),
        "ticket": ticket,
        "before": tickets.count_waiting(ticket.centre, ticket.day, before=ticket.number),
    }
    return render(request, "staff/ticket.html", context)


@hidden_is_404
@require_safe
def day(request: HttpRequest) -> HttpResponse:
    """Who came to a centre on a day, and what was done."""
    user, today = current_user(request), timezone.localdate()
    centres = centres_of(user)
    if not centres:
        raise Http404
    centre = _centre(user, request.GET.get("centre", "") or centres[0].code)
    chosen = _day(request.GET.get("day", ""), today)
    turns = list_day(user, centre, chosen)
    context = staff_site.each_context(request) | {
        "title": _("The day’s list"),
        "centre": centre,
        "centres": centres,
        "day": chosen,
        "before": chosen - timedelta(days=1),
        "after": chosen + timedelta(days=1) if chosen < today else None,
        "turns": turns,
        "count": sum(1 for turn in turns if turn.ticket),
    }
    return render(request, "staff/counter_day.html", context)


def _day(text: str, today: date) -> date:
    try:
        asked = date.fromisoformat(text) if text else today
    except ValueError as error:
        raise Http404 from error
    if not date(2020, 1, 1) <= asked <= today:
        raise Http404
    return asked
