"""The certificates that documents were signed with, and the proposal to end one: administrators only, two of them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from accounts.access import current_user
from accounts.power_admin import message_proposed, reason_field
from core.admin.guarded import Administered, AdministeredSite, code, tag
from core.forms.versioned import VersionedForm

from ..models import SigningCertificate
from ..signed_papers import ending


class EndForm(VersionedForm):
    reason = reason_field(_("Give the reason: a second administrator will decide."))

    class Meta:
        model = SigningCertificate
        fields = ("ended_why", "ended_from")

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        try:
            stored = SigningCertificate.objects.get(pk=self.instance.pk)
            ending.validate(stored, typed.get("ended_why", ""), typed.get("ended_from"), timezone.now())
        except ValidationError as error:
            self.add_error(None, error)
        return typed


class SigningCertificateAdmin(Administered):
    """Every certificate that was ever used, newest first. One that was stolen is only looked at."""

    form = EndForm
    list_display = ("named", "short", "state", "first_used_at", "not_after")
    ordering = ("-first_used_at",)
    facts = ("named", "short", "state", "first_used_at", "not_before", "not_after", "ended_at")

    def get_fields(self, request: HttpRequest, obj: SigningCertificate | None = None) -> Any:
        asked = ("ended_from",) if obj and obj.is_stolen else ("ended_why", "ended_from", "reason")
        return *self.facts, *asked

    def get_readonly_fields(self, request: HttpRequest, obj: SigningCertificate | None = None) -> Any:
        return (*self.facts, "ended_from") if obj and obj.is_stolen else self.facts

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: SigningCertificate | None = None) -> bool:
        return self.has_view_permission(request, obj) and not (obj and obj.is_stolen)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        one_button = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().changeform_view(request, object_id, form_url, (extra_context or {}) | one_button)

    def save_model(self, request: HttpRequest, obj: SigningCertificate, form: Any, change: bool) -> None:
        stored, typed = SigningCertificate.objects.get(pk=obj.pk), form.cleaned_data
        why, since = typed["ended_why"], typed["ended_from"]
        ending.propose(stored, why, since=since, reason=typed["reason"], by=current_user(request), now=timezone.now())

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None  # nothing has changed before the second administrator; the access log has who proposed it

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return message_proposed(request)

    @admin.display(description=_("subject"), ordering="subject")
    def named(self, row: SigningCertificate) -> SafeString:
        return code(row.subject)

    @admin.display(description=_("fingerprint"))
    def short(self, row: SigningCertificate) -> SafeString:
        return code(row.fingerprint)

    @admin.display(description=_("state"), ordering="ended_why")
    def state(self, row: SigningCertificate) -> SafeString:
        if row.ended_why:
            kind = "error" if row.is_stolen else "plain"
            return tag(kind, row.get_ended_why_display())
        if row.not_after <= timezone.now():
            return tag("plain", pgettext("a certificate", "Expired"))
        return tag("info", _("Demonstration")) if row.is_demo else tag("success", pgettext("a certificate", "In force"))


def register(site: AdministeredSite) -> None:
    site.register(SigningCertificate, SigningCertificateAdmin)
