"""Pages of the workbench about office boxes: enrolled and ended, deliveries brought on a stick, the quarantine."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import Count, Q
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET

from accounts.access import current_user, is_administrator
from accounts.errors import AccountError
from accounts.power_admin import message_proposed
from core.forms.fields import LineField, ProseField
from core.forms.named_errors import NamedErrors
from core.http import post_only, require_GET_or_POST
from municipality.models import Office
from transactions.admin.site import staff_site
from transactions.domain.errors import DomainError
from transactions.view_log import record_case_view
from transactions.views.common import page_of

from ..models import Box, Delivered, RefusedDelivery
from . import news, quarantine, receiving, registering

State = Delivered.State
STATE_TAGS = {
    State.INCOMPLETE: "info",
    State.ARRIVED: "info",
    State.TAKEN: "success",
    State.QUARANTINED: "warning",
    State.REJECTED: "error",
}


class BoxForm(NamedErrors, forms.Form):
    """A box that is proposed."""

    office = forms.ModelChoiceField(
        Office.objects.order_by("code"), label=gettext_lazy("Office"), empty_label=gettext_lazy("Choose")
    )
    name = LineField(
        label=gettext_lazy("Name"), max_length=60, help_text=gettext_lazy("As people there call it: Counter 2.")
    )
    reason = ProseField(
        label=gettext_lazy("Reason, for the second administrator"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class DecisionForm(NamedErrors, forms.Form):
    """Accepted or not, and why."""

    why = ProseField(label=gettext_lazy("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))


def _administrator(request: HttpRequest) -> Any:
    user = current_user(request)
    if not is_administrator(user):
        raise Http404
    return user


@require_GET_or_POST
def boxes(request: HttpRequest) -> HttpResponse:
    """Every box, how far it has come, and the form for another."""
    user, now = _administrator(request), timezone.now()
    form, status = BoxForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            typed = form.cleaned_data
            try:
                registering.propose(typed["office"], typed["name"], reason=typed["reason"], by=user, now=now)
                return message_proposed(request)
            except ValidationError as error:
                form.add_error(None, error.messages)
            except AccountError as error:
                form.add_error(None, error.message)
    waiting = Count("delivered", filter=Q(delivered__state=State.QUARANTINED))
    context = staff_site.each_context(request) | {
        "title": _("Office boxes"),
        "boxes": Box.objects.select_related("office").annotate(waiting=waiting),
        "waiting": Delivered.objects.filter(state=State.QUARANTINED).count(),
        "form": form,
    }
    return render(request, "staff/boxes.html", context, status=status)


@require_GET
def box(request: HttpRequest, node: str) -> HttpResponse:
    """One box: its enrolment file, its end, what it delivered last."""
    _administrator(request)
    return _box_page(request, _box(node))


def _box_page(request: HttpRequest, row: Box, **more: Any) -> HttpResponse:
    context = staff_site.each_context(request) | {
        "title": _("Office box %(node)s") % {"node": row.node},
        "box": row,
        "ends": [Box.End.LOST, Box.End.RETIRED],
        "file_waits": row.enrolled_at and not row.seen_at and default_storage.exists(registering.enrolment_file(row)),
        "page": page_of(request, row.delivered.order_by("-seq", "-pk")),
        "tags": STATE_TAGS,
    }
    return render(request, "staff/box.html", context | more)


def _box(node: str) -> Box:
    row = Box.objects.select_related("office", "created_by", "confirmed_by", "ended_by").filter(node=node).first()
    if row is None:
        raise Http404
    return row


@post_only("staff:boxes")
def enrol(request: HttpRequest, node: str) -> HttpResponse:
    """The enrolment file is made; its secret is on this page, and nowhere else."""
    user, row = _administrator(request), _box(node)
    try:
        sealed, secret = registering.enrol(row, by=user, now=timezone.now())
    except AccountError as error:
        messages.error(request, error.message)
        return redirect("staff:box", node=node)
    default_storage.save(registering.enrolment_file(row), ContentFile(sealed))
    return _box_page(request, _box(node), secret=secret)


@require_GET
def enrolment_file(request: HttpRequest, node: str) -> HttpResponseBase:
    """The sealed file, until the box was first heard."""
    _administrator(request)
    row = _box(node)
    if row.seen_at or not default_storage.exists(registering.enrolment_file(row)):
        raise Http404
    return FileResponse(
        default_storage.open(registering.enrolment_file(row)), as_attachment=True, filename=f"box-{row.node}.enrolment"
    )


@post_only("staff:boxes")
def end(request: HttpRequest, node: str) -> HttpResponse:
    """Lost, stolen or taken out of use: one press."""
    user, row = _administrator(request), _box(node)
    why = request.POST.get("why", "")
    if why not in (Box.End.LOST, Box.End.RETIRED):
        raise Http404
    registering.end(row, Box.End(why), by=user, now=timezone.now())
    messages.success(request, _("The box has ended. What it delivers from now on waits in quarantine."))
    return redirect("staff:box", node=node)


# -- on a stick ------------------------------------------------------------------------------------------------------


@require_GET_or_POST
def stick(request: HttpRequest) -> HttpResponse:
    """A delivery that somebody brought. Whoever works here may hand it in: it is known by its signatures."""
    current_user(request)
    context = staff_site.each_context(request) | {"title": _("Deliver a stick")}
    if request.method != "POST":
        return render(request, "staff/box_stick.html", context)
    file, now = request.FILES.get("file"), timezone.now()
    if file is None:
        context["refusal"] = _("Choose a file.")
        return render(request, "staff/box_stick.html", context, status=422)
    outcome = receiving.receive(file, by_stick=True, now=now)
    context |= {"outcome": outcome, "refused": outcome.refused}
    if outcome.box is not None:
        done = ngettext(
            "%(n)d request is with the centre now.", "%(n)d requests are with the centre now.", len(outcome.complete)
        )
        context["done"] = done % {"n": len(outcome.complete)}
    return render(request, "staff/box_stick.html", context, status=200 if outcome.box else 422)


@require_GET
def word(request: HttpRequest, node: str) -> HttpResponse:
    """The centre's word of all it has of a box, to be carried back on the stick."""
    current_user(request)
    text = receiving.acknowledge(receiving.everything_of(_box(node)), timezone.now())
    named = {"Content-Disposition": f'attachment; filename="box-{node}.word"'}
    return HttpResponse(text, content_type="application/octet-stream", headers=named)


@require_GET
def news_file(request: HttpRequest, node: str) -> HttpResponse:
    """News for a box without a network, sealed for it alone."""
    _administrator(request)
    row = _box(node)
    if row.state == Box.State.ENDED or not row.recipient:
        raise Http404
    named = {"Content-Disposition": f'attachment; filename="box-{node}.news"'}
    sealed = news.sealed_for(row, timezone.now())
    return HttpResponse(sealed, content_type="application/octet-stream", headers=named)


# -- quarantine ------------------------------------------------------------------------------------------------------


@require_GET
def quarantined(request: HttpRequest) -> HttpResponse:
    """What waits for a person, oldest first, and what came unsigned."""
    _administrator(request)
    waiting = Delivered.objects.filter(state=State.QUARANTINED).select_related("box__office").order_by("pk")
    page = page_of(request, waiting)
    context = staff_site.each_context(request) | {
        "title": _("Quarantine"),
        "page": page,
        "rows": [(row, quarantine.reason_of(row)) for row in page],
        "refused": RefusedDelivery.objects.order_by("-day", "-pk")[:20],
    }
    return render(request, "staff/quarantine.html", context)


@require_GET_or_POST
def delivered(request: HttpRequest, pk: int) -> HttpResponse:
    """One delivery: why it waits, what can be done, what was decided."""
    user, now = _administrator(request), timezone.now()
    rows = Delivered.objects.select_related("box__office", "transaction__applicant", "decided_by")
    row = rows.filter(pk=pk).first()
    if row is None:
        raise Http404
    form, status = DecisionForm(request.POST or None), 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and _decided(request, form, row, user, now):
            return redirect("staff:delivered", pk=pk)
    if row.transaction is not None:
        record_case_view(user, row.transaction)
    reason = quarantine.reason_of(row) if row.state in (State.QUARANTINED, State.REJECTED) else None
    context = staff_site.each_context(request) | {
        "title": row.reference or _("Delivery"),
        "row": row,
        "reason": reason,
        "tag": STATE_TAGS[State(row.state)],
        "form": form,
        "waits": row.state == State.QUARANTINED,
    }
    return render(request, "staff/delivered.html", context, status=status)


def _decided(request: HttpRequest, form: DecisionForm, row: Delivered, user: Any, now: Any) -> bool:
    why = form.cleaned_data["why"]
    try:
        if "accept" not in request.POST:
            quarantine.reject(row, why=why, by=user, now=now)
            messages.success(request, _("Not accepted; the reason is on record."))
            return True
        done = quarantine.accept(row, why=why, by=user, now=now)
    except (DomainError, AccountError) as error:
        form.add_error(None, str(error.message))
        return False
    if done.state == State.TAKEN:
        messages.success(request, _("Accepted. It is now handled like every other request."))
        return True
    reason = quarantine.reason_of(done)
    form.add_error(None, _("It still cannot be accepted: %(why)s") % {"why": reason.title if reason else done.reason})
    return False
