"""A page that shows the components side by side in both directions. Demo and tests only."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from transactions import service_types
from transactions.views.public import PinForm


def design(request: HttpRequest) -> HttpResponse:
    form = PinForm({"reference": "", "pin": "1234 5678"})
    form.is_valid()
    tasks = [{"title": _("Documents"), "url": "#", "state": state} for state in ("done", "wrong", "todo")]
    context = {"directions": ("rtl", "ltr"), "form": form, "tasks": tasks, "services": service_types.every()}
    return render(request, "pages/design.html", context)
