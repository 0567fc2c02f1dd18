"""A person's own data: to take along, and to have erased."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import current_user
from accounts.errors import AccountError
from core.http import require_GET_or_POST

from ..maintenance import personal_data


@login_required
@require_safe
@reauthentication_required
def export(request: HttpRequest) -> HttpResponse:
    """Everything we keep about whoever asks, as a file programs read."""
    answer = JsonResponse(
        personal_data.export_personal_data(current_user(request)),
        json_dumps_params={"ensure_ascii": False, "indent": 1},
    )
    answer["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return answer


@login_required
@require_GET_or_POST
@reauthentication_required
def erase(request: HttpRequest) -> HttpResponse:
    """What would go, what stays and why; then the press that does it."""
    user = current_user(request)
    if request.method == "POST" and "erase" in request.POST:
        try:
            personal_data.erase_person(user, by=user)
        except AccountError as error:
            messages.error(request, error.message)
        else:
            logout(request)
            messages.success(request, _("Your data is erased. Nobody can sign in with this account any more."))
            return redirect("transactions:home")
    context = {"hindered": personal_data.reason_not_to_erase(user, timezone.now())}
    return render(request, "accounts/erase.html", context)
