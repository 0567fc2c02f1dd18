"""People and posts in the staff admin. Administrators only; nobody is deleted, every edit is recorded."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from core.admin.guarded import AdministeredSite, GuardedInline, RecordedAdmin, in_both_languages, tag
from core.forms.fields import CodeField, CompactField
from core.forms.versioned import VersionedForm
from core.templatetags.portal import mobile
from core.text import written_code
from municipality.search import filter_by_text

from . import emails, four_eyes, leaving, services, sms
from .access import current_user, holds_power
from .api_token_admin import ApiTokenAdmin
from .assurance import TAG_KINDS, Level
from .errors import AccountError
from .forms import MobileField, NameField
from .models import Authorisation, EngineeringOffice, OfficeMembership, Program, Proposal, StaffPost, User
from .people_admin import PeopleAdmin, PersonForm
from .power_admin import (
    ProposalAdmin,
    StaffPostAdmin,
    ask_about_open_work,
    ask_before_forgetting,
    message_proposed,
    reason_field,
)
from .search import people_condition, plots_condition


class PersonDataForm(VersionedForm):
    full_name = NameField(label=_("full name"), max_length=150)
    phone = MobileField(label=_("mobile"))
    hand_over = leaving.HandOverField()
    reason = reason_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask_about_open_work(self)

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        opened = "is_active" in self.changed_data and typed.get("is_active")
        if ("phone" in self.changed_data or opened) and holds_power(self.instance) and not typed.get("reason"):
            self.add_error("reason", _("Give the reason: a second administrator will decide."))
        if "is_active" in self.changed_data and not typed.get("is_active"):
            try:
                four_eyes.refuse_closing_last_administrator(self.instance, timezone.localdate())
            except AccountError as error:
                self.add_error("is_active", error.message)
        return typed


class UserAdmin(PeopleAdmin):
    """Passwords are not set here: people set their own through a code to their phone."""

    about = ""
    list_display = ("national_id", "full_name", "number", "identity", "works_here", "state")
    list_filter = ("assurance", "is_staff", "is_active")
    search_fields = ("national_id",)
    fields = (
        "national_id",
        "full_name",
        "phone",
        "email",
        "email_waiting",
        "language",
        "works_here",
        "is_active",
        "assurance",
        "identity_verified_at",
        "identity_verified_by",
        "last_login",
        "date_joined",
        "reason",
    )
    readonly_fields = (
        "national_id",
        "email_waiting",
        "works_here",
        "assurance",
        "identity_verified_at",
        "identity_verified_by",
        "last_login",
        "date_joined",
    )
    form = PersonDataForm
    actions = ("forget_second_factor",)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Where no SMS is sent, the e-mail opens the account: whoever holds power changes it on their own profile."""
        opens = obj is not None and not sms.can_reach(obj.phone) and holds_power(obj)
        return (*self.readonly_fields, "email") if opens else self.readonly_fields

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        names = list(super().get_fields(request, obj))
        if obj is not None and leaving.open_work(obj).count:
            names.insert(names.index("is_active") + 1, "hand_over")
        return names

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """What opens an account goes through `four_eyes`; the rest is saved as it stands in the form."""
        by, reason = current_user(request), form.cleaned_data.get("reason", "")
        rest = [name for name in form.changed_data if name not in ("reason", "hand_over")]
        done: list[Any] = []
        if "phone" in rest:
            rest.remove("phone")
            done.append(four_eyes.change_phone(obj, obj.phone, reason=reason, by=by))
        if "full_name" in rest:
            rest.remove("full_name")
            services.change_name(obj, obj.full_name, by=by)
        if "is_active" in rest and obj.is_active:
            rest.remove("is_active")
            done.append(four_eyes.open_account(obj, reason=reason, by=by))
        elif "is_active" in rest:
            rest.remove("is_active")
            posts = leaving.posts_of(obj, timezone.localdate())
            four_eyes.close_account(obj, by=by)
            leaving.hand_over(obj, posts, form.cleaned_data.get("hand_over", ""), by=by)
        if "email" in rest:
            rest.remove("email")
            emails.request_change(obj, obj.email, by=by)
        obj.save(update_fields=rest)
        form.instance.proposed = any(isinstance(result, Proposal) for result in done)

    def response_change(self, request: HttpRequest, obj: User) -> HttpResponse:
        return message_proposed(request) if getattr(obj, "proposed", False) else super().response_change(request, obj)

    @admin.action(description=_("Remove two-step verification"))
    def forget_second_factor(self, request: HttpRequest, people: QuerySet[User]) -> HttpResponse | None:
        return ask_before_forgetting(self.admin_site, request, people, _("Remove two-step verification"))

    @admin.display(description=_("identity"), ordering="assurance")
    def identity(self, user: User) -> SafeString:
        level = Level(user.assurance)
        return tag(TAG_KINDS[level], level.label)

    @admin.display(description=_("email not confirmed yet"))
    def email_waiting(self, user: User) -> SafeString:
        return format_html('<bdi dir="ltr">{}</bdi>', emails.pending_address_of(user) or "—")

    @admin.display(description=_("mobile"), ordering="phone")
    def number(self, user: User) -> SafeString:
        return format_html('<bdi dir="ltr" class="ltr">{}</bdi>', mobile(user.phone) or "—")

    @admin.display(description=_("works for the municipality"), ordering="is_staff")
    def works_here(self, user: User) -> object:
        return tag("info", _("Staff")) if user.is_staff else "—"

    @admin.display(description=_("account"), ordering="is_active")
    def state(self, user: User) -> SafeString:
        return tag("success", _("Active")) if user.is_active else tag("error", pgettext("an account", "Closed"))


class MembershipInline(GuardedInline):
    model = OfficeMembership
    form = PersonForm

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    has_add_permission = has_change_permission = has_view_permission

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class EngineeringOfficeForm(VersionedForm):
    licence_number = CodeField(label=_("licence number"), max_length=20)
    establishment_number = CompactField(label=_("unified establishment number"), max_length=10, required=False)


class EngineeringOfficeAdmin(PeopleAdmin, RecordedAdmin):
    form = EngineeringOfficeForm
    list_display = ("licence_number", "names", "licence_expires_on", "state")
    list_filter = ("active",)
    search_fields = ("licence_number",)
    inlines = (MembershipInline,)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return filter_by_text(queryset, search_term, "licence_number", "establishment_number"), False

    @admin.display(description=_("name"), ordering="name_ar")
    def names(self, office: EngineeringOffice) -> SafeString:
        return in_both_languages(office)

    @admin.display(description=_("state"), ordering="active")
    def state(self, office: EngineeringOffice) -> SafeString:
        return tag("success", _("Active")) if office.active else tag("error", _("Stopped"))


class AuthorisationAdmin(PeopleAdmin):
    about = "owner"
    list_display = ("owner", "office", "plan_number", "parcel_number", "status", "given_at")
    fields = readonly_fields = (*list_display, "answered_at", "answerer", "revoked_at")
    list_filter = ("status",)
    list_select_related = ("owner", "office")
    search_fields = ("plan_number",)

    @staticmethod
    def find(sought: str) -> Q:
        licence = Q(office__licence_number=written_code(sought).upper())
        return people_condition(sought, "owner__") | plots_condition(sought) | licence

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("answered by"))
    def answerer(self, row: Authorisation) -> SafeString:
        return format_html("<bdi>{}</bdi>", row.answered_by.full_name if row.answered_by else "—")


def register(site: AdministeredSite) -> None:
    site.register(User, UserAdmin)
    site.register(EngineeringOffice, EngineeringOfficeAdmin)
    site.register(StaffPost, StaffPostAdmin)
    site.register(Proposal, ProposalAdmin)
    site.register(Program, ApiTokenAdmin)
    site.register(Authorisation, AuthorisationAdmin)
