"""Tokens of programs in the staff admin: whose they are, what they may do, when they end; administrators end them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from .access import current_user
from .api_tokens import revoke_as_administrator
from .models import Program, User
from .people_admin import PeopleAdmin
from .search import people_condition


class ApiTokenAdmin(PeopleAdmin):
    list_display = ("whose", "program", "permissions", "made", "ends", "last_used_on")
    fields = readonly_fields = list_display
    list_select_related = ("token__user",)
    search_fields = ("token__user__national_id", "name")
    ordering = ("-pk",)
    actions = ("end_them",)

    @staticmethod
    def find(sought: str) -> Q:
        return Q(token__user__in=User.objects.filter(people_condition(sought))) | Q(name__icontains=sought)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.action(description=_("End these tokens"))
    def end_them(self, request: HttpRequest, programs: QuerySet[Program]) -> None:
        for program in programs.select_related("token__user"):
            revoke_as_administrator(program, by=current_user(request))
        messages.success(request, _("Tokens ended. No program can use them any more."))

    @admin.display(description=_("owner"))
    def whose(self, row: Program) -> SafeString:
        owner = row.token.user
        return format_html(
            '<bdi>{}</bdi><span class="under"><bdi dir="ltr">{}</bdi></span>', owner.full_name, owner.national_id
        )

    @admin.display(description=_("name of the program"), ordering="name")
    def program(self, row: Program) -> SafeString:
        return format_html("<bdi>{}</bdi>", row.name or "—")

    @admin.display(description=_("permissions"))
    def permissions(self, row: Program) -> SafeString:
        return format_html_join("", '<div class="under">{}</div>', ((scope.label,) for scope in row.granted_scopes))

    @admin.display(description=_("created"))
    def made(self, row: Program) -> Any:
        return row.token.created

    @admin.display(description=_("ends"))
    def ends(self, row: Program) -> Any:
        return row.token.expiry
