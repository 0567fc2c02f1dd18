"""Writing a request: a task list, one topic a page, documents, check your answers, submit."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import current_user, engineering_offices_of
from accounts.models import Authorisation, User
from accounts.sign_on import flow
from accounts.step_up import next_in_query
from core.forms.concurrency import FIELD, fingerprint
from core.http import require_GET_or_POST
from core.text import isolated, parse_int
from municipality.services import list_districts

from .. import access
from ..answers import cleaning as answers
from ..answers.corners import with_files
from ..answers.ground import proposed_district
from ..answers.summary import summarise
from ..domain import service_types
from ..domain.errors import DomainError, Invalid, NotVisible, Overtaken, Problem
from ..domain.service_types import Group, Step, SubmittedBy
from ..intake import closures, drafts, eligibility
from ..intake.answer_forms import asks_corners, asks_for_plot, step_page, typed_in
from ..intake.assured import missing_level
from ..intake.district_proposal import proposes, take_district
from ..intake.draft_parts import DOCUMENTS, State, flags_of, flags_on, gaps_of, parts_of
from ..models import AT_COUNTER, Draft
from ..selectors import duplicates
from .common import hidden_is_404, page_of
from .documents import redirect_reader
from .form_recovery import typed_before
from .gone import hidden_gives_words_back, words_back
from .requests import with_parts

START = "start_after_sign_in"


@require_GET_or_POST
def start(request: HttpRequest, code: str) -> HttpResponse:
    """Begin a request for oneself, or as an engineering office for an owner who authorised it.

    Whoever pressed and had to sign in first comes back here by GET, and their press counts. Anybody else who comes by
    GET is led to the service's page, which has the button.
    """
    service = service_types.find(code)
    if service is None:
        raise Http404
    pressed = request.method == "POST"
    if not request.user.is_authenticated:
        if pressed:
            request.session[START] = code
        return redirect_to_login(request.get_full_path())
    if not pressed and request.session.pop(START, "") != code:
        return redirect("transactions:service", code=code)
    user = current_user(request)
    authorisation = None
    if (chosen := parse_int(request.POST.get("authorisation", ""))) is not None:
        authorisation = (
            Authorisation.objects.filter(pk=chosen, office__in=engineering_offices_of(user))
            .select_related("office", "owner")
            .first()
        )
    try:
        applicant = _principal(request, user, service)
        draft = drafts.start_draft(service, by=user, applicant=applicant, authorisation=authorisation)
    except DomainError as error:
        messages.error(request, error.message)
        if error.code == "identity_needed" and settings.SIGN_ON_URL and flow.is_for(user.national_id):
            # Their press counts when they come back.
            request.session[START] = code
            return redirect(f"{reverse('accounts:sign_on')}?{next_in_query(request.path)}")
        return redirect("transactions:service", code=code)
    return redirect("transactions:draft", key=draft.key)


def _principal(request: HttpRequest, user: User, service: service_types.ServiceType) -> User | None:
    """For whom a delegate begins; nobody's name comes with the press, only the key of what the delegate holds."""
    chosen = parse_int(request.POST.get("delegation", ""))
    if chosen is None:
        return None
    held = eligibility.find_delegation(user, chosen)
    eligibility.refuse_unless_delegated(held, user, service, timezone.localdate())
    return held.principal


@login_required
@require_safe
def draft_list(request: HttpRequest) -> HttpResponse:
    """All that is not submitted yet: one's own, or (?of=office) the engineering office's."""
    user = current_user(request)
    of_office = request.GET.get("of") == "office"
    unsent = Draft.objects.unsent()
    prepared, own = (
        unsent.filter(access.office_drafts_condition(user)),
        unsent.filter(access.own_drafts_condition(user)),
    )
    rows = prepared.for_office() if of_office else own.for_owner()
    page = page_of(request, rows)
    context = {"page": page, "drafts": [with_parts(draft, user) for draft in page], "of_office": of_office}
    return render(request, "transactions/drafts.html", context)


@login_required
@hidden_is_404
@require_safe
def task_list(request: HttpRequest, key: UUID) -> HttpResponse:
    user = current_user(request)
    draft = access.get_draft(user, key)
    if draft.stage == Draft.Stage.SUBMITTED:
        return _receipt_of(request, draft, user)
    if draft.channel in AT_COUNTER and draft.created_by_id == user.pk:
        return redirect("staff:intake", key=key)
    parts = parts_of(draft)
    tasks = [{"part": part, "url": _page(draft, part.code)} for part in parts]
    context = {
        "draft": draft,
        "service": draft.service_type,
        "tasks": tasks,
        "next": next((task for task, part in zip(tasks, parts, strict=True) if part.state != State.DONE), None),
        "done": sum(part.state == State.DONE for part in parts),
        "ready": all(part.state == State.DONE for part in parts),
        "turn": _whose_turn(draft, user),
        "back": _home(draft, user),
        "closure": closures.closure_of(draft.service_type),
    }
    return render(request, "transactions/task_list.html", context)


def _whose_turn(draft: Draft, user: User) -> str:
    """Who writes or decides now: one of the parts of task_list.html."""
    if access.authorisation_has_ended(draft):
        return "office is out"
    if draft.stage == Draft.Stage.AWAITING_OWNER:
        return "approve" if access.approves(user, draft) else "with owner"
    return "write" if access.may_write(user, draft) else "with office"


def _page(draft: Draft, code: str) -> str:
    """Where a part of the request (draft_parts) is written."""
    if code == DOCUMENTS:
        return reverse("transactions:documents", args=[draft.key])
    return reverse("transactions:step", args=[draft.key, code])


class Place(NamedTuple):
    url: str
    label: str


def _home(draft: Draft, user: User) -> Place:
    """The list a draft is kept in: at the counter, in the office, or among one's own."""
    if draft.applicant_id == user.pk or access.delegation_about(user, draft):
        return Place(reverse("transactions:requests"), _("My requests"))
    if draft.channel in AT_COUNTER:
        return Place(reverse("staff:counter"), _("Counter"))
    return Place(reverse("transactions:office"), _("Engineering office"))


def _receipt_of(request: HttpRequest, draft: Draft, user: User) -> HttpResponse:
    """Where the way back leads after submitting: there is one receipt, however often it is asked for."""
    try:
        intake = drafts.submit_draft(draft, by=user)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(_home(draft, user).url)
    if request.method == "GET":
        messages.info(request, _("This request has already been submitted. This is its receipt."))
    return redirect("transactions:receipt", reference=intake.transaction.reference)


def _step(service: service_types.ServiceType, code: str) -> Step:
    """NotVisible for a page this request does not have, or no longer has: what was typed on it is read back."""
    chosen = next((step for step in service.steps if step.code == code), None)
    if chosen is None:
        raise NotVisible
    return chosen


@login_required
@hidden_gives_words_back
@require_GET_or_POST
def step(request: HttpRequest, key: UUID, code: str) -> HttpResponse:
    """One page of questions. What was typed is kept whether it is right or not."""
    user = current_user(request)
    draft = access.get_draft(user, key)
    if draft.stage == Draft.Stage.SUBMITTED:
        if request.method == "POST":
            messages.warning(request, _("This request was submitted before. What you entered here is not part of it."))
        return _receipt_of(request, draft, user)
    if reader := redirect_reader(request, draft, user):
        return words_back(request) or reader
    this = _step(draft.service_type, code)
    data = typed_before(request)
    posted = data if data is not None else with_files(request) if request.method == "POST" else None
    problems: tuple[Problem, ...] = ()
    rows: dict[str, int] = {}
    shown: dict[str, Any] | None = None
    if posted is not None:
        typed, rows, only_rows = typed_in(this, posted)
        try:
            problems = drafts.save_step(draft, this, typed, by=user, seen=posted.get(FIELD, ""))
        except Overtaken as error:
            problems, only_rows = error.problems, False
            shown = draft.answers | typed
        except DomainError as error:
            messages.error(request, error.message)
            return words_back(request) or redirect("transactions:draft", key=key)
        if shown is not None:
            pass  # both are shown, theirs in the boxes; nothing was saved
        elif only_rows:
            problems = ()
        elif data is not None:
            pass  # shown once more, with what is still wrong, so that they see nothing is lost
        elif "draw" in request.POST and not problems:
            pass  # saved, and shown with its drawing
        elif "from_drawing" in request.POST and asks_for_plot(draft.service_type, this):
            return redirect("drawings:corners", key=key)
        elif "take_district" in request.POST:
            _take_district(request, draft, user)
        elif "later" in request.POST:
            messages.success(request, _("Saved. You can come back at any time."))
            return redirect(_home(draft, user).url)
        elif not problems:
            return _saved(request, draft, this)
    seen = answers.clean_until(draft.service_type, draft.answers, this)
    flags = flags_on(this, flags_of(draft.service_type, draft.answers))
    context = {
        "flags": flags,
        "draft": draft,
        "service": draft.service_type,
        "step": this,
        "parts": step_page(this, shown or draft.answers, seen, problems, rows),
        "problems": problems,
        "version": fingerprint(drafts.answers_of(draft, [this])),
        "districts": list_districts() if any(getattr(f, "kind", "") == "district" for f in this.fields) else (),
        "return_to": request.GET.get("return") or request.POST.get("return", ""),
        "adds_up": any(isinstance(spec, Group) and spec.adds_up[0] for spec in this.fields),
        "draws": asks_corners(this),
        "takes_drawings": asks_for_plot(draft.service_type, this),
        "proposal": proposed_district(draft.service_type, draft.answers) if proposes(this) else None,
        "position": draft.service_type.steps.index(this) + 1,
        "pages": len(draft.service_type.steps) + 1,
    }
    status = 409 if shown is not None else 422 if problems else 200
    return render(request, "transactions/step.html", context, status=status)


def _take_district(request: HttpRequest, draft: Draft, user: User) -> None:
    """The page is saved and shown again, with the district where somebody agreed to the one proposed."""
    if district := take_district(draft, request.POST["take_district"], by=user):
        messages.success(request, _("The district is now %(name)s.") % {"name": isolated(district.name)})
    else:
        messages.warning(request, _("The proposal has changed meanwhile. The district was left as it is."))


def _saved(request: HttpRequest, draft: Draft, step: Step) -> HttpResponse:
    """On to what comes next. What the reviewer will ask about is said at once; where answers are checked it stands."""
    return_to = request.POST.get("return", "")
    flags = flags_on(step, flags_of(draft.service_type, draft.answers)) if return_to != "check" else []
    for flag in flags:
        messages.warning(request, _("The reviewer will ask about this: %(flag)s") % {"flag": flag.message})
    return redirect(_after(draft, step, return_to))


def _after(draft: Draft, step: Step, return_to: str) -> str:
    if return_to == "check":
        return reverse("transactions:check", args=[draft.key])
    steps = draft.service_type.steps
    following = steps[steps.index(step) + 1 :]
    return _page(draft, following[0].code if following else DOCUMENTS)


@login_required
@hidden_gives_words_back
@require_GET_or_POST
def check(request: HttpRequest, key: UUID) -> HttpResponse:
    """Check your answers; then submit, or send to the owner, or (the owner) ask for changes."""
    user = current_user(request)
    draft = access.get_draft(user, key)
    if draft.stage == Draft.Stage.SUBMITTED:
        return _receipt_of(request, draft, user)
    typed = typed_before(request)
    pressed = request.method == "POST"
    wrong_note: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()
    try:
        if pressed and "changes" in request.POST:
            wrong_note = _ask_for_changes(request, draft, user)
            if not wrong_note:
                return redirect("transactions:requests")
        elif pressed:
            return _act(request, draft, user)
        drafts.is_ready_for_owner(draft, by=user)
    except Invalid as error:
        problems = error.problems
    except DomainError as error:
        messages.error(request, error.message)
    closure = closures.closure_of(draft.service_type)
    files = list(draft.attachments.filter(removed_at=None))
    context = {
        "draft": draft,
        "files": files,
        "service": draft.service_type,
        "turn": _next_action(draft, user, gaps=bool(problems), closed=bool(closure)),
        "sections": summarise(draft.service_type, draft.answers, files),
        "hints": duplicates.hints_for_draft(draft, files, user),
        "gaps": [{"gap": gap, "url": _page(draft, gap.code)} for gap in gaps_of(draft.service_type, problems)],
        "lacking": missing_level(draft.service_type, "submit", _known_by(draft, user)),
        "flags": flags_of(draft.service_type, draft.answers),
        "wrong_note": wrong_note,
        "closure": closure,
        "may_change": access.may_write(user, draft),
        "may_give_back": access.may_give_back(user, draft),
        "note": (typed or request.POST).get("note", ""),
        "pressed": pressed and not wrong_note,
        "version": fingerprint(drafts.content_of(draft)),
    }
    return render(request, "transactions/check.html", context, status=422 if pressed else 200)


def _of_office(draft: Draft) -> bool:
    return draft.service_type.submitted_by is SubmittedBy.ENGINEERING_OFFICE


def _known_by(draft: Draft, user: User) -> User:
    """Whose level counts: of whom somebody files for by delegation, a clerk has seen the paper."""
    return user if access.delegation_about(user, draft) else draft.applicant


def _next_action(draft: Draft, user: User, *, gaps: bool, closed: bool) -> str:
    """What comes next and whose turn it is, for who looks through a draft: one of the parts of check.html."""
    if access.authorisation_has_ended(draft):
        return "office is out"
    if not access.may_write(user, draft) and not access.may_give_back(user, draft):
        return "with office" if draft.stage == Draft.Stage.OPEN else "with owner"
    if gaps:
        return "complete" if access.may_write(user, draft) else "office completes"
    if closed:
        return "wait until open"
    mine = draft.applicant_id == user.pk or access.delegation_about(user, draft)
    if mine and missing_level(draft.service_type, "submit", _known_by(draft, user)):
        return "prove identity"
    if not _of_office(draft):
        return "submit"
    return "send to owner" if access.may_write(user, draft) else "approve"


def _ask_for_changes(request: HttpRequest, draft: Draft, user: User) -> tuple[Problem, ...]:
    """Give the file back to the office, or say what is wrong with the note."""
    try:
        drafts.ask_for_changes(draft, note=request.POST.get("note", ""), by=user)
    except Invalid as error:
        return error.problems
    messages.success(request, _("The office has your note and can change the file."))
    return ()


def _act(request: HttpRequest, draft: Draft, user: User) -> HttpResponse:
    seen = request.POST.get(FIELD, "")
    if _of_office(draft) and access.may_write(user, draft):
        drafts.send_to_owner(draft, by=user, seen=seen)
        messages.success(request, _("Sent to the owner for approval."))
        return redirect("transactions:office")
    intake = drafts.submit_draft(draft, by=user, seen=seen)
    return redirect("transactions:receipt", reference=intake.transaction.reference)


@login_required
@hidden_is_404
@require_GET_or_POST
def discard(request: HttpRequest, key: UUID) -> HttpResponse:
    user = current_user(request)
    draft = access.get_draft(user, key)
    if request.method == "GET" and not access.may_discard(user, draft):
        return redirect("transactions:draft", key=key)
    if request.method == "POST":
        home = _home(draft, user).url
        try:
            drafts.delete_draft(draft, by=user)
        except DomainError as error:
            messages.error(request, error.message)
            return redirect("transactions:draft", key=key)
        messages.success(request, _("Draft deleted."))
        return redirect(home)
    return render(request, "transactions/discard.html", {"draft": draft, "service": draft.service_type})
