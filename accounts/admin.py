"""People and posts in the staff admin. Administrators only; nobody is deleted, every edit is recorded."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from municipality.fields import CompactField
from municipality.guarded_admin import (
    Administered,
    AdministeredSite,
    GuardedInline,
    RecordedAdmin,
    in_both_languages,
    tag,
)
from municipality.text import compact

from . import services
from .access import signed_in
from .models import Authorisation, EngineeringOffice, OfficeMembership, StaffPost, User


class PersonField(CompactField):
    """A person by ID number: exact, quick to type, and no list of everyone's names to look through."""

    widget = forms.TextInput(attrs={"inputmode": "numeric", "dir": "ltr", "autocomplete": "off", "size": 12})

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int):
            return User.objects.filter(pk=value).values_list("national_id", flat=True).first()
        return value

    def clean(self, value: Any) -> User | None:
        number = super().clean(value)
        if not number:
            return None
        found = User.objects.filter(national_id=number).first()
        if found is None:
            raise ValidationError(_("Nobody has an account with this ID number."), code="unknown_person")
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        """An empty box of an empty row is as it was: a browser sends "" for what has no value."""
        return bool((self.prepare_value(initial) or "") != compact(data or ""))


class PersonForm(forms.ModelForm):
    user = PersonField(label=_("ID number of the person"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.setdefault("aria-label", field.label or name)


class PeopleAdmin(Administered):
    """Lists of other people: a browser offers its own person's name, number and mail nowhere here."""

    list_per_page = 50
    show_full_result_count = False

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest | None, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field:
            field.widget.attrs.setdefault("autocomplete", "off")
        return field


class UserAdmin(PeopleAdmin):
    """Passwords are not set here: people set their own through a code to their phone."""

    list_display = ("national_id", "full_name", "number", "works_here", "state", "identity_verified_at")
    list_filter = ("is_staff", "is_active")
    search_fields = ("national_id", "full_name", "phone")
    fields = (
        "national_id",
        "full_name",
        "phone",
        "email",
        "language",
        "is_staff",
        "is_active",
        "identity_verified_at",
        "last_login",
        "date_joined",
    )
    readonly_fields = ("national_id", "identity_verified_at", "last_login", "date_joined")
    actions = ("forget_second_factor",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """What follows from another phone is the services' to say; the rest is saved as it stands in the form."""
        services.change_phone(obj, obj.phone, by=signed_in(request))
        obj.save(update_fields=form.changed_data)

    @admin.action(description=_("Remove the second factor"))
    def forget_second_factor(self, request: HttpRequest, people: QuerySet[User]) -> None:
        for user in people:
            services.forget_second_factor(user, by=signed_in(request))
        messages.success(request, _("They can sign in without it, and staff set up a new one."))

    @admin.display(description=_("mobile"), ordering="phone")
    def number(self, user: User) -> SafeString:
        return format_html('<bdi dir="ltr" class="ltr">{}</bdi>', user.phone or "—")

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


class EngineeringOfficeAdmin(PeopleAdmin, RecordedAdmin):
    list_display = ("licence_number", "names", "licence_expires_on", "state")
    list_filter = ("active",)
    search_fields = ("licence_number", "name_ar", "name_en")
    inlines = (MembershipInline,)

    @admin.display(description=_("name"), ordering="name_ar")
    def names(self, office: EngineeringOffice) -> SafeString:
        return in_both_languages(office)

    @admin.display(description=_("state"), ordering="active")
    def state(self, office: EngineeringOffice) -> SafeString:
        return tag("success", _("Active")) if office.active else tag("error", _("Stopped"))


class StaffPostAdmin(PeopleAdmin, RecordedAdmin):
    form = PersonForm
    list_display = ("user", "role", "office", "starts_on", "ends_on")
    list_filter = ("role", "office")
    list_select_related = ("user", "office")
    search_fields = ("user__national_id", "user__full_name")

    def save_model(self, request: HttpRequest, obj: StaffPost, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        services.let_in(obj.user)


class AuthorisationAdmin(PeopleAdmin):
    list_display = ("owner", "office", "plan_number", "parcel_number", "status", "given_at")
    fields = readonly_fields = (*list_display, "answered_at", "answerer", "revoked_at")
    list_filter = ("status",)
    list_select_related = ("owner", "office")
    search_fields = ("owner__national_id", "office__licence_number", "plan_number")

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
    site.register(Authorisation, AuthorisationAdmin)
