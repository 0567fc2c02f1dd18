from __future__ import annotations

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from core.text import one_line

from . import nodes, receipts, verifier
from .kinds import KINDS


@require_safe
def verify(request: HttpRequest, token: str = "") -> HttpResponse:
    """Say three things apart: good signature, in the journal, status now. No login, and nobody is named."""
    text = token or request.GET.get("code", "")
    if not one_line(text):
        asked = {"check": None, "empty": "code" in request.GET, "list": nodes.current()}
        return render(request, "journal/verify.html", asked)
    check = receipts.check_token(text)
    if not check.readable:
        # No token is no forgery: a number is looked up, and what is neither we cannot read.
        looked = receipts.look_up(text)
        return render(request, "journal/verify.html", {"looked": looked, "unreadable": looked is None})
    body = check.body if check.signature_good else None
    context = {
        "check": check,
        "code": receipts.extract_token(text),
        "body": body,
        "kind": KINDS.get(str(body.get("kind"))) if body else "",
        "at": _moment(str(body.get("at"))) if body else None,
        "listed_at": _moment(known.issued_at) if (known := nodes.current()) else None,
        "list": known,
        "ended_at": _moment(check.listed.ended) if check.listed else None,
        "status": receipts.current_status(check.subject, body) if body and check.in_journal else None,
        "details": receipts.details(check.subject, body) if body and check.in_journal else (),
    }
    return render(request, "journal/verify.html", context)


@require_safe
def nodes_file(request: HttpRequest) -> HttpResponse:
    """The signed node list in use, for whoever checks papers elsewhere; 404 where there is none."""
    text = nodes.current_signed()
    if text is None:
        raise Http404
    return HttpResponse(text, content_type="application/json", headers={"Access-Control-Allow-Origin": "*"})


@require_safe
def offline_verifier(request: HttpRequest) -> HttpResponse:
    """The verifier as one file to keep, with the list of today; 404 where there is no list."""
    known = nodes.current()
    if known is None:
        raise Http404
    page = verifier.build(known, request.build_absolute_uri(reverse("journal:verify")))
    return HttpResponse(page, headers={"Content-Disposition": 'attachment; filename="jeddah-verifier.html"'})


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
