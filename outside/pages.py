"""Pages of the workbench about outside bodies."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from accounts.access import current_user, is_administrator
from core import outside_http
from core.http import post_only, require_GET_or_POST
from core.outside_registry import outside_bodies
from transactions.admin.site import staff_site
from transactions.domain.errors import DomainError, Invalid
from transactions.domain.outside import Body
from transactions.notifications import reports
from transactions.notifications.messages import write_message
from transactions.views.common import page_of

from . import lists
from .answers import moment_of_day, record_message
from .bodies import bodies as known_bodies
from .bodies import title_of
from .forms import PaperForm
from .models import Channel, Referral
from .permissions import may_record, may_record_somewhere, referral_for
from .status import body_statuses, unmatched
from .words import shown

MAX_UNMATCHED = 50


@require_GET
def bodies(request: HttpRequest) -> HttpResponse:
    """How each body stands, what waits for it, and what it sent that fits nothing."""
    user, now = current_user(request), timezone.now()
    context = staff_site.each_context(request) | {
        "title": _("Outside bodies"),
        "statuses": body_statuses(now),
        "unmatched": [(message, title_of(message.body)) for message in unmatched(MAX_UNMATCHED)],
        "may_ask_again": is_administrator(user),
        "may_upload": known_bodies().keys() if may_record_somewhere(user) else (),
        "letters": reports.not_reached(user, now).count() if may_record_somewhere(user) else 0,
        "now": now,
    }
    return render(request, "staff/outside_bodies.html", context)


@post_only("staff:outside_bodies")
def ask_again(request: HttpRequest, body: str) -> HttpResponse:
    """Somebody mended it: do not wait until the rest is over."""
    if not is_administrator(current_user(request)) or body not in {each.name for each in outside_bodies()}:
        raise Http404
    outside_http.close_circuit(body)
    messages.success(request, _("It is asked again with the next message."))
    return redirect("staff:outside_bodies")


@require_GET_or_POST
def record(request: HttpRequest, key: UUID) -> HttpResponse:
    """A letter that went out, or what the body answered on paper."""
    user, now = current_user(request), timezone.now()
    referral = referral_for(user, key)
    if referral is None:
        raise Http404
    form = PaperForm(referral, request.POST or None)
    status = 200
    if request.method == "POST":
        if form.is_valid() and _recorded(request, form, referral, now):
            return redirect("staff:case", reference=referral.transaction.reference)
        status = 422
    context = staff_site.each_context(request) | {
        "title": _("A letter or an answer on paper"),
        "case": referral.transaction,
        "shown": shown(referral, now),
        "form": form,
    }
    return render(request, "staff/outside_record.html", context, status=status)


# Which box of the form a problem of a message is about.
BOXES = {"at": "day", "event": "kind"}


def _recorded(request: HttpRequest, form: PaperForm, referral: Referral, now: Any) -> bool:
    data = form.cleaned_data
    try:
        record_message(
            body=referral.body,
            key=f"paper:{data['key']}",
            about=referral.transaction.reference,
            kind=data["kind"],
            number=data["number"],
            reason=data["reason"],
            given=data["given"],
            happened_at=moment_of_day(data["day"], now),
            now=now,
            channel=Channel.PAPER,
            referral=referral,
            by=current_user(request),
        )
    except Invalid as error:
        for problem in error.problems:
            form.add_error(BOXES.get(problem.path, problem.path), str(problem.message))
        return False
    except DomainError as error:
        form.add_error(None, str(error.message))
        return False
    messages.success(request, _("It is on record with the case."))
    return True


def _body(code: str) -> Body:
    body = known_bodies().get(code)
    if body is None:
        raise Http404
    return body


@require_GET_or_POST
def upload_list(request: HttpRequest, body: str) -> HttpResponse:
    """A list of the body: shown row by row first, then recorded by a second press."""
    user, now, known = current_user(request), timezone.now(), _body(body)
    if not may_record_somewhere(user):
        raise Http404
    context = staff_site.each_context(request) | {
        "title": _("Upload a list"),
        "body": known,
        "columns": ", ".join(lists.COLUMNS),
        "outcomes": _outcomes(body),
    }
    if request.method != "POST":
        return render(request, "staff/outside_list.html", context)
    try:
        if "list" in request.POST:
            done, lines = lists.record(_bounded(request.POST["list"]), body=body, by=user, now=now)
            messages.success(request, _said_done(done))
            left = [line for line in lines if line.problem]
            if not left:
                return redirect("staff:outside_bodies")
            return render(request, "staff/outside_list.html", context | {"lines": left, "done": True})
        file = request.FILES.get("file")
        if file is None:
            raise lists.NotAList(_("Choose a file."))
        text = lists.decode(file.read(lists.MAX_BYTES + 1))
        lines = lists.read(text, body=body, by=user, now=now)
    except lists.NotAList as error:
        return render(request, "staff/outside_list.html", context | {"refusal": str(error)}, status=422)
    ready = sum(line.ready for line in lines)
    return render(request, "staff/outside_list.html", context | {"lines": lines, "list": text, "ready": ready})


def _bounded(text: str) -> str:
    return lists.decode(text.encode())


def _said_done(done: int) -> str:
    return ngettext("%(n)d row is recorded.", "%(n)d rows are recorded.", done) % {"n": done}


@require_GET
def letters(request: HttpRequest) -> HttpResponse:
    """Whom no message reached: what each would have read, and where a letter goes from."""
    user, now = current_user(request), timezone.now()
    if not may_record_somewhere(user):
        raise Http404
    page = page_of(request, reports.not_reached(user, now))
    context = staff_site.each_context(request) | {
        "title": _("Notices that reached nobody"),
        "page": page,
        "rows": [(notice, write_message(notice)) for notice in page],
    }
    return render(request, "staff/outside_letters.html", context)


@post_only("staff:outside_letters")
def letter_sent(request: HttpRequest, pk: int) -> HttpResponse:
    """The letter went out."""
    user, now = current_user(request), timezone.now()
    notice = reports.not_reached(user, now).filter(pk=pk).first()
    if notice is None or notice.event is None or not may_record(user, notice.event.transaction):
        raise Http404
    reports.record_letter(notice, now=now)
    messages.success(request, _("The letter is on record."))
    return redirect("staff:outside_letters")


def _outcomes(body: str) -> list[tuple[str, Any]]:
    """The words a list may hold in `event`, with what each means."""
    from transactions.domain import service_types

    declared = [
        referral
        for service in service_types.all_services()
        for referral in service.referrals
        if referral.body.code == body
    ]
    words = [("acknowledged", _("It has the request under its number"))]
    return words + [(outcome.code, outcome.label) for referral in declared for outcome in referral.outcomes]
