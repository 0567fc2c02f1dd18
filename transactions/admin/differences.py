"""Differences in the books: what was found, since when, who looks into it, and why it is none after all."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import current_user, is_administrator
from accounts.models import Role, StaffPost, User
from core.admin.guarded import code, tag
from core.forms.versioned import VersionedForm

from ..books.reconcile import KINDS, explain
from ..models import Difference, Reconciliation
from ..views.published import books_head, cells_of, office_name
from .ledger import ForAdministrators


def _administrators() -> QuerySet[User]:
    posts = StaffPost.objects.current(timezone.localdate()).filter(role=Role.ADMINISTRATOR)
    return User.objects.filter(pk__in=posts.values("user"), is_active=True).order_by("full_name")


class DifferenceForm(VersionedForm):
    class Meta:
        model = Difference
        fields = ("owner", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(owner := self.fields.get("owner"), forms.ModelChoiceField):
            owner.queryset = _administrators()
        if reason := self.fields.get("reason"):
            reason.help_text = _("With an explanation it counts as settled. Empty it to open the difference again.")


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("Not explained")), ("explained", _("Explained")), ("gone", _("Gone"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen: dict[str, dict[str, Any]] = {
            "open": {"closed_at": None, "settled_at": None},
            "explained": {"closed_at": None, "settled_at__isnull": False},
            "gone": {"closed_at__isnull": False},
        }
        return queryset.filter(**chosen.get(self.value() or "", {}))


class KindFilter(admin.SimpleListFilter):
    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(kind.code, kind.title) for kind in KINDS.values()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class DifferenceAdmin(ForAdministrators):
    """Nobody adds or deletes one: the daily reconciliation finds and closes them."""

    form = DifferenceForm
    list_display = ("what", "about", "office", "age", "owner", "state")
    list_filter = (StateFilter, KindFilter)
    search_fields = ("subject",)
    list_select_related = ("office", "owner")
    ordering = ("closed_at", "settled_at", "found_at", "pk")
    readonly_fields = (
        "what", "advice", "about", "office", "found_at", "seen_at", "closed_at", "settled_at", "settled_by",
    )  # fmt: skip
    fields = ("what", "advice", "about", "office", "found_at", "seen_at", "closed_at", "owner", "reason",
              "settled_at", "settled_by")  # fmt: skip

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(current_user(request))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if form.has_changed():
            cleaned = form.cleaned_data
            explain(obj, reason=cleaned["reason"], owner=cleaned["owner"], by=current_user(request), now=timezone.now())

    @admin.display(description=gettext_lazy("kind"), ordering="kind")
    def what(self, row: Difference) -> Any:
        return KINDS[row.kind].title if row.kind in KINDS else row.kind

    @admin.display(description=gettext_lazy("what to do"))
    def advice(self, row: Difference) -> Any:
        return KINDS[row.kind].advice if row.kind in KINDS else "—"

    @admin.display(description=gettext_lazy("what it is about"), ordering="subject")
    def about(self, row: Difference) -> SafeString:
        return code(row.subject)

    @admin.display(description=gettext_lazy("age"), ordering="found_at")
    def age(self, row: Difference) -> SafeString:
        return format_html("<bdi>{}</bdi>", timesince(row.found_at, row.closed_at or timezone.now(), depth=1))

    @admin.display(description=gettext_lazy("state"), ordering="closed_at")
    def state(self, row: Difference) -> SafeString:
        if row.closed_at:
            return tag("success", _("Gone"))
        return tag("info", _("Explained")) if row.settled_at else tag("warning", _("Not explained"))


class ReconciliationAdmin(ForAdministrators):
    """The books of each day, the counts of offices exactly."""

    list_display = ("day", "at", "is_signed")
    ordering = ("-at",)
    fields = readonly_fields = ("day", "at", "is_signed", "exactly")

    @admin.display(description=gettext_lazy("signed"))
    def is_signed(self, books: Reconciliation) -> SafeString:
        return tag("success", _("Yes")) if books.token else tag("error", _("No"))

    @admin.display(description=gettext_lazy("by office"))
    def exactly(self, books: Reconciliation) -> SafeString:
        rows = [(office_name(line["office"]), "", cells_of(line)) for line in books.offices]
        label, head = _("By office"), [_("Office"), *books_head()]
        return render_to_string("components/count_table.html", {"label": label, "head": head, "rows": rows})
