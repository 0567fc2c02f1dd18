"""Pages anyone may open: home, services, inquiry, help."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import languages
from core.cache import LOCAL
from core.charts import Chart, Series
from core.db import replica
from core.forms.fields import CompactField, LineField
from core.forms.named_errors import NamedErrors
from core.hijri import days_between
from core.http import require_GET_or_POST
from core.text import one_line
from municipality.models import Office, OfficeKind
from municipality.services import offices_by_pk

from .. import view_log
from ..domain import service_types
from ..domain.errors import Invalid, NotVisible, SlipNotEntered, TooManyAttempts
from ..inquiry import services as inquiry
from ..intake import closures
from ..intake.assured import describe_levels
from ..intake.eligibility import only_for_whom
from ..models import Transaction
from ..selectors.places import place_of
from ..selectors.statistics import Statistics, read_statistics
from ..text.deadline_status import days_late
from ..text.help_topics import search_topics
from ..text.tags import portal_tag
from ..text.timeline import history_of, public_movements_of
from ..text.wording import headline, only_for
from .common import client_address

STATISTICS_SECONDS = 60
# A copy hears from the centre at least every half minute, by the heartbeat of its workers.
BEHIND = timedelta(minutes=5)


class PinForm(NamedErrors, forms.Form):
    reference = CompactField(
        label=_("Transaction number"),
        help_text=_("As on the receipt, for example C1A-1448-000123-X. Hyphens may be left out."),
        max_length=60,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "autocapitalize": "characters"}),
    )
    pin = CompactField(
        label=_("PIN"),
        help_text=_("The eight digits beside the number."),
        max_length=30,
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "numeric", "autocomplete": "off"}),
    )


class IncomingForm(NamedErrors, forms.Form):
    office = forms.ChoiceField(label=_("Office"))
    number = LineField(
        label=_("Incoming number"),
        help_text=_("With its year as printed, for example 38/1448, or the number alone with the year below."),
        max_length=60,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )
    hijri_year = CompactField(
        label=_("Hijri year"),
        help_text=_("For example 1448. Leave it empty if it is part of the number."),
        required=False,
        max_length=10,
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "numeric"}),
    )
    last_four = CompactField(
        label=_("Last four digits of the ID or iqama"),
        max_length=10,
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A suspended office too: what it registered before keeps its number.
        named = {
            office.code: office.name for office in offices_by_pk().values() if office.kind != OfficeKind.SERVICE_CENTRE
        }
        choices = [("", _("Choose")), *sorted(named.items())]
        cast(forms.ChoiceField, self.fields["office"]).choices = choices


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Inquiry first, then the services, then how the city is doing, from real figures a minute old at most."""
    figures = LOCAL.get_or_make("statistics", _statistics, STATISTICS_SECONDS)
    offered = [(service, closures.closure_of(service)) for service in service_types.offered_services()]
    closed = [service for service, closure in offered if closure]
    context = {
        "form": PinForm(),
        "services": offered,
        "closed": closed,
        "state": portal_tag(len(offered), len(closed), routing_works=figures.routing_works),
        "statistics": figures,
        "chart": _chart(figures),
    }
    return render(request, "pages/home.html", context)


def _statistics() -> Statistics:
    figures = read_statistics(timezone.now())
    return replace(figures, at=replica.as_of()) if replica.is_copy() else figures


def _chart(figures: Statistics) -> Chart:
    days, received, decided = zip(*figures.weeks, strict=True)
    return Chart(
        _("Received and decided, week by week"),
        _("Week from"),
        days,
        (Series(_("Requests received"), received), Series(_("Requests decided (approved or refused)"), decided)),
    )


@require_safe
def service(request: HttpRequest, code: str) -> HttpResponse:
    service_type = service_types.find(code)
    if service_type is None:
        raise Http404
    context = {
        "service": service_type,
        "submitted_by": service_type.submitted_by.value,
        "closure": closures.closure_of(service_type),
        "required": [
            (document, only_for(service_type, document.when)) for document in service_type.documents if document.least
        ],
        "optional": [document for document in service_type.documents if not document.least],
        "proofs": describe_levels(service_type),
        "only_for_whom": only_for_whom(service_type),
        "stages": [(stage, only_for(service_type, stage.when)) for stage in service_type.stages],
        "centres": Office.objects.filter(kind=OfficeKind.SERVICE_CENTRE),
    }
    return render(request, "pages/service.html", context)


@require_safe
def page(request: HttpRequest, name: str) -> HttpResponse:
    """Help, privacy and accessibility are words only, and what the settings say of personal data."""
    language = get_language() or settings.LANGUAGE_CODE
    privacy = {key: value[language] if isinstance(value, dict) else value for key, value in settings.PRIVACY.items()}
    retention = {
        "drafts": settings.KEEP_DRAFTS_DAYS,
        "notices": settings.KEEP_NOTICES_DAYS,
        "log": settings.ACCESS_LOG_DAYS,
        "links": settings.EMAIL_LINK_DAYS,
    }
    query = one_line(request.GET.get("q", ""))[:80]
    topics_found = search_topics(query) if name == "help" else []
    return render(
        request, f"pages/{name}.html", {"privacy": privacy, "kept": retention, "topics": topics_found, "q": query}
    )


@never_cache
@require_GET_or_POST
def inquire(request: HttpRequest) -> HttpResponse:
    """Look a transaction up without signing in. Secrets travel in the body, never in the address.

    Read from the copy where there is one, as all pages are for which nobody has to be known (jeddah_portal/public.py).
    """
    if again := request.POST.get(inquiry.ANSWER_SALT):
        return _show_again(request, again)
    by = "incoming" if "incoming" in (request.POST.get("by"), request.GET.get("by")) else "pin"
    bound = request.POST if request.method == "POST" else None
    form: forms.Form = IncomingForm(bound) if by == "incoming" else PinForm(bound)
    status, slip = 200, ""
    if bound is not None:
        status = 422
        if form.is_valid():
            try:
                return render(request, "transactions/inquiry_answer.html", answer_context(_look_up(form, by, request)))
            except Invalid as error:
                for problem in error.problems:
                    form.add_error(problem.path, str(problem.message))
            except SlipNotEntered as error:
                slip, form, status = str(error.message), PinForm(), 404
            except NotVisible as error:
                form.add_error(None, str(error.message))
                status = 404
            except TooManyAttempts as error:
                refused = render(request, "429.html", {"message": error.message}, status=429)
                refused["Retry-After"] = str(error.wait)
                return refused
    context = {
        "pin_form": form if by == "pin" else PinForm(),
        "incoming_form": form if by == "incoming" else IncomingForm(),
        "by": by,
        "slip": slip,
    }
    return render(request, "transactions/inquiry.html", context, status=status)


def _show_again(request: HttpRequest, token: str) -> HttpResponse:
    """The language button beside an answer: the same answer in the other language, without asking for the PIN again."""
    language = request.POST.get("language", "")
    if language in languages.CODES:
        translation.activate(language)
        request.LANGUAGE_CODE = language
    try:
        case = inquiry.find_answered_lately(token, address=client_address(request))
    except (NotVisible, TooManyAttempts):
        response: HttpResponse = redirect("transactions:inquiry")
    else:
        response = render(request, "transactions/inquiry_answer.html", answer_context(case))
    if language in languages.CODES:
        response.headers["Content-Language"] = language
        languages.set_language_cookie(response, language)
        languages.mark_chosen(response)
    return response


def _look_up(form: forms.Form, by: str, request: HttpRequest) -> Transaction:
    typed, address = form.cleaned_data, client_address(request)
    if by == "incoming":
        line = f"{typed['office']} {typed['number']}/{typed['hijri_year']}"
        register = (typed["office"], typed["number"], typed["hijri_year"], typed["last_four"])
        return view_log.record_inquiry(line, lambda: inquiry.find_by_incoming_number(*register, address=address))
    reference = typed["reference"]
    return view_log.record_inquiry(reference, lambda: inquiry.find_by_pin(reference, typed["pin"], address=address))


def answer_context(case: Transaction) -> dict[str, Any]:
    """What the public answer shows; at most two queries, and one for a fee that waits. Nobody is named in it."""
    now = timezone.now()
    days = days_between(case.submitted_at, now)
    days_overdue = days_late(case.due_at, now) if case.due_at and case.is_late(now) else None
    place = place_of(case, now)

    def story() -> SafeString:
        context = {"case": case, "now": now, "days": days, "late_by": days_overdue, "place": place}
        context |= {"entries": history_of(case, names=False), "numbers": public_movements_of(case)}
        return render_to_string("transactions/inquiry_story.html", context)

    as_of = replica.as_of()
    shown = f"story:{days}:{days_overdue}:{place.stamp if place else ''}"
    return {
        "case": case,
        "again": inquiry.sign_answer(case),
        "as_of": as_of,
        "from_copy": replica.is_copy(),
        "behind": now - as_of > BEHIND,
        "headline": headline(case),
        "story": inquiry.cached_until_next_event(shown, case, story),
    }
