"""Declaring incidents and setting gates: administrators only, two where the public is told or something is opened."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts import sms
from accounts.access import current_user
from accounts.errors import AccountError
from accounts.power_admin import message_proposed, reason_field
from core.admin.guarded import Administered, AdministeredSite, RecordedAdmin, code, tag, typed
from core.admin.previewed import PreviewedAdmin
from core.forms.versioned import VersionedForm
from core.text import parse_int
from municipality.services import offices_by_pk

from ..domain.gates import GateState, Operation
from ..domain.service_types import all_services
from ..incidents import declaring, gates
from ..incidents.words import affected, in_words
from ..models import GateSwitch, Incident, IncidentNotice, IncidentWording
from ..notifications import subscriptions
from ..notifications.incident_notices import counted

UPDATE_IN = timedelta(hours=2)
STATE_KINDS = {GateState.DARK: "error", GateState.READING: "warning", GateState.INTAKE: "warning"}


def _choices_of_offices() -> list[tuple[str, str]]:
    return [(office.code, office.name) for office in sorted(offices_by_pk().values(), key=lambda office: office.code)]


def _choices_of_services() -> list[tuple[str, Any]]:
    return [(service.code, service.title) for service in all_services()]


def _capitals(form: forms.Form | forms.ModelForm) -> None:
    """As the labels of a model's own boxes begin."""
    for field in form.fields.values():
        field.label = capfirst(field.label)


class _Several(forms.MultipleChoiceField):
    """Some of a list, or none, which means all of it."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, label: Any) -> None:
        super().__init__(label=label, required=False, help_text=_("None chosen means all."))


class NoticeForm(VersionedForm):
    incident = forms.ModelChoiceField(
        Incident.objects.all(), label=_("incident"), required=False, widget=forms.HiddenInput
    )
    operations = _Several(_("what is affected"))
    services = _Several(_("services"))
    offices = _Several(_("offices"))
    reason = reason_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields.clear()  # shown, not written
            return
        self.fields["services"].choices = _choices_of_services()  # type: ignore[attr-defined]
        self.fields["offices"].choices = _choices_of_offices()  # type: ignore[attr-defined]
        self.fields["operations"].choices = Operation.choices  # type: ignore[attr-defined]
        for name, direction in (("text_ar", "rtl"), ("text_en", "ltr")):
            self.fields[name].widget.attrs.update(dir=direction, lang=name[-2:], rows=4)
        _capitals(self)

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if not typed.get("reason"):
            self.add_error("reason", _("Give the reason: a second administrator will decide."))
        return typed

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        incident = self.cleaned_data.get("incident")
        try:
            before = declaring.in_force(incident) if incident else None
            declaring.validate(self.instance, before, timezone.now())
        except ValidationError as error:
            self.add_error(None, error)


class IncidentNoticeAdmin(PreviewedAdmin, Administered):
    """What was announced, newest first. A notice is added, to a new incident or to one there is, and never changed."""

    form = NoticeForm
    list_display = ("number", "kind", "about", "starts_at", "ended_at", "update", "open_meanwhile")
    list_filter = ("what",)
    list_select_related = ("proposed_by", "confirmed_by")
    list_per_page = 50
    change_form_template = "admin/transactions/incidentnotice/change_form.html"

    def get_fields(self, request: HttpRequest, obj: IncidentNotice | None = None) -> Any:
        if obj is not None:
            return ("number", "lines", "notified", "at", "proposed_by", "confirmed_by")
        return (
            *("incident", "what", "text_ar", "text_en", "operations", "services", "offices", "starts_at", "ended_at"),
            *("next_update_at", "state", "stops_clocks", "tells_people", "reason"),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: IncidentNotice | None = None) -> Any:
        return self.get_fields(request, obj) if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """From the incident that is added to, or from the words of a usual case."""
        now = timezone.now().replace(second=0, microsecond=0)
        values: dict[str, Any] = {"starts_at": now, "next_update_at": now + UPDATE_IN, "what": "declared"}
        key = parse_int(request.GET.get("incident", ""))
        incident = Incident.objects.filter(pk=key).first() if key else None
        if incident and (last := declaring.in_force(incident)):
            names = (*("text_ar", "text_en", "operations", "services", "offices"), "starts_at", "state", "stops_clocks")
            values |= {name: getattr(last, name) for name in names} | {"incident": incident.pk, "what": "extended"}
        if request.GET.get("what") in IncidentNotice.What:
            values["what"] = request.GET["what"]
        if values["what"] == "ended":
            values |= {"ended_at": now, "next_update_at": None}
        wording = IncidentWording.objects.filter(code=request.GET.get("wording", "")[:30]).first()
        if wording:
            values |= {"text_ar": wording.text_ar, "text_en": wording.text_en}
        return values

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        notice = self.get_object(request, object_id) if object_id else None
        before = list(declaring.previous(notice)) if notice else []
        more = {
            "show_save_and_add_another": False,
            "show_save_and_continue": False,
            "wordings": [] if object_id else list(IncidentWording.objects.all()),
            "earlier": [(row, in_words(row)) for row in before],
            "goes_on": bool(notice and not IncidentNotice.objects.filter(
                incident=notice.incident_id, seq__gt=notice.seq).exists()),
        }  # fmt: skip
        try:
            return super().changeform_view(request, object_id, form_url, (extra_context or {}) | more)
        except (AccountError, ValidationError) as error:
            messages.error(request, " ".join(getattr(error, "messages", [str(error)])))
            return redirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: IncidentNotice, form: Any, change: bool) -> None:
        if change:
            raise PermissionDenied
        typed = form.cleaned_data
        declaring.propose(obj, incident=typed["incident"], reason=typed["reason"], by=current_user(request))

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None  # nothing is there before the second administrator; the access log has who proposed it

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        return message_proposed(request)

    @admin.display(description=_("incident"), ordering="incident")
    def number(self, row: IncidentNotice) -> str:
        return f"\u2068{row.incident_id}/{row.seq}\u2069"

    @admin.display(description=_("what is announced"), ordering="what")
    def kind(self, row: IncidentNotice) -> SafeString:
        kind = "success" if row.what == IncidentNotice.What.ENDED else "warning"
        return tag(kind, row.get_what_display())

    @admin.display(description=_("what is affected"))
    def about(self, row: IncidentNotice) -> str:
        return affected(row)

    @admin.display(description=_("next update"), ordering="next_update_at")
    def update(self, row: IncidentNotice) -> Any:
        if row.ended_at is not None:
            return "—"
        return tag("error", gettext("Overdue")) if declaring.overdue(row, timezone.now()) else row.next_update_at

    @admin.display(description=_("what stays open meanwhile"), ordering="state")
    def open_meanwhile(self, row: IncidentNotice) -> Any:
        return GateState(row.state).label

    @admin.display(description=_("in detail"))
    def lines(self, row: IncidentNotice) -> SafeString:
        return format_html_join("", '<p dir="auto">{}</p>', ((line,) for line in in_words(row) if line))

    @admin.display(description=_("people notified"))
    def notified(self, row: IncidentNotice) -> SafeString:
        if not row.tells_people:
            return typed("")
        count = counted(row)
        subscribers, mailed = subscriptions.counted(row)
        lines = (
            (_("to be notified"), count.owed),
            (_("handed to the gateway"), count.sent),
            (_("waiting to go out"), count.waiting),
            (_("refused by the gateway"), count.failed),
            (_("no mobile or email: in the portal only"), count.unreachable),
            (_("subscribers without an account"), subscribers),
            (_("of these, mail handed over"), mailed),
        )
        return format_html_join("", "<p>{}: <bdi>{}</bdi></p>", lines)


class IncidentWordingAdmin(Administered, RecordedAdmin):
    list_display = ("named", "short", "parts")
    readonly_fields = ("short", "parts")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("short" if obj else "code", "title_ar", "title_en", "text_ar", "text_en", *(("parts",) if obj else ()))

    @admin.display(description=_("parts of an SMS, Arabic and English"))
    def parts(self, row: IncidentWording) -> str:
        """Of the words alone; what is affected and the next update are added when it is announced."""
        return f"\u2068{sms.count_parts(row.text_ar)} · {sms.count_parts(row.text_en)}\u2069"

    @admin.display(description=_("code"), ordering="code")
    def short(self, row: IncidentWording) -> SafeString:
        return code(row.code)

    @admin.display(description=_("title"))
    def named(self, row: IncidentWording) -> str:
        return row.title


class GateForm(VersionedForm):
    service = forms.ChoiceField(label=_("service"), required=False)
    office = forms.ChoiceField(label=_("office"), required=False)
    operation = forms.ChoiceField(label=_("operation"), required=False)
    reason = reason_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields.clear()  # shown, not written
            return
        every_one = [("", _("All"))]
        self.fields["service"].choices = every_one + _choices_of_services()  # type: ignore[attr-defined]
        self.fields["office"].choices = every_one + _choices_of_offices()  # type: ignore[attr-defined]
        self.fields["operation"].choices = [*every_one, *Operation.choices]  # type: ignore[attr-defined]
        for name, direction in (("reason_ar", "rtl"), ("reason_en", "ltr")):
            self.fields[name].widget.attrs.update(dir=direction, lang=name[-2:])
        _capitals(self)

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        now = timezone.now()
        try:
            gates.validate(self.instance, now)
            if gates.is_promotion(self.instance, now):
                gates.refuse_unless_in_order(now)
                if not self.cleaned_data.get("reason"):
                    self.add_error("reason", _("Give the reason: a second administrator will decide."))
        except ValidationError as error:
            self.add_error(None, error)


class GateSwitchAdmin(PreviewedAdmin, Administered):
    """Every gate that was ever set, newest first. Setting one again is a new row."""

    form = GateForm
    change_form_template = "admin/transactions/incidentnotice/change_form.html"
    list_display = ("where", "how_far", "share", "expires_at", "cause", "at", "set_by", "confirmed_by")
    list_filter = ("cause",)
    list_select_related = ("set_by", "confirmed_by")
    list_per_page = 50

    def get_fields(self, request: HttpRequest, obj: GateSwitch | None = None) -> Any:
        if obj is not None:
            return (*self.list_display, "said_ar", "said_en")
        return (*("service", "office", "operation", "state", "share", "expires_at"), "reason_ar", "reason_en", "reason")

    def get_readonly_fields(self, request: HttpRequest, obj: GateSwitch | None = None) -> Any:
        return self.get_fields(request, obj) if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        one_button = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().changeform_view(request, object_id, form_url, (extra_context or {}) | one_button)

    def save_model(self, request: HttpRequest, obj: GateSwitch, form: Any, change: bool) -> None:
        if change:
            raise PermissionDenied
        form.done = gates.set_gate(obj, reason=form.cleaned_data["reason"], by=current_user(request))

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return super().log_addition(request, obj, message) if obj.pk else None

    def response_add(self, request: HttpRequest, obj: GateSwitch, post_url_continue: Any = None) -> HttpResponse:
        if obj.pk is None:
            return message_proposed(request)
        messages.success(request, _("Set. It holds at once; every process knows it within ten seconds."))
        return redirect(reverse("staff:transactions_gateswitch_changelist"))

    @admin.display(description=_("reason in Arabic, shown to everyone"))
    def said_ar(self, row: GateSwitch) -> SafeString:
        return typed(row.reason_ar)

    @admin.display(description=_("reason in English, shown to everyone"))
    def said_en(self, row: GateSwitch) -> SafeString:
        return typed(row.reason_en)

    @admin.display(description=_("where"))
    def where(self, row: GateSwitch) -> str:
        return gates.in_words(row)[0]

    @admin.display(description=_("state"), ordering="state")
    def how_far(self, row: GateSwitch) -> SafeString:
        now: datetime = timezone.now()
        if row.expires_at and row.expires_at <= now:
            return tag("warning", pgettext_lazy("gate", "Expired: intake"))
        return tag(STATE_KINDS.get(GateState(row.state), "success"), GateState(row.state).label)


def register(site: AdministeredSite) -> None:
    site.register(IncidentNotice, IncidentNoticeAdmin)
    site.register(IncidentWording, IncidentWordingAdmin)
    site.register(GateSwitch, GateSwitchAdmin)
