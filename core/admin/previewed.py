"""Reference data that moves other things: what saving or deleting a row does is said first, and asked once more."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from django.contrib.admin.utils import unquote
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from .guarded import GuardedAdmin
from .signals import consequences_wanted

CONFIRMED = "_confirmed"
# What the question itself sends with the form; see templates/staff/confirm_save.html.
NOT_TYPED = frozenset(["csrfmiddlewaretoken", "next", "_unsaved", CONFIRMED])


def consequences_of(row: models.Model, *, deleted: bool = False) -> list[str]:
    """What every room says that saving this row as it is, or deleting it, would change."""
    answers: list[tuple[Any, Any]] = consequences_wanted.send(type(row), row=row, deleted=deleted)
    return [sentence for _receiver, sentences in answers for sentence in sentences]


def digest(sentences: Sequence[str]) -> str:
    """Consent is to these sentences: when something else would happen meanwhile, it is asked again."""
    return hashlib.sha256("\n".join(map(str, sentences)).encode()).hexdigest()[:32]


class PreviewedAdmin(GuardedAdmin):
    delete_confirmation_template = "staff/confirm_delete.html"

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if request.method == "POST" and (asked := self._ask_first(request, object_id)):
            return asked
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _ask_first(self, request: HttpRequest, object_id: str | None) -> HttpResponse | None:
        """The page that says what would change; None when nothing would, or they have read it, or the form is wrong."""
        row = self.get_object(request, unquote(object_id)) if object_id else None
        allowed = self.has_change_permission(request, row) if object_id else self.has_add_permission(request)
        if not allowed or (object_id and row is None):
            return None
        form = self.get_form(request, row, change=row is not None)(request.POST, request.FILES, instance=row)
        if not form.is_valid() or not form.has_changed():
            return None
        sentences = consequences_of(form.instance)
        if not sentences or request.POST.get(CONFIRMED) == digest(sentences):
            return None
        sent = [(name, value) for name, values in request.POST.lists() for value in values]
        context = self.admin_site.each_context(request) | {
            "title": str(form.instance),
            "sentences": sentences,
            "sent": [(name, value) for name, value in sent if name not in NOT_TYPED],
            "confirmed": digest(sentences),
            "opts": self.opts,
        }
        return TemplateResponse(request, "staff/confirm_save.html", context)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        sentences = consequences_of(row, deleted=True) if row else []
        return super().delete_view(request, object_id, {"sentences": sentences} | (extra_context or {}))
