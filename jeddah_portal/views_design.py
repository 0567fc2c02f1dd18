"""A page that shows each component in all its states, side by side in both directions. Demo and tests only."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from municipality.charts import Chart, Series
from transactions import service_types
from transactions.errors import Problem
from transactions.views.public import PinForm

LONG_NAME = "عبدالرحمن بن عبدالعزيز بن محمد آل عبدالله الغامدي الزهراني القرشي الحارثي المطيري العتيبي"
LONG_FILE = "مخطط-معماري-" + "دور-أول-ودور-ثان-وملحق-" * 4 + "final_v12.pdf"
OVERRIDE = "صك\u202egpj.exe\u202c.pdf"


class SampleForm(forms.Form):
    """One of each kind of control."""

    kind = forms.ChoiceField(choices=[("a", "1"), ("b", "2")], widget=forms.RadioSelect)
    agree = forms.BooleanField()
    note = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), required=False)
    office = forms.ChoiceField(choices=[])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].label, self.fields["agree"].label = _("Kind of request"), _("The home is lived in.")
        self.fields["note"].label, self.fields["office"].label = _("Why"), _("Office")
        self.fields["note"].help_text = _("The reason is shown to the applicant.")
        self.fields["office"].choices = [("", _("Choose")), ("n", LONG_NAME)]  # type: ignore[attr-defined]


def _chart(now: datetime, empty: bool = False) -> Chart:
    days = [(now - timedelta(weeks=7 - n)).date() for n in range(8)]
    arrived, decided = (
        ((0,) * 8, (0,) * 8) if empty else ((31, 44, 38, 52, 61, 40, 47, 28), (28, 30, 41, 45, 50, 55, 49, 33))
    )
    series = (Series(_("Requests received"), arrived), Series(_("Requests decided"), decided))
    return Chart(_("Received and decided, week by week"), _("Week from"), days, series)


def design(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    wrong = PinForm({"reference": "", "pin": "1234 5678"}, auto_id="wrong_%s")
    wrong.is_valid()
    tasks = [{"title": _("Documents"), "url": "#main", "state": state} for state in ("done", "wrong", "todo")]
    entries = [
        SimpleNamespace(title=_("Approval"), text=_("Approved."), note="", at=now, office=LONG_NAME),
        SimpleNamespace(title=_("Registration"), text="", note=LONG_FILE, at=now - timedelta(days=400), office=""),
    ]
    context = {
        "now": now,
        "directions": ("rtl", "ltr"),
        "wrong": wrong,
        "form": SampleForm(),
        "problems": [Problem("street", _("This is needed."), label=_("Street or nearest landmark"))],
        "tasks": tasks,
        "entries": entries,
        "services": service_types.every(),
        "chart": _chart(now),
        "empty_chart": _chart(now, empty=True),
        "facts": [(_("Applicant"), LONG_NAME), (_("File"), OVERRIDE), (_("Due"), now.date())],
        "files": [(LONG_FILE, 48_000_000, 62, ""), (OVERRIDE, 120_000, "", ""), ("photo.heic", 3_400_000, "", _("This kind of file is not taken."))],
        "page": Paginator(range(1000), 25).page(2),
        "kinds": ("success", "warning", "error", "info", "plain"),
    }  # fmt: skip
    return render(request, "pages/design.html", context)


def error_page(request: HttpRequest, status: int) -> HttpResponse:
    """An error page as people meet it; the real ones are hard to come by on purpose."""
    if status not in (400, 403, 410, 413, 429, 500, 503):
        raise Http404
    alone = status in (400, 500, 503)
    return render(None if alone else request, f"{status}.html", {"LANGUAGE_CODE": get_language()}, status=status)
