"""What readers say of pages, for administrators: a list to filter, and a file."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import access_log
from accounts.access import current_user
from accounts.models import Act
from core.admin.guarded import AdministeredSite, code

from ..feedback import as_csv
from ..models import PageFeedback
from .ledger import ForAdministrators
from .view_words import words_for

# Of the newest; whoever wants more asks the database.
MAX_ROWS = 50_000


class PageFeedbackAdmin(ForAdministrators):
    list_display = ("day", "about", "in_language", "was_useful", "reason")
    list_filter = ("useful", "reason")
    fields = readonly_fields = ("day", "about", "name", "in_language", "was_useful", "reason")
    change_list_template = "admin/transactions/pagefeedback/change_list.html"

    @admin.display(description=gettext_lazy("page"), ordering="page")
    def about(self, row: PageFeedback) -> str:
        return str(words_for(row.page))

    @admin.display(description=gettext_lazy("name of the address"))
    def name(self, row: PageFeedback) -> SafeString:
        return code(row.page)

    @admin.display(description=gettext_lazy("language"), ordering="language")
    def in_language(self, row: PageFeedback) -> str:
        return _("Arabic") if row.language == "ar" else _("English")

    @admin.display(description=gettext_lazy("useful"), ordering="useful")
    def was_useful(self, row: PageFeedback) -> str:
        return _("Yes") if row.useful else _("No")

    def get_urls(self) -> list[Any]:
        return [
            path("answers.csv", self.admin_site.admin_view(self.csv_file), name="feedback_csv"),
            *super().get_urls(),
        ]

    def csv_file(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = list(PageFeedback.objects.all()[:MAX_ROWS])
        why = f"csv, {len(rows)} rows"
        access_log.record(
            Act.EXPORT, by=current_user(request), subject=str(PageFeedback._meta.verbose_name_plural), why=why
        )
        response = HttpResponse(as_csv(rows), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="answers.csv"'
        return response


def register(site: AdministeredSite) -> None:
    site.register(PageFeedback, PageFeedbackAdmin)
