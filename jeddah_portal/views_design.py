"""A page that shows each component in all its states, side by side in both directions. Demo and tests only."""

from __future__ import annotations

import uuid
from dataclasses import replace
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

from accounts.models import Authorisation, User
from municipality.charts import Chart, Series
from municipality.models import Office
from transactions import service_types
from transactions.answer_forms import step_page
from transactions.changes import Line, by_day
from transactions.draft_parts import Gap, Part, State
from transactions.errors import Problem
from transactions.models import Attachment, Closure, Draft, Movement, Transaction
from transactions.progress import Progress, Step, Turn
from transactions.summary import Papers, Row, Section, Summary
from transactions.views.public import PinForm
from transactions.wording import headline
from transactions.workflow import Status

LONG_NAME = "عبدالرحمن بن عبدالعزيز بن محمد آل عبدالله الغامدي الزهراني القرشي الحارثي المطيري العتيبي"
LONG_FILE = "مخطط-معماري-" + "دور-أول-ودور-ثان-وملحق-" * 4 + "final_v12.pdf"
REFERENCE = "C1A-1448-000123-X"
ERRORS = (400, 403, 410, 413, 429, 500, 503)


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
    received, decided = (31, 44, 38, 52, 61, 40, 47, 28), (28, 30, 41, 45, 50, 55, 49, 33)
    if empty:
        received = decided = (0,) * 8
    series = (Series(_("Requests received"), received), Series(_("Requests decided"), decided))
    return Chart(_("Received and decided, week by week"), _("Week from"), days, series)


def _case(status: Status, now: datetime) -> Transaction:
    """A request that is in no table."""
    long_ago = now - timedelta(days=400)
    office = Office(name_ar="بلدية الشرفية", name_en="Ash-Sharafiyah Sub-municipality")
    return Transaction(
        reference=REFERENCE, service="electricity-connection", status=status, stage="study", submitted_at=long_ago,
        stage_started_at=long_ago, due_at=long_ago, stage_due_at=long_ago, closed_at=now, held_by=office, answers={},
    )  # fmt: skip


def _progress(now: datetime, **more: Any) -> Progress:
    steps = [
        Step(_("Registration"), "done"),
        Step(_("Technical study"), "now"),
        Step(_("Supervisor's approval"), "later"),
    ]
    usual = {"turn": Turn.OURS, "where": "", "since": now, "days": 400, "here": 3, "used": 7, "allowed": 14, "left": 7}
    return Progress(**{**usual, **more}, steps=steps)


def _rows(now: datetime) -> list[dict[str, Any]]:
    """Requests as people find them in their list."""
    shown = (
        (Status.RETURNED, {"turn": Turn.YOURS, "left": None}),
        (Status.AWAITING_PAYMENT, {"turn": Turn.YOURS, "left": None}),
        (Status.UNDER_STUDY, {"left": -12}),
        (Status.UNDER_STUDY, {"left": 0}),
        (Status.UNDER_STUDY, {"left": 9}),
        (Status.COMPLETED, {"turn": Turn.NOBODYS, "left": None}),
    )
    cases = [(_case(status, now), _progress(now, **more)) for status, more in shown]
    return [{"case": case, "progress": progress, "headline": headline(case)} for case, progress in cases]


def _changes(now: datetime) -> list[Line]:
    """What happened yesterday, as an engineering office sees it: to cases, and before there was one."""
    plot = Authorisation(plan_number="415", parcel_number="27")
    of_case = Line(now, _("Issued"), "أمانة محافظة جدة", "#", "C1A-1448-000123-X", None, LONG_NAME)
    of_owner = Line(now, _("The owner asks for changes"), "", "#", "", plot, LONG_NAME)
    return [of_case, replace(of_case, more=3), of_owner]


def design(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    wrong = PinForm({"reference": "", "pin": "1234 5678"}, auto_id="wrong_%s")
    wrong.is_valid()
    service = service_types.get("land-subdivision")
    names = {LONG_FILE: 48_000_000, "واجهة.jpg": 127}
    files = [
        Attachment(key=uuid.uuid4(), original_name=name, size=size, content_type="application/pdf")
        for name, size in names.items()
    ]
    problem = Problem("street", _("This is needed."), label=_("Street or nearest landmark"))
    sections = [
        Section("place", _("Where the home is"), [Row("street", _("Street or nearest landmark"), LONG_NAME)], [])
    ]
    draft = Draft(key=uuid.uuid4(), service=service.code, applicant=User(full_name=LONG_NAME), updated_at=now)
    office = Office(name_ar="بلدية الشرفية", name_en="Ash-Sharafiyah Sub-municipality")
    entries = [
        SimpleNamespace(title=_("Approval"), text=_("Approved."), note="", at=now, office=LONG_NAME),
        SimpleNamespace(title=_("Registration"), text="", note=LONG_FILE, at=now - timedelta(days=400), office=""),
    ]
    context = {
        "now": now,
        "directions": ("rtl", "ltr"),
        "kinds": ("success", "warning", "error", "info", "plain"),
        "wrong": wrong,
        "form": SampleForm(),
        "question": next(iter(step_page(service.steps[0], {}, {}, (), {})[0].form)),  # type: ignore[union-attr]
        "problems": [problem],
        "gaps": [{"gap": Gap("place", _("Where the home is"), [problem]), "url": "#main"}],
        "tasks": [{"part": Part(state.value, _("Documents"), state), "url": "#main"} for state in State],
        "changed_days": by_day(_changes(now)),
        "entries": entries,
        "part": step_page(service.steps[-1], {}, {}, (), {})[-1],
        "plot": {"plan_number": "415/ج/س", "parcel_number": "27"},
        "numbers": [Movement(direction="in", number=12, hijri_year=1448, office=office, at=now)],
        "services": service_types.every(),
        "closure": Closure(service=service.code),
        "cases": [_case(status, now) for status in Status],
        "rows": _rows(now),
        "progress": _progress(now),
        "draft_row": {"draft": draft, "done": 2, "all": 4},
        "draft": draft,
        "summary": Summary(sections, [Papers(service.documents[0], files)]),
        "files": files,
        "chart": _chart(now),
        "empty_chart": _chart(now, empty=True),
        "page": Paginator(range(1000), 25).page(2),
    }
    return render(request, "pages/design.html", context)


def error_page(request: HttpRequest, status: int) -> HttpResponse:
    """An error page as people meet it; the real ones are hard to come by on purpose."""
    if status not in ERRORS:
        raise Http404
    alone = status in (400, 500, 503)
    return render(None if alone else request, f"{status}.html", {"LANGUAGE_CODE": get_language()}, status=status)
