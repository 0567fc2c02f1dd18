"""A person's requests: the list, one request, its receipt, answering what was asked, withdrawing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q, QuerySet, Window
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import current_user
from accounts.delegated import Operation
from accounts.models import Authorisation, User
from core.http import post_only, require_GET_or_POST
from core.text import one_line, parse_int
from journal import qr

from .. import access, view_log
from ..answers.summary import in_catalogue_order, summarise
from ..answers.versions import MAKES_A_VERSION, versions_of
from ..domain import pins
from ..domain.errors import DomainError, Invalid, Problem
from ..domain.workflow import BY_NAME, CLOCK_STOPPED, CLOSED, OPEN, Status
from ..inquiry import pin
from ..inquiry.pin import pin_for
from ..intake.assured import why_not_received
from ..intake.draft_parts import State, parts_of
from ..models import Attachment, Draft, IssuedDocument, Notification, PaperContent, Transaction
from ..notifications import notices
from ..notifications.messages import write_message
from ..papers import papers
from ..papers.papers import papers_of
from ..papers.verification import paper_number
from ..selectors import search
from ..text.deficiency_words import describe_deficiency as asked_in_words
from ..text.progress import progress_of
from ..text.tags import draft_tag
from ..text.timeline import history_of, movements_of
from ..text.wording import headline
from ..transitions import moves
from .common import MAX_COUNTED, count_up_to, hidden_is_404, is_read, page_of, public_address
from .desk import frame
from .gone import hidden_gives_words_back
from .rights import rights_of

RECENT = 6
SHOWN = {"open": OPEN - CLOCK_STOPPED, "done": CLOSED, "all": frozenset(Status)}
MAX_WAITING = 20


@login_required
@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    """What waits for me first; then what I am writing, then the rest by whether it goes on."""
    user = current_user(request)
    now = timezone.now()
    mine = access.own_requests(user)
    counts = mine.open().aggregate(
        waiting=Count("pk", filter=Q(status__in=CLOCK_STOPPED)),
        open=Count("pk", filter=Q(status__in=SHOWN["open"])),
    )
    counts["done"] = count_up_to(mine.filter(status__in=CLOSED))
    counts["all"] = sum(counts.values())
    chosen = request.GET.get("show", "")
    if chosen not in SHOWN:
        chosen = "open" if counts["open"] or not counts["done"] else "done"
    query = one_line(request.GET.get("q", ""))
    cases = mine.for_pages()
    cases = cases.filter(search.search_cases(query) if query else Q(status__in=SHOWN[chosen]))
    waiting = mine.for_pages().filter(status__in=CLOCK_STOPPED).order_by("paused_at", "pk")[:MAX_WAITING]
    written = Draft.objects.unsent().filter(access.own_drafts_condition(user))
    waits = Q(stage=Draft.Stage.AWAITING_OWNER, authorisation__status=Authorisation.Status.ACCEPTED)
    to_approve, approvals = first_of(written.for_owner().filter(waits).prefetch_related(None), MAX_WAITING)
    begun, unsent = first_of(written.for_owner().exclude(waits), MAX_WAITING)
    known = counts[chosen] if not query and counts["done"] <= MAX_COUNTED else None
    known = counts["open"] if not query and chosen == "open" else known
    page = page_of(request, cases.order_by("-submitted_at", "-pk"), count=known)
    unread = notices.count_unread(user, mine, MAX_COUNTED)
    context = {
        "waiting": with_progress(waiting, now, user),
        "to_approve": to_approve,
        "approvals": approvals,
        "drafts": [with_parts(draft, user) for draft in begun],
        "unsent": unsent,
        "page": page,
        "first_page": page.number == 1 and not query,
        "rows": with_progress(page, now, user),
        "tabs": [(code, label, _figure(counts[code])) for code, label in tab_labels()],
        "counts": counts,
        "show": chosen,
        "q": query,
        "unread": unread,
        "unread_shown": _figure(unread),
    }
    return render(request, "transactions/requests.html", context)


def _figure(count: int) -> str:
    return f"{MAX_COUNTED:,}+" if count > MAX_COUNTED else str(count)


def tab_labels() -> list[tuple[str, str]]:
    return [("open", _("In progress")), ("done", _("Finished")), ("all", _("All"))]


def first_of(drafts: QuerySet[Draft], most: int) -> tuple[list[Draft], int]:
    """The first of a list, and how many there are in all; one query."""
    rows: list[Any] = list(drafts.annotate(in_all=Window(Count("pk")))[:most])
    return rows, rows[0].in_all if rows else 0


def with_parts(draft: Draft, reader: User) -> dict[str, Any]:
    """A draft with how much of it is done, and whom it waits for."""
    parts = parts_of(draft)
    done = sum(part.state == State.DONE for part in parts)
    return {"draft": draft, "done": done, "all": len(parts), "tag": draft_tag(draft, reader)}


def with_progress(cases: Iterable[Transaction], now: datetime, reader: User | None = None) -> list[dict[str, Any]]:
    """Cases with the words and figures a list shows, and whose they are where the `reader` acts for another; no query
    beyond that for the cases.
    """
    return [
        {
            "case": case,
            "headline": headline(case),
            "progress": progress_of(case, now),
            "principal": _other(case, reader),
        }
        for case in cases
    ]


def _other(case: Transaction, reader: User | None) -> User | None:
    return case.applicant if reader is not None and case.applicant_id != reader.pk else None


@login_required
@hidden_is_404
@require_safe
def detail(request: HttpRequest, reference: str) -> HttpResponse:
    user = current_user(request)
    case = access.get_transaction(user, reference)
    files = list(case.attachments.sent())
    summary = summarise(case.service_type, case.answers, files)
    context = _state(case, user) | {"files": files, "summary": summary, "rounds": _rounds(case, files)}
    # Most requests have one version only; the history, read already, says whether there is another to ask for.
    changed = any(entry.move in MAKES_A_VERSION for entry in (*context["entries"], *context["earlier"]))
    events = case.events.filter(move__in=MAKES_A_VERSION).order_by("-seq") if changed else ()
    context["versions"] = versions_of(case, events)
    if is_read(request):
        notices.mark_shown(user, timezone.now(), case=case)
    context["inspections"] = case.inspections.prefetch_related("photographs") if case.service_type.inspects else ()
    context["looks"] = view_log.views_by_offices(case) if case.applicant_id == user.pk else []
    return render(request, "transactions/detail.html", context)


def _state(case: Transaction, user: User) -> dict[str, Any]:
    """Where a request is, what happened to it and what can be done now: what changes while somebody looks at it."""
    entries = history_of(case)
    mine = access.acts_for_applicant(user, case)
    may_answer = mine and access.may_make_move(user, case, "answer")
    return {
        "case": case,
        "service": case.service_type,
        "headline": headline(case),
        "progress": progress_of(case, timezone.now(), entries),
        "entries": entries[:RECENT],
        "earlier": entries[RECENT:],
        "numbers": movements_of(case),
        "fee": getattr(case, "fee", None),
        "issued": list(case.issued_documents.select_related("replaced_by")) if case.issued_at else [],
        "papers": papers_of(case) if case.outcome else [],
        "mine": mine,
        "may_renew_bill": access.acts_for_applicant(user, case, Operation.FILE),
        "may_answer": may_answer,
        "open_points": case.deficiencies.open().count() if may_answer else 0,
        "may_withdraw": mine and access.may_make_move(user, case, "withdraw"),
        "rights": rights_of(case, user, (entry.move for entry in entries)),
    }


def _rounds(case: Transaction, files: list[Attachment]) -> list[dict[str, Any]]:
    """What was asked and answered before, by the time it was asked; newest first."""
    given: dict[int, list[Attachment]] = {}
    for file in files:
        if file.deficiency_id:
            given.setdefault(file.deficiency_id, []).append(file)
    rounds: dict[int, list[dict[str, Any]]] = {}
    for item in case.deficiencies.exclude(answered_at=None).prefetch_related("places__attachment"):
        about = case.service_type.label_of(item.about)
        row = {"item": item, "sentence": asked_in_words(item, case.service_type), "about": about}
        rounds.setdefault(item.round, []).append(row | {"files": given.get(item.pk, [])})
    return [{"number": number, "rows": rows} for number, rows in sorted(rounds.items(), reverse=True)]


@login_required
@hidden_is_404
@require_safe
def timeline(request: HttpRequest, reference: str) -> HttpResponse:
    """The parts of a request's page that change by themselves, for refresh.js; nothing (204) while ?seen is true."""
    user = current_user(request)
    if access.is_at_version(user, reference, request.GET.get("seen", "")):
        return HttpResponse(status=204)
    case = access.get_transaction(user, reference)
    return render(request, "transactions/request_live.html", _state(case, user))


@login_required
@hidden_is_404
@require_safe
def receipt(request: HttpRequest, reference: str) -> HttpResponse:
    """The receipt, the same however often it is shown; prints on A4 and on an 80 mm slip (?paper=slip)."""
    user = current_user(request)
    case = access.get_transaction(user, reference)
    if not access.may_see_receipt(user, case):
        raise Http404
    context = receipt_context(request, case, user) | {
        "owns": case.applicant_id == user.pk,
        "counter": case.taken_by_id == user.pk,
    }
    return render(request, "transactions/receipt.html", context | frame(request, case))


def receipt_context(request: HttpRequest, case: Transaction, reader: User) -> dict[str, Any]:
    """What the receipt for `reader` says; it holds their PIN."""
    intake = case.intake
    url = public_address(request, reverse("journal:verify_token", args=[intake.token]))
    return {
        "case": case,
        "intake": intake,
        "service": case.service_type,
        "pin": pins.format_pin(pin_for(case, reader)),
        "qr": qr.svg(url, _("Code to verify this receipt")),
        "files": in_catalogue_order(
            case.service_type, case.attachments.of_request().filter(removed_at=None, deficiency=None)
        ),
        "slip": request.GET.get("paper") == "slip",
        "inquiry_url": public_address(request, reverse("transactions:inquiry")),
    }


@login_required
@hidden_is_404
@post_only("transactions:requests")
def renew_pin(request: HttpRequest, reference: str) -> HttpResponse:
    """End the PIN on the receipt that was shown, and show the one with the new."""
    user = current_user(request)
    case, serial = access.get_transaction(user, reference), parse_int(request.POST.get("serial", ""), max_digits=9)
    try:
        pin.renew_pin(case, serial=-1 if serial is None else serial, by=user)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("transactions:request", reference=case.reference)
    messages.success(request, _("This is the new PIN. The previous one no longer works."))
    return redirect("transactions:receipt", reference=case.reference)


@login_required
@hidden_gives_words_back
@require_GET_or_POST
def withdraw(request: HttpRequest, reference: str) -> HttpResponse:
    user = current_user(request)
    case = access.get_transaction(user, reference)
    if not access.may_make_move(user, case, "withdraw"):
        messages.info(request, _("You cannot withdraw this request now."))
        return redirect("transactions:request", reference=case.reference)
    problems: Sequence[Problem] = ()
    if request.method == "POST":
        try:
            moves.withdraw(case, by=user, reason=request.POST.get("reason", ""))
        except Invalid as error:
            problems = error.problems
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, _("The request is withdrawn. Its number remains."))
        if not problems:
            return redirect("transactions:request", reference=case.reference)
    context = {
        "case": case,
        "move": BY_NAME["withdraw"],
        "problems": problems,
        "reason": request.POST.get("reason", ""),
    }
    return render(request, "transactions/withdraw.html", context, status=422 if problems else 200)


@login_required
@hidden_is_404
@require_safe
def document(request: HttpRequest, reference: str, kind: str) -> HttpResponse:
    """An issued permit, minutes or letter, ready to print: as it was issued, in either language."""
    case = access.get_transaction(current_user(request), reference)
    documents = IssuedDocument.objects.filter(transaction=case, kind=kind)
    if number := paper_number(request.GET.get("number", "")):
        documents = documents.filter(number=number)
    issued = documents.first()
    if issued is None:
        raise Http404
    service = case.service_type
    mine = access.acts_for_applicant(current_user(request), case)
    if mine and (why := why_not_received(case, current_user(request))):
        return render(request, "transactions/not_handed_out.html", {"case": case, "document": issued, "why": why})
    url = request.build_absolute_uri(reverse("journal:verify_token", args=[issued.token]))
    issued.transaction = case
    content = papers.content_of(issued)
    language = get_language() or settings.LANGUAGE_CODE
    context = {
        "case": case,
        "document": issued,
        "signed": PaperContent.objects.filter(document=issued).select_related("signed").first(),
        "content": content,
        "paper": content.get(language) or content[settings.LANGUAGE_CODE],
        "version": content["answers_version"],
        "qr": qr.svg(url, _("Code to verify this document")),
    }
    return render(request, service.output.template, context | frame(request, case))


@login_required
@require_safe
def notices_list(request: HttpRequest) -> HttpResponse:
    page = page_of(request, Notification.objects.filter(access.notices_condition(current_user(request))).for_reading())
    rows = [{"notice": notice, "message": write_message(notice)} for notice in page]
    if is_read(request):
        notices.mark_shown(current_user(request), timezone.now(), shown=page)
    return render(request, "transactions/notices.html", {"page": page, "rows": rows})


@login_required
@post_only("transactions:notices")
def notices_read(request: HttpRequest) -> HttpResponse:
    notices.mark_read(current_user(request), timezone.now())
    return redirect("transactions:notices")
