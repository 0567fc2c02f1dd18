"""The books, read only: transactions, events, movements, journal, background jobs."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.access import current_user, is_administrator
from accounts.assurance import TAG_KINDS, Level
from accounts.people_admin import Watched
from core.admin.guarded import are_numbers, code, tag
from core.text import one_line
from journal.models import Entry

from .. import access
from ..domain import references
from ..domain.deadlines import Deadline
from ..domain.errors import DomainError
from ..domain.register_lines import read_line
from ..domain.service_types import all_services
from ..models import Movement, Outbox, Transaction
from ..outbox import queue
from ..selectors import search
from ..selectors.location import NAMES
from ..signed_papers import batches
from ..templatetags.cases import status_kind
from ..text.deadline_status import deadline_status
from ..text.wording import describe_recipient, status_words
from . import bulk
from .location import LocationFilter, OpenFilter


class ReadOnly(Watched):
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
        return bool(current_user(request).is_staff)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


class ForAdministrators(ReadOnly):
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(current_user(request))


class ServiceFilter(admin.SimpleListFilter):
    title = gettext_lazy("service")
    parameter_name = "service"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(service.code, service.title) for service in all_services()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(service=self.value()) if self.value() else queryset


class LateFilter(admin.SimpleListFilter):
    title = gettext_lazy("due date")
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("whole", _("Late")), ("stage", _("Late in this stage"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Any]:
        chosen = {"whole": Deadline.WHOLE, "stage": Deadline.STAGE}.get(self.value() or "")
        return cast("QuerySet[Any]", queryset.overdue(timezone.now(), chosen) if chosen else queryset)


class TransactionAdmin(ReadOnly):
    """Every case this person's offices hold, decide or serve; a row leads to the case page."""

    list_display = ("number", "applicant_name", "state", "due", "held_by", "assignee", "submitted_at")
    list_filter = (ServiceFilter, OpenFilter, LateFilter, "status", "channel", LocationFilter)
    search_fields = ("reference",)  # a box; what is found in it, transactions.selectors.search says
    list_select_related = ("applicant", "held_by", "assignee")
    date_hierarchy = "submitted_at"
    ordering = ("-submitted_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Transaction]:
        return access.cases_of_staff(current_user(request)).order_by("-submitted_at")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Ground has several names in an address."""
        return lookup in NAMES or super().lookup_allowed(lookup, value, request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return queryset.filter(search.search_cases(search_term)), False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """What may be done with many, closed ones as well; each leads to a look at what would become of each."""

        def begin(_admin: Any, asked: HttpRequest, rows: Any) -> HttpResponse:
            return bulk.from_changelist(asked, rows, asked.POST["action"])

        offered = bulk.actions_offered(current_user(request))
        return {name: (begin, name, label) for name, label in offered if name not in bulk.NEED_A_COLLEAGUE}

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        case = self.get_queryset(request).filter(pk=object_id).first() if are_numbers([object_id]) else None
        if case is None:
            return super().change_view(request, object_id, form_url, extra_context)
        return redirect("staff:case", reference=case.reference)

    @admin.display(description=gettext_lazy("transaction number"), ordering="reference")
    def number(self, case: Transaction) -> SafeString:
        number = '<bdi dir="ltr" class="ltr">{}</bdi><span class="under">{}</span>'
        return format_html(number, case.reference, case.service_type.title)

    @admin.display(description=gettext_lazy("applicant"), ordering="applicant__full_name")
    def applicant_name(self, case: Transaction) -> SafeString:
        level = Level(case.applicant.assurance)
        return format_html(
            '<bdi class="clip">{}</bdi> {}', case.applicant.full_name, tag(TAG_KINDS[level], level.label)
        )

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, case: Transaction) -> SafeString:
        return tag(status_kind(case.status), status_words(case))

    @admin.display(description=gettext_lazy("due date"), ordering="due_at")
    def due(self, case: Transaction) -> Any:
        status = deadline_status(case, timezone.now(), Deadline.WHOLE)
        return format_html("{} {}", tag(status.mark.value, status.word), status.detail) if case.is_open else "—"


class MovementAdmin(ReadOnly):
    """The registers of this person's offices, whole: a line stays when its file has gone elsewhere."""

    list_display = ("line", "direction", "office", "case", "at", "where")
    fields = readonly_fields = (*list_display, "by")
    list_filter = ("direction", "hijri_year")
    list_select_related = ("office", "transaction", "counterpart")
    search_fields = ("number",)  # a box; see get_search_results
    ordering = ("-at",)
    actions = ("print_pages",)

    @admin.action(description=gettext_lazy("Print pages of the register"))
    def print_pages(self, request: HttpRequest, rows: QuerySet[Movement]) -> HttpResponse | None:
        """These lines as one PDF, by office, register and year; looked at first."""
        try:
            job = batches.look_at_lines(
                rows, by=current_user(request), back=request.get_full_path(), now=timezone.now()
            )
        except DomainError as error:
            messages.error(request, error.message)
            return None
        return redirect("staff:bulk", key=job.key)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """The line itself, or every line of the cases that bear what was typed."""
        if line := read_line(search_term):
            return queryset.filter(number=line[0], hijri_year=line[1]), False
        if not one_line(search_term):
            return queryset, False
        return queryset.filter(
            transaction__in=Transaction.objects.filter(search.search_cases(search_term)).order_by()
        ), False

    @admin.display(description=gettext_lazy("number"), ordering="number")
    def line(self, row: Movement) -> SafeString:
        return format_html('<bdi dir="ltr" class="ltr">{}</bdi>', row)

    @admin.display(description=gettext_lazy("transaction"), ordering="transaction")
    def case(self, row: Movement) -> SafeString:
        number = format_html('<bdi dir="ltr" class="ltr">{}</bdi>', row.transaction.reference)
        url = reverse("staff:case", args=[row.transaction.reference])
        return format_html('<a href="{}">{}</a>', url, number) if getattr(row, "within_reach", False) else number

    @admin.display(description=gettext_lazy("from or to"))
    def where(self, row: Movement) -> Any:
        return describe_recipient(row, row.transaction.service_type) or (
            row.counterpart.name if row.counterpart else "—"
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Movement]:
        user = current_user(request)
        offices = [post.office_id for post in access.case_posts(user)]
        within_reach = Exists(access.cases_of_staff(user).filter(pk=OuterRef("transaction")))
        return super().get_queryset(request).filter(office__in=offices).annotate(within_reach=within_reach)


# What entries and pieces of work are, in words. Both tables keep the short names the code writes.
ENTRIES = {
    "received": gettext_lazy("Request received"),
    "answered": gettext_lazy("Return answered"),
    "corrected": gettext_lazy("Answers corrected"),
    "decided": gettext_lazy("Decided"),
    "issued": gettext_lazy("Issued"),
    "signed": gettext_lazy("Document signed"),
    "revoked": gettext_lazy("Document no longer valid"),
    "objection": gettext_lazy("Objection or complaint decided"),
    "paid": gettext_lazy("Payment recorded"),
    "erased": gettext_lazy("Personal data erased"),
    "reconciled": gettext_lazy("Books reconciled"),
    "power": gettext_lazy("Proposal for a second administrator"),
    "incident": gettext_lazy("Announced about an incident"),
    "gate": gettext_lazy("Gate set"),
    "certificate_ended": gettext_lazy("Signing certificate ended"),
}
WORK = {
    "route": gettext_lazy("Route a request"),
    "notify": gettext_lazy("Send a notice"),
    "refer_out": gettext_lazy("Send a request to an outside body"),
    "box_entry": gettext_lazy("Take in what an office box delivered"),
    "bulk": gettext_lazy("Carry out one action on many cases"),
    "bill_issue": gettext_lazy("Issue a bill at the bank"),
    "bill_cancel": gettext_lazy("Cancel a bill at the bank"),
    "payment_apply": gettext_lazy("Apply a payment to its fee"),
    "second": gettext_lazy("Send by mail what an SMS did not deliver"),
    "recount": gettext_lazy("Recalculate due dates after a holiday or an incident"),
    "incident": gettext_lazy("Pause the due dates an incident affects, once it has started"),
    "tell": gettext_lazy("Notify everyone an incident affects"),
    "confirm_subscription": gettext_lazy("Send the link that confirms a subscription"),
    "tell_subscribers": gettext_lazy("Prepare an announcement for everyone subscribed"),
    "tell_subscriber": gettext_lazy("Send an announcement to a subscribed address"),
    "warn": gettext_lazy("Warn a person of a changed mobile number"),
    "warn_name": gettext_lazy("Tell a person of a corrected name"),
    "warn_delegation": gettext_lazy("Tell a person that someone acts for them"),
    "confirm_email": gettext_lazy("Send the link that confirms an email address"),
    "hand_over": gettext_lazy("Hand over the cases of a suspended office"),
    "stay": gettext_lazy("Tell applicants that their case is at a suspended office"),
    "hand_back": gettext_lazy("Return the cases of someone who has left to the queue"),
    "draw": gettext_lazy("Make the preview of a file"),
    "scan": gettext_lazy("Scan a file for viruses"),
    "vault_file": gettext_lazy("Hand a file over to the vault"),
    "vault_paper": gettext_lazy("Hand a signed document over to the vault"),
    "sign_paper": gettext_lazy("Make the signed PDF of a document"),
    "vault_copy": gettext_lazy("Hand a copy of the database over to the vault"),
    "vault_heads": gettext_lazy("Show the vault the new entries of the journal"),
    "check_drawing": gettext_lazy("Check a drawing against the rules of its day"),
    "staff_mail": gettext_lazy("Send a notice to staff by email"),
    "staff_digest": gettext_lazy("Send the day's notices to staff by email"),
    "confirmed": gettext_lazy("Tell a person that what was provisional for long is confirmed"),
}


class KindOfEntry(admin.SimpleListFilter):
    title = gettext_lazy("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(ENTRIES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class KindOfWork(KindOfEntry):
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(WORK.items())


class EntryAdmin(ForAdministrators):
    list_display = ("seq", "what", "about", "at")
    list_filter = (KindOfEntry,)
    search_fields = ("subject",)
    ordering = ("-seq",)
    fields = ("seq", "what", "about", "at", "content", "digest")
    readonly_fields = fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return super().get_search_results(request, queryset, references.normalise(search_term))

    @admin.display(description=gettext_lazy("kind"), ordering="kind")
    def what(self, entry: Entry) -> Any:
        return ENTRIES.get(entry.kind) or code(entry.kind)

    @admin.display(description=gettext_lazy("subject"), ordering="subject")
    def about(self, entry: Entry) -> SafeString:
        return format_html('<bdi dir="ltr" class="ltr">{}</bdi>', entry.subject)

    @admin.display(description=gettext_lazy("content"))
    def content(self, entry: Entry) -> SafeString:
        return format_html('<code dir="ltr" class="raw">{}</code>', bytes(entry.body).decode())

    @admin.display(description="SHA-256")
    def digest(self, entry: Entry) -> SafeString:
        return format_html('<code dir="ltr" class="raw">{}</code>', bytes(entry.hash).hex())


class OutboxAdmin(ForAdministrators):
    """Background jobs. Dead rows are the ones somebody has to look at."""

    list_display = ("number", "what", "subject", "state_shown", "attempts", "created_at", "not_before", "error")
    fields = readonly_fields = (*list_display[:-1], "lease_until", "done_at", "once", "asked_in", "whole_error")
    list_filter = ("state", KindOfWork)
    ordering = ("-id",)
    actions = ("try_again",)

    @admin.display(description=gettext_lazy("number"), ordering="id")
    def number(self, row: Outbox) -> int:
        return row.pk

    @admin.display(description=gettext_lazy("kind"), ordering="kind")
    def what(self, row: Outbox) -> Any:
        return WORK.get(row.kind) or code(row.kind)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_shown(self, row: Outbox) -> SafeString:
        kinds = {Outbox.State.DONE: "success", Outbox.State.DEAD: "error", Outbox.State.CLAIMED: "info"}
        return tag(kinds.get(Outbox.State(row.state), "plain"), row.get_state_display())

    @admin.display(description=gettext_lazy("last error"))
    def error(self, row: Outbox) -> SafeString:
        return format_html('<span dir="auto" class="clip">{}</span>', row.last_error[-300:])

    @admin.display(description=gettext_lazy("last error"))
    def whole_error(self, row: Outbox) -> SafeString:
        return format_html('<code dir="ltr" class="raw">{}</code>', row.last_error or "—")

    @admin.display(description=gettext_lazy("deduplication key"))
    def once(self, row: Outbox) -> SafeString:
        return code(row.dedupe)

    @admin.display(description=gettext_lazy("request number in the server log"))
    def asked_in(self, row: Outbox) -> SafeString:
        return code(row.request_id or "—")

    @admin.action(description=gettext_lazy("Try again"))
    def try_again(self, request: HttpRequest, rows: QuerySet[Outbox]) -> None:
        """Only what failed for good is tried again; what is done or under way is left alone, and that is said."""
        now, asked = timezone.now(), rows.count()
        dead = list(rows.filter(state=Outbox.State.DEAD))
        for row in dead:
            queue.requeue(row, now)
        if dead:
            message = ngettext("%(n)d job will be retried.", "%(n)d jobs will be retried.", len(dead))
            messages.success(request, message % {"n": len(dead)})
        if left := asked - len(dead):
            message = ngettext(
                "%(n)d was left unchanged because it has not failed permanently.",
                "%(n)d were left unchanged because they have not failed permanently.",
                left,
            )
            messages.warning(request, message % {"n": left})


def register(site: AdminSite) -> None:
    site.register(Transaction, TransactionAdmin)
    site.register(Movement, MovementAdmin)
    site.register(Entry, EntryAdmin)
    site.register(Outbox, OutboxAdmin)
