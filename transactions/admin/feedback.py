"""What readers say of pages, for administrators."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin.guarded import AdministeredSite, code

from ..models import PageFeedback
from .ledger import ForAdministrators
from .view_words import words_for


class PageFeedbackAdmin(ForAdministrators):
    list_display = ("day", "about", "in_language", "was_useful", "reason")
    list_filter = ("useful", "reason")
    fields = readonly_fields = ("day", "about", "name", "in_language", "was_useful", "reason")

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


def register(site: AdministeredSite) -> None:
    site.register(PageFeedback, PageFeedbackAdmin)
