"""People and posts in the staff admin. Administrators only; nobody is deleted, every edit is recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.admin.sites import AdminSite
from django.http import HttpRequest

from municipality.guarded_admin import GuardedAdmin, GuardedInline, RecordedAdmin

from .models import Authorisation, EngineeringOffice, OfficeMembership, StaffPost, User


class Administered(GuardedAdmin):
    may_edit: Callable[[HttpRequest], bool]
    list_per_page = 50

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.may_edit(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may_edit(request)

    has_add_permission = has_change_permission = has_view_permission

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class UserAdmin(Administered):
    """Passwords are not set here: people set their own through a code to their phone."""

    list_display = ("national_id", "full_name", "phone", "is_staff", "is_active", "identity_verified_at")
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

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MembershipInline(GuardedInline):
    model = OfficeMembership
    extra = 0
    autocomplete_fields = ("user",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    has_add_permission = has_change_permission = has_view_permission

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class EngineeringOfficeAdmin(Administered, RecordedAdmin):
    list_display = ("licence_number", "name_ar", "name_en", "licence_expires_on", "active")
    list_filter = ("active",)
    search_fields = ("licence_number", "name_ar", "name_en")
    inlines = (MembershipInline,)


class StaffPostAdmin(Administered, RecordedAdmin):
    list_display = ("user", "role", "office", "starts_on", "ends_on")
    list_filter = ("role", "office")
    list_select_related = ("user", "office")
    search_fields = ("user__national_id", "user__full_name")
    autocomplete_fields = ("user", "office")


class AuthorisationAdmin(Administered):
    list_display = ("owner", "office", "plan_number", "parcel_number", "status", "given_at")
    list_filter = ("status",)
    list_select_related = ("owner", "office")
    search_fields = ("owner__national_id", "office__licence_number", "plan_number")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def register(site: AdminSite, *, may_edit: Callable[[HttpRequest], bool]) -> None:
    """Put people, offices, authorisations and posts on a site; `may_edit` says who is an administrator."""
    for model, base in (
        (User, UserAdmin),
        (EngineeringOffice, EngineeringOfficeAdmin),
        (StaffPost, StaffPostAdmin),
        (Authorisation, AuthorisationAdmin),
    ):
        site.register(model, type(base.__name__, (base,), {"may_edit": staticmethod(may_edit)}))
