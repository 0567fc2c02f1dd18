"""The checklists of services, for administrators: what is looked at at each stage; a point added, changed, ended."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.access import current_user, is_administrator
from accounts.errors import AccountError
from accounts.power_admin import reason_field
from core.day_words import day_in_words
from core.forms.fields import ProseField
from core.forms.named_errors import NamedErrors
from core.http import require_GET_or_POST
from core.text import parse_int

from .. import checklist_points
from ..checklist_points import LANGUAGES, EditablePoint
from ..domain import service_types
from ..domain.errors import DomainError, Invalid
from ..domain.service_types import ServiceType, Stage
from ..domain.text_length import MAX_CHARACTERS
from ..views.common import hidden_is_404
from .site import staff_site


class PointForm(NamedErrors, forms.Form):
    """A point in both languages, and what it is about. What is wrong with it, the service says."""

    words_ar = ProseField(label=gettext_lazy("What is looked at, in Arabic"), max_length=MAX_CHARACTERS)
    words_en = ProseField(label=gettext_lazy("What is looked at, in English"), max_length=MAX_CHARACTERS)
    about = forms.MultipleChoiceField(
        label=gettext_lazy("Questions and documents it is about"),
        help_text=gettext_lazy("When one of them changes, the point has to be looked at again."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    ended = forms.BooleanField(label=gettext_lazy("No longer ask it"), required=False)
    reason = reason_field(gettext_lazy("Give the reason."))
    version = forms.CharField(widget=forms.HiddenInput, required=False)  # noqa: TID251 – a number of ours

    def __init__(self, *args: Any, service: ServiceType, is_new: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["about"].choices = checklist_points.things(service)  # type: ignore[attr-defined]
        for language in LANGUAGES:
            widget = self.fields[f"words_{language}"].widget
            widget.attrs |= {"lang": language, "dir": "rtl" if language == "ar" else "ltr", "rows": "3"}
        if is_new:
            self.fields["reason"].label = _("Reason")
            del self.fields["ended"], self.fields["version"]

    @property
    def words(self) -> dict[str, str]:
        return {language: self.cleaned_data[f"words_{language}"] for language in LANGUAGES}

    def refuse(self, error: Invalid) -> None:
        """Say beside each box what the service found wrong with it."""
        for problem in error.problems:
            self.add_error(problem.path if problem.path in self.fields else None, str(problem.message))


def _service(request: HttpRequest, code: str) -> ServiceType:
    """Http404 for whoever is no administrator, and for a service there is not."""
    service = service_types.find(code)
    if service is None or not is_administrator(current_user(request)):
        raise Http404
    return service


def _stage(service: ServiceType, code: str) -> Stage:
    stage = next((stage for stage in checklist_points.stages_with_points(service) if stage.code == code), None)
    if stage is None:
        raise Http404
    return stage


@hidden_is_404
@require_safe
def checklists(request: HttpRequest) -> HttpResponse:
    """Every service with its stages and their points."""
    if not is_administrator(current_user(request)):
        raise Http404
    rows = [
        (service, [(stage, sorted(points, key=_is_ended)) for stage, points in stages])
        for service, stages in checklist_points.editable_everywhere()
    ]
    context = staff_site.each_context(request) | {"title": _("Checklists"), "rows": rows}
    return render(request, "staff/checklists.html", context)


def _is_ended(known: EditablePoint) -> bool:
    """Those that are asked come first."""
    return known.is_ended


@hidden_is_404
@require_GET_or_POST
def new_point(request: HttpRequest, code: str, stage: str) -> HttpResponse:
    """Add a point to a stage."""
    service = _service(request, code)
    at = _stage(service, stage)
    form, status = PointForm(request.POST or None, service=service, is_new=True), 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            typed = form.cleaned_data
            try:
                row = checklist_points.add(
                    service, stage, words=form.words, about=typed["about"], reason=typed["reason"],
                    by=current_user(request),
                )  # fmt: skip
            except Invalid as error:
                form.refuse(error)
            else:
                messages.success(request, _added(row.valid_from))
                return redirect("staff:checklists")
    context = staff_site.each_context(request) | {
        "title": _("Add a point"),
        "service": service,
        "stage": at,
        "form": form,
        "is_new": True,
    }
    return render(request, "staff/checklist_point.html", context, status=status)


def _added(valid_from: date) -> str:
    words = _("The point was added. It is asked for requests received from %(day)s on.")
    return words % {"day": day_in_words(valid_from)}


@hidden_is_404
@require_GET_or_POST
def point(request: HttpRequest, code: str, stage: str, point: str) -> HttpResponse:
    """One point: propose other words, or that it ends; and all its versions."""
    service = _service(request, code)
    at = _stage(service, stage)
    known = checklist_points.get_point(service, stage, point)
    form, status = PointForm(request.POST or None, service=service, initial=_initial(known)), 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and _propose(request, form, service, known):
            return redirect("staff:checklists")
    context = staff_site.each_context(request) | {
        "title": _("Change a point"),
        "service": service,
        "stage": at,
        "known": known,
        "form": form,
        "catalogue": checklist_points.as_in_the_catalogue(service, stage, point),
    }
    return render(request, "staff/checklist_point.html", context, status=status)


def _propose(request: HttpRequest, form: PointForm, service: ServiceType, known: EditablePoint) -> bool:
    typed = form.cleaned_data
    try:
        made = checklist_points.change(
            service,
            known.stage,
            known.point.code,
            words=form.words,
            about=typed["about"],
            ended=typed["ended"],
            reason=typed["reason"],
            version=parse_int(typed["version"]),
            by=current_user(request),
        )
    except Invalid as error:
        form.refuse(error)
        return False
    except (DomainError, AccountError) as error:
        form.add_error(None, str(error.message))
        return False
    if made is None:
        messages.info(request, _("Nothing is different, so nothing was proposed."))
    else:
        messages.warning(request, _("Proposed. Nothing has changed yet: another administrator has to confirm it."))
    return True


def _initial(known: EditablePoint) -> dict[str, Any]:
    words = {f"words_{language}": known.words(language) for language in LANGUAGES}
    return words | {"about": list(known.point.about), "ended": known.is_ended, "version": known.version}
