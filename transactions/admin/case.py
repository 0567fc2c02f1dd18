"""The case page: facts, documents, history, notes, and the moves this person may make, each with its consequence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import access_log
from accounts.access import current_user
from accounts.models import Act, User
from core.http import post_only
from core.text import parse_int, prose
from municipality.models import Office

from .. import access, presence, text_templates
from ..domain.errors import DomainError, Invalid, NotVisible
from ..models import Event, Transaction
from ..text import two_languages
from ..transitions import notes, staff_notices
from ..transitions.forms import ANSWERS, COLLEAGUE, DEFICIENCIES, FORMS, OFFICE, Form, Input
from ..views.common import hidden_is_404, is_read
from ..views.form_recovery import typed_before
from ..views.public import answer_context
from . import checks, correction, texts
from .done_words import confirmation_text
from .dossier import dossier
from .move_forms import (
    OUTSIDE,
    MoveForm,
    asked_in,
    deficiency_choices,
    marks_to_tell,
    other_language,
    own_words,
    words_in_both,
)
from .site import staff_site
from .ways import way_back


def _visible(request: HttpRequest, reference: str) -> Transaction:
    user = current_user(request)
    among = access.cases_of_staff(user).select_related("applicant__identity_verified_by")
    among = staff_notices.with_unread(among, user).annotate(has_templates=text_templates.has_templates(user))
    return access.get_transaction(user, reference, among)


def hidden_gives_words_back(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """hidden_is_404, but whoever wrote to a file that has left their office meanwhile reads there what they wrote."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NotVisible as error:
            unsaved_text = _written(typed_before(request) or request.POST)
            if not unsaved_text:
                raise Http404 from error
            context = staff_site.each_context(request) | {
                "title": _("This case is not with you"),
                "unsaved_text": unsaved_text,
            }
            return render(request, "staff/case_moved.html", context, status=404)

    return wrapped


@hidden_is_404
@require_GET
def case(request: HttpRequest, reference: str) -> HttpResponse:
    """The page. Of a file that another office has, a clerk at a counter is told what the public inquiry tells."""
    try:
        shown_case = _visible(request, reference)
    except NotVisible:
        elsewhere = access.get_for_other_counter(current_user(request), reference)
        return _elsewhere(request, elsewhere)
    return case_page(request, shown_case, QueryDict())


@hidden_is_404
@require_GET
def next_case(request: HttpRequest, reference: str) -> HttpResponse:
    """To the next file of the list this one was opened from; back to the list at its end."""
    return _walk(request, reference, back=False)


@hidden_is_404
@require_GET
def previous_case(request: HttpRequest, reference: str) -> HttpResponse:
    """The same, the other way."""
    return _walk(request, reference, back=True)


def _walk(request: HttpRequest, reference: str, *, back: bool) -> HttpResponse:
    user, way = current_user(request), way_back(request)
    case = access.cases_of_staff(user).select_related("applicant", "assignee").filter(reference=reference).first()
    if case is None:
        raise NotVisible
    beside = way.neighbour(case, user, timezone.now(), back=back)
    if beside is None:
        messages.info(request, _("There is no further case in this list."))
        return redirect(way.url)
    return redirect(way.ahead(reverse("staff:case", args=[beside.reference])))


@hidden_is_404
@post_only("staff:index")
def presence_beat(request: HttpRequest, reference: str) -> HttpResponse:
    """The page says that it is still open, or that it was left; answered by who else has the case open."""
    user, now = current_user(request), timezone.now()
    case = access.cases_of_staff(user).select_related("authorisation").filter(reference=reference).first()
    if case is None:
        raise NotVisible
    if "left" in request.POST:
        presence.show_closed(case, user)
        return HttpResponse(status=204)
    presence.show_open(case, user, now)
    others = presence.others(access.posts_working_on(case, timezone.localdate(now)), user)
    return render(request, "staff/parts/presence.html", {"others": others})


def _elsewhere(request: HttpRequest, case: Transaction) -> HttpResponse:
    access_log.record(Act.INQUIRY, by=current_user(request), subject=case.reference)
    context = staff_site.each_context(request) | answer_context(case) | {"title": case.reference}
    return render(request, "staff/elsewhere.html", context)


@hidden_gives_words_back
@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, reference: str, move: str) -> HttpResponse:
    """Make one move: one call of one service. What was typed comes back when the move is refused."""
    case_moved = _visible(request, reference)
    if move not in ACTIONS:
        raise Http404
    if request.method == "GET":
        return _typed_before(request, case_moved, move)
    version = parse_int(request.POST.get("version", ""))
    if version is None:
        messages.error(request, _("Look at the case again before you decide."))
        return redirect(way_back(request).ahead(reverse("staff:case", args=[case_moved.reference])))
    user, back = current_user(request), way_back(request)
    # Asked before the move, which takes the file from its place in the list.
    following = None if move in STAYS else back.neighbour(case_moved, user, timezone.now())
    try:
        done = ACTIONS[move](case_moved, request, user, version)
    except DomainError as error:
        status = _say(request, error)
        return case_page(request, _visible(request, reference), request.POST, open_move=move, status=status)
    messages.success(request, confirmation_text(done, move))
    presence.show_closed(done, user)
    if following is not None:
        return redirect(back.ahead(reverse("staff:case", args=[following.reference])))
    stays = move in STAYS and access.cases_of_staff(user).filter(pk=done.pk).exists()
    return redirect(back.ahead(reverse("staff:case", args=[done.reference])) if stays else back.url)


@hidden_gives_words_back
@require_http_methods(["GET", "POST"])
def insert_text(request: HttpRequest, reference: str, move: str) -> HttpResponse:
    """A text template put into the form of a move: the page again, with everything typed and that text."""
    shown_case = _visible(request, reference)
    if move not in ACTIONS:
        raise Http404
    if request.method == "GET":
        return _typed_before(request, shown_case, move)
    typed: QueryDict = request.POST
    status = 200
    try:
        typed = texts.insert(request, shown_case, move)
    except DomainError as error:
        status = _say(request, error)
    return case_page(request, shown_case, typed, open_move=move, status=status)


@hidden_gives_words_back
@require_http_methods(["GET", "POST"])
def note(request: HttpRequest, reference: str) -> HttpResponse:
    """Write an internal note."""
    noted_case, to = _visible(request, reference), request.POST.get("to", "")
    if request.method == "GET":
        return _typed_before(request, noted_case)
    try:
        colleague = _person(to) if to else None
        notes.write_note(noted_case, text=request.POST.get("text", ""), by=current_user(request), to=colleague)
    except NotVisible:
        raise
    except DomainError as error:
        return case_page(request, noted_case, request.POST, status=_say(request, error))
    messages.success(request, _("The note has been saved to the case. Only staff can see it."))
    return redirect(way_back(request).ahead(reverse("staff:case", args=[noted_case.reference])))


@hidden_gives_words_back
@require_http_methods(["GET", "POST"])
def check(request: HttpRequest, reference: str) -> HttpResponse:
    """A press on the checklist; each is written by itself, and the page comes back where it was."""
    checked_case = _visible(request, reference)
    if request.method == "GET":
        return _typed_before(request, checked_case)
    try:
        message = checks.pressed(checked_case, request)
    except NotVisible:
        raise
    except DomainError as error:
        return case_page(request, _visible(request, reference), request.POST, status=_say(request, error))
    if message:
        messages.success(request, message)
    back = way_back(request).ahead(reverse("staff:case", args=[checked_case.reference]))
    return redirect(f"{back}#checklist")


def _typed_before(request: HttpRequest, case: Transaction, open_move: str = "") -> HttpResponse:
    """By GET comes who had to sign in first, or reads the page in the other language: the case, with what was held."""
    typed = typed_before(request)
    if typed is None:
        return redirect("staff:case", reference=case.reference)
    return case_page(request, case, typed, open_move=open_move)


def _say(request: HttpRequest, error: DomainError) -> int:
    """Tell the person what is in the way; returns the answer's status."""
    if isinstance(error, Invalid):
        for problem in error.problems:
            messages.error(request, problem.message)
        return 422
    messages.error(request, error.message)
    return 409


@hidden_is_404
@require_http_methods(["GET", "POST"])
def notes_read(request: HttpRequest, reference: str) -> HttpResponse:
    """The notes meant for me on this case are read."""
    shown_case = _visible(request, reference)
    if request.method == "POST":
        notes.mark_read(shown_case, by=current_user(request))
    return redirect(way_back(request).ahead(reverse("staff:case", args=[shown_case.reference])))


def _written(typed: QueryDict) -> list[str]:
    """The sentences of a form: of deficiencies, a reason, a note."""
    chosen = {
        *(f"sentence-{code}" for code in typed.getlist("deficiency")),
        *map("mark-{}".format, typed.getlist("mark")),
    }
    texts = [
        typed.get(name, "")
        for name in typed
        if name in WRITTEN or name.startswith("own-") or name.removesuffix("-other") in chosen
    ]
    return [text for text in texts if prose(text)]


def _person(pk: str) -> User:
    person = User.objects.filter(pk=parse_int(pk) or 0, is_staff=True).first()
    if person is None:
        raise DomainError("wrong_assignee", _("Choose a colleague."))
    return person


def _office(code: str) -> Office:
    office = Office.objects.filter(code=code).first()
    if office is None:
        raise DomainError("wrong_office", _("Choose an office."))
    return office


WRITTEN = frozenset({"reason", "reason-other", "text", "conditions_ar", "conditions_en"})
Action = Callable[[Transaction, HttpRequest, User, int], Transaction]
READ: dict[Input, Callable[[Transaction, QueryDict], Any]] = {
    OFFICE: lambda case, post: _office(post.get("to", "")),
    COLLEAGUE: lambda case, post: _person(post.get("to", "")),
    DEFICIENCIES: lambda case, post: asked_in(post, case),
    ANSWERS: correction.changes_in,
}


def _act(form: Form) -> Action:
    def act(case: Transaction, request: HttpRequest, by: User, version: int) -> Transaction:
        def read(given: Input) -> Any:
            if given.for_applicant:
                return words_in_both(request.POST, case, given)
            return READ[given](case, request.POST) if given in READ else request.POST.get(given.box, "")

        return form.make(case, read, by=by, version=version)

    return act


# After these one goes on with the same file; after any other with the next of the list.
STAYS = frozenset({"take", "correct", "reopen"})
# An inspection has a page of its own, which takes its photographs first.
ELSEWHERE = OUTSIDE | {"inspect"}
ACTIONS: dict[str, Action] = {name: _act(form) for name, form in FORMS.items() if name not in ELSEWHERE}


def _with_reasons(
    case: Transaction, forms: list[MoveForm], typed_in: str, typed: QueryDict, advised: Event | None
) -> list[MoveForm]:
    """The moves, with what was typed as the reason of one; a refusal begins with the reasons it was advised with."""
    written = {typed_in: (typed.get("reason", ""), typed.get("reason-other", ""))}
    if advised is not None and advised.move == "advise_refusal":
        other = advised.facts.get("own_words", {}).get(other_language(case), "")
        written = {"reject": (advised.reason, other)} | written
    nothing = ("", "")
    return [
        replace(form, written=written.get(form.name, nothing)[0], written_other=written.get(form.name, nothing)[1])
        for form in forms
    ]


def _conditions(advised: Event | None, typed: QueryDict) -> dict[str, str]:
    """Those typed on a form that was refused; otherwise those that were recommended."""
    if "conditions_ar" in typed or "conditions_en" in typed:
        return {language: typed.get(f"conditions_{language}", "") for language in ("ar", "en")}
    return dict(advised.facts.get("conditions", {})) if advised else {}


def case_page(
    request: HttpRequest,
    case: Transaction,
    typed: QueryDict,
    *,
    open_move: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page; with what was typed in its form or, where that is gone, to be copied."""
    user, now = current_user(request), timezone.now()
    context = staff_site.each_context(request) | dossier(request, case)
    if is_read(request) and case.is_open:
        presence.show_open(case, user, now)
    staff_notices.mark_case_read(user, case, now, opened=is_read(request))
    offered = {move.name for move in context["moves"]}
    templates = texts.offered(user, offered) if getattr(case, "has_templates", True) else {}
    marked = any(getattr(file, "has_marks", False) for _label, file in context["files"])
    asks = () if open_move else context["checklist"].asks
    asked = checks.return_form(case, asks) if asks else typed
    refused = {item.code: item.sentence for item in asked_in(asked, case) if item.code}
    context |= {
        "moves": [
            replace(form, templates=templates.get(form.name, []))
            for form in _with_reasons(case, context["moves"], open_move, typed, context["advice"])
        ],
        "conditions": _conditions(context["advice"], typed),
        "advised_conditions": two_languages.here(_conditions(context["advice"], QueryDict())),
        "open_move": open_move or ("return" if asks and "return" in offered else ""),
        "back": way_back(request),
        "refused": status != 200,
        "beat_seconds": int(presence.BEAT.total_seconds()),
        "typed": typed,
        "unsaved_text": _written(typed) if open_move and open_move not in offered else [],
        "choices": deficiency_choices(case, refused) if "return" in offered else (),
        "marks": marks_to_tell(case, typed) if "return" in offered and marked else (),
        "own_words": own_words(case, asked) if "return" in offered else (),
        "other_language": other_language(case),
    }
    return render(request, "staff/case.html", context, status=status)
