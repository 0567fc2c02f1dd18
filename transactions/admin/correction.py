"""A correction on record: every question of a case on one page, as it stands, and the reason for changing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access import current_user
from core.text import parse_int
from municipality.services import list_districts

from .. import access
from ..answers.corners import with_files
from ..domain.errors import DomainError, Invalid, Problem
from ..domain.service_types import ServiceType, Step
from ..intake.answer_forms import typed_in
from ..models import Transaction
from ..transitions import moves
from ..transitions.forms import REASON_TOLD
from ..views.common import hidden_is_404
from ..views.form_recovery import typed_before
from .intake_page import topics
from .move_forms import other_language, words_in_both
from .site import staff_site
from .ways import way_back


@dataclass(frozen=True)
class _Written:
    """The answers of a case with what is being written over them."""

    service_type: ServiceType
    answers: Mapping[str, Any]


@hidden_is_404
@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, reference: str) -> HttpResponse:
    """One move, `correct`. What was typed comes back when it is refused."""
    user = current_user(request)
    case = access.get_transaction(user, reference, access.cases_of_staff(user))
    if not access.may_make_move(user, case, "correct"):
        messages.error(request, _("You cannot correct the answers of this case now."))
        return redirect("staff:case", reference=case.reference)
    held = typed_before(request)
    posted = with_files(request) if request.method == "POST" else held
    if posted is None:
        return _page(request, case, QueryDict(), case.answers)
    typed, rows, only_rows = _typed(case, posted)
    problems: tuple[Problem, ...] = ()
    if held is None and not only_rows:
        version = parse_int(posted.get("version", ""))
        try:
            reason = words_in_both(posted, case, REASON_TOLD)
            moves.correct(case, changes=typed, reason=reason, by=user, version=-1 if version is None else version)
        except Invalid as error:
            problems = error.problems
        except DomainError as error:
            messages.error(request, error.message)
            case = access.get_transaction(user, reference, access.cases_of_staff(user))
            return _page(request, case, posted, {**case.answers, **typed}, rows=rows, status=409)
        else:
            messages.success(request, _("The correction is recorded. The applicant is told the old and the new value."))
            return redirect(way_back(request).ahead(reverse("staff:case", args=[case.reference])))
    status = 422 if problems else 200
    return _page(request, case, posted, {**case.answers, **typed}, problems=problems, rows=rows, status=status)


def _typed(case: Transaction, posted: QueryDict) -> tuple[dict[str, Any], dict[str, int], bool]:
    return typed_in(Step("answers", "", tuple(case.service_type.fields())), posted)


def changes_in(case: Transaction, posted: QueryDict) -> dict[str, Any]:
    """The answers of a form that was sent."""
    return _typed(case, posted)[0]


def _page(
    request: HttpRequest,
    case: Transaction,
    posted: QueryDict,
    answers: Mapping[str, Any],
    *,
    problems: tuple[Problem, ...] = (),
    rows: dict[str, int] | None = None,
    status: int = 200,
) -> HttpResponse:
    written = _Written(case.service_type, answers)
    context = staff_site.each_context(request) | {
        "title": _("Recorded correction"),
        "case": case,
        "service": case.service_type,
        "topics": topics(written, problems, rows or {}),
        "problems": problems,
        "wrong_reason": [problem for problem in problems if problem.path == "reason"],
        "wrong_other": [problem for problem in problems if problem.path.startswith("reason_")],
        "reason": posted.get("reason", ""),
        "reason_other": posted.get("reason-other", ""),
        "other_language": other_language(case),
        "districts": list_districts(),
    }
    return render(request, "staff/correct.html", context, status=status)
