"""A page that is hidden from its reader by now gives back what they had written to it, so that they can copy it.

An engineer types while the owner ends the authorisation of their office, or deletes the draft.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _

from core.text import isolated, prose

from ..answers.summary import answer_in_words
from ..domain import service_types
from ..domain.errors import NotVisible
from ..domain.service_types import Field, Group, ServiceType, Step
from ..intake.answer_forms import typed_in
from .form_recovery import typed_before

# Boxes for sentences beside the questions of a service: to the office, of a withdrawal, in answer to what was asked.
SENTENCES = ("note", "reason", "answer-")


def hidden_gives_words_back(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """As hidden_is_404; whoever has just written to the page reads on it what they wrote."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NotVisible as error:
            page = words_back(request, hidden=True)
            if page is None:
                raise Http404 from error
            return page

    return wrapped


def words_back(request: HttpRequest, *, hidden: bool = False) -> HttpResponse | None:
    """What was written, on a page that is `hidden`, or that may be read and not written (messages say why); None when
    nothing was.
    """
    lost = words_in(typed_before(request) or request.POST)
    if not lost:
        return None
    return render(request, "transactions/gone.html", {"lost": lost, "hidden": hidden}, status=404 if hidden else 409)


def words_in(posted: QueryDict) -> list[tuple[object, object]]:
    """(question, answer in words) of what was written in a form, whichever page it was of."""
    service = max(service_types.all_services(), key=lambda service: len(_asked(service, posted)))
    asked = _asked(service, posted)
    typed, _rows, _only_rows = typed_in(Step("", "", tuple(asked)), posted)
    written = [spec for spec in asked if _says(typed.get(spec.name))]
    sentences = [text for name in posted if name.startswith(SENTENCES) for text in posted.getlist(name)]
    return [
        *((spec.label, answer_in_words(spec, typed[spec.name])) for spec in written),
        *((_("In your own words"), isolated(text)) for text in sentences if prose(text)),
    ]


def _says(answer: Any) -> bool:
    if isinstance(answer, list):
        return any(prose(text or "") for row in answer for text in row.values())
    return bool(prose(answer) if isinstance(answer, str) else answer)


def _asked(service: ServiceType, posted: QueryDict) -> list[Field | Group]:
    """The questions of a service that stood on a form."""

    def stood(spec: Field | Group) -> bool:
        if isinstance(spec, Group):
            return any(name.startswith(f"{spec.name}-") for name in posted)
        return spec.name in posted

    return [spec for spec in service.fields() if stood(spec)]
