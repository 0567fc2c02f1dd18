"""A person's requests: the list, one request, its receipt, answering what was asked, withdrawing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Case, IntegerField, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import signed_in
from journal import qr

from .. import access, pins
from ..errors import DomainError, Invalid, Problem
from ..models import Draft, IssuedDocument, Notification
from ..services import attachments, moves, notices
from ..summary import sections
from ..timeline import history_of, movements_of
from ..wording import headline, notice_text, title
from ..workflow import BY_NAME, CLOCK_STOPPED
from .common import hidden_is_404, page_of

WAITS_FIRST = Case(When(status__in=sorted(CLOCK_STOPPED), then=Value(0)), default=Value(1), output_field=IntegerField())


@login_required
@never_cache
@require_GET
def requests(request: HttpRequest) -> HttpResponse:
    """What waits for me first."""
    user = signed_in(request)
    cases = access.mine(user).for_pages().order_by(WAITS_FIRST, "-submitted_at")
    drafts = (
        Draft.objects.filter(access.drafts(user))
        .exclude(stage=Draft.Stage.SUBMITTED)
        .select_related("applicant", "authorisation__office")
    )
    page = page_of(request, cases)
    for case in page:
        case.says = headline(case)
        case.waits_for_me = case.status in CLOCK_STOPPED
    mine = [draft for draft in drafts[:50] if draft.applicant_id == user.pk or draft.channel == "counter"]
    context = {"page": page, "drafts": mine, "now": timezone.now()}
    return render(request, "transactions/requests.html", context)


@login_required
@never_cache
@hidden_is_404
@require_GET
def detail(request: HttpRequest, reference: str) -> HttpResponse:
    user = signed_in(request)
    case = access.get(user, reference)
    now = timezone.now()
    context: dict[str, Any] = {
        "case": case,
        "service": case.service_type,
        "headline": headline(case),
        "entries": history_of(case),
        "numbers": movements_of(case),
        "now": now,
        "days": (now - case.submitted_at) // timedelta(days=1),
        "late": case.is_late(now),
        "summary": sections(case.service_type, case.answers, case.attachments.filter(removed_at=None)),
        "fee": getattr(case, "fee", None),
        "issued": list(case.issued_documents.all()),
        "may_answer": access.may(user, case, "answer"),
        "may_withdraw": access.may(user, case, "withdraw"),
    }
    return render(request, "transactions/detail.html", context)


@login_required
@never_cache
@hidden_is_404
@require_GET
def timeline(request: HttpRequest, reference: str) -> HttpResponse:
    """The history alone, for pages that refresh it."""
    case = access.get(signed_in(request), reference)
    return render(request, "components/timeline.html", {"entries": history_of(case)})


@login_required
@never_cache
@hidden_is_404
@require_GET
def receipt(request: HttpRequest, reference: str) -> HttpResponse:
    """The receipt, the same however often it is shown; prints on A4 and on an 80 mm slip (?paper=slip)."""
    user = signed_in(request)
    case = access.get(user, reference)
    if not (access.acts_for_applicant(user, case) or case.taken_by_id == user.pk):
        raise Http404
    intake = case.intake
    url = request.build_absolute_uri(reverse("journal:verify_token", args=[intake.token]))
    context = {
        "case": case,
        "intake": intake,
        "service": case.service_type,
        "pin": pins.grouped(pins.of(case.reference)),
        "url": url,
        "qr": qr.svg(url, _("Code to verify this receipt")),
        "files": list(case.attachments.filter(removed_at=None, deficiency=None)),
        "slip": request.GET.get("paper") == "slip",
        "counter": case.taken_by_id == user.pk,
        "inquiry_url": request.build_absolute_uri(reverse("transactions:inquiry")),
    }
    return render(request, "transactions/receipt.html", context)


@login_required
@never_cache
@hidden_is_404
@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, reference: str) -> HttpResponse:
    """Each thing asked beside the answer to it. Files go in one by one; the whole is sent once."""
    user = signed_in(request)
    case = access.get(user, reference)
    if not access.may(user, case, "answer"):
        messages.info(request, _("This request does not wait for an answer now."))
        return redirect("transactions:request", reference=case.reference)
    asked = list(case.deficiencies.filter(answered_at=None).prefetch_related("attachments"))
    typed = {item.pk: request.POST.get(f"answer-{item.pk}", "") for item in asked}
    problems: list[Problem] = []
    if request.method == "POST":
        for item in asked:
            for upload in request.FILES.getlist(f"file-{item.pk}"):
                try:
                    attachments.attach_to_deficiency(item, upload, by=user)
                except Invalid as error:
                    problems += [Problem(f"answers.{item.pk}", p.message, p.code) for p in error.problems]
                except DomainError as error:
                    problems.append(Problem(f"answers.{item.pk}", error.message, error.code))
        if "attach" not in request.POST and not problems:
            try:
                moves.answer(case, answers=typed, by=user)
            except Invalid as error:
                problems += error.problems
            except DomainError as error:
                messages.error(request, error.message)
                return redirect("transactions:request", reference=case.reference)
            else:
                messages.success(request, _("Your answers are with the reviewer. The clock goes on."))
                return redirect("transactions:request", reference=case.reference)
        asked = list(case.deficiencies.filter(answered_at=None).prefetch_related("attachments"))
    service = case.service_type
    rows = [
        {
            "item": item,
            "about": service.label_of(item.about),
            "typed": typed[item.pk],
            "files": [file for file in item.attachments.all() if file.removed_at is None],
            "problems": [problem for problem in problems if problem.path == f"answers.{item.pk}"],
        }
        for item in asked
    ]
    context = {"case": case, "service": service, "rows": rows, "problems": problems}
    return render(request, "transactions/answer.html", context, status=422 if problems else 200)


@login_required
@hidden_is_404
@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, reference: str) -> HttpResponse:
    user = signed_in(request)
    case = access.get(user, reference)
    if request.method == "POST":
        try:
            moves.withdraw(case, by=user, reason=request.POST.get("reason", ""))
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, _("The request is withdrawn. Its number stays."))
        return redirect("transactions:request", reference=case.reference)
    return render(request, "transactions/withdraw.html", {"case": case, "move": BY_NAME["withdraw"]})


@login_required
@never_cache
@hidden_is_404
@require_GET
def document(request: HttpRequest, reference: str, kind: str) -> HttpResponse:
    """An issued permit, minutes or letter, ready to print."""
    case = access.get(signed_in(request), reference)
    issued = IssuedDocument.objects.filter(transaction=case, kind=kind).first()
    if issued is None:
        raise Http404
    service = case.service_type
    url = request.build_absolute_uri(reverse("journal:verify_token", args=[issued.token]))
    context = {
        "case": case,
        "service": service,
        "document": issued,
        "summary": sections(service, case.answers, []),
        "fee": getattr(case, "fee", None),
        "url": url,
        "qr": qr.svg(url, _("Code to verify this document")),
    }
    return render(request, service.output.template, context)


@login_required
@never_cache
@require_GET
def notices_list(request: HttpRequest) -> HttpResponse:
    rows = Notification.objects.filter(recipient=signed_in(request)).select_related(
        "event__transaction", "event__office"
    )
    page = page_of(request, rows)
    for row in page:
        row.title, row.text = title(row.event), notice_text(row.event)
    return render(request, "transactions/notices.html", {"page": page})


@login_required
@require_POST
def notices_read(request: HttpRequest) -> HttpResponse:
    notices.mark_read(signed_in(request), timezone.now())
    return redirect("transactions:notices")
