"""Paper booklets: ordered and handed out by administrators; opened, void, lost at the centres that hold them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import current_user
from accounts.errors import AccountError
from accounts.models import Role, StaffPost, User
from accounts.power_admin import message_proposed, reason_field
from core.forms.fields import IntegerField, ProseField
from core.forms.named_errors import NamedErrors
from core.http import post_only, require_GET_or_POST
from municipality.models import Office, OfficeKind

from ..booklets import ledger, printing
from ..booklets.unaccounted import unaccounted_for
from ..domain.errors import DomainError, Invalid
from ..domain.slips import MAX_BOOKLETS, MAX_SLIPS
from ..models import Booklet, Slip
from ..signed_papers.booklets import pdf_of
from ..views.common import harden, page_of
from .site import staff_site
from .visits import centres_of


class OrderForm(NamedErrors, forms.Form):
    """How many booklets for which centre."""

    office = forms.ModelChoiceField(
        Office.objects.filter(kind=OfficeKind.SERVICE_CENTRE), label=gettext_lazy("Centre"), empty_label=None
    )
    many = IntegerField(label=gettext_lazy("Booklets"), min_value=1, max_value=MAX_BOOKLETS, initial=1)
    size = IntegerField(label=gettext_lazy("Slips in each"), min_value=1, max_value=MAX_SLIPS, initial=MAX_SLIPS)
    reason = reason_field(gettext_lazy("Give the reason: a second administrator will decide."))


class TakeBackForm(NamedErrors, forms.Form):
    code = ProseField(
        label=gettext_lazy("Code of a slip"),
        help_text=gettext_lazy(
            "Scan the QR code of any of its slips with a phone, and paste the text or address here."
        ),
        max_length=4000,
        widget=forms.Textarea({"rows": 3, "dir": "ltr"}),
    )


class HandOutForm(NamedErrors, forms.Form):
    to = forms.ModelChoiceField(User.objects.none(), label=gettext_lazy("Handed to"), empty_label=None)

    def __init__(self, *args: Any, office: Office, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clerks = (
            StaffPost.objects.current(timezone.localdate()).filter(office=office, role=Role.CENTRE_CLERK).values("user")
        )
        people = User.objects.filter(pk__in=clerks, is_active=True).order_by("full_name")
        cast("forms.ModelChoiceField[User]", self.fields["to"]).queryset = people


class SlipField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Slip) -> str:
        return f"{obj.index}: {obj.number}"


class SlipReasonForm(NamedErrors, forms.Form):
    """Something about one slip, and why."""

    slip = SlipField(Slip.objects.none(), label=gettext_lazy("Slip"), empty_label=None)
    reason = ProseField(label=gettext_lazy("Reason"), max_length=ledger.MAX_WORDS, widget=forms.Textarea({"rows": 2}))

    def __init__(self, *args: Any, slips: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelChoiceField[Slip]", self.fields["slip"]).queryset = slips


@dataclass(frozen=True)
class Action:
    """Something that can be said of a booklet, in the words of its form."""

    title: Any
    hint: Any
    button: Any
    is_danger: bool = False


ACTIONS = {
    "hand_out": Action(
        gettext_lazy("Hand it out"),
        gettext_lazy("From then on its slips may be used, and it is not printed a second time."),
        gettext_lazy("Hand it out"),
    ),
    "spoil": Action(
        gettext_lazy("A slip is void"),
        gettext_lazy("It was torn, or written on by mistake. No request can be entered from it any more."),
        gettext_lazy("Void the slip"),
        is_danger=True,
    ),
    "lost": Action(
        gettext_lazy("Slips were lost or stolen"),
        gettext_lazy("The slip chosen and all after it that were not entered are no longer taken unexamined."),
        gettext_lazy("Report them lost"),
        is_danger=True,
    ),
    "hold": Action(
        gettext_lazy("A lost slip turned up"),
        gettext_lazy("Say who brought it and how it was found. An administrator decides."),
        gettext_lazy("Hold the slip"),
    ),
    "release": Action(
        gettext_lazy("Release a held slip"),
        gettext_lazy("You have examined it, and someone else held it: it may be entered."),
        gettext_lazy("Release the slip"),
    ),
}


def _booklet_of(request: HttpRequest, pk: int) -> Booklet:
    """A booklet this person may see: of their counters; administrators see all."""
    rows = Booklet.objects.select_related("office", "holder", "proposal")
    booklet = rows.filter(pk=pk).first()
    if booklet is None or not ledger.may_use(current_user(request), booklet):
        raise Http404
    return booklet


@require_GET_or_POST
def booklets(request: HttpRequest) -> HttpResponse:
    """All booklets one may see, newest first; administrators order more."""
    user = current_user(request)
    manages, centres = ledger.may_manage(user), centres_of(user)
    if not manages and not centres:
        raise Http404
    if request.method == "POST" and not manages:
        raise Http404
    back = "code" in request.POST
    form = OrderForm(None if back else request.POST or None)
    taking = TakeBackForm(request.POST if back else None)
    status = 200
    if request.method == "POST":
        status = 422
        if back and taking.is_valid() and (known := _take_back(taking, user)):
            return redirect("staff:booklet", pk=known.pk)
        if not back and form.is_valid() and _order(form, user):
            return message_proposed(request)
    rows = Booklet.objects.select_related("office", "holder")
    rows = rows if manages else rows.filter(office__in=centres)
    used = Count("slips", filter=Q(slips__transaction__isnull=False))
    context = staff_site.each_context(request) | {
        "title": _("Paper booklets"),
        "form": form if manages else None,
        "taking": taking if manages else None,
        "page": page_of(request, rows.annotate(used=used).order_by("-pk")),
    }
    return render(request, "staff/booklets.html", context, status=status)


def _take_back(form: TakeBackForm, user: User) -> Booklet | None:
    try:
        return ledger.take_back(form.cleaned_data["code"], by=user)
    except DomainError as error:
        form.add_error("code", str(error.message))
        return None


def _order(form: OrderForm, user: User) -> bool:
    try:
        printing.order(**form.cleaned_data, by=user)
    except AccountError as error:
        form.add_error(None, str(error.message))
    except ValidationError as error:
        form.add_error(None, error)
    return form.is_valid()


@require_GET_or_POST
def booklet(request: HttpRequest, pk: int) -> HttpResponse:
    """One booklet: its slips, its ledger, and what can be said of it now."""
    shown, user = _booklet_of(request, pk), current_user(request)
    action = request.POST.get("action", "")
    shapes = _forms(shown, user)
    status = 200
    if request.method == "POST":
        status = 422
        done = _act(shown, action, shapes, request)
        if done:
            messages.success(request, done)
            return redirect("staff:booklet", pk=pk)
    slips = shown.slips.select_related("transaction", "draft__created_by", "second_by").order_by("index")
    context = staff_site.each_context(request) | {
        "title": _("Booklet %(number)s") % {"number": shown},
        "booklet": shown,
        "slips": slips,
        "gaps": unaccounted_for().filter(booklet=shown),
        "events": shown.events.select_related("slip", "by"),
        "manages": ledger.may_manage(user),
        "may_print": ledger.may_manage(user) and shown.handed_at is None and shown.proposal_id is not None,
        "bound": shapes[action] if status == 422 and action in shapes else None,
        "actions": [(name, ACTIONS[name], form) for name, form in shapes.items()],
    }
    return render(request, "staff/booklet.html", context, status=status)


def _forms(shown: Booklet, user: User) -> dict[str, forms.Form]:
    """What can be said of a booklet now, by the name of the action; bound to none."""
    unused = shown.slips.filter(transaction=None, voided_at=None)
    # One question for how they all stand.
    stand = list(unused.values_list("revoked_at", "held_at", "released_at"))
    shapes: dict[str, forms.Form] = {}
    if ledger.may_manage(user) and shown.handed_at is None:
        shapes["hand_out"] = HandOutForm(None, office=shown.office)
    if stand:
        open_to_all = unused if ledger.may_manage(user) else unused.filter(revoked_at=None)
        shapes["spoil"] = SlipReasonForm(None, slips=open_to_all, auto_id="spoil_%s")
        shapes["lost"] = SlipReasonForm(None, slips=unused.filter(revoked_at=None), auto_id="lost_%s")
    if any(revoked and not held for revoked, held, _released in stand):
        revoked_slips = unused.filter(revoked_at__isnull=False, held_at=None)
        shapes["hold"] = SlipReasonForm(None, slips=revoked_slips, auto_id="hold_%s")
    if ledger.may_manage(user) and any(held and not released for _revoked, held, released in stand):
        held = unused.filter(held_at__isnull=False, released_at=None)
        shapes["release"] = SlipReasonForm(None, slips=held, auto_id="release_%s")
    return shapes


def _act(shown: Booklet, action: str, shapes: dict[str, forms.Form], request: HttpRequest) -> str:
    """Carry an action out; what is said of it, or nothing when the form has errors now."""
    user = current_user(request)
    if action == "open":
        try:
            ledger.open_booklet(shown, by=user)
        except DomainError as error:
            messages.error(request, error.message)
            return ""
        return _("The booklet is opened.")
    form = shapes.get(action)
    if form is None:
        messages.error(request, _("This can no longer be done with this booklet."))
        return ""
    form.data, form.is_bound = request.POST, True
    if not form.is_valid():
        return ""
    try:
        return _carry_out(shown, action, form.cleaned_data, user)
    except Invalid as error:
        for problem in error.problems:
            form.add_error(problem.path if problem.path in form.fields else None, str(problem.message))
    except DomainError as error:
        form.add_error(None, str(error.message))
    return ""


def _carry_out(shown: Booklet, action: str, typed: dict[str, Any], user: User) -> str:
    if action == "hand_out":
        ledger.hand_out(shown, typed["to"], by=user)
        return _("Handed out. From now on its slips may be used.")
    slip, reason = typed["slip"], typed["reason"]
    if action == "spoil":
        ledger.spoil(slip, reason=reason, by=user)
        return _("The slip is void.")
    if action == "lost":
        many = ledger.report_lost(shown, first=slip.index, reason=reason, by=user)
        return _("Reported: %(many)d slips are no longer taken without being examined.") % {"many": many}
    if action == "hold":
        ledger.hold(slip, reason=reason, by=user)
        return _("The slip is held until an administrator decides.")
    ledger.release(slip, reason=reason, by=user)
    return _("The slip may be entered.")


@post_only("staff:booklets")
def booklet_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The PDF to print, for administrators until the booklet is handed out; each download is on record."""
    shown = _booklet_of(request, pk)
    try:
        ledger.fetched(shown, by=current_user(request))
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("staff:booklet", pk=pk)
    response = HttpResponse(pdf_of(shown), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="booklet-{shown}.pdf"'
    return harden(response)
