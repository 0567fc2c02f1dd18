"""Papers as signed PDFs: what counts. The page says so while one is still being made."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import current_user
from core.http import post_only

from .. import access
from ..intake.assured import why_not_received
from ..models import PaperContent
from ..papers import papers
from ..papers.paper_content import APPROVED, RECEIVED
from .common import hidden_is_404
from .desk import frame
from .files import content_of

AGAIN_SECONDS = 3


@login_required
@hidden_is_404
@require_safe
def paper(request: HttpRequest, reference: str, pk: int) -> HttpResponseBase:
    """The PDF of one paper of a request, unchanged ever after; a page that says so until it is there."""
    user = current_user(request)
    case = access.get_transaction(user, reference)
    content = PaperContent.objects.filter(transaction=case, pk=pk).select_related("signed", "document").first()
    if content is None or content.reconstructed or content.what == APPROVED:
        raise Http404
    if content.what == RECEIVED and not access.may_see_receipt(user, case):
        raise Http404
    mine = content.document and access.acts_for_applicant(user, case)
    if mine and (why := why_not_received(case, user)):
        return render(
            request, "transactions/not_handed_out.html", {"case": case, "document": content.document, "why": why}
        )
    signed = getattr(content, "signed", None)
    if signed is not None:
        signed.content, signed.transaction = content, case
        return content_of(request, signed)
    waiting = render(request, "transactions/paper_being_made.html", {"case": case} | frame(request, case))
    waiting["Refresh"] = str(AGAIN_SECONDS)
    return waiting


@login_required
@hidden_is_404
@post_only("transactions:requests")
def order_receipt(request: HttpRequest, reference: str) -> HttpResponse:
    """Have the receipt made as a PDF, and go to it."""
    user = current_user(request)
    case = access.get_transaction(user, reference)
    if not access.may_see_receipt(user, case):
        raise Http404
    content = papers.order_receipt(case, timezone.now())
    return redirect("transactions:paper", reference=case.reference, pk=content.pk)
