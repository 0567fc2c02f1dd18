"""Office boxes on the workbench: deliveries as a list for administrators, and the pages beside it."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from core.admin.guarded import AdministeredSite, are_numbers, code, tag
from transactions.admin.ledger import ForAdministrators

from .centre import pages
from .models import Delivered


class DeliveredAdmin(ForAdministrators):
    """What boxes delivered; a row leads to its page."""

    list_display = ("reference", "box", "seq", "state_shown", "way", "arrived_at")
    fields = readonly_fields = list_display
    list_filter = ("state", "box")
    list_select_related = ("box",)
    search_fields = ("reference",)
    ordering = ("-pk",)

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("boxes/", pages.boxes, name="boxes"),
            path("boxes/<slug:node>/", pages.box, name="box"),
            path("boxes/<slug:node>/enrol/", pages.enrol, name="box_enrol"),
            path("boxes/<slug:node>/file/", pages.enrolment_file, name="box_file"),
            path("boxes/<slug:node>/end/", pages.end, name="box_end"),
            path("boxes/<slug:node>/word/", pages.word, name="box_word"),
            path("boxes/<slug:node>/news/", pages.news_file, name="box_news_file"),
            path("stick/", pages.stick, name="box_delivery"),
            path("quarantine/", pages.quarantined, name="quarantine"),
            path("quarantine/<int:pk>/", pages.delivered, name="delivered"),
        ]
        for pattern in own:
            pattern.callback = self.admin_site.admin_view(pattern.callback)
        return own + super().get_urls()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: object = None
    ) -> HttpResponse:
        if are_numbers([object_id]) and self.has_view_permission(request):
            return redirect("staff:delivered", pk=int(object_id))
        return super().change_view(request, object_id, form_url, extra_context)  # type: ignore[arg-type]

    @admin.display(description=gettext_lazy("brought"), ordering="by_stick")
    def way(self, row: Delivered) -> str:
        return gettext("on a stick") if row.by_stick else gettext("over the network")

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_shown(self, row: Delivered) -> SafeString:
        shown = tag(pages.STATE_TAGS[Delivered.State(row.state)], row.get_state_display())
        return SafeString(f"{shown} {code(row.reason)}") if row.reason and row.state == "quarantined" else shown


def register(site: AdministeredSite) -> None:
    site.register(Delivered, DeliveredAdmin)
