"""Two administrators, in the staff admin: posts, the question before second factors go, proposals and their answers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core.admin.guarded import AdministeredSite, RecordedAdmin, are_numbers, tag, typed
from core.forms.fields import ProseField
from core.forms.versioned import VersionedForm
from core.text import prose

from . import four_eyes, leaving
from .access import current_user, is_administrator
from .errors import AccountError
from .models import DECIDING_ROLES, PhoneChange, Proposal, Role, StaffPost, User
from .people_admin import PeopleAdmin, PersonForm
from .search import people_condition

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LATELY_DAYS = 30
COLOURS = {
    Proposal.Outcome.WAITING: "warning",
    Proposal.Outcome.CONFIRMED: "success",
    Proposal.Outcome.FORCED: "error",
}


def reason_field(when_empty: StrOrPromise = "") -> ProseField:
    """Why, for whoever confirms. `when_empty` is said where it is always asked for; otherwise it may be left out."""
    return ProseField(
        label=_("Reason, for the second administrator"),
        required=bool(when_empty),
        error_messages={"required": when_empty} if when_empty else None,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "aria-label": _("Reason, for the second administrator")}),
    )


class NewPostForm(PersonForm):
    reason = reason_field()

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        if typed.get("role") in DECIDING_ROLES and not typed.get("reason"):
            self.add_error("reason", _("Give the reason: a second administrator will decide."))
        return typed


class PostEndForm(VersionedForm):
    reason = reason_field()
    hand_over = leaving.HandOverField()

    class Meta:
        model = StaffPost
        fields = ("ends_on",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ask_about_open_work(self)

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        before, after = self.instance.starts_on, typed.get("ends_on")
        if after and after < before:
            self.add_error("ends_on", _("The end date is before the start date."))
        old = self.initial.get("ends_on")
        longer = old is not None and (after is None or after > old)
        if after and after != old and not longer:
            try:
                four_eyes.refuse_last_administrator(self.instance, after)
            except AccountError as error:
                self.add_error("ends_on", error.message)
        if longer and self.instance.role in DECIDING_ROLES and not typed.get("reason"):
            self.add_error("reason", _("Give the reason: a second administrator will decide."))
        return typed


def ask_about_open_work(form: forms.ModelForm) -> None:
    """The box for whom open cases go to, or none where there are none."""
    work = leaving.open_work(form.instance)
    box = form.fields.get("hand_over")
    if work.count and isinstance(box, leaving.HandOverField):
        box.ask_about(work)
    else:
        form.fields.pop("hand_over", None)


class StaffPostAdmin(PeopleAdmin, RecordedAdmin):
    """A post is given and ended; to move somebody, end one and give another. An old version is looked at only."""

    about = "user"
    list_display = ("user", "role", "office", "starts_on", "ends_on")
    list_filter = ("role", "office")
    list_select_related = ("user", "office")
    search_fields = ("user__national_id",)

    @staticmethod
    def find(sought: str) -> Q:
        return people_condition(sought, "user__")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **kwargs | {"form": PostEndForm if obj else NewPostForm})

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("user", "office", "role", "starts_on", "ends_on", "reason")
        asked = ("hand_over",) if leaving.open_work(obj).count else ()
        return ("user", "office", "role", "starts_on", "ends_on", *asked, "reason")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("user", "office", "role", "starts_on") if obj else ()

    def revert_disabled(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: Any = None
    ) -> HttpResponse:
        if request.method == "POST":
            raise PermissionDenied
        return super().history_form_view(request, object_id, version_id, extra_context)

    def save_model(self, request: HttpRequest, obj: StaffPost, form: Any, change: bool) -> None:
        by, reason = current_user(request), form.cleaned_data.get("reason", "")
        if change:
            done = four_eyes.set_end(StaffPost.objects.get(pk=obj.pk), obj.ends_on, reason=reason, by=by)
            if isinstance(done, StaffPost) and done.ended_at is not None:
                leaving.hand_over(obj.user, [done], form.cleaned_data.get("hand_over", ""), by=by)
        else:
            done = four_eyes.give_post(
                obj.user, obj.office, obj.role, starts_on=obj.starts_on, ends_on=obj.ends_on, reason=reason, by=by
            )
        form.done = done
        if isinstance(done, StaffPost):
            obj.pk = done.pk

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return super().log_addition(request, obj, message) if obj.pk else None

    def response_add(self, request: HttpRequest, obj: StaffPost, post_url_continue: Any = None) -> HttpResponse:
        return super().response_add(request, obj, post_url_continue) if obj.pk else message_proposed(request)

    def response_change(self, request: HttpRequest, obj: StaffPost) -> HttpResponse:
        unchanged = StaffPost.objects.get(pk=obj.pk).ends_on == obj.ends_on
        return super().response_change(request, obj) if unchanged else message_proposed(request)


def message_proposed(request: HttpRequest) -> HttpResponse:
    """Nothing has changed yet, and where it can be followed."""
    message = _("Proposed. Nothing has changed yet: a second administrator has to confirm it.")
    messages.warning(request, message)
    return redirect("staff:accounts_proposal_changelist")


def ask_before_forgetting(
    site: AdministeredSite, request: HttpRequest, people: Iterable[User], title: StrOrPromise
) -> HttpResponse | None:
    """The question first; then each is done, or proposed where the person holds power."""
    chosen = list(people)
    by, reason = current_user(request), request.POST.get("reason", "")
    if "confirmed" not in request.POST or not prose(reason):
        context = site.each_context(request) | {
            "title": title,
            "people": chosen,
            "action": request.POST["action"],
            "field": ACTION_CHECKBOX_NAME,
            "missing": "confirmed" in request.POST,
        }
        return render(request, "admin/accounts/user/forget_second_factor.html", context)
    done = [four_eyes.remove_second_factor(user, reason=reason, by=by) for user in chosen]
    proposed = sum(isinstance(result, Proposal) for result in done)
    if removed := len(done) - proposed:
        message = ngettext(
            "Two-step verification was removed for %(many)d person.",
            "Two-step verification was removed for %(many)d people.",
            removed,
        )
        messages.success(request, message % {"many": removed})
    return message_proposed(request) if proposed else None


class ProposalAdmin(PeopleAdmin):
    """What waits for a second administrator, and what became of the rest. Nothing is edited here."""

    about = "person"
    list_display = ("what", "whom", "detail", "proposed_by", "proposed_at", "expires_at", "state")
    list_filter = ("outcome", "kind")
    list_select_related = ("person", "office", "proposed_by")
    search_fields = ("person__national_id",)

    @staticmethod
    def find(sought: str) -> Q:
        return people_condition(sought, "person__")

    fields = readonly_fields = (
        *("what", "whom", "detail", "hints", "why", "proposed_by", "proposed_at", "expires_at", "state"),
        *("answered_by", "answered_at", "answered_why"),
    )
    change_form_template = "admin/accounts/proposal/change_form.html"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request).select_related("person", "office", "post", "proposed_by", "answered_by")
        return rows

    def get_urls(self) -> list[URLPattern]:
        own = path("<path:object_id>/answer/", self.admin_site.admin_view(self.answer), name="accounts_proposal_answer")
        return [own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        proposal = self.get_object(request, object_id)
        now = timezone.now()
        more = {
            "waits": bool(proposal and proposal.is_pending(now)),
            "hindered": four_eyes.reason_not_to_confirm(proposal, current_user(request), now) if proposal else "",
            "own": bool(proposal and proposal.proposed_by_id == current_user(request).pk),
        }
        return super().change_view(request, object_id, form_url, (extra_context or {}) | more)

    def answer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A press of one of the two buttons."""
        if not is_administrator(current_user(request)):
            raise PermissionDenied
        proposal = Proposal.objects.filter(pk=object_id).first() if are_numbers([object_id]) else None
        if proposal is None:
            raise Http404
        address = reverse("staff:accounts_proposal_change", args=[proposal.pk])
        press = {"confirm": self._confirm, "refuse": self._refuse}.get(request.POST.get("answer", ""))
        if request.method == "POST" and press:
            try:
                press(request, proposal)
            except AccountError as error:
                messages.error(request, error.message)
            except ValidationError as error:
                messages.error(request, " ".join(error.messages))
        return redirect(address)

    def _confirm(self, request: HttpRequest, proposal: Proposal) -> None:
        four_eyes.confirm(proposal, by=current_user(request))
        messages.success(
            request, _("Confirmed and carried out. A signed entry in the journal records both people by code.")
        )

    def _refuse(self, request: HttpRequest, proposal: Proposal) -> None:
        four_eyes.refuse(proposal, reason=request.POST.get("reason", ""), by=current_user(request))
        messages.success(request, _("Nothing was changed. The answer is recorded."))

    @admin.display(description=_("what is proposed"), ordering="kind")
    def what(self, row: Proposal) -> str:
        return row.get_kind_display()

    @admin.display(description=_("person"), ordering="person")
    def whom(self, row: Proposal) -> SafeString:
        if row.person is None:
            return typed("")
        return format_html(
            '<bdi>{}</bdi><span class="under"><bdi dir="ltr">{}</bdi></span>',
            row.person.full_name,
            row.person.national_id,
        )

    @admin.display(description=_("in detail"))
    def detail(self, row: Proposal) -> SafeString:
        if lines := four_eyes.in_words(row):
            return format_html_join("", '<span class="under" dir="auto">{}</span>', ((line,) for line in lines if line))
        if row.kind == Proposal.Kind.PHONE:
            return format_html('<bdi dir="ltr">{}</bdi>', row.phone)
        if row.office is None:  # a superuser, from the command line
            return typed("")
        until = row.ends_on.isoformat() if row.ends_on else gettext("no end")
        return format_html(
            '<bdi>{}</bdi> · <bdi>{}</bdi><span class="under"><bdi>{}</bdi> – <bdi>{}</bdi></span>',
            dict(Role.choices).get(row.role, row.role),
            row.office.name,
            row.starts_on.isoformat() if row.starts_on else "",
            until,
        )

    @admin.display(description=_("before you confirm"))
    def hints(self, row: Proposal) -> str:
        """What a second administrator should know about the account that gets the power."""
        if row.person is None:
            return gettext("Read it in full, and check with whoever runs the systems that it is true.")
        since = row.proposed_at - timedelta(days=LATELY_DAYS)
        changed = PhoneChange.objects.filter(user=row.person_id, changed_at__gte=since).exists()
        known = gettext("original ID seen") if row.person.identity_verified_at else gettext("original ID never seen")
        lately = gettext("mobile changed in the last 30 days") if changed else gettext("mobile not changed recently")
        return f"{known} · {lately}"

    @admin.display(description=_("reason"))
    def why(self, row: Proposal) -> SafeString:
        by_command = row.role == "superuser"
        return typed(gettext("An administrator was created from the command line.") if by_command else row.reason)

    @admin.display(description=_("reason given with the answer"))
    def answered_why(self, row: Proposal) -> SafeString:
        return typed(row.answer_reason)

    @admin.display(description=_("state"), ordering="outcome")
    def state(self, row: Proposal) -> SafeString:
        over = row.outcome == Proposal.Outcome.WAITING and not row.is_pending(timezone.now())
        outcome = Proposal.Outcome.LAPSED if over else Proposal.Outcome(row.outcome)
        return tag(COLOURS.get(outcome, "plain"), outcome.label)
