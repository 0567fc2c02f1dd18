"""Lists brought as files, and one person added by hand: looked at, then carried out or proposed to a second person."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts import newcomers
from accounts.access import current_user, is_administrator
from accounts.errors import AccountError
from accounts.importing import services
from accounts.importing.forms import PersonRow, headings_of, required_of
from accounts.models import Import
from accounts.power_admin import message_proposed, reason_field
from core.forms.concurrency import FIELD
from core.forms.named_errors import NamedErrors
from core.http import require_GET_or_POST

from ..views.common import page_of
from .site import staff_site

View = Callable[..., HttpResponse]


class ImportForm(NamedErrors, forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("What the list holds"), choices=Import.Kind)
    file = forms.FileField(label=gettext_lazy("CSV file"), widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}))


class NewPersonForm(PersonRow):
    """The same boxes as a row of a list, and why."""

    labels_are_columns = False
    reason = reason_field(gettext_lazy("Give the reason: a second administrator will decide."))


def for_administrators(view: View) -> View:
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_administrator(current_user(request)):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return wrapped


@for_administrators
@require_GET_or_POST
def imports(request: HttpRequest) -> HttpResponse:
    """Bring a file, and what was brought before."""
    user = current_user(request)
    form = ImportForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                brought = services.bring(form.cleaned_data["kind"], file.name, file.read(), by=user)
            except AccountError as error:
                form.add_error("file", str(error.message))
            else:
                return redirect("staff:import", pk=brought.pk)
    page = page_of(request, Import.objects.select_related("by", "proposal").defer("text"))
    context = staff_site.each_context(request) | {
        "title": _("Import lists"),
        "form": form,
        "page": page,
        "kinds": [(label, _columns_of(kind)) for kind, label in Import.Kind.choices],
    }
    return render(request, "staff/imports.html", context, status=status)


def _columns_of(kind: str) -> list[tuple[str, bool]]:
    """The headings in the reader's language, and which of them have to be there."""
    required = required_of(kind)
    return [(words[0], name in required) for name, words in headings_of(kind).items()]


@for_administrators
@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """What it would do, row by row; of what was carried out only how much it was."""
    return _page(request, get_object_or_404(Import.objects.select_related("by", "proposal"), pk=pk))


def _page(request: HttpRequest, brought: Import, status: int = 200) -> HttpResponse:
    done = brought.done_at is not None
    outcome = None if done else services.look(brought)
    context = staff_site.each_context(request) | {
        "title": brought.get_kind_display(),
        "brought": brought,
        "outcome": outcome,
        "shown": page_of(request, outcome.rows if outcome else [], 100),
        "counts": brought.result if done else outcome and outcome.counts,
        "of_people": brought.kind == Import.Kind.PEOPLE,
        "own": brought.by_id == current_user(request).pk,
        "reason": request.POST.get("reason", ""),
    }
    return render(request, "staff/import.html", context, status=status)


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def carry_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Do it, or propose it. Pressed twice it is done once."""
    brought = get_object_or_404(Import.objects.select_related("by", "proposal"), pk=pk)
    if request.method != "POST":
        return redirect("staff:import", pk=pk)
    try:
        reason, seen = request.POST.get("reason", ""), request.POST.get(FIELD)
        done = services.carry_out(brought, by=current_user(request), reason=reason, seen=seen)
    except AccountError as error:
        messages.error(request, error.message)
        return _page(request, brought, status=409)
    if done.proposal_id is not None:
        return message_proposed(request)
    messages.success(request, _("The list was imported."))
    return redirect("staff:import", pk=pk)


@for_administrators
@require_GET_or_POST
def new_person(request: HttpRequest) -> HttpResponse:
    """One form for a person and their post; a second administrator confirms both."""
    form = NewPersonForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and _propose(request, form):
            return message_proposed(request)
    context = staff_site.each_context(request) | {"title": _("Add a person with a post"), "form": form}
    return render(request, "staff/new_person.html", context, status=status)


def _propose(request: HttpRequest, form: NewPersonForm) -> bool:
    facts = newcomers.facts_of(form.cleaned_data)
    if problem := newcomers.problem_with(facts, timezone.localdate()):
        form.add_error(None, problem)
        return False
    try:
        newcomers.propose([facts], reason=form.cleaned_data["reason"], by=current_user(request))
    except AccountError as error:
        form.add_error(None, str(error.message))
    return form.is_valid()
