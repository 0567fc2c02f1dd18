"""The case page: facts, documents, history, and the moves this person may make, each with its consequence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import signed_in
from accounts.models import Role, StaffPost, User
from municipality.models import Office, OfficeKind

from .. import access
from ..errors import DomainError, Invalid, NotVisible
from ..models import Transaction
from ..service_types import Stage
from ..services import moves
from ..summary import sections
from ..timeline import history_of, movements_of
from ..workflow import BY_NAME, Move
from .site import staff_site

Typed = dict[str, Any]


def _visible(request: HttpRequest, reference: str) -> Transaction:
    try:
        return access.get(signed_in(request), reference, access.at_work(signed_in(request)))
    except NotVisible as error:
        raise Http404 from error


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
        done = ACTIONS[move](found, request, signed_in(request), version)
    except ValueError:
        messages.error(request, _("Look at the file again before you decide."))
        return redirect("staff:case", reference=found.reference)
    except Invalid as error:
        for problem in error.problems:
            messages.error(request, problem.message)
        return _page(request, found, open_move=move, status=422)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("staff:case", reference=found.reference)
    messages.success(request, _("Done: %(move)s.") % {"move": BY_NAME[move].label})
    if access.at_work(signed_in(request)).filter(pk=done.pk).exists():
        return redirect("staff:case", reference=done.reference)
    return redirect("staff:index")


def _deficiencies(case: Transaction, post: Any) -> list[moves.Asked]:
    return [moves.Asked(code, post.get(f"sentence-{code}", "")) for code in post.getlist("deficiency")]


def _colleague(case: Transaction, pk: str) -> User:
    found = User.objects.filter(pk=pk, is_staff=True).first() if pk.isdecimal() else None
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
        case, deficiencies=_deficiencies(case, request.POST), by=by, version=version
    ),
    "reassign": lambda case, request, by, version: moves.reassign(
        case, to=_colleague(case, request.POST.get("to", "")), by=by, version=version
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
    now = timezone.now()
    service, stage = case.service_type, case.current_stage
    open_moves = [move for move in access.moves_for(signed_in(request), case) if move.name in ACTIONS]
    names = {move.name for move in open_moves}
    files = list(case.attachments.filter(removed_at=None).select_related("deficiency"))
    context: dict[str, Any] = staff_site.each_context(request) | {
        "title": case.reference,
        "case": case,
        "service": service,
        "stage": stage,
        "now": now,
        "days": (now - case.submitted_at) // timedelta(days=1),
        "late": case.is_late(now),
        "stage_late": case.is_stage_late(now),
        "summary": sections(service, case.answers, []),
        "files": [(service.label_of(file.document) or file.document, file) for file in files],
        "flags": list(service.flag(case.answers)),
        "entries": history_of(case),
        "numbers": movements_of(case),
        "deficiencies": list(case.deficiencies.all()),
        "fee": getattr(case, "fee", None),
        "issued": list(case.issued_documents.all()) if case.issued_at else [],
        "moves": [_form_of(move, service.stage_after(stage.code, case.answers)) for move in open_moves],
        "none_why": _why_none(case, signed_in(request)) if not open_moves else "",
        "open_move": open_move,
        "typed": request.POST,
        "typed_codes": request.POST.getlist("deficiency"),
        "colleagues": _colleagues(case, now) if "reassign" in names else (),
        "offices": _other_offices(case) if "refer" in names else (),
    }
    return render(request, "staff/case.html", context, status=status)


# Which moves ask for what, besides a reason where the table demands one.
NOTES = frozenset({"recommend", "approve"})
PRIMARY = frozenset({"register", "recommend", "approve", "record_payment", "issue", "dispatch"})


def _form_of(move: Move, after: Stage | None) -> dict[str, Any]:
    return {
        "name": move.name,
        "label": move.label,
        "consequence": move.consequence,
        "next": after.title if move.forward and after else "",
        "reason": move.needs_reason,
        "note": move.name in NOTES,
        "primary": move.name in PRIMARY,
    }


def _why_none(case: Transaction, user: User) -> str:
    role = case.current_stage.role
    return _("Nothing is for you to do here now: the file is “%(status)s” with %(office)s, for: %(role)s.") % {
        "status": case.get_status_display(),
        "office": case.held_by.name if case.held_by else "—",
        "role": Role(role).label,
    }


def _colleagues(case: Transaction, now: Any) -> list[User]:
    posts = StaffPost.objects.current(timezone.localdate(now)).filter(office=case.held_by, role=case.current_stage.role)
    return [post.user for post in posts.select_related("user")]


def _other_offices(case: Transaction) -> list[Office]:
    kinds = (OfficeKind.SUB_MUNICIPALITY, OfficeKind.CENTRAL)
    return list(Office.objects.filter(kind__in=kinds, suspended=False).exclude(held_cases=case))
