"""Closing a service for new requests: administrators only, with its history."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from core.admin.guarded import Administered, AdministeredSite, RecordedAdmin, tag
from core.admin.previewed import PreviewedAdmin
from core.forms.versioned import VersionedForm

from ..domain.service_types import all_services
from ..intake.closures import save_closure
from ..models import Closure


class ClosureForm(VersionedForm):
    service = forms.ChoiceField(label=_("service"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            # Read, not written, once there is a row; declared above, it would be asked for nevertheless.
            self.fields.pop("service", None)
        if "service" in self.fields:
            self.fields["service"].choices = [(s.code, s.title) for s in all_services()]  # type: ignore[attr-defined]
        if "since" in self.fields:
            self.fields["since"].initial = timezone.now().replace(second=0, microsecond=0)


class ClosureAdmin(PreviewedAdmin, Administered, RecordedAdmin):
    """To open a service again, untick “closed for new requests”: the row stays, so that its history does."""

    form = ClosureForm
    fields = ("service", "in_force", "since", "reason_ar", "reason_en", "reopens_on")
    list_display = ("title", "state", "since", "reopens_on")

    def get_readonly_fields(self, request: HttpRequest, obj: Closure | None = None) -> tuple[str, ...]:
        return ("title",) if obj else ()

    def get_fields(self, request: HttpRequest, obj: Closure | None = None) -> Any:
        return ("title", *self.fields[1:]) if obj else self.fields

    def save_model(self, request: HttpRequest, obj: Closure, form: Any, change: bool) -> None:
        save_closure(obj)

    @admin.display(description=_("service"), ordering="service")
    def title(self, closure: Closure) -> Any:
        return closure.title

    @admin.display(description=_("state"), ordering="in_force")
    def state(self, closure: Closure) -> SafeString:
        return tag("warning", pgettext("a service", "Closed")) if closure.in_force else tag("success", _("Open"))


def register(site: AdministeredSite) -> None:
    site.register(Closure, ClosureAdmin)
