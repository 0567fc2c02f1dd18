"""Who looked at this: the access log, for those who must answer it.

Administrators see all of it; a supervisor sees what was done with the cases of their offices. Looking is itself kept.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts import access_log
from accounts.access import current_user, is_administrator, staff_posts_of
from accounts.models import AccessRecord, Act, Role, User
from core.admin.guarded import AdministeredSite, code
from core.text import compact, one_line

from ..domain import references
from ..models import Transaction
from .ledger import ReadOnly
from .log_words import subject_in_words, why_in_words

MAX_COUNTED = 5000


class FirstPages(Paginator):
    """Counts no further than anybody turns pages: the log grows without end."""

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Any] = self.object_list[:MAX_COUNTED]  # type: ignore[assignment]
        return rows.count()


def _supervised(request: HttpRequest) -> set[int]:
    return {post.office_id for post in staff_posts_of(current_user(request)) if post.role == Role.SUPERVISOR}


class AccessRecordAdmin(ReadOnly):
    list_display = ("at", "who", "act", "about", "whom", "office", "address", "reason")
    list_filter = ("act", "office")
    list_select_related = ("by", "person", "office")
    search_fields = ("subject",)
    search_help_text = _("A transaction number, or the ID number of the person who looked or whose data was viewed.")
    fields = readonly_fields = (*list_display, "asked_in")
    paginator = FirstPages

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user = current_user(request)
        if is_administrator(user):
            return True
        places = _supervised(request)
        return bool(places) and (obj is None or self._theirs(places).filter(reference=obj.subject).exists())

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessRecord]:
        rows: QuerySet[AccessRecord] = super().get_queryset(request)
        if is_administrator(current_user(request)):
            return rows
        return rows.filter(subject__in=self._theirs(_supervised(request)).values("reference"))

    def _theirs(self, places: set[int]) -> QuerySet[Transaction]:
        return Transaction.objects.filter(Q(held_by__in=places) | Q(branch__in=places)).order_by()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Whole numbers only: each has an index, and nobody fishes in the log."""
        number, parsed = compact(search_term).upper(), references.parse(search_term)
        if not number:
            return queryset, False
        condition = Q(subject=str(parsed) if parsed else one_line(search_term))
        return queryset.filter(condition | Q(person__national_id=number) | Q(by__national_id=number)), False

    def keep(self, user: User, sought: str) -> None:
        """Looking at the log is kept whether or not anything was searched for."""
        access_log.record(Act.READ_LOG, by=user, why=sought)

    @admin.display(description=_("who"), ordering="by")
    def who(self, row: AccessRecord) -> SafeString:
        return _person(row.by)

    @admin.display(description=_("about"), ordering="subject")
    def about(self, row: AccessRecord) -> SafeString:
        return subject_in_words(row.subject)

    @admin.display(description=_("request number in the server log"))
    def asked_in(self, row: AccessRecord) -> SafeString:
        return code(row.request_id or "—")

    @admin.display(description=_("why"))
    def reason(self, row: AccessRecord) -> SafeString:
        return why_in_words(row.why)

    @admin.display(description=_("data subject"), ordering="person")
    def whom(self, row: AccessRecord) -> SafeString:
        return _person(row.person)


def _person(user: Any) -> SafeString:
    if user is None:
        return SafeString("—")
    return format_html(
        '<bdi>{}</bdi><span class="under"><bdi dir="ltr">{}</bdi></span>', user.full_name, user.national_id
    )


def register(site: AdministeredSite) -> None:
    site.register(AccessRecord, AccessRecordAdmin)
