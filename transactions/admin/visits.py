"""The counter, for whoever comes about a returned request: their ID, what is asked and the answer, a confirmation."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.access import current_user, staff_posts_of
from accounts.forms import NationalIdField
from accounts.models import Role, User
from core.forms.fields import LineField
from core.forms.named_errors import NamedErrors
from core.http import require_GET_or_POST
from journal import qr
from municipality.models import Office

from ..answers.summary import in_catalogue_order
from ..domain.errors import DomainError, NotVisible
from ..domain.workflow import Status
from ..models import CounterVisit
from ..models.visits import VISIT_DURATION
from ..text.deficiency_words import describe_deficiency as asked_in_words
from ..views import answering, photographs
from ..views.common import hidden_is_404
from ..views.desk import Desk
from ..views.documents import take_answer_file
from ..views.form_recovery import hold_form
from ..visits import permissions as visits
from ..visits import services as counter_visits
from ..visits.services import TooManyVisits
from .site import staff_site

MAX_SHOWN = 50


class VisitForm(NamedErrors, forms.Form):
    """Who has come, and about which request."""

    reference = LineField(
        label=gettext_lazy("Transaction number"),
        help_text=gettext_lazy("Scan the receipt, or type the number."),
        max_length=2000,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "autocapitalize": "characters"}),
    )
    national_id = NationalIdField(
        other_kinds=True,
        label=gettext_lazy("Visitor’s ID number"),
        help_text=gettext_lazy("The ID of the owner, or of someone from the authorised office."),
    )
    seen = forms.BooleanField(
        label=gettext_lazy("I have seen the original ID of this person"),
        error_messages={"required": gettext_lazy("Confirm that you have seen the original ID.")},
    )
    centre = forms.ModelChoiceField(Office.objects.none(), label=gettext_lazy("Centre"))

    def __init__(self, *args: Any, centres: list[Office], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = Office.objects.filter(pk__in=[centre.pk for centre in centres])
        cast("forms.ModelChoiceField[Office]", self.fields["centre"]).queryset = mine
        self.fields["centre"].initial = centres[0].pk
        if len(centres) == 1:
            self.fields["centre"].widget = forms.HiddenInput()
        self.fields["national_id"].widget.attrs["autocomplete"] = "off"
        first = "national_id" if self.initial.get("reference") else "reference"
        self.fields[first].widget.attrs["autofocus"] = True

    def clean_reference(self) -> str:
        return counter_visits.find_visitor(self.cleaned_data["reference"])


def centres_of(user: User) -> list[Office]:
    """The centres at whose counter this person sits."""
    return [post.office for post in staff_posts_of(user) if post.role == Role.CENTRE_CLERK]


def begin_page(
    request: HttpRequest, purpose: CounterVisit.Purpose, *, page: str, title: str, then: str
) -> HttpResponse:
    """Number and ID: a right pair opens what this purpose is for, and nothing else. `page` is the template, `then` the
    name of the page that follows; 404 for whoever sits at no counter.
    """
    centres = centres_of(current_user(request))
    if not centres:
        raise Http404
    form = VisitForm(request.POST or None, centres=centres, initial={"reference": request.GET.get("reference", "")})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            typed = {name: form.cleaned_data[name] for name in ("reference", "national_id", "centre")}
            try:
                begun = counter_visits.begin_visit(**typed, by=current_user(request), purpose=purpose)
                return redirect(then, reference=begun.transaction.reference)
            except DomainError as error:
                form.add_error(None, str(error.message))
                status = 429 if isinstance(error, TooManyVisits) else 404 if isinstance(error, NotVisible) else 409
    minutes = int(VISIT_DURATION.total_seconds() // 60)
    context = staff_site.each_context(request) | {"title": title, "form": form, "minutes": minutes}
    return render(request, page, context, status=status)


@require_GET_or_POST
def visit(request: HttpRequest) -> HttpResponse:
    """Who comes about a returned request: on to what is asked of them."""
    purpose, title = CounterVisit.Purpose.ANSWER, _("Answer for a visitor")
    return begin_page(request, purpose, page="staff/visit.html", title=title, then="staff:visit_answer")


@hidden_is_404
@require_GET_or_POST
def answer(request: HttpRequest, reference: str) -> HttpResponse:
    """The applicant's page of answers in the workbench's frame, while the visit lasts."""
    user = current_user(request)
    begun = visits.latest_visit_about(user, reference)
    case = begun.transaction
    if begun.event is not None and case.status != Status.RETURNED:
        return redirect("staff:visit_sent", key=begun.key)
    if not begun.is_open(timezone.now()):
        return _ask_again(request, case.reference)
    window = answering.AnswerPage(
        user=user,
        case=case,
        template="staff/visit_answer.html",
        url=reverse("staff:visit_answer", args=[case.reference]),
        upload="staff:visit_file",
        photographs="staff:visit_photographs",
        back=reverse("staff:counter"),
        sent=reverse("staff:visit_sent", args=[begun.key]) + "#print",
        message=_("The answers are with the reviewer, and the clock has resumed. The applicant is notified."),
        visit=begun,
        context=staff_site.each_context(request) | {"title": case.reference, "visit": begun},
    )
    return answering.show_or_send(request, window)


def _ask_again(request: HttpRequest, reference: str) -> HttpResponse:
    """The visit has ended: the ID is looked at once more, and what was typed meanwhile comes back then."""
    response = redirect(f"{reverse('staff:visit')}?{urlencode({'reference': reference})}")
    held = request.method == "POST" and hold_form(request, response)
    lines = [_("The visit has ended. Check the ID again to continue.")]
    if held:
        lines.append(_("What you typed is kept for you."))
    messages.warning(request, " ".join(lines))
    if request.FILES:
        messages.warning(request, _("The files you had chosen were not carried over. Please choose them again."))
    return response


@hidden_is_404
@require_POST
def add_file(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """One file in answer to one thing asked, for the script."""
    begun = visits.latest_visit_about(current_user(request), reference)
    return take_answer_file(request, begun.transaction, pk, visit=begun)


@hidden_is_404
@require_GET_or_POST
def photographs_page(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Photographs of one document of the answer, while the visit lasts."""
    begun = visits.latest_visit_about(current_user(request), reference)
    if not begun.is_open(timezone.now()) or begun.transaction.status != Status.RETURNED:
        return _ask_again(request, begun.transaction.reference)
    return photographs.show_page(request, _place(request, begun, pk))


@hidden_is_404
@require_POST
def add_photograph(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """One of them, for the script."""
    begun = visits.latest_visit_about(current_user(request), reference)
    return photographs.take_photograph(request, _place(request, begun, pk), begun.transaction, visit=begun)


def _place(request: HttpRequest, begun: CounterVisit, pk: int) -> photographs.Place:
    back = reverse("staff:visit_answer", args=[begun.transaction.reference])
    window = photographs.AnswerWindow("staff:visit_photographs", "staff:visit_add_photograph", back)
    code = request.GET.get("document", "")
    return photographs.of_answer(current_user(request), begun.transaction, pk, code, window, visit=begun)


@hidden_is_404
@require_safe
def confirmation(request: HttpRequest, key: UUID) -> HttpResponse:
    """What the visitor takes home: what was answered, when and where; the same however often it is printed."""
    begun = visits.get_visit(current_user(request), key)
    if begun.event is None or begun.purpose != CounterVisit.Purpose.ANSWER:
        raise NotVisible
    case = begun.transaction
    points = case.deficiencies.filter(answered_at=begun.event.at)
    files = case.attachments.sent().filter(deficiency__in=points)
    url = request.build_absolute_uri(reverse("journal:verify_token", args=[begun.token]))
    context = staff_site.each_context(request) | {
        "desk": Desk(reverse("staff:counter"), _("Counter")),
        "visit": begun,
        "case": case,
        "service": case.service_type,
        "points": [asked_in_words(item, case.service_type) for item in points],
        "changed": len(begun.event.facts.get("changes", ())),
        "files": in_catalogue_order(case.service_type, files),
        "qr": qr.svg(url, _("Code to verify this confirmation")),
        "slip": request.GET.get("paper") == "slip",
    }
    return render(request, "staff/visit_sent.html", context)


def open_and_answered(user: User, since: datetime) -> list[CounterVisit]:
    """Newest first: visits that were answered since then, and those that may still be gone on with."""
    begun = visits.visits_begun_by(user).filter(purpose=CounterVisit.Purpose.ANSWER)
    lasting = begun.open(timezone.now()).filter(transaction__status=Status.RETURNED)
    return list((lasting | begun.filter(event__isnull=False, at__gte=since))[:MAX_SHOWN])
