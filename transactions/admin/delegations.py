"""The counter, for whoever acts for somebody else: the paper and the ID are looked at, and what the paper allows."""

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

from accounts.access import current_user
from accounts.delegated import Operation
from accounts.delegations import end_delegation, record_delegation
from accounts.errors import AccountError
from accounts.forms import MobileField, NameField, NationalIdField
from accounts.models import Delegation
from accounts.visitors import Visitor
from core.forms.fields import CodeField, DateField, LineField
from core.forms.named_errors import NamedErrors
from core.http import post_only, require_GET_or_POST
from municipality.models import Office

from ..attachments import delegations as scans
from ..domain.errors import DomainError, Invalid
from ..domain.service_types import all_services
from ..views.common import page_of
from .site import staff_site
from .visits import centres_of

SCAN_TYPES = ".pdf,.jpg,.jpeg,.png"


class DelegationForm(NamedErrors, forms.Form):
    """Who acts for whom, by what, and how far."""

    agent_id = NationalIdField(other_kinds=True, label=gettext_lazy("ID of the person who acts"))
    agent_name = NameField(label=gettext_lazy("Their name, as on the ID"), max_length=150)
    agent_phone = MobileField(label=gettext_lazy("Their mobile"))
    principal_id = NationalIdField(
        other_kinds=True,
        label=gettext_lazy("ID or unified number of whom they act for"),
        help_text=gettext_lazy("As on the document: a person, or an establishment (7…)."),
    )
    principal_name = NameField(label=gettext_lazy("Name of whom they act for"), max_length=150)
    number = CodeField(label=gettext_lazy("Number of the document"), max_length=40)
    issuer = LineField(
        label=gettext_lazy("Issued by"),
        help_text=gettext_lazy("For example the notary, or the Ministry of Commerce for a register entry."),
        max_length=150,
    )
    starts_on = DateField(label=gettext_lazy("Valid from"))
    ends_on = DateField(label=gettext_lazy("Valid until"))
    services = forms.MultipleChoiceField(
        label=gettext_lazy("Services"),
        help_text=gettext_lazy("What the document names; choose none when it names no service and covers all."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    operations = forms.MultipleChoiceField(
        label=gettext_lazy("What they may do"),
        help_text=gettext_lazy("They can follow the requests in any case."),
        choices=Operation.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    scan = forms.FileField(
        label=gettext_lazy("Scan of the document"),
        help_text=gettext_lazy("PDF, JPEG or PNG."),
        widget=forms.FileInput(attrs={"accept": SCAN_TYPES}),
        error_messages={"required": gettext_lazy("Choose the scan of the document.")},
    )
    seen = forms.BooleanField(
        label=gettext_lazy("I have seen the original document and the original ID of the person who acts"),
        error_messages={"required": gettext_lazy("Confirm that you have seen both originals.")},
    )
    centre = forms.ModelChoiceField(Office.objects.none(), label=gettext_lazy("Centre"))

    def __init__(self, *args: Any, centres: list[Office], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = Office.objects.filter(pk__in=[centre.pk for centre in centres])
        cast("forms.ModelChoiceField[Office]", self.fields["centre"]).queryset = own
        self.fields["centre"].initial = centres[0].pk
        if len(centres) == 1:
            self.fields["centre"].widget = forms.HiddenInput()
        cast("forms.MultipleChoiceField", self.fields["services"]).choices = [
            (service.code, service.title) for service in all_services()
        ]
        for name in ("agent_id", "principal_id", "agent_phone"):
            self.fields[name].widget.attrs["autocomplete"] = "off"

    def people(self) -> tuple[Visitor, Visitor]:
        """The principal and the agent of a valid form. ValidationError."""
        typed = self.cleaned_data
        principal = Visitor.absent(national_id=typed["principal_id"], full_name=typed["principal_name"])
        agent = Visitor.typed(national_id=typed["agent_id"], full_name=typed["agent_name"], phone=typed["agent_phone"])
        return principal, agent


@require_GET_or_POST
def delegations(request: HttpRequest) -> HttpResponse:
    """What was recorded at one's own counters, and the form for another."""
    user = current_user(request)
    centres = centres_of(user)
    if not centres:
        raise Http404
    form = DelegationForm(request.POST or None, request.FILES or None, centres=centres)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and _record(request, form):
            messages.success(request, _("Recorded. From now on the person can act as the document allows."))
            return redirect("staff:delegations")
    recorded = Delegation.objects.filter(checked_at__in=centres).select_related("principal", "agent")
    page = page_of(request, recorded.prefetch_related("scans"))
    context = staff_site.each_context(request) | {
        "title": _("Acting for others"),
        "form": form,
        "page": page,
        "today": timezone.localdate(),
    }
    return render(request, "staff/delegations.html", context, status=status)


def _record(request: HttpRequest, form: DelegationForm) -> bool:
    typed = form.cleaned_data
    try:
        principal, agent = form.people()
        scans.record(
            typed["scan"],
            by=current_user(request),
            write=lambda now: record_delegation(
                principal=principal,
                agent=agent,
                by=current_user(request),
                now=now,
                **{
                    name: typed[name]
                    for name in ("number", "issuer", "services", "operations", "starts_on", "ends_on", "centre")
                },
            ),
        )
    except (AccountError, DomainError) as error:
        form.add_error(None, str(error.message))
    except Invalid as error:
        form.add_error("scan", [str(problem.message) for problem in error.problems])
    except ValidationError as error:
        form.add_error(None, error.messages)
    return form.is_valid()


@post_only("staff:delegations")
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """The paper was taken back, or somebody saw that it is not what it seemed."""
    user = current_user(request)
    row = Delegation.objects.filter(pk=pk, checked_at__in=centres_of(user)).first()
    if row is None:
        raise Http404
    try:
        end_delegation(row, by=user)
    except AccountError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Ended. Nobody acts by this document any more."))
    return redirect("staff:delegations")
