from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from core.text import one_line

from . import receipts

KINDS = {
    "received": _("Receipt of a request"),
    "decided": _("Decision on a request"),
    "issued": _("Issued document"),
    "answered": _("Answer to a return"),
}


@require_safe
def verify(request: HttpRequest, token: str = "") -> HttpResponse:
    """Say three things apart: good signature, in the journal, status now. No login, and nobody is named."""
    text = token or request.GET.get("code", "")
    if not one_line(text):
        return render(request, "journal/verify.html", {"check": None, "empty": "code" in request.GET})
    check = receipts.check(text)
    if not check.readable:
        # No token is no forgery: a number is looked up, and what is neither we cannot read.
        looked = receipts.look_up(text)
        return render(request, "journal/verify.html", {"looked": looked, "unreadable": looked is None})
    body = check.body if check.signature_good else None
    context = {
        "check": check,
        "code": receipts.bare(text),
        "body": body,
        "kind": KINDS.get(str(body.get("kind"))) if body else "",
        "at": _moment(str(body.get("at"))) if body else None,
        "status": receipts.status_now(check.subject, body) if body and check.in_journal else None,
    }
    return render(request, "journal/verify.html", context)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
