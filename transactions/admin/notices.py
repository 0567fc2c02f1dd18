"""The notices of a member of staff: what is new, marked as read, and how they come by mail."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import current_user
from core.http import post_only

from .. import access
from ..models import StaffMail
from ..transitions import staff_notices
from ..views.common import page_of
from .site import staff_site

ROWS = 50


@require_GET
def notices(request: HttpRequest) -> HttpResponse:
    """Newest first, of cases this person may see now."""
    user = current_user(request)
    if not access.case_posts(user):
        raise Http404
    rows = staff_notices.visible_to(user).select_related("transaction", "absence__post__user")
    page = page_of(request, rows, ROWS)
    context = staff_site.each_context(request) | {
        "title": _("Notices"),
        "page": page,
        "rows": [(row, staff_notices.sentence(row)) for row in page],
        "ways": StaffMail.How.choices,
        "chosen": staff_notices.mail_of(user),
        "has_email": bool(user.email),
    }
    return render(request, "staff/notices.html", context)


@post_only("staff:notices")
def read(request: HttpRequest) -> HttpResponse:
    """All of them are read."""
    staff_notices.mark_read(current_user(request), timezone.now())
    return redirect("staff:notices")


@post_only("staff:notices")
def by_mail(request: HttpRequest) -> HttpResponse:
    """How they come by mail from now on."""
    how = request.POST.get("how", "")
    if how in StaffMail.How.values:
        staff_notices.choose_mail(current_user(request), how)
        messages.success(request, _("Saved."))
    else:
        messages.error(request, _("Choose one of the three."))
    return redirect("staff:notices")
