"""Acting for others: whom one acts for, who acts for oneself, and the end of either."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import current_user
from accounts.delegated import Operation
from accounts.delegations import delegations_of, end_delegation
from accounts.errors import AccountError
from accounts.models import Delegation
from core.http import post_only

from ..domain.service_types import ServiceType, offered_services
from ..intake.eligibility import may_file_for


@login_required
@require_safe
def delegations(request: HttpRequest) -> HttpResponse:
    """Both sides, newest first; of those in force what can be begun for the principal."""
    user, today = current_user(request), timezone.localdate()
    rows = delegations_of(user)
    held = [{"row": row, "services": _services(row) if row.holds(today) else []} for row in rows["held"]]
    context = {"held": held, "given": rows["given"], "today": today}
    return render(request, "transactions/delegations.html", context)


def _services(row: Delegation) -> list[ServiceType]:
    """What the agent may begin for the principal."""
    if Operation.FILE not in row.operations:
        return []
    return [service for service in offered_services() if _fits(service, row)]


def _fits(service: ServiceType, row: Delegation) -> bool:
    kind = "establishment" if row.principal.id_kind.code == "establishment" else "person"
    return kind in {each.value for each in service.applicants} and may_file_for(row.agent, row.principal, service)


@login_required
@post_only("transactions:delegations")
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Over at once: by the principal, or by the agent who acts no longer."""
    user = current_user(request)
    row: Any = Delegation.objects.filter(Q(principal=user) | Q(agent=user), pk=pk).first()
    if row is None:
        raise Http404
    try:
        end_delegation(row, by=user)
    except AccountError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Ended. Nobody acts by this document any more."))
    return redirect("transactions:delegations")
