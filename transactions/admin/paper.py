"""Entering slips at the counter: number and PIN, time, who and what; and what the second person reads."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import current_user
from accounts.errors import AccountError
from accounts.forms import NationalIdField
from accounts.models import User
from core.forms.fields import ClockField, CompactField, DateField
from core.forms.named_errors import NamedErrors
from core.http import require_GET_or_POST
from core.relative_days import TODAY
from municipality.models import Office

from ..booklets.people import paper_offices_of
from ..domain.errors import DomainError, Invalid, TooManyAttempts
from ..domain.service_types import ServiceType
from ..intake import late_entry
from ..models import Draft, Slip
from ..views.common import client_address
from ..views.form_recovery import typed_before
from .counter import CounterForm, begin_for
from .site import staff_site
from .visitor import VisitorForm
from .visits import centres_of

LATELY = 20


def _time_box() -> dict[str, Any]:
    return {"widget": forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "placeholder": "09:30"})}


class SlipForm(CounterForm):
    """What stands on a slip, with its number and PIN."""

    number = CompactField(
        label=gettext_lazy("Number of the slip"),
        max_length=30,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )
    pin = CompactField(
        label=gettext_lazy("PIN of the slip"),
        max_length=30,
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "numeric", "autocomplete": "off"}),
    )
    day = DateField(
        label=gettext_lazy("Date on the slip"),
        required=False,
        latest=TODAY,
        help_text=gettext_lazy(
            "Where a declared incident covers it the request counts from then, and a second person confirms it. Leave "
            "date and time empty for a request that counts from now."
        ),
    )
    time = ClockField(label=gettext_lazy("Time on the slip"), required=False, **_time_box())
    take_over = forms.BooleanField(
        label=gettext_lazy("Take it over, if a colleague has started to enter this slip"), required=False
    )
    field_order = ["number", "pin", "day", "time"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["national_id"].widget.attrs.pop("autofocus", None)
        self.fields["number"].widget.attrs["autofocus"] = True
        self.fields["seen"].label = _("The slip says that the original ID was seen")

    def clean(self) -> dict[str, Any]:
        typed = super().clean()
        return _with_moment(self, typed)


class SecondForm(NamedErrors, forms.Form):
    """What the second person reads on the slip, without seeing what the first one typed."""

    national_id = NationalIdField(other_kinds=True)
    day = DateField(label=gettext_lazy("Date on the slip"), latest=TODAY)
    time = ClockField(label=gettext_lazy("Time on the slip"), **_time_box())

    def clean(self) -> dict[str, Any]:
        return _with_moment(self, super().clean() or self.cleaned_data)


def _with_moment(form: forms.Form, typed: dict[str, Any]) -> dict[str, Any]:
    """Day and time together as `written_at`, in the city's time; both or neither."""
    day, clock = typed.get("day"), typed.get("time")
    if (day is None) != (clock is None) and not form.errors.keys() & {"day", "time"}:
        form.add_error("time" if clock is None else "day", _("Enter both date and time, or leave both empty."))
    typed["written_at"] = timezone.make_aware(datetime.combine(day, clock)) if day and clock else None
    return typed


@require_GET_or_POST
def paper(request: HttpRequest) -> HttpResponse:
    """Begin with a slip; what waits for a second person; what was entered lately."""
    user = current_user(request)
    centres = centres_of(user)
    if not paper_offices_of(user):
        raise Http404
    if request.method == "POST" and not centres:
        raise Http404
    sent = request.POST if request.method == "POST" else typed_before(request) or None
    form = SlipForm(sent, centres=centres) if centres else None
    question: VisitorForm | None = None
    if request.method == "POST" and form is not None and form.is_valid():
        draft, question = _begin(request, form)
        if draft is not None:
            return redirect("staff:intake", key=draft.key)
    mine = Slip.objects.filter(transaction__taken_by=user).select_related("transaction__applicant")
    context = staff_site.each_context(request) | {
        "title": _("Enter paper slips"),
        "form": form,
        "question": question,
        "waiting": [(slip, slip.draft.created_by_id == user.pk) for slip in late_entry.waiting_for(user) if slip.draft],
        "entered": mine.order_by("-entered_at")[:LATELY],
    }
    wrong = question or (form is not None and form.errors)
    return render(request, "staff/paper.html", context, status=422 if wrong else 200)


def _begin(request: HttpRequest, form: SlipForm) -> tuple[Draft | None, VisitorForm | None]:
    """The draft for a slip, or what to ask first; (None, None) when the form has errors now."""
    typed, user = form.cleaned_data, current_user(request)

    def start(service: ServiceType, applicant: User, centre: Office, changes: dict[str, Any]) -> Draft:
        return late_entry.begin(
            slip, service, applicant=applicant, centre=centre, written_at=typed["written_at"],
            visitor_changes=changes, take_over=typed["take_over"], by=user,
        )  # fmt: skip

    try:
        slip = late_entry.find_slip(typed["number"], typed["pin"], address=client_address(request))
        return begin_for(request, typed, start)
    except ValidationError as error:
        form.add_error(None, error)
    except AccountError as error:
        form.add_error("phone", error.message)
    except TooManyAttempts as error:
        form.add_error("pin", str(error.message))
    except DomainError as error:
        form.add_error(_box_of(error), str(error.message))
    return None, None


def _box_of(error: DomainError) -> str:
    """The box a refusal is about."""
    return {"slip_date": "day", "not_found": "pin", "slip_elsewhere": "take_over"}.get(
        error.code, "number" if error.code.startswith(("slip", "booklet", "not_handed", "other_centre")) else "service"
    )


@require_GET_or_POST
def second(request: HttpRequest, pk: int) -> HttpResponse:
    """The second person reads the slip: what they type is compared with what was entered, and shown to nobody."""
    user = current_user(request)
    slip = late_entry.waiting_for(user).filter(pk=pk).first()
    if slip is None:
        return _after_second(request, pk, user)
    form = SecondForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            late_entry.confirm(slip, national_id=typed["national_id"], written_at=typed["written_at"], by=user)
        except Invalid as error:
            for problem in error.problems:
                path = {"written_at": "time"}.get(problem.path, problem.path)
                form.add_error(path if path in form.fields else None, str(problem.message))
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            return _after_second(request, pk, user)
    context = staff_site.each_context(request) | {
        "title": _("Confirm a slip"),
        "slip": slip,
        "form": form,
        "own": slip.draft is not None and slip.draft.created_by_id == user.pk,
    }
    return render(request, "staff/paper_second.html", context, status=422 if form.errors else 200)


def _after_second(request: HttpRequest, pk: int, user: User) -> HttpResponse:
    """Back to the list; with a word when the slip was entered."""
    slip = Slip.objects.filter(pk=pk, booklet__office__in=paper_offices_of(user)).first()
    if slip is None:
        raise Http404
    if slip.transaction_id is not None:
        done = _("Entered: request %(number)s. The slip's PIN is the request's PIN.")
        messages.success(request, done % {"number": slip.number})
    return redirect("staff:paper")
