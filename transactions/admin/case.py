"""The case page: facts, documents, history, notes, and the moves this person may make, each with its consequence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import signed_in
from accounts.models import User
from municipality.models import Office

from .. import access
from ..errors import DomainError, Invalid, NotVisible
from ..models import Transaction
from ..services import moves, notes
from ..workflow import BY_NAME
from .dossier import dossier
from .move_forms import deficiency_choices
from .site import staff_site


def _visible(request: HttpRequest, reference: str) -> Transaction:
    try:
        return access.get(signed_in(request), reference, access.at_work(signed_in(request)))
    except NotVisible as error:
        raise Http404 from error


@require_GET
def case(request: HttpRequest, reference: str) -> HttpResponse:
    return _page(request, _visible(request, reference))


@require_POST
def move(request: HttpRequest, reference: str, move: str) -> HttpResponse:
    """Make one move: one call of one service. What was typed comes back when the move is refused."""
    found = _visible(request, reference)
    if move not in ACTIONS:
        raise Http404
    try:
        version = int(request.POST.get("version", ""))
    except ValueError:
        messages.error(request, _("Look at the file again before you decide."))
        return redirect("staff:case", reference=found.reference)
    try:
        done = ACTIONS[move](found, request, signed_in(request), version)
    except DomainError as error:
        status = _say(request, error)
        return _page(request, _visible(request, reference), open_move=move, status=status)
    messages.success(request, _("Done: %(move)s.") % {"move": BY_NAME[move].label})
    if access.at_work(signed_in(request)).filter(pk=done.pk).exists():
        return redirect("staff:case", reference=done.reference)
    return redirect("staff:index")


@require_POST
def note(request: HttpRequest, reference: str) -> HttpResponse:
    """Write an internal note."""
    found, to = _visible(request, reference), request.POST.get("to", "")
    try:
        colleague = _person(to) if to else None
        notes.write(found, text=request.POST.get("text", ""), by=signed_in(request), to=colleague)
    except NotVisible as error:
        raise Http404 from error
    except DomainError as error:
        return _page(request, found, status=_say(request, error))
    messages.success(request, _("The note is on the file. Only staff see it."))
    return redirect("staff:case", reference=found.reference)


def _say(request: HttpRequest, error: DomainError) -> int:
    """Tell the person what is in the way; returns the answer's status."""
    if isinstance(error, Invalid):
        for problem in error.problems:
            messages.error(request, problem.message)
        return 422
    messages.error(request, error.message)
    return 409


@require_POST
def notes_read(request: HttpRequest, reference: str) -> HttpResponse:
    """The notes meant for me on this case are read."""
    found = _visible(request, reference)
    notes.mark_read(found, by=signed_in(request))
    return redirect("staff:case", reference=found.reference)


def _deficiencies(post: Any) -> list[moves.Asked]:
    return [moves.Asked(code, post.get(f"sentence-{code}", "")) for code in post.getlist("deficiency")]


def _person(pk: str) -> User:
    found = User.objects.filter(pk=pk, is_staff=True).first() if pk.isascii() and pk.isdecimal() else None
    if found is None:
        raise DomainError("wrong_assignee", _("Choose a colleague."))
    return found


def _office(code: str) -> Office:
    found = Office.objects.filter(code=code).first()
    if found is None:
        raise DomainError("wrong_office", _("Choose an office."))
    return found


Action = Callable[[Transaction, HttpRequest, User, int], Transaction]


def _plain(service: Callable[..., Transaction]) -> Action:
    return lambda case, request, by, version: service(case, by=by, version=version)


def _with(service: Callable[..., Transaction], name: str, field: str) -> Action:
    return lambda case, request, by, version: service(
        case, by=by, version=version, **{name: request.POST.get(field, "")}
    )


ACTIONS: dict[str, Action] = {
    "register": _plain(moves.register),
    "take": _plain(moves.take),
    "issue": _plain(moves.issue),
    "dispatch": _plain(moves.dispatch),
    "file": _plain(moves.file),
    "recommend": _with(moves.recommend, "note", "reason"),
    "approve": _with(moves.approve, "note", "reason"),
    "send_back": _with(moves.send_back, "reason", "reason"),
    "reject": _with(moves.reject, "reason", "reason"),
    "reopen": _with(moves.reopen, "reason", "reason"),
    "record_payment": _with(moves.record_payment, "payment_reference", "payment_reference"),
    "return": lambda case, request, by, version: moves.return_for_completion(
        case, deficiencies=_deficiencies(request.POST), by=by, version=version
    ),
    "reassign": lambda case, request, by, version: moves.reassign(
        case, to=_person(request.POST.get("to", "")), by=by, version=version
    ),
    "refer": lambda case, request, by, version: moves.refer(
        case,
        to=_office(request.POST.get("to", "")),
        reason=request.POST.get("reason", ""),
        by=by,
        version=version,
    ),
}


def _page(request: HttpRequest, case: Transaction, *, open_move: str = "", status: int = 200) -> HttpResponse:
    """The page; after a refusal with what was typed, in its form or, where that is gone, to be copied."""
    context = staff_site.each_context(request) | dossier(request, case)
    typed = request.POST
    refused = {item.code: item.sentence for item in _deficiencies(typed)}
    lost = [*refused.values(), typed.get("reason", "")] if open_move else []
    if any(move.name == open_move for move in context["moves"]):
        lost = []
    context |= {
        "open_move": open_move,
        "typed": typed,
        "lost": [text for text in lost if text.strip()],
        "choices": deficiency_choices(case, refused) if any(m.name == "return" for m in context["moves"]) else (),
    }
    return render(request, "staff/case.html", context, status=status)
