"""Outlines of districts and parcels, brought as GeoJSON by an administrator: looked at, put in force, undone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import current_user
from accounts.errors import AccountError
from accounts.importing import outlines as services
from core.forms.concurrency import FIELD
from core.forms.fields import DateField, LineField, ProseField
from core.forms.named_errors import NamedErrors
from core.http import require_GET_or_POST
from core.relative_days import TODAY
from core.text import isolated
from municipality.models import GroundOutline, OutlineImport, OutlineKind
from municipality.outline_words import problem_words
from municipality.outlines import CHANGED, ENDED, NEW, SAME, Look, latest_of, look, name_of
from plots.ground import MAX_BYTES
from plots.map_picture import MapPicture, draw_ground
from plots.words import metres

from ..views.common import page_of
from .imports import for_administrators
from .site import staff_site

# Drawn at most; the table lists them all.
MAX_DRAWN = 600


class OutlinesForm(NamedErrors, forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("What the file holds"), choices=OutlineKind)
    file = forms.FileField(
        label=gettext_lazy("GeoJSON file"),
        help_text=gettext_lazy("Polygons in degrees (WGS 84) or in metres of UTM zone 37 north."),
        widget=forms.FileInput(attrs={"accept": ".geojson,.json,application/geo+json"}),
    )
    source = LineField(
        label=gettext_lazy("Source"), max_length=200, help_text=gettext_lazy("Who made the data, and where it is from.")
    )
    as_of = DateField(label=gettext_lazy("Date of the data"), latest=TODAY)
    licence = ProseField(
        label=gettext_lazy("Licence of the data"),
        max_length=2000,
        help_text=gettext_lazy("Under which terms the municipality may use it, in the words of the source."),
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )
    is_complete = forms.BooleanField(
        label=gettext_lazy("The file is complete: what it does not have is no longer in force"),
        required=False,
        help_text=gettext_lazy("Of parcels, those of the plans in the file."),
    )


@dataclass(frozen=True)
class Row:
    """A line of the look: `state` is new, changed or gone."""

    state: str
    number: int
    name: str
    area: str


@for_administrators
@require_GET_or_POST
def outlines(request: HttpRequest) -> HttpResponse:
    """Bring a file, and what was brought before."""
    form = OutlinesForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            given = dict(form.cleaned_data)
            file = given.pop("file")
            try:
                content = file.read(MAX_BYTES + 1)
                brought = services.bring(given.pop("kind"), file.name, content, by=current_user(request), **given)
            except AccountError as error:
                form.add_error("file", str(error.message))
            else:
                return redirect("staff:outline_import", pk=brought.pk)
    context = staff_site.each_context(request) | {
        "title": _("Outlines of districts and parcels"),
        "form": form,
        "page": page_of(request, OutlineImport.objects.select_related("by").defer("problems", "overlaps")),
    }
    return render(request, "staff/outlines.html", context, status=status)


@for_administrators
@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """What a file would do, or what became of it."""
    return _page(request, get_object_or_404(OutlineImport.objects.select_related("by"), pk=pk))


def _page(request: HttpRequest, brought: OutlineImport, status: int = 200) -> HttpResponse:
    done = brought.done_at is not None
    outcome = None if done else look(brought)
    context = staff_site.each_context(request) | {
        "title": brought.get_kind_display(),
        "brought": brought,
        "look": outcome,
        "counts": brought.result if done else outcome and outcome.counts,
        "picture": _picture(brought, outcome),
        "rows": page_of(request, list(_rows(outcome)) if outcome else [], 100),
        "problems": [(problem["number"], problem["name"], problem_words(problem)) for problem in brought.problems],
        "overlaps": [_overlap_words(brought.kind, *pair) for pair in brought.overlaps],
        "may_undo": done and not brought.undone_at and latest_of(brought.kind) == brought,
    }
    return render(request, "staff/outline_import.html", context, status=status)


def _rows(outcome: Look) -> Iterator[Row]:
    for state, rows in ((NEW, outcome.new), (CHANGED, outcome.changed), (ENDED, outcome.ended)):
        for row in rows:
            name = name_of(row.kind, row.key)
            yield Row(state, 0 if state == ENDED else row.number, name, metres(row.area))


def _overlap_words(kind: str, first: str, other: str, area: float) -> str:
    first_name, second_name = (isolated(name_of(kind, key)) for key in (first, other))
    words = {"one": first_name, "other": second_name, "area": metres(area)}
    return _("%(one)s and %(other)s overlap by %(area)s m².") % words


def _picture(brought: OutlineImport, outcome: Look | None) -> MapPicture | None:
    """What it changes, over what stays; of what was carried out, what it put in force."""
    if outcome is None:
        drawn = [(SAME, row) for row in brought.outlines.defer("shape").order_by("number")[:MAX_DRAWN]]
    else:
        fresh = {row.pk: state for state, rows in ((NEW, outcome.new), (CHANGED, outcome.changed)) for row in rows}
        listed = brought.outlines.defer("shape").order_by("number")
        drawn = [*((ENDED, row) for row in outcome.ended), *((fresh.get(row.pk, SAME), row) for row in listed)]
        drawn = list(islice(drawn, MAX_DRAWN))
    if not drawn:
        return None
    shapes = dict(GroundOutline.objects.filter(pk__in=[row.pk for _s, row in drawn]).values_list("pk", "shape"))
    frame = (
        min(row.west for _s, row in drawn),
        min(row.south for _s, row in drawn),
        max(row.east for _s, row in drawn),
        max(row.north for _s, row in drawn),
    )
    return draw_ground(frame, [(state, name_of(row.kind, row.key), shapes[row.pk]) for state, row in drawn])


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def carry_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Put it in force. Pressed twice it is done once."""
    brought = get_object_or_404(OutlineImport.objects.select_related("by"), pk=pk)
    if request.method == "POST":
        try:
            services.carry_out(brought, by=current_user(request), seen=request.POST.get(FIELD))
        except AccountError as error:
            messages.error(request, error.message)
            return _page(request, brought, status=409)
        messages.success(request, _("The outlines are in force."))
    return redirect("staff:outline_import", pk=pk)


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Put what was in force before it in force again. Pressed twice it is done once."""
    brought = get_object_or_404(OutlineImport.objects.select_related("by"), pk=pk)
    if request.method == "POST":
        try:
            services.undo(brought, by=current_user(request))
        except AccountError as error:
            messages.error(request, error.message)
            return _page(request, brought, status=409)
        messages.success(request, _("Undone: what was in force before is in force again."))
    return redirect("staff:outline_import", pk=pk)
