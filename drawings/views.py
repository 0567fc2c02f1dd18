"""The template and its guide, for everybody; checks, for whoever sent the drawing and whoever works on its case."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import current_user
from accounts.models import User
from core.forms.concurrency import FIELD
from core.http import require_GET_or_POST
from transactions.attachments import services as attachments
from transactions.domain.errors import DomainError, Invalid, NotVisible
from transactions.models import Attachment
from transactions.views.common import hidden_is_404
from transactions.visits import permissions as visits

from . import asking, deciding, guide_words, layer_template
from .forms import CheckForm, UnitForm
from .models import DrawingCheck
from .shown import shown

# A page that waits looks again after so many seconds.
AGAIN_SECONDS = 3


@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    """What the layers are for, with a drawing; where the template is, and where drawings are checked."""
    return render(request, "drawings/guide.html", {"layers": guide_words.LAYERS, "example": guide_words.example()})


@require_safe
def template(request: HttpRequest) -> HttpResponse:
    """The template as a DXF."""
    response = HttpResponse(layer_template.content(), content_type="image/vnd.dxf")
    response["Content-Disposition"] = 'attachment; filename="jeddah-drawing-template.dxf"'
    return response


@login_required
@require_GET_or_POST
def checks(request: HttpRequest) -> HttpResponse:
    """One's own drawings, and another to check."""
    user = current_user(request)
    form = CheckForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and (made := _checked(request, form, user)):
            return redirect("drawings:check", key=made.attachment.key)
    context = {"form": form, "checks": asking.checks_of(user), "most": asking.MAX_KEPT}
    return render(request, "drawings/checks.html", context, status=status)


def _checked(request: HttpRequest, form: CheckForm, user: User) -> DrawingCheck | None:
    try:
        return asking.check_loose(form.cleaned_data["file"], form.facts(), by=user)
    except Invalid as error:
        for problem in error.problems:
            form.add_error("file", str(problem.message))
    except DomainError as error:
        form.add_error(None, str(error.message))
    return None


def _get_check(user: User, key: UUID, *, log: bool = True) -> DrawingCheck:
    """NotVisible for whoever may not see the file."""
    file = visits.get_attachment(user, key) if log else visits.find_attachment(user, key)
    check = DrawingCheck.objects.filter(attachment=file).first()
    if check is None:
        raise NotVisible
    check.attachment = file
    return check


@login_required
@hidden_is_404
@require_safe
def check(request: HttpRequest, key: UUID) -> HttpResponse:
    """What was found on a drawing."""
    return _page(request, _get_check(current_user(request), key), {})


def _page(request: HttpRequest, results: DrawingCheck, more: dict[str, Any], status: int = 200) -> HttpResponse:
    user = current_user(request)
    seen = shown(results, user)
    if "wrong_at" in more:
        seen = seen.with_choice(more["wrong_at"], more["typed"].get("decision", ""))
    file = results.attachment
    context = {
        "shown": seen,
        "file": file,
        "mine": _is_loose(file),
        "unit_form": UnitForm() if _may_give_unit(seen.asks_unit, file, user) else None,
    } | more
    response = render(request, "drawings/check.html", context, status=status)
    if seen.waits:
        response["Refresh"] = str(AGAIN_SECONDS)
    return response


def _is_loose(file: Attachment) -> bool:
    return file.transaction_id is None and file.draft_id is None


def _may_give_unit(asked: bool, file: Attachment, user: User) -> bool:
    return asked and (_is_loose(file) or deciding.may_explain(user, file) or deciding.may_decide(user, file))


@login_required
@hidden_is_404
@require_POST
def unit(request: HttpRequest, key: UUID) -> HttpResponse:
    """The unit of a drawing that states none."""
    user = current_user(request)
    results = _get_check(user, key, log=False)
    seen = shown(results, user)
    if not _may_give_unit(seen.asks_unit, results.attachment, user):
        return redirect("drawings:check", key=key)
    form = UnitForm(request.POST)
    if not form.is_valid():
        return _page(request, results, {"unit_form": form, "form": form}, status=422)
    side = form.cleaned_data["known_side"]
    try:
        asking.give_unit(results, form.cleaned_data["unit"], float(side) if side else None, by=user)
    except DomainError as error:
        messages.error(request, str(error.message))
    return redirect("drawings:check", key=key)


@login_required
@hidden_is_404
@require_POST
def again(request: HttpRequest, key: UUID) -> HttpResponse:
    """Once more, by what is answered now."""
    user = current_user(request)
    try:
        asking.once_more(_get_check(user, key, log=False), by=user)
    except NotVisible:
        raise
    except DomainError as error:
        messages.error(request, str(error.message))
    return redirect("drawings:check", key=key)


@login_required
@hidden_is_404
@require_POST
def delete(request: HttpRequest, key: UUID) -> HttpResponse:
    """Throw a drawing away that belongs to no request."""
    user = current_user(request)
    file = _get_check(user, key, log=False).attachment
    if not _is_loose(file):
        raise NotVisible
    attachments.remove(file, by=user)
    messages.success(request, _("The drawing was deleted."))
    return redirect("drawings:checks")


@login_required
@hidden_is_404
@require_POST
def finding(request: HttpRequest, key: UUID, pk: int) -> HttpResponse:
    """What the applicant says of a finding, or what the reviewer does with it."""
    user = current_user(request)
    results = _get_check(user, key, log=False)
    row = results.findings.filter(pk=pk).first()
    if row is None:
        raise NotVisible
    row.check_of = results
    try:
        if "explanation" in request.POST:
            deciding.explain(row, request.POST["explanation"], by=user, seen=request.POST.get(FIELD))
            messages.success(request, _("Your explanation is kept with the drawing."))
        else:
            decision, reason = request.POST.get("decision", ""), request.POST.get("reason", "")
            deciding.decide(row, decision, reason, by=user, seen=request.POST.get(FIELD))
            messages.success(request, _("Kept with the finding."))
    except Invalid as error:
        typed = {"wrong": error.problems, "wrong_at": pk, "typed": request.POST}
        return _page(request, results, typed, status=422)
    except NotVisible:
        raise
    except DomainError as error:
        messages.error(request, error.message)
        return _page(request, results, {"wrong_at": pk, "typed": request.POST}, status=409)
    return redirect(f"{request.path.rpartition('findings/')[0]}#finding-{row.pk}")
