"""What a person does about themselves that asks again who they are: the step itself, and their mobile."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.forms.named_errors import NamedErrors
from core.http import require_GET_or_POST

from . import access_log, mobiles, sms, step_up
from .access import current_user, has_second_factor
from .errors import AccountError
from .forms import MobileField, PasswordField, SixDigitsField
from .models import Act, OneTimeCode, User
from .next_page import safe_next
from .sign_on import flow, provider

CODE_IN_SESSION, NEXT_IN_SESSION = "mobile_code", "after_mobile"


class PasswordAgainForm(NamedErrors, forms.Form):
    password = PasswordField(label=gettext_lazy("Password"), autocomplete="current-password")


class MobileForm(NamedErrors, forms.Form):
    phone = MobileField(help_text=gettext_lazy("For example 0512345678. The code goes to this number."))


class MobileCodeForm(NamedErrors, forms.Form):
    code = SixDigitsField()


@login_required
@require_GET_or_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """Who somebody is, again, by the strongest way they have."""
    user = current_user(request)
    following = safe_next(request, request.POST.get("next", request.GET.get("next", "")))
    if not step_up.is_needed(request):
        return redirect(following)
    national = provider.is_configured() and flow.is_for(user.national_id)
    unreachable = national and (provider.is_away() or flow.failed_lately(user, timezone.now()))
    by_code = has_second_factor(user)
    form: Any = None
    if unreachable and not by_code and user.has_usable_password():
        form = PasswordAgainForm(request.POST or None)
        if request.method == "POST" and form.is_valid() and _is_password(request, user, form):
            access_log.record(Act.STEPPED_UP, by=user, person=user, why="national sign-on away: by password")
            step_up.mark(request, user)
            return redirect(following)
    context = {
        "form": form,
        "national": national,
        "away": unreachable,
        "by_code": by_code,
        "next": following,
        "simulated": provider.is_simulated(),
    }
    return render(request, "accounts/step_up.html", context)


def _is_password(request: HttpRequest, user: User, form: forms.Form) -> bool:
    """Counted like any try at this account, by the adapter, which says how long whoever guesses waits."""
    try:
        if get_adapter(request).reauthenticate(user, form.cleaned_data["password"]):
            return True
    except ValidationError as error:
        form.add_error("password", error)
        return False
    form.add_error("password", ValidationError(_("This is not your password."), code="incorrect_password"))
    return False


@login_required
@require_GET_or_POST
def mobile(request: HttpRequest) -> HttpResponse:
    """A mobile for whoever has given none, or another one."""
    user = current_user(request)
    hindered = mobiles.reason_not_to_change(user)
    if not hindered and step_up.is_needed(request):
        return redirect(step_up.address(request, request.get_full_path()))
    form = MobileForm(request.POST or None)
    following = request.POST.get("next", request.GET.get("next", ""))
    if request.method == "POST" and form.is_valid():
        try:
            sent = mobiles.ask_for_change(
                user,
                form.cleaned_data["phone"],
                language=translation.get_language() or "ar",
                address=request.META.get("REMOTE_ADDR", ""),
            )
        except AccountError as error:
            form.add_error("phone", error.message)
        else:
            request.session[CODE_IN_SESSION], request.session[NEXT_IN_SESSION] = sent.pk, following
            return redirect("accounts:mobile_code")
    context = {"form": form, "next": following, "later": safe_next(request, following), "hindered": hindered}
    return render(request, "accounts/mobile.html", context)


@login_required
@require_GET_or_POST
@step_up.required
def mobile_code(request: HttpRequest) -> HttpResponse:
    """The code that was sent to the new mobile."""
    user = current_user(request)
    sent = OneTimeCode.objects.filter(pk=request.session.get(CODE_IN_SESSION, 0), national_id=user.national_id).first()
    if sent is None:
        return redirect("accounts:mobile")
    form = MobileCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            mobiles.change_own(user, sent.pk, form.cleaned_data["code"])
        except AccountError as error:
            form.add_error("code", error.message)
        else:
            del request.session[CODE_IN_SESSION]
            messages.success(request, _("Your mobile is on file. Notices and codes go to it from now on."))
            return redirect(safe_next(request, request.session.pop(NEXT_IN_SESSION, "")))
    context = {"form": form, "sms_folder": sms.folder_shown()}
    return render(request, "accounts/mobile_code.html", context)
