"""A page that shows each component in all its states, side by side in both directions. Demo and tests only."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import Authorisation, Delegation, User
from api.docs import Kind as Type
from api.docs import Value
from billing.text import ShownBill, next_steps
from continuity.templatetags import continuity as worth_words
from continuity.worth import Worth
from core.charts import Chart, Series
from core.forms.fields import ProseField
from core.forms.named_errors import NamedErrors
from municipality.models import District, Office
from municipality.positions import Place
from outside.models import Referral
from outside.words import ShownReferral
from transactions.answers.summary import DocumentFiles, Row, Section, Summary, as_typed
from transactions.domain import service_types
from transactions.domain.errors import Problem
from transactions.domain.objections import ObjectionKind, ObjectionOutcome
from transactions.domain.service_types import Field, Kind
from transactions.domain.service_types import Step as CatalogueStep
from transactions.domain.workflow import Status
from transactions.intake.answer_forms import step_page
from transactions.intake.draft_parts import Gap, Part, State
from transactions.models import (
    Attachment,
    Closure,
    CounterVisit,
    Draft,
    Event,
    IncidentNotice,
    Movement,
    Objection,
    SignedPaper,
    Transaction,
)
from transactions.models import Mark as PlaceMark
from transactions.notifications.changes import ChangeLine, by_day
from transactions.selectors.usual_length import Length
from transactions.signed_papers.number_form import NumberForm
from transactions.text.deadline_status import DeadlineStatus, Mark
from transactions.text.help_topics import TOPICS
from transactions.text.progress import Progress, Step, WaitingFor
from transactions.text.tags import Tag
from transactions.text.wording import headline
from transactions.transitions.objections import Right
from transactions.views.centres import Centre
from transactions.views.marks import DrawnMark, MarkedPage
from transactions.views.public import PinForm
from transactions.views.rights import Made, Rights

from .context import banners
from .design_pile import pile_samples
from .design_plot import plotted

LONG_NAME = "عبدالرحمن بن عبدالعزيز بن محمد آل عبدالله الغامدي الزهراني القرشي الحارثي المطيري العتيبي"
LONG_FILE = "مخطط-معماري-" + "دور-أول-ودور-ثان-وملحق-" * 4 + "final_v12.pdf"
REFERENCE = "C1A-1448-000123-X"
OFFICE = Office(name_ar="بلدية الشرفية", name_en="Ash-Sharafiyah Sub-municipality")
LONG_OFFICE = Office(
    name_ar="بلدية الشرفية الفرعية لأعمال رخص البناء والإشراف على المخططات السكنية والتجارية",
    name_en="Ash-Sharafiyah Sub-municipality for building permits and the supervision of residential subdivisions",
)
ERRORS = (400, 403, 410, 413, 429, 500, 503)


class SampleForm(NamedErrors, forms.Form):
    """One of each kind of control."""

    kind = forms.ChoiceField(choices=[("a", "1"), ("b", "2")], widget=forms.RadioSelect)
    agree = forms.BooleanField()
    note = ProseField(widget=forms.Textarea(attrs={"rows": 3}), required=False)
    office = forms.ChoiceField(choices=[])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].label, self.fields["agree"].label = _("Kind of request"), _("The home is lived in.")
        self.fields["note"].label, self.fields["office"].label = _("Why"), _("Office")
        self.fields["note"].help_text = _("The reason is shown to the applicant.")
        self.fields["office"].choices = [("", _("Choose")), ("n", OFFICE.name)]  # type: ignore[attr-defined]


def _chart(now: datetime, empty: bool = False) -> Chart:
    days = [(now - timedelta(weeks=7 - n)).date() for n in range(8)]
    received, decided = (31, 44, 38, 52, 61, 40, 47, 28), (28, 30, 41, 45, 50, 55, 49, 33)
    if empty:
        received = decided = (0,) * 8
    series = (Series(_("Requests received"), received), Series(_("Requests decided (approved or refused)"), decided))
    return Chart(_("Received and decided, week by week"), _("Week from"), days, series)


def _case(status: Status, now: datetime) -> Transaction:
    """A request that is in no table."""
    long_ago = now - timedelta(days=400)
    return Transaction(
        reference=REFERENCE, service="electricity-connection", status=status, stage="study", submitted_at=long_ago,
        stage_started_at=long_ago, due_at=long_ago, stage_due_at=long_ago, closed_at=now, held_by=OFFICE, answers={},
    )  # fmt: skip


def _progress(now: datetime, **more: Any) -> Progress:
    steps = [
        Step(_("Registration"), "done", now),
        Step(_("Technical study"), "now", now, OFFICE.name),
        Step(_("Supervisor's approval"), "later", None, LONG_OFFICE.name),
    ]
    usual = {
        "waiting_for": WaitingFor.OURS,
        "where": "",
        "since": now,
        "days": 400,
        "here": 3,
        "used": 7,
        "allowed": 14,
        "left": 7,
    }
    usual |= {"days_late": None, "took": None}
    return Progress(**{**usual, **more}, steps=steps)


def _referrals(now: datetime) -> list[ShownReferral]:
    """A matter before a body that is in time, and one that is late and answered in two ways."""
    title, body = _("Connection to the grid"), _("The electricity company")
    row, acknowledged = Referral(pk=1, created_at=now), Tag("info", _("Acknowledged"))
    words = {"days": 40, "due": now.date()}
    clock = Tag("", _("Working day %(used)s of its %(days)s, until %(due)s") % {**words, "used": 12})
    late = Tag("error", clock.label)
    return [
        ShownReferral(row, title, body, acknowledged, [_("It has not acknowledged it yet.")], clock, False),
        ShownReferral(row, title, LONG_OFFICE.name, Tag("error", _("Refused")), [LONG_NAME, LONG_FILE], late, True),
    ]


def _incident(now: datetime) -> dict[str, Any]:
    """One that goes on longer than its promised update, and closes everything."""
    notice = IncidentNotice(
        text_ar=LONG_NAME, text_en=LONG_NAME, starts_at=now, next_update_at=now - timedelta(hours=1), state="dark"
    )
    return banners([notice], now)[0]


def _delegation(now: datetime) -> Delegation:
    """Of two people with long names, for everything."""
    day = now.date()
    return Delegation(
        pk=1, agent=User(full_name=LONG_NAME), principal=User(full_name=LONG_NAME), basis="power", number="441234567",
        issuer=LONG_NAME, operations=["file", "answer"], starts_on=day, ends_on=day + timedelta(days=90),
    )  # fmt: skip


def _rights(now: datetime) -> Rights:
    """Objections and complaints in all states, and all that can be done at once."""
    event = Event(at=now, reason=LONG_NAME, office=OFFICE)
    states = [("", False), ("", True), ("upheld", False), ("dismissed", False), ("answered", False)]
    made = []
    for kind, (outcome, late) in zip((*ObjectionKind, ObjectionKind.LATENESS), states, strict=True):
        row = Objection(pk=1, kind=kind, outcome=outcome, event=event, office=OFFICE, level=2, days=15, at=now)
        if row.is_complaint:
            row.addressed_to = User(full_name=LONG_NAME)
        row.decision = event if outcome else None
        words = str(ObjectionOutcome(outcome).label) if outcome else ""
        made.append(
            Made(row, str(kind.label), LONG_NAME, None if late else now, late, words, LONG_NAME if outcome else "")
        )
    return Rights(made, Right(ObjectionKind.REFUSAL, now, False, False), True, True, True, now, True)


def _rows(now: datetime) -> list[dict[str, Any]]:
    """Requests as people find them in their list."""
    shown = (
        (Status.RETURNED, {"waiting_for": WaitingFor.YOURS, "left": None}),
        (Status.AWAITING_PAYMENT, {"waiting_for": WaitingFor.YOURS, "left": None}),
        (Status.UNDER_STUDY, {"left": None, "days_late": 12}),
        (Status.UNDER_STUDY, {"left": None, "days_late": 0}),
        (Status.UNDER_STUDY, {"left": 0}),
        (Status.UNDER_STUDY, {"left": 9}),
        (Status.COMPLETED, {"waiting_for": WaitingFor.NOBODYS, "left": None, "took": 89}),
    )
    cases = [(_case(status, now), _progress(now, **more)) for status, more in shown]
    return [{"case": case, "progress": progress, "headline": headline(case)} for case, progress in cases]


def _bills(now: datetime) -> list[ShownBill]:
    """One to be paid, and one that has run out."""
    number = {"biller": "001", "number": "1000000000015", "groups": ("1000", "0000", "00015")}
    usual = {"amount": "12,345.60", "due_on": now.date(), "last_day": now.date(), "to_pay": True, "may_renew": False}
    words = {"kind": "warning", "label": _("To be paid"), "at_centre": True, "pay_at": ""}
    words["sentence"] = _(
        "Pay with the numbers below. The bank tells us, and your request goes on by itself: you do not need to "
        "send us anything."
    )
    over = _("The last day to pay this bill has passed, and it was not paid. Get a new bill to pay.")
    waiting = ShownBill(**number, **usual, **words)  # type: ignore[arg-type]
    return [waiting, replace(waiting, groups=(), kind="error", sentence=over, may_renew=True)]


def _changes(now: datetime) -> list[ChangeLine]:
    """What happened yesterday, as an engineering office sees it: to cases, and before there was one."""
    plot = Authorisation(plan_number="415", parcel_number="27")
    of_case = ChangeLine(now, _("Issued"), OFFICE.name, "#", "C1A-1448-000123-X", None, LONG_NAME)
    of_owner = ChangeLine(now, _("The owner asks for changes"), "", "#", "", plot, LONG_NAME)
    return [of_case, replace(of_case, more=3), of_owner]


def _renamed(step: CatalogueStep, side: str) -> CatalogueStep:
    """The same questions under names of this side: an id is on a page once."""
    return replace(step, fields=tuple(replace(field, name=f"{side}_{field.name}") for field in step.fields))


def _tasks(side: str, states: Iterable[State]) -> list[dict[str, Any]]:
    return [
        {"part": Part(f"{side}-{number}", _("Documents"), state), "url": "#main"} for number, state in enumerate(states)
    ]


def _uploads() -> list[dict[str, Any]]:
    """What upload-progress.js makes of its row while a file is under way."""
    broken = _("You are offline. What has been uploaded is kept: press “Try again” when you are connected.")
    return [
        {"value": "0", "text": _("Waiting in the queue.")},
        {"value": "0.62", "size": _("{sent} of {total} MB").format(sent="29.8", total="48")},
        {"value": "1", "text": _("Uploaded. Checking the file.")},
        {"value": "0.4", "text": broken, "failed": True, "retry": True},
        {"text": _("This file is larger than {most} MB, so it was not uploaded.").format(most=50), "failed": True},
    ]


def _marked() -> MarkedPage:
    """A page of a document with a rectangle the applicant is led to, and a length that was measured."""
    corridor = PlaceMark(pk=1, page=1, shape=PlaceMark.Shape.RECTANGLE, text=_("The corridor is too narrow."))
    length = PlaceMark(pk=2, page=1, shape=PlaceMark.Shape.LENGTH, measured=4.2)
    return MarkedPage(
        1000,
        400,
        [
            DrawnMark(1, corridor, "100,80 420,80 420,200 100,200", (100.0, 80.0), chosen=True),
            DrawnMark(2, length, "520,300 880,300", (520.0, 300.0), chosen=False),
        ],
    )


def _side(direction: str) -> dict[str, Any]:
    """What stands on the page once a direction because it has ids."""
    service = service_types.get("land-subdivision")
    wrong = PinForm({"reference": "", "pin": "1234 5678"}, auto_id=f"{direction}_wrong_%s")
    wrong.is_valid()
    first, last = _renamed(service.steps[0], direction), _renamed(service.steps[-1], direction)
    district = Field(f"{direction}_district", _("District"), Kind.DISTRICT)
    picker = next(iter(_question(replace(first, fields=(district,)))))
    picker.field.widget.attrs["list"] = f"{direction}-districts"
    words = _("Right to left") if direction == "rtl" else _("Left to right")
    pages = Paginator(range(1000), 25)
    return {
        "direction": direction,
        "pages": [(pages.page(number), f"{words} {number}") for number in (1, 2, pages.num_pages)],
        "figures": f"{_('Open figures')} ({words})",
        "wrong": wrong,
        "number_form": NumberForm(auto_id=f"{direction}_number_%s"),
        "form": SampleForm(auto_id=f"{direction}_sample_%s"),
        "question": next(iter(_question(first))),
        "picker": picker,
        "part": step_page(last, {}, {}, (), {})[-1],
        "tasks": _tasks(f"{direction}-begun", State),
        "tasks_done": _tasks(f"{direction}-done", [State.DONE] * 2),
    }


def _question(step: CatalogueStep) -> forms.Form:
    return step_page(step, {}, {}, (), {})[0].form  # type: ignore[union-attr]


def design(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    service = service_types.get("land-subdivision")
    names = {LONG_FILE: 48_000_000, "واجهة.jpg": 127}
    files = [
        Attachment(key=uuid.uuid4(), original_name=name, size=size, content_type="application/pdf")
        for name, size in names.items()
    ]
    problem = Problem("street", _("Enter the street or the nearest landmark."), label=_("Street or nearest landmark"))
    sections = [
        Section(
            "place", _("Where the home is"), [Row("street", _("Street or nearest landmark"), as_typed(LONG_NAME))], []
        )
    ]
    draft = Draft(key=uuid.uuid4(), service=service.code, applicant=User(full_name=LONG_NAME), updated_at=now)
    entries = [
        SimpleNamespace(title=_("Approval"), text=_("Approved."), note="", at=now, office=OFFICE.name),
        SimpleNamespace(title=_("Registration"), text="", note=LONG_FILE, at=now - timedelta(days=400), office=""),
    ]
    context = {
        "now": now,
        "sides": [_side(direction) for direction in ("rtl", "ltr")],
        "kinds": ("success", "warning", "error", "info", "plain"),
        "deadline_status": DeadlineStatus(Mark.LATE, _("Late"), _("since today")),
        "due_at": now,
        "problems": [problem],
        "gaps": [{"gap": Gap("place", _("Where the home is"), [problem]), "url": "#main"}],
        "changed_days": by_day(_changes(now)),
        "entries": entries,
        "plot": {"plan_number": "415/ج/س", "parcel_number": "27"},
        "delegation": _delegation(now),
        "numbers": [Movement(direction="in", number=12, hijri_year=1448, office=OFFICE, at=now)],
        "services": service_types.all_services(),
        "topics": TOPICS[:2],
        "share_text": f"{LONG_NAME} {REFERENCE}",
        "centres": [
            Office(
                name_ar=LONG_OFFICE.name_ar,
                name_en=LONG_OFFICE.name_en,
                location_ar=LONG_NAME,
                opens_at=time(7, 30),
                closes_at=time(14),
            ),
            Office(name_ar="مركز الشرفية", name_en="Ash-Sharafiyah Centre", opens_at=time(8), suspended=True),
        ],
        "closure": Closure(
            service=service.code, reason_ar=LONG_NAME, reason_en=LONG_NAME, since=now, reopens_on=now.date()
        ),
        "incident": _incident(now),
        "figure_incidents": [IncidentNotice(incident_id=7, text_ar=LONG_NAME, text_en=LONG_NAME, starts_at=now)],
        "authorisation": Authorisation(pk=0, owner=User(full_name=LONG_NAME)),
        "orders": [("due", _("Due first")), ("newest", _("Newest first"))],
        "cases": [_case(status, now) for status in Status],
        "referrals": _referrals(now),
        "promises": [worth_words.shown(worth, at=now, what=worth_words.KINDS["received"]) for worth in Worth],
        "bills": _bills(now),
        "bill_steps": next_steps(),
        "rows": _rows(now),
        "rights": _rights(now),
        "slip": {
            "lines": [LONG_NAME, LONG_FILE],
            "visit": CounterVisit(centre=OFFICE, visitor=User(full_name=LONG_NAME), clerk=User(full_name=LONG_NAME)),
            "at": now,
        },
        "length": Length(7, 4, 12, 128),
        "short_length": Length(1, 1, 1, 20),
        **pile_samples(timezone.now()),
        "map_centres": [
            Centre(number, OFFICE, "", "", True, Place(100 + 90 * number, 200, number == 3), None, number == 1)
            for number in (1, 2, 3)
        ],
        "sent_case": _case(Status.REJECTED, now),
        "progress": _progress(now),
        "draft_row": {"draft": draft, "done": 2, "all": 4, "tag": Tag("warning", _("Awaiting your approval"))},
        "draft": draft,
        "summary": Summary(sections, [DocumentFiles(service.documents[0], files)], []),
        "files": files,
        "marked": _marked(),
        "places": [PlaceMark(pk=1, page=1, attachment=files[0])],
        "case": _case(Status.ISSUED, now),
        "file_error": _("Choose a PDF file first."),
        "signed_papers": [
            SimpleNamespace(pk=1, signed=SignedPaper(size=98_000)),
            SimpleNamespace(pk=2, signed=None),
        ],
        "uploads": _uploads(),
        "upload_name": LONG_FILE,
        "districts": [
            District(name_ar="الشرفية", name_en="Ash-Sharafiyah"),
            District(name_ar="الروضة", name_en="Ar-Rawdah"),
        ],
        "values": [Value("held_by", Type("string", "Office"), True, "", ("CTR", "SHR"))],
        "chart": _chart(now),
        "plotted": plotted(),
        "empty_chart": _chart(now, empty=True),
        "count_head": [_("Office"), _("Open")],
        "count_rows": [
            (OFFICE.name, "#main", [1234]),
            (REFERENCE, "", ["withheld"]),
            (as_typed(LONG_NAME), "", [None]),
        ],
    }
    return render(request, "pages/design.html", context)


def error_page(request: HttpRequest, status: int) -> HttpResponse:
    """An error page as people meet it; the real ones are hard to come by on purpose."""
    if status not in ERRORS:
        raise Http404
    alone = status in (400, 500, 503)
    return render(None if alone else request, f"{status}.html", {"LANGUAGE_CODE": get_language()}, status=status)
