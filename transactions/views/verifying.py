"""Verifying by file and by printed number, beside the page of the code (journal.views); our certificates."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from core.http import post_only

from ..domain.errors import DomainError, Invalid, NotVisible, TooManyAttempts
from ..inquiry.issued import find_document
from ..papers import card
from ..papers.verification import paper_number, status_of
from ..signed_papers.number_form import NumberForm
from ..signed_papers.verifying import Verdict, published_certificates, verify_file
from .common import client_address

BUSY = {"busy": 503}
NOTICES = {
    Verdict.GENUINE: (
        "success",
        _("This file is genuine"),
        _("It is the document we made, unchanged, and its signature is ours. What it says and how it stands now:"),
    ),
    Verdict.UNKNOWN: (
        "warning",
        _("The signature is ours, but we do not have this file"),
        _(
            "It is unchanged since we signed it. Its record may have been lost when the portal was restored from a "
            "backup."
        ),
    ),
    Verdict.UNRELIABLE: (
        "error",
        _("Do not rely on this file"),
        _(
            "We do not have it, and the key that signed it was reported stolen or is for demonstrations only: someone "
            "else may have signed it. Show it at a service centre."
        ),
    ),
    Verdict.CHANGED: (
        "error",
        _("This file was changed after we signed it"),
        _("Do not rely on it. Ask its holder for the file as it was downloaded, or check the number or the QR code."),
    ),
    Verdict.NOT_OURS: (
        "error",
        _("This file does not bear our signature"),
        _("A scan or a print saved as PDF bears none either: check its QR code or its number instead."),
    ),
    Verdict.UNREADABLE: (
        "warning",
        _("We cannot read this file"),
        _(
            "It is damaged, or not a PDF of ours. Choose the file as it was downloaded, or check the QR code or the "
            "number."
        ),
    ),
}


@post_only("journal:verify")
def verify_upload(request: HttpRequest) -> HttpResponse:
    """Is the PDF that was sent one of ours, to the last byte? It is looked at and not kept."""
    upload = request.FILES.get("file")
    if upload is None:
        return _page(request, status=422, file_error=_("Choose a PDF file first."))
    try:
        result = verify_file(upload, address=client_address(request))
    except DomainError as error:
        return _page(request, status=BUSY.get(error.code, 422), file_error=error.message)
    kind, title, text = NOTICES[result.verdict]
    context: dict[str, Any] = {"kind": kind, "title": title, "text": text, "sha256": result.sha256}
    if result.content is not None:
        context |= {"rows": card.describe(result.content), "status_words": status_of(result.content)}
    return _page(request, **context)


@post_only("journal:verify")
def verify_number(request: HttpRequest) -> HttpResponse:
    """What we issued under a printed number, for whoever knows the last four digits of its holder's ID."""
    form = NumberForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            number = paper_number(form.cleaned_data["number"])
            document = find_document(number, form.cleaned_data["last_four"], address=client_address(request))
        except Invalid as error:
            for problem in error.problems:
                form.add_error(problem.path, str(problem.message))
        except NotVisible:
            words = _("We have issued no document under this number to the holder of this ID. Check both.")
            form.add_error(None, str(words))
            status = 404
        except TooManyAttempts as error:
            refused = render(request, "429.html", {"message": error.message}, status=429)
            refused["Retry-After"] = str(error.wait)
            return refused
        else:
            return _page(
                request,
                kind="success",
                title=_("We issued this document"),
                text=_("Compare it line by line with the one in front of you: the number proves no print."),
                rows=card.describe(document.content),
                status_words=status_of(document.content),
            )
    return _page(request, status=status, form=form)


def _page(request: HttpRequest, *, status: int = 200, **context: Any) -> HttpResponse:
    context.setdefault("form", NumberForm())
    return render(request, "transactions/verified.html", context, status=status)


@require_safe
def certificates(request: HttpRequest) -> HttpResponse:
    """Every certificate our documents were ever signed with, for whoever checks them elsewhere."""
    text = published_certificates() or "# No document has been signed here yet.\n"
    headers = {"Access-Control-Allow-Origin": "*", "Content-Disposition": 'attachment; filename="certificates.pem"'}
    return HttpResponse(text, content_type="application/x-pem-file", headers=headers)
