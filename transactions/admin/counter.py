"""The counter: a clerk takes a request for somebody who came in."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import services as people
from accounts.access import posts_of, signed_in
from accounts.forms import MobileField, NationalIdField
from accounts.models import Role
from municipality.models import Office

from .. import service_types
from ..errors import DomainError
from ..models import Draft, Transaction
from ..service_types import Filer
from ..services import drafts
from .site import staff_site


class CounterForm(forms.Form):
    """Who stands before the clerk, and what they came for."""

    national_id = NationalIdField()
    full_name = forms.CharField(label=gettext_lazy("Full name, as on the ID"), max_length=150)
    phone = MobileField()
    seen = forms.BooleanField(label=gettext_lazy("I have seen the original ID of this person"))
    service = forms.ChoiceField(label=gettext_lazy("Service"), widget=forms.RadioSelect)
    centre = forms.ModelChoiceField(Office.objects.none(), label=gettext_lazy("Centre"))

    def __init__(self, *args: Any, centres: list[Office], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [service for service in service_types.every() if service.filer is Filer.OWNER]
        cast(forms.ChoiceField, self.fields["service"]).choices = [(one.code, one.title) for one in offered]
        mine = Office.objects.filter(pk__in=[centre.pk for centre in centres])
        cast("forms.ModelChoiceField[Office]", self.fields["centre"]).queryset = mine
        self.fields["centre"].initial = centres[0].pk
        if len(centres) == 1:
            self.fields["centre"].widget = forms.HiddenInput()
        self.fields["national_id"].widget.attrs["autofocus"] = True
        self.fields["national_id"].widget.attrs["autocomplete"] = "off"
        self.fields["phone"].widget.attrs["autocomplete"] = "off"


def counter(request: HttpRequest) -> HttpResponse:
    centres = [post.office for post in posts_of(signed_in(request)) if post.role == Role.CENTRE_CLERK]
    if not centres:
        raise Http404
    form = CounterForm(request.POST or None, centres=centres)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            applicant = people.person_at_counter(
                national_id=typed["national_id"],
                full_name=typed["full_name"],
                phone=typed["phone"],
                by=signed_in(request),
            )
            service = service_types.get(typed["service"])
            draft = drafts.start(service, by=signed_in(request), applicant=applicant, centre=typed["centre"])
        except ValidationError as error:
            form.add_error(None, error)
        except DomainError as error:
            messages.error(request, error.message)
        else:
            return redirect("transactions:draft", key=draft.key)
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    mine = Draft.objects.filter(created_by=signed_in(request), channel="counter").exclude(stage=Draft.Stage.SUBMITTED)
    taken = Transaction.objects.filter(taken_by=signed_in(request), submitted_at__gte=today)
    context = staff_site.each_context(request) | {
        "title": _("Counter"),
        "form": form,
        "centres": centres,
        "drafts": mine.select_related("applicant")[:20],
        "taken": taken.select_related("applicant")[:50],
    }
    return render(request, "staff/counter.html", context, status=422 if form.errors else 200)
