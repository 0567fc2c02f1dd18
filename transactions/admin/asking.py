"""The counter, for whoever asks where their request stands: any office's, as far as the inquiry tells; the receipt
printed again; and on to an answer or to what is handed out, without a second look at the ID.
"""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import current_user
from accounts.models import User
from core.http import require_GET_or_POST

from .. import access
from ..domain.errors import DomainError, NotVisible
from ..domain.workflow import Status
from ..models import CounterVisit
from ..views.common import hidden_is_404
from ..views.desk import Desk
from ..views.public import answer_context
from ..views.requests import receipt_context
from ..visits import permissions as visits
from ..visits import reprints
from ..visits import services as counter_visits
from .site import staff_site
from .visitor import masked
from .visits import begin_page

Purpose = CounterVisit.Purpose
NEXT_PAGES = {Purpose.ANSWER: "staff:visit_answer", Purpose.COLLECT: "staff:collect_items"}


@require_GET_or_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Who asks where a request stands: on to what the inquiry tells."""
    title = _("Where a request stands")
    return begin_page(request, Purpose.ASK, page="staff/ask.html", title=title, then="staff:ask_about")


@hidden_is_404
@require_GET_or_POST
def show(request: HttpRequest, reference: str) -> HttpResponse:
    """What the inquiry tells of it, and who is on file; a press prints the receipt again or goes on."""
    user = current_user(request)
    begun = visits.latest_visit_about(user, reference, Purpose.ASK)
    case = begun.transaction
    if visits.lasting_visit(user, case, begun) is None:
        messages.warning(request, _("The visit has ended. Check the ID again to continue."))
        return redirect(f"{reverse('staff:ask')}?reference={case.reference}")
    if request.method == "POST":
        try:
            return redirect(_done(request, begun))
        except DomainError as error:
            messages.error(request, str(error.message))
            return redirect("staff:ask_about", reference=case.reference)
    context = (
        staff_site.each_context(request)
        | answer_context(case)
        | {
            "title": case.reference,
            "visit": begun,
            "on_file": [(person, masked(person.phone)) for person in _people(begun)],
            "may_have_receipt": access.may_see_receipt(begun.visitor, case),
            "is_returned": case.status == Status.RETURNED,
            "reprints": case.receipt_reprints.count(),
        }
    )
    return render(request, "staff/ask_about.html", context)


def _people(visit: CounterVisit) -> list[User]:
    people = [visit.visitor, visit.transaction.applicant]
    return people[:1] if visit.visitor_id == visit.transaction.applicant_id else people


def _done(request: HttpRequest, visit: CounterVisit) -> str:
    """What was pressed is done: the address of what follows."""
    user = current_user(request)
    if "reprint" in request.POST:
        reprint = reprints.reprint_receipt(visit, by=user)
        return reverse("staff:reprint", args=[reprint.key]) + "#print"
    purpose = next((purpose for purpose in NEXT_PAGES if purpose in request.POST), None)
    if purpose is None:
        raise NotVisible
    counter_visits.go_on(visit, purpose, by=user)
    return reverse(NEXT_PAGES[purpose], args=[visit.transaction.reference])


@hidden_is_404
@require_safe
def reprinted(request: HttpRequest, key: UUID) -> HttpResponse:
    """The receipt, marked as printed again, while the visit lasts."""
    user = current_user(request)
    reprint = reprints.get_reprint(user, key, timezone.now())
    visit = reprint.visit
    back = reverse("staff:ask_about", args=[visit.transaction.reference])
    context = receipt_context(request, visit.transaction, visit.visitor) | {
        "desk": Desk(back, visit.transaction.reference),
        "reprint": reprint,
    }
    return render(request, "transactions/receipt.html", staff_site.each_context(request) | context)
