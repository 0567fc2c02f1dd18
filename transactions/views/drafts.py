"""Writing a request: a task list, one topic a page, documents, check your answers, submit."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import offices_of, signed_in
from accounts.models import Authorisation, User
from municipality.services import districts

from .. import access, answers, service_types
from ..answer_forms import step_page, typed_in
from ..errors import DomainError, Invalid, Problem
from ..models import Attachment, Channel, Draft
from ..service_types import Filer, Group, Step
from ..services import attachments, drafts
from ..summary import sections
from .common import hidden_is_404

KEPT_BYTES = 64 * 1024
KEPT = "typed_before_sign_in"


@login_required
@require_http_methods(["GET", "POST"])
def start(request: HttpRequest, code: str) -> HttpResponse:
    """Begin a request for oneself, or as an engineering office for an owner who authorised it.

    Whoever had to sign in first comes back here by GET: the service's page has the button.
    """
    user = signed_in(request)
    service = service_types.find(code)
    if service is None:
        raise Http404
    if request.method == "GET":
        return redirect("transactions:service", code=code)
    authorisation = None
    if request.POST.get("authorisation", "").isdecimal():
        authorisation = (
            Authorisation.objects.filter(pk=request.POST["authorisation"], office__in=offices_of(user))
            .select_related("office", "owner")
            .first()
        )
    try:
        draft = drafts.start(service, by=user, authorisation=authorisation)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("transactions:service", code=code)
    return redirect("transactions:draft", key=draft.key)


@login_required
@hidden_is_404
@require_GET
def task_list(request: HttpRequest, key: UUID) -> HttpResponse:
    user = signed_in(request)
    draft = access.get_draft(user, key)
    if draft.stage == Draft.Stage.SUBMITTED:
        return _receipt_of(draft, user)
    if draft.channel == Channel.COUNTER and draft.created_by_id == user.pk:
        return redirect("staff:intake", key=key)
    service = draft.service_type
    seen: dict[str, Any] = {}
    tasks = []
    for step in service.steps:
        part = answers.clean_step(step, draft.answers, seen)
        seen.update(part.values)
        begun = any(spec.name in draft.answers for spec in step.fields)
        state = "done" if not part.problems else "wrong" if begun else "todo"
        tasks.append({"title": step.title, "url": reverse("transactions:step", args=[key, step.code]), "state": state})
    counts: dict[str, int] = {}
    for document in draft.attachments.filter(removed_at=None).values_list("document", flat=True):
        counts[document] = counts.get(document, 0) + 1
    asked = service.documents_for(seen)
    missing = sum(1 for document in asked if counts.get(document.code, 0) < document.least)
    tasks.append(
        {
            "title": _("Documents"),
            "url": reverse("transactions:documents", args=[key]),
            "state": "done" if not missing else "wrong" if counts else "todo",
        }
    )
    ready = all(task["state"] == "done" for task in tasks)
    return render(
        request,
        "transactions/task_list.html",
        {"draft": draft, "service": service, "tasks": tasks, "ready": ready, "may_write": _may_write(draft, user)},
    )


def _may_write(draft: Draft, user: User) -> bool:
    return draft.stage == Draft.Stage.OPEN or draft.applicant_id == user.pk


def _receipt_of(draft: Draft, user: User) -> HttpResponse:
    intake = drafts.submit_draft(draft, by=user)
    return redirect("transactions:receipt", reference=intake.transaction.reference)


def _step(service: service_types.ServiceType, code: str) -> Step:
    found = next((step for step in service.steps if step.code == code), None)
    if found is None:
        raise Http404
    return found


@hidden_is_404
@require_http_methods(["GET", "POST"])
def step(request: HttpRequest, key: UUID, code: str) -> HttpResponse:
    """One page of questions. What was typed is kept whether it is right or not."""
    if not request.user.is_authenticated:
        return _keep_and_sign_in(request)
    user = signed_in(request)
    draft = access.get_draft(user, key)
    if draft.stage == Draft.Stage.SUBMITTED:
        return _receipt_of(draft, user)
    this = _step(draft.service_type, code)
    data = _typed_before(request)
    posted = data if data is not None else request.POST if request.method == "POST" else None
    problems: tuple[Problem, ...] = ()
    rows: dict[str, int] = {}
    if posted is not None:
        typed, rows, only_rows = typed_in(this, posted)
        try:
            problems = drafts.save_step(draft, this, typed, by=user)
        except DomainError as error:
            messages.error(request, error.message)
            return redirect("transactions:draft", key=key)
        if only_rows:
            problems = ()
        elif data is not None:
            messages.info(request, _("You were signed out while writing. What you typed is here and saved."))
        elif "later" in request.POST:
            messages.success(request, _("Saved. You can come back at any time."))
            return redirect("transactions:requests")
        elif not problems:
            return redirect(_after(draft, this, request.POST.get("return", "")))
    seen = answers.clean_until(draft.service_type, draft.answers, this)
    context = {
        "draft": draft,
        "service": draft.service_type,
        "step": this,
        "parts": step_page(this, draft.answers, seen, problems, rows),
        "problems": problems,
        "districts": districts() if any(getattr(f, "kind", "") == "district" for f in this.fields) else (),
        "return_to": request.GET.get("return") or request.POST.get("return", ""),
        "has_group": any(isinstance(spec, Group) for spec in this.fields),
        "position": draft.service_type.steps.index(this) + 1,
    }
    return render(request, "transactions/step.html", context, status=422 if problems else 200)


def _after(draft: Draft, step: Step, return_to: str) -> str:
    if return_to == "check":
        return reverse("transactions:check", args=[draft.key])
    steps = draft.service_type.steps
    following = steps[steps.index(step) + 1 :]
    if following:
        return reverse("transactions:step", args=[draft.key, following[0].code])
    return reverse("transactions:documents", args=[draft.key])


def _keep_and_sign_in(request: HttpRequest) -> HttpResponse:
    """The session ended while somebody was writing: hold what they typed until they have signed in again."""
    if request.method == "POST":
        typed = {name: request.POST.getlist(name) for name in request.POST if name != "csrfmiddlewaretoken"}
        if sum(len(name) + sum(map(len, values)) for name, values in typed.items()) <= KEPT_BYTES:
            request.session[KEPT] = {"path": request.path, "typed": typed}
    return redirect_to_login(request.get_full_path())


def _typed_before(request: HttpRequest) -> Any:
    kept = request.session.get(KEPT)
    if not kept or kept["path"] != request.path or request.method != "GET":
        return None
    del request.session[KEPT]
    data = request.POST.copy()
    for name, values in kept["typed"].items():
        data.setlist(name, values)
    data.pop("later", None)
    return data


@login_required
@hidden_is_404
@require_http_methods(["GET", "POST"])
def documents(request: HttpRequest, key: UUID) -> HttpResponse:
    """Attach the documents, several files at once if one likes; each refusal names the file and why."""
    user = signed_in(request)
    draft = access.get_draft(user, key)
    if draft.stage == Draft.Stage.SUBMITTED:
        return _receipt_of(draft, user)
    problems: list[Problem] = []
    if request.method == "POST":
        kept = 0
        for code, files in request.FILES.lists():
            for upload in files:
                try:
                    attachments.attach_to_draft(draft, code, upload, by=user)
                    kept += 1
                except Invalid as error:
                    problems += error.problems
                except DomainError as error:
                    problems.append(Problem(f"documents.{code}", error.message, error.code))
        if not kept and not problems:
            problems.append(Problem("documents", _("Choose a file first, then press “Attach”."), "required"))
        if not problems:
            if request.headers.get("X-Requested-With") != "XMLHttpRequest":
                messages.success(request, _("Attached."))
            return redirect("transactions:documents", key=key)
    seen = answers.clean(draft.service_type, draft.answers, timezone.localdate()).values
    held: dict[str, list[Attachment]] = {}
    for file in draft.attachments.filter(removed_at=None):
        held.setdefault(file.document, []).append(file)
    rows: list[dict[str, Any]] = [
        {
            "document": document,
            "files": held.get(document.code, []),
            "room": document.most - len(held.get(document.code, [])),
            "complete": len(held.get(document.code, [])) >= document.least,
            "accept": ",".join(document.accepts),
            "problems": [problem for problem in problems if problem.path == f"documents.{document.code}"],
        }
        for document in draft.service_type.documents_for(seen)
    ]
    context = {
        "draft": draft,
        "service": draft.service_type,
        "required": [row for row in rows if row["document"].least],
        "optional": [row for row in rows if not row["document"].least],
        "problems": problems,
        "open_optional": any(row["files"] or row["problems"] for row in rows if not row["document"].least),
    }
    return render(request, "transactions/documents.html", context, status=422 if problems else 200)


@login_required
@hidden_is_404
@require_POST
def remove_file(request: HttpRequest, key: UUID) -> HttpResponse:
    user = signed_in(request)
    file = access.get_attachment(user, key)
    back = (
        reverse(
            "transactions:draft" if file.draft.channel == Channel.COUNTER else "transactions:documents",
            args=[file.draft.key],
        )
        if file.draft and file.transaction is None
        else reverse("transactions:answer", args=[file.transaction.reference])
        if file.transaction
        else reverse("transactions:requests")
    )
    try:
        attachments.remove(file, by=user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Removed."))
    return redirect(back)


@login_required
@hidden_is_404
@require_http_methods(["GET", "POST"])
def check(request: HttpRequest, key: UUID) -> HttpResponse:
    """Check your answers; then submit, or send to the owner, or (the owner) ask for changes."""
    user = signed_in(request)
    draft = access.get_draft(user, key)
    if draft.stage == Draft.Stage.SUBMITTED:
        return _receipt_of(draft, user)
    by_office = draft.service_type.filer is Filer.ENGINEERING_OFFICE
    is_owner = draft.applicant_id == user.pk
    try:
        if request.method == "POST":
            done = _act(request, draft, user, to_owner=by_office and not is_owner)
            if done is not None:
                return done
        drafts.ready(draft, by=user)
        problems: tuple[Problem, ...] = ()
    except Invalid as error:
        problems = error.problems
    except DomainError as error:
        messages.error(request, error.message)
        problems = ()
    context = {
        "draft": draft,
        "service": draft.service_type,
        "sections": sections(draft.service_type, draft.answers, draft.attachments.filter(removed_at=None)),
        "problems": problems,
        "by_office": by_office,
        "is_owner": is_owner,
        "may_submit": not problems and (is_owner if by_office else True),
        "waits_for_owner": draft.stage == Draft.Stage.AWAITING_OWNER,
    }
    return render(request, "transactions/check.html", context, status=422 if request.method == "POST" else 200)


def _act(request: HttpRequest, draft: Draft, user: User, *, to_owner: bool) -> HttpResponse | None:
    if to_owner:
        drafts.send_to_owner(draft, by=user)
        messages.success(request, _("Sent to the owner for approval."))
        return redirect("transactions:office")
    if "changes" in request.POST:
        drafts.ask_for_changes(draft, note=request.POST.get("note", ""), by=user)
        messages.success(request, _("The office has your note and can change the file."))
        return redirect("transactions:requests")
    intake = drafts.submit_draft(draft, by=user)
    return redirect("transactions:receipt", reference=intake.transaction.reference)


@login_required
@hidden_is_404
@require_http_methods(["GET", "POST"])
def discard(request: HttpRequest, key: UUID) -> HttpResponse:
    user = signed_in(request)
    draft = access.get_draft(user, key)
    if request.method == "POST":
        try:
            drafts.discard(draft, by=user)
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, _("The draft is thrown away."))
        return redirect("transactions:requests")
    return render(request, "transactions/discard.html", {"draft": draft, "service": draft.service_type})
