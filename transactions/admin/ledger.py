"""The books, read only: transactions, events, movements, journal, work owed."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import is_administrator, signed_in
from journal.models import Entry
from municipality.guarded_admin import GuardedAdmin

from .. import access, outbox, references
from ..models import Movement, Outbox, Transaction
from ..service_types import every


class ReadOnly(GuardedAdmin):
    """Nobody adds, changes or deletes here: services write these tables."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(signed_in(request).is_staff)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


class ForAdministrators(ReadOnly):
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(signed_in(request))


class ServiceFilter(admin.SimpleListFilter):
    title = gettext_lazy("service")
    parameter_name = "service"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(service.code, service.title) for service in every()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(service=self.value()) if self.value() else queryset


class LateFilter(admin.SimpleListFilter):
    title = gettext_lazy("due date")
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("whole", _("Late")), ("stage", _("Late in this stage"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Any]:
        now = timezone.now()
        if self.value() == "whole":
            queryset = queryset.late(now)
        elif self.value() == "stage":
            queryset = queryset.stage_late(now)
        return cast("QuerySet[Any]", queryset)


class TransactionAdmin(ReadOnly):
    """Every case this person's offices hold, decide or serve; a row leads to the case page."""

    list_display = ("reference", "service_name", "applicant", "status", "held_by", "assignee", "submitted_at", "due_at")
    list_filter = (ServiceFilter, LateFilter, "status", "channel")
    search_fields = ("reference", "applicant__national_id", "applicant__full_name", "movements__number__exact")
    list_select_related = ("applicant", "held_by", "assignee")
    date_hierarchy = "submitted_at"
    ordering = ("-submitted_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Transaction]:
        return access.at_work(signed_in(request)).order_by("-submitted_at")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        parsed = references.parse(search_term)
        return super().get_search_results(request, queryset, str(parsed) if parsed else search_term)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        found = self.get_queryset(request).filter(pk=object_id).first() if object_id.isdecimal() else None
        if found is None:
            return super().change_view(request, object_id, form_url, extra_context)
        return redirect("staff:case", reference=found.reference)

    @admin.display(description=gettext_lazy("service"), ordering="service")
    def service_name(self, case: Transaction) -> Any:
        return case.service_type.title


class MovementAdmin(ReadOnly):
    """The registers of this person's offices."""

    list_display = ("office", "direction", "number", "hijri_year", "transaction", "at", "recipient")
    list_filter = ("direction", "hijri_year")
    list_select_related = ("office", "transaction")
    search_fields = ("number", "transaction__reference")
    ordering = ("-at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Movement]:
        return super().get_queryset(request).filter(transaction__in=access.at_work(signed_in(request)))


class EntryAdmin(ForAdministrators):
    list_display = ("seq", "kind", "subject", "at")
    list_filter = ("kind",)
    search_fields = ("subject",)
    ordering = ("-seq",)
    fields = ("seq", "kind", "subject", "at", "content", "digest")
    readonly_fields = fields

    @admin.display(description=gettext_lazy("content"))
    def content(self, entry: Entry) -> str:
        return bytes(entry.body).decode()

    @admin.display(description="SHA-256")
    def digest(self, entry: Entry) -> str:
        return bytes(entry.hash).hex()


class OutboxAdmin(ForAdministrators):
    """Work owed. Dead rows are the ones somebody has to look at."""

    list_display = ("id", "kind", "subject", "state", "attempts", "created_at", "not_before", "last_error")
    list_filter = ("state", "kind")
    ordering = ("-id",)
    actions = ("try_again",)

    @admin.action(description=gettext_lazy("Try again"))
    def try_again(self, request: HttpRequest, rows: QuerySet[Outbox]) -> None:
        now = timezone.now()
        for row in rows.filter(state=Outbox.State.DEAD):
            outbox.revive(row, now)
        messages.success(request, _("They will be tried again at once."))


def register(site: AdminSite) -> None:
    site.register(Transaction, TransactionAdmin)
    site.register(Movement, MovementAdmin)
    site.register(Entry, EntryAdmin)
    site.register(Outbox, OutboxAdmin)
