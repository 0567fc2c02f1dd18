"""Pages of an office box beside its counter: how it stands, one request, looking one up, sticks out and in."""

from __future__ import annotations

from datetime import timedelta
from typing import IO, Any, cast

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts.access import current_user
from core.forms.fields import LineField
from core.forms.named_errors import NamedErrors
from core.http import post_only, require_GET_or_POST
from transactions import access
from transactions.admin.site import staff_site
from transactions.domain import service_types
from transactions.domain.errors import NotVisible
from transactions.domain.references import normalise
from transactions.domain.workflow import Status
from transactions.models import Transaction
from transactions.view_log import record_case_view

from .. import words
from ..models import Outgoing, Summary
from . import delivery, outgoing, place, state, taking_news

MAX_TAKEN_IN = 64 << 20
CLOCK_OFF = timedelta(minutes=5)


class LookupForm(NamedErrors, forms.Form):
    """The number of a request."""

    reference = LineField(
        label=gettext_lazy("Transaction number"),
        max_length=40,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "autocapitalize": "characters"}),
    )


@require_GET
def box(request: HttpRequest) -> HttpResponse:
    """How this box stands: what the centre has, what waits, when it was last heard, what is wrong."""
    now, heard = timezone.now(), state.heard_at()
    waiting = Outgoing.objects.filter(confirmed_at=None).count()
    context = staff_site.each_context(request) | {
        "title": _("This box"),
        "box": state.enrolled(),
        "taken": Transaction.objects.count(),
        "waiting": waiting,
        "heard": heard,
        "news_of": parse_datetime(str(state.last_word(words.NEWS).get("at", ""))),
        "roster_until": state.news_valid_until(),
        "ended": state.ended_why(),
        "second_disk": place.second_disk_is_ready(),
        "one_disk_only": outgoing.on_one_disk(),
        "lost": outgoing.lost(),
        "news_too_old": state.is_news_too_old(now),
        "clock_is_behind": heard is not None and now + CLOCK_OFF < heard,
        "form": LookupForm(),
    }
    return render(request, "staff/office_box.html", context)


@require_GET
def case(request: HttpRequest, reference: str) -> HttpResponse:
    """A request that was taken here."""
    try:
        row = access.get_transaction(current_user(request), reference)
    except NotVisible as error:
        raise Http404 from error
    record_case_view(current_user(request), row)
    context = staff_site.each_context(request) | {"title": row.reference, "case": row}
    return render(request, "staff/office_case.html", context)


@require_GET_or_POST
def lookup(request: HttpRequest) -> HttpResponse:
    """What is known here of a number: a request of this box, or what the centre said of it with its last news."""
    form, status = LookupForm(request.POST or None), 200
    context: dict[str, Any] = {"title": _("Look up a request"), "form": form}
    if request.method == "POST":
        status = 422
        if form.is_valid():
            status, result = 200, _find(normalise(form.cleaned_data["reference"]))
            context |= {"found": result, "asked": normalise(form.cleaned_data["reference"])}
    context["news_of"] = parse_datetime(str(state.last_word(words.NEWS).get("at", "")))
    return render(request, "staff/office_lookup.html", staff_site.each_context(request) | context, status=status)


def _find(reference: str) -> dict[str, Any]:
    """What is shown of it; empty when it is not known here. No name."""
    summary = Summary.objects.filter(reference=reference).first()
    if summary is not None:
        service = service_types.find(summary.service)
        label = Status(summary.status).label if summary.status in Status.values else summary.status
        return {"service": service.title if service else summary.service, "status": label, "row": summary}
    own = Transaction.objects.filter(reference=reference).first()
    return {"service": own.service_type.title, "own": own} if own else {}


# -- sticks ----------------------------------------------------------------------------------------------------------


@require_GET
def stick(request: HttpRequest) -> HttpResponse:
    """What the centre does not have yet, in files to be carried there."""
    parts = outgoing.parts()
    context = staff_site.each_context(request) | {
        "title": _("Write a stick"),
        "parts": [(number, len(part)) for number, part in enumerate(parts, start=1)],
        "waiting": sum(map(len, parts)),
    }
    return render(request, "staff/office_stick.html", context)


@require_GET
def stick_part(request: HttpRequest, part: int) -> HttpResponse:
    """One of those files."""
    parts = outgoing.parts()
    if not 1 <= part <= len(parts):
        raise Http404
    content = state.enrolled()
    name = f"box-{content['node']}-{timezone.localtime():%Y%m%d-%H%M}-{part}.delivery"
    answer = HttpResponse(content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    outgoing.write_part(parts[part - 1], cast("IO[bytes]", answer))
    return answer


@post_only("staff:index")
def take(request: HttpRequest) -> HttpResponse:
    """A file of the centre's that somebody brought: its word of what it has, or news."""
    current_user(request)
    file, now = request.FILES.get("file"), timezone.now()
    content = file.read(MAX_TAKEN_IN) if file else b""
    try:
        if content.startswith(b"{"):
            done = outgoing.confirm(delivery.take_acknowledgement(content, now)["kept"], now)
            messages.success(request, _("The centre’s confirmation is stored. Newly confirmed: %(n)d.") % {"n": done})
        elif taking_news.take(content, now):
            messages.success(request, _("The update from the centre is stored."))
        else:
            messages.warning(request, _("This update is not newer than the one stored here."))
    except (delivery.CentreUnavailable, taking_news.NotTaken):
        messages.error(request, _("This file is not one the centre made for this box. Nothing was changed."))
    return redirect("staff:index")
