"""The page on which the corners of a plot are taken from a drawing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import current_user
from accounts.models import User
from core.forms.named_errors import NamedErrors
from core.http import require_GET_or_POST
from core.text import parse_int
from transactions import access
from transactions.answers.corners import measures_in_words
from transactions.domain.errors import DomainError, Invalid, NotVisible
from transactions.models import Draft
from transactions.views.common import hidden_is_404

from . import asking
from .corners import Source, corners_step, sources_of, take_corners
from .registry import drawings_of
from .views import AGAIN_SECONDS


class DrawingForm(NamedErrors, forms.Form):
    file = forms.FileField(
        label=gettext_lazy("Drawing"),
        widget=forms.FileInput(attrs={"accept": ".dxf"}),
        help_text=gettext_lazy("DXF, text or binary, with the plot on the layer JM-PLOT. Only you see it."),
    )


@login_required
@hidden_is_404
@require_GET_or_POST
def corners(request: HttpRequest, key: UUID) -> HttpResponse:
    """Bring a drawing, see the outlines in those there are, and take one for the plot of a draft."""
    user = current_user(request)
    draft = access.get_draft(user, key)
    step, measured = corners_step(draft.service_type), drawings_of(draft.service)
    if step is None or measured is None or draft.stage == Draft.Stage.SUBMITTED or not access.may_write(user, draft):
        raise NotVisible
    back = reverse("transactions:step", args=[draft.key, step.code])
    sources = sources_of(draft, user)
    form = DrawingForm()
    if request.method == "POST" and "outline" in request.POST:
        if _taken(request, draft, sources, user):
            return redirect(f"{back}#drawing")
        return redirect("drawings:corners", key=key)
    if request.method == "POST":
        form = DrawingForm(request.POST, request.FILES)
        if form.is_valid() and _brought(form, draft, user):
            return redirect("drawings:corners", key=key)
    # A page that looks again has no form: the file chosen in it would be lost.
    waits = request.method != "POST" and any(source.waits for source in sources)
    context = {"back": back, "form": form, "sources": [_shown(source) for source in sources], "waits": waits}
    response = render(request, "drawings/corners.html", context, status=422 if form.errors else 200)
    if waits:
        response["Refresh"] = str(AGAIN_SECONDS)
    return response


def _brought(form: DrawingForm, draft: Draft, user: User) -> bool:
    measured = drawings_of(draft.service)
    try:
        if measured is not None:
            asking.check_loose(form.cleaned_data["file"], measured.facts(draft.answers), by=user)
    except Invalid as error:
        for problem in error.problems:
            form.add_error("file", str(problem.message))
    except DomainError as error:
        form.add_error(None, str(error.message))
    return not form.errors


def _taken(request: HttpRequest, draft: Draft, sources: list[Source], user: User) -> bool:
    key, number, seen = (*request.POST["outline"].split(":"), "", "")[:3]
    source = next((source for source in sources if str(source.check.attachment.key) == key), None)
    try:
        if source is None:
            raise DomainError("drawing_changed", _("This drawing is not there any more. Nothing was changed."))
        take_corners(draft, source, parse_int(number) or 0, seen, by=user)
    except DomainError as error:
        messages.error(request, error.message)
        return False
    messages.success(request, _("The corners were taken from the drawing."))
    return True


def _shown(source: Source) -> dict[str, Any]:
    key = str(source.check.attachment.key)
    rows = [
        {
            "value": f"{key}:{each.number}:{each.seen}",
            "layer": each.layer,
            "words": measures_in_words(each.outline),
            "why_not": each.why_not,
        }
        for each in source.offered
    ]
    return {"source": source, "rows": rows, "only_far": bool(rows) and all(row["why_not"] == "far" for row in rows)}
