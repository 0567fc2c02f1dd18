"""Outside bodies on the workbench: how each stands, the matters before them, what came on paper or in a list."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from accounts.access import current_user
from core.admin.guarded import AdministeredSite, are_numbers, code, tag
from core.text import one_line
from transactions import access
from transactions.admin.ledger import ForAdministrators, ReadOnly
from transactions.models import Transaction
from transactions.selectors import search

from . import pages
from .bodies import bodies, title_of
from .models import Exchange, Referral
from .words import shown


class BodyFilter(admin.SimpleListFilter):
    title = gettext_lazy("body")
    parameter_name = "body"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(body.code, body.title) for body in bodies().values()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(body=self.value()) if self.value() else queryset


class ReferralAdmin(ReadOnly):
    """The matters of this person's files before outside bodies; a row leads to the case."""

    list_display = ("case", "matter", "state_shown", "number", "created_at")
    fields = readonly_fields = list_display
    list_filter = (BodyFilter, "state")
    list_select_related = ("transaction",)
    search_fields = ("number",)  # a box; see get_search_results
    ordering = ("-created_at",)

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("bodies/", pages.bodies, name="outside_bodies"),
            path("bodies/<slug:body>/again/", pages.ask_again, name="outside_again"),
            path("letters/", pages.letters, name="outside_letters"),
            path("letters/<int:pk>/sent/", pages.letter_sent, name="outside_letter_sent"),
            path("list/<slug:body>/", pages.upload_list, name="outside_list"),
            path("record/<uuid:key>/", pages.record, name="outside_record"),
        ]
        for pattern in own:
            pattern.callback = self.admin_site.admin_view(pattern.callback)
        return own + super().get_urls()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Referral]:
        mine = access.cases_of_staff(current_user(request))
        return super().get_queryset(request).filter(transaction__in=mine).prefetch_related("messages")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not one_line(search_term):
            return queryset, False
        cases = Transaction.objects.filter(search.search_cases(search_term)).order_by()
        return queryset.filter(transaction__in=cases), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_queryset(request).filter(pk=object_id).first() if are_numbers([object_id]) else None
        if row is None:
            return super().change_view(request, object_id, form_url, extra_context)
        return redirect("staff:case", reference=row.transaction.reference)

    @admin.display(description=gettext_lazy("transaction number"), ordering="transaction__reference")
    def case(self, row: Referral) -> SafeString:
        return format_html('<bdi dir="ltr" class="ltr">{}</bdi>', row.transaction.reference)

    @admin.display(description=gettext_lazy("matter"), ordering="code")
    def matter(self, row: Referral) -> SafeString:
        declared = row.declared
        title = declared.title if declared else row.code
        return format_html('{}<span class="under">{}</span>', title, title_of(row.body))

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_shown(self, row: Referral) -> SafeString:
        line = shown(row, timezone.now())
        clock = line.clock.label if line.clock else ""
        return format_html('{}<span class="under">{}</span>', tag(line.tag.kind, line.tag.label), clock)


def _as_code(field: str) -> Any:
    """A column of what programs say, named as its field is."""

    name = Exchange._meta.get_field(field).verbose_name  # type: ignore[union-attr]

    @admin.display(description=name, ordering=field)
    def column(_admin: ExchangeAdmin, row: Exchange) -> SafeString | str:
        value = getattr(row, field)
        return code(value) if value else "—"

    return column


class ExchangeAdmin(ForAdministrators):
    """What was asked of bodies over HTTP, and how each exchange ended."""

    list_display = ("at", "for_body", "asked", "ending", "status", "milliseconds", "failure")
    list_filter = (BodyFilter,)
    ordering = ("-id",)
    fields = readonly_fields = (
        *("at", "for_body", "asked", "by_method", "at_address", "under_key", "ending", "status", "milliseconds"),
        *("sent_bytes", "sent_hash", "answer_bytes", "answer_hash", "failure"),
    )
    for_body = _as_code("body")
    asked = _as_code("what")
    by_method = _as_code("method")
    at_address = _as_code("address")
    under_key = _as_code("key")
    ending = _as_code("outcome")
    sent_hash = _as_code("sent_sha256")
    answer_hash = _as_code("answer_sha256")
    failure = _as_code("error")


def register(site: AdministeredSite) -> None:
    site.register(Referral, ReferralAdmin)
    site.register(Exchange, ExchangeAdmin)
