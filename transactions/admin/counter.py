"""The counter: who has come and for what, the whole request on one page, a look at it, the receipt."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import sms
from accounts.access import current_user, holds_power
from accounts.changes import PHONE_OF_STAFF, refuse_limited_agent
from accounts.errors import AccountError
from accounts.forms import MobileField, NameField, NationalIdField
from accounts.models import User
from accounts.visitors import Visitor, visitor_account
from core.forms.concurrency import FIELD, fingerprint
from core.forms.fields import EmailField
from core.forms.named_errors import NamedErrors
from municipality.models import Office
from municipality.services import list_districts

from .. import access
from ..answers.corners import with_files
from ..answers.summary import summarise
from ..attachments.slips import attach_scan
from ..domain import service_types
from ..domain.errors import DomainError, Invalid, NotVisible, Overtaken, Problem
from ..domain.service_types import ServiceType, SubmittedBy
from ..intake import drafts, late_entry
from ..intake.answer_forms import typed_in
from ..intake.closures import closure_of, refuse_if_closed
from ..intake.draft_parts import flags_of
from ..models import AT_COUNTER, Channel, Draft, Slip, Transaction
from ..selectors import duplicates
from ..views.common import page_of
from ..views.desk import FROM_THE_DESK
from ..views.documents import attach_all, remove_pressed
from ..views.form_recovery import typed_before
from . import tickets
from .intake_page import papers, topics
from .site import staff_site
from .visitor import VisitorForm
from .visits import centres_of, open_and_answered

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MAX_TAKEN = 50


class CounterForm(NamedErrors, forms.Form):
    """Who stands before the clerk, and what they came for."""

    national_id = NationalIdField(
        other_kinds=True,
        help_text=gettext_lazy(
            "National ID, iqama or establishment number (7…). A GCC ID with its two-letter country code: "
            "KW289010112345. A passport with its three-letter code: PAKAB1234567."
        ),
    )
    full_name = NameField(label=gettext_lazy("Full name, as on the ID"), max_length=150)
    phone = MobileField(help_text=gettext_lazy("For a mobile from another country, start with + and its code."))
    email = EmailField(
        label=gettext_lazy("Email"),
        required=False,
        help_text=gettext_lazy("Required if the mobile is not Saudi: codes and notices go there."),
    )
    seen = forms.BooleanField(
        label=gettext_lazy("I have seen the original ID of this person"),
        error_messages={"required": gettext_lazy("Confirm that you have seen the original ID.")},
    )
    service = forms.ChoiceField(label=gettext_lazy("Service"), widget=forms.RadioSelect)
    centre = forms.ModelChoiceField(Office.objects.none(), label=gettext_lazy("Centre"))

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if typed.get("phone") and not sms.can_reach(typed["phone"]) and not typed.get("email"):
            self.add_error("email", _("This mobile cannot receive our SMS: enter an email."))
        return typed

    def __init__(self, *args: Any, centres: list[Office], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [service for service in service_types.offered_services() if service.submitted_by is SubmittedBy.OWNER]
        cast(forms.ChoiceField, self.fields["service"]).choices = [
            (service_type.code, _name(service_type)) for service_type in offered
        ]
        mine = Office.objects.filter(pk__in=[centre.pk for centre in centres])
        cast("forms.ModelChoiceField[Office]", self.fields["centre"]).queryset = mine
        self.fields["centre"].initial = centres[0].pk
        if len(centres) == 1:
            self.fields["centre"].widget = forms.HiddenInput()
        self.fields["national_id"].widget.attrs["autofocus"] = True
        for name in ("national_id", "full_name", "phone", "email"):
            self.fields[name].widget.attrs["autocomplete"] = "off"


def _name(service: ServiceType) -> StrOrPromise:
    if closure_of(service) is None:
        return service.title
    return _("%(service)s (closed for now)") % {"service": service.title}


def counter(request: HttpRequest) -> HttpResponse:
    centres = centres_of(current_user(request))
    if not centres:
        raise Http404
    form = CounterForm(request.POST or typed_before(request) or None, centres=centres)
    question: VisitorForm | None = None
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            draft, question = _begin(request, typed)
        except ValidationError as error:
            form.add_error(None, error)
        except AccountError as error:
            form.add_error("phone", error.message)
        except DomainError as error:
            form.add_error("service", error.message)
        else:
            if draft is not None:
                return redirect("staff:intake", key=draft.key)
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    mine = Draft.objects.unsent().filter(access.counter_drafts_condition(current_user(request)))
    taken = Transaction.objects.filter(taken_by=current_user(request), submitted_at__gte=today)
    lately = taken.select_related("applicant").order_by("-submitted_at")
    context = staff_site.each_context(request) | {
        "title": _("Counter"),
        "form": form,
        "question": question,
        "centres": centres,
        "page": page_of(request, mine.select_related("applicant").order_by("-updated_at", "-pk")),
        "taken": lately if request.GET.get("taken") == "all" else lately[:MAX_TAKEN],
        "taken_count": taken.count(),
        "visits": open_and_answered(current_user(request), today),
        "numbers": tickets.strip(current_user(request), centres),
    }
    return render(request, "staff/counter.html", context, status=422 if form.errors or question else 200)


Start = Callable[[ServiceType, User, Office, dict[str, Any]], Draft]


def _begin(request: HttpRequest, typed: dict[str, Any]) -> tuple[Draft | None, VisitorForm | None]:
    def start(service: ServiceType, applicant: User, centre: Office, changes: dict[str, Any]) -> Draft:
        return drafts.start_draft(
            service, by=current_user(request), applicant=applicant, centre=centre, visitor_changes=changes
        )

    return begin_for(request, typed, start)


def begin_for(request: HttpRequest, typed: dict[str, Any], start: Start) -> tuple[Draft | None, VisitorForm | None]:
    """The draft for who has come; or what to ask them first, because somebody else's name or mobile is on file."""
    # Before anything is written about the person.
    service = service_types.get(typed["service"])
    refuse_if_closed(service)
    visitor = Visitor.typed(**{name: typed[name] for name in ("national_id", "full_name", "phone", "email")})
    on_file = User.objects.filter(national_id=visitor.national_id).first()
    differs = visitor.differs_from(on_file) if on_file else {}
    if on_file:
        refuse_limited_agent(on_file, visitor.phone)
    if on_file and differs:
        if holds_power(on_file):
            if "phone" in differs:
                raise AccountError("phone_of_staff", PHONE_OF_STAFF)
            differs = {}  # name and e-mail of staff stay as they are
        question = VisitorForm(on_file, differs, request.POST)
        if set(differs) - {"email"} and not question.is_valid():
            return None, question
        differs = question.chosen() if set(differs) - {"email"} else differs
    applicant = on_file or visitor_account(visitor)
    if on_file is None:
        differs = visitor.differs_from(applicant)  # an e-mail, if any: its owner is asked once the request is taken
    return start(service, applicant, typed["centre"], differs), None


def _mine(request: HttpRequest, key: UUID) -> Draft:
    """A request this clerk is writing at the counter; anything else is not there."""
    try:
        draft = access.get_draft(current_user(request), key)
    except NotVisible as error:
        raise Http404 from error
    if draft.channel not in AT_COUNTER or draft.created_by_id != current_user(request).pk:
        raise Http404
    return draft


def intake(request: HttpRequest, key: UUID) -> HttpResponse:
    """Every question and document on one page. What was typed is kept, right or wrong; each file is kept at once."""
    draft, user = _mine(request, key), current_user(request)
    if draft.stage == Draft.Stage.SUBMITTED:
        return _after_all(draft, request)
    problems: list[Problem] = []
    rows: dict[str, int] = {}
    held = typed_before(request)
    if held or request.method == "POST":
        try:
            rows, only_rows = _save(draft, held or with_files(request), user)
        except Overtaken as error:
            stored = fingerprint(draft.answers)
            for step in draft.service_type.steps:
                draft.answers = draft.answers | typed_in(step, held or with_files(request))[0]
            return _intake_page(request, draft, list(error.problems), rows, stored, status=409)
        except DomainError as error:
            messages.error(request, error.message)
            return redirect("staff:counter")
        if "discard" in request.POST:
            # Asked about first; who says no comes back to what was typed.
            return redirect("transactions:discard", key=key)
        remove_pressed(request, draft.attachments.filter(removed_at=None))
        _attached, refused = attach_all(request, draft, user)
        if "later" in request.POST and not refused:
            messages.success(request, _("Saved. It is listed under “Started, not submitted”."))
            return redirect("staff:counter")
        if "remove" in request.POST and not refused:
            return redirect("staff:intake", key=key)
        if (code := request.POST.get("photographs", "")) and draft.service_type.document(code) and not refused:
            return redirect("transactions:photographs", key=key, code=code)
        problems = refused if only_rows or "remove" in request.POST else [*refused, *_missing(draft, request)]
        if not held and not problems and not only_rows:
            return redirect("staff:intake_check", key=key)
    return _intake_page(request, draft, problems, rows, fingerprint(draft.answers), status=422 if problems else 200)


def _intake_page(
    request: HttpRequest, draft: Draft, problems: list[Problem], rows: dict[str, int], version: str, *, status: int
) -> HttpResponse:
    context = staff_site.each_context(request) | {
        "title": draft.service_type.title,
        "draft": draft,
        "version": version,
        "topics": topics(draft, problems, rows, autofocus=request.method == "GET"),
        "papers": papers(draft, problems),
        "problems": problems,
        "districts": list_districts(),
    }
    return render(request, "staff/intake.html", context, status=status)


def _save(draft: Draft, typed: QueryDict, by: User) -> tuple[dict[str, int], bool]:
    """Keep every page of answers: (rows shown per group, only rows were added or removed)."""
    rows: dict[str, int] = {}
    only_rows = False
    pages = []
    for step in draft.service_type.steps:
        answers, shown, changed = typed_in(step, typed)
        pages.append((step, answers))
        rows |= shown
        only_rows |= changed
    drafts.save_pages(draft, pages, by=by, seen=typed.get(FIELD, ""))
    return rows, only_rows


def _missing(draft: Draft, request: HttpRequest) -> list[Problem]:
    try:
        drafts.is_ready_for_owner(draft, by=current_user(request))
    except Invalid as error:
        return list(error.problems)
    return []


def intake_visitor(request: HttpRequest, key: UUID) -> HttpResponse:
    """Ask the visitor once more what of them is to be changed with the request."""
    draft = _mine(request, key)
    if draft.stage == Draft.Stage.SUBMITTED:
        return _after_all(draft, request)
    on_file = draft.applicant
    changes = {
        name: {"from": getattr(on_file, name), "to": change["to"]}
        for name, change in (draft.visitor_changes or {}).items()
        if getattr(on_file, name) != change["to"]
    }
    question = VisitorForm(on_file, changes, request.POST or None)
    if not changes or question.is_valid():
        chosen = question.chosen() if changes else {}
        if draft.visitor_changes is not None and chosen != draft.visitor_changes:
            drafts.ask_about_visitor(draft, chosen, by=current_user(request))
        return redirect("staff:intake_check", key=key)
    context = staff_site.each_context(request) | {"title": _("Visitor"), "draft": draft, "question": question}
    status = 422 if request.method == "POST" else 200
    return render(request, "staff/intake_visitor.html", context, status=status)


def intake_check(request: HttpRequest, key: UUID) -> HttpResponse:
    """Read it to the person, then submit: one press gives the receipt, a second press the same receipt."""
    draft = _mine(request, key)
    if draft.stage == Draft.Stage.SUBMITTED:
        return _after_all(draft, request)
    if _missing(draft, request):
        return redirect("staff:intake", key=key)
    status = 200
    slip = late_entry.slip_of(draft) if draft.channel == Channel.PAPER else None
    if request.method == "POST":
        try:
            return _sent(draft, slip, request)
        except Invalid as error:
            status = 422
            messages.error(request, " ".join(str(problem.message) for problem in error.problems))
        except DomainError as error:
            if error.code == "person_changed":
                messages.error(request, error.message)
                return redirect("staff:intake_visitor", key=key)
            status = 409
            messages.error(request, error.message)
    files = list(draft.attachments.filter(removed_at=None))
    context = staff_site.each_context(request) | {
        "title": _("Check your answers"),
        "draft": draft,
        "slip": slip,
        "changes": draft.visitor_changes or {},
        "version": fingerprint(drafts.content_of(draft)),
        "flags": flags_of(draft.service_type, draft.answers),
        "hints": duplicates.hints_for_draft(draft, files, current_user(request)),
        "summary": summarise(draft.service_type, draft.answers, files),
    }
    return render(request, "staff/intake_check.html", context, status=status)


def _sent(draft: Draft, slip: Slip | None, request: HttpRequest) -> HttpResponse:
    """The receipt; of a slip that somebody else has to read first, the list where it waits."""
    user = current_user(request)
    if request.POST.get("action") == "scan":
        scans = request.FILES.getlist("scan")
        if not scans:
            raise Invalid([Problem("scan", _("Choose a file."), "required")])
        attach_scan(draft, scans[-1], by=user)
        return redirect("staff:intake_check", key=draft.key)
    if slip is None or not late_entry.needs_second(slip):
        return _receipt(draft, request)
    late_entry.ask_second(draft, by=user)
    messages.success(request, _("Waiting for a second person. Once they confirm it, the request is submitted."))
    return redirect("staff:paper")


def _receipt(draft: Draft, request: HttpRequest) -> HttpResponse:
    taken = drafts.submit_draft(draft, by=current_user(request), seen=request.POST.get(FIELD, ""))
    return redirect(reverse("transactions:receipt", args=[taken.transaction.reference]) + f"{FROM_THE_DESK}#print")


def _after_all(draft: Draft, request: HttpRequest) -> HttpResponse:
    """Back to what is submitted already: to its receipt, unless the owner sent it, whose receipt is not the clerk's."""
    try:
        return _receipt(draft, request)
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("staff:counter")
