from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, ValidationError
from django.core.paginator import Paginator
from django.db.models import Case, Q, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.http import post_only, require_GET_or_POST
from core.text import one_line

from . import emails, services, sms, step_up
from .access import current_user, engineering_offices_of, has_deciding_role, require_office_member
from .api_tokens import api_tokens_of, create_api_token, revoke_api_token
from .authorisations import search_offices
from .errors import AccountError
from .forms import ApiTokenForm, AuthoriseForm, CodeForm, FirstSignInForm, ProfileForm
from .models import Authorisation, OneTimeCode, User
from .next_page import safe_next
from .search import people_condition, plots_condition

CODE_IN_SESSION = "one_time_code"
NEXT_IN_SESSION = "after_first_sign_in"
ROWS = 50
OFFERED = 10
LIVE = (Authorisation.Status.GIVEN, Authorisation.Status.ACCEPTED)
ANSWERS = {"accept": True, "decline": False}


@require_GET_or_POST
def first_sign_in(request: HttpRequest) -> HttpResponse:
    """First sign-in and forgotten password are one flow: who are you, and is your phone at hand?"""
    other = request.GET.get("id") == "other"
    form = FirstSignInForm(request.POST or None, other_kinds=other)
    if request.method == "POST" and form.is_valid():
        try:
            sent = services.send_code(
                **form.cleaned_data,
                language=translation.get_language() or "ar",
                address=request.META.get("REMOTE_ADDR", ""),
            )
        except AccountError as error:
            form.add_error(None, error.message)
        else:
            request.session[CODE_IN_SESSION] = sent.pk
            request.session[NEXT_IN_SESSION] = request.POST.get("next", "")
            return redirect("accounts:code")
    following = request.POST.get("next", request.GET.get("next", ""))
    return render(request, "accounts/first.html", {"form": form, "next": following, "other": other})


def ask_for_code(request: HttpRequest, user: User) -> HttpResponse:
    """The password was right, but is older than a restore: the mobile has to be at hand as well."""
    try:
        sent = services.send_code(
            national_id=user.national_id,
            full_name=user.full_name,
            phone=user.phone,
            email=user.email or emails.pending_address_of(user),
            language=user.language,
            address=request.META.get("REMOTE_ADDR", ""),
            proved=True,
        )
    except AccountError as error:
        messages.error(request, str(error.message))
        return redirect("account_login")
    request.session[CODE_IN_SESSION] = sent.pk
    request.session[NEXT_IN_SESSION] = request.POST.get("next", "")
    messages.info(
        request,
        _(
            "The portal was restored from a backup, so old passwords need your mobile as well. "
            "Choose a new password here."
        ),
    )
    return redirect("accounts:code")


@require_GET_or_POST
def enter_code(request: HttpRequest) -> HttpResponse:
    sent = OneTimeCode.objects.filter(pk=request.session.get(CODE_IN_SESSION, 0)).first()
    if sent is None:
        return redirect("accounts:first")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = services.open_account(sent.pk, form.cleaned_data["code"], form.cleaned_data["password"])
        except AccountError as error:
            form.add_error("code", error.message)
        except ValidationError as error:
            form.add_error("password", error)
        else:
            following = safe_next(request, request.session.get(NEXT_IN_SESSION, ""), user)
            request.session.pop(CODE_IN_SESSION, None)
            messages.success(request, _("Welcome. Your password is set."))
            # By way of allauth: whoever has a second factor is asked for it here too.
            return perform_login(request, user, redirect_url=following)
    context = {
        "form": form,
        "national_id": sent.national_id,
        "by_mail": not sms.can_reach(sent.phone),
        "sms_folder": sms.folder_shown(),
        "next": request.session.get(NEXT_IN_SESSION, ""),
    }
    return render(request, "accounts/code.html", context)


@login_required
@require_GET_or_POST
def profile(request: HttpRequest) -> HttpResponse:
    before = User.objects.get(pk=current_user(request).pk)  # the form writes what was typed into its own
    form = ProfileForm(request.POST or None, instance=current_user(request))
    if request.method == "POST" and form.is_valid():
        try:
            services.update_profile(current_user(request), **form.cleaned_data)
        except AccountError as error:
            form.add_error("email", error.message)
        else:
            messages.success(request, _("Saved."))
            return redirect("accounts:profile")
    context = {"form": form, "in_use": before.email, "waiting": emails.pending_address_of(before)}
    return render(request, "accounts/profile.html", context)


@login_required
@post_only("accounts:profile")
def resend_email_link(request: HttpRequest) -> HttpResponse:
    """Send the link to the address that waits once more."""
    try:
        address = emails.resend_link(current_user(request))
    except AccountError as error:
        messages.error(request, error.message)
    else:
        if address:
            messages.success(request, _("A new link is on its way. The previous one no longer works."))
    return redirect("accounts:profile")


@require_GET_or_POST
def email(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever reads the mail confirms its address by a press, signed in or not: programs that open links do not press.

    A link that was used says so again while its address is in use.
    """
    asked = emails.find_by_token(token)
    if request.method == "POST" and asked is not None:
        try:
            emails.confirm_address(token)
        except AccountError:
            asked = None
    done = (request.method == "POST" and asked is not None) or emails.is_confirmed(token)
    context = {"asked": asked, "done": done}
    return render(request, "accounts/email.html", context, status=200 if asked or done else 410)


@login_required
@require_GET_or_POST
@reauthentication_required
def api_tokens(request: HttpRequest) -> HttpResponse:
    """Tokens for the API; a new one is in the answer to the press that made it and nowhere else."""
    token, form, user = "", ApiTokenForm(request.POST or None), current_user(request)
    if request.method == "POST" and (not request.POST or form.is_valid()):
        try:
            token = create_api_token(user, **(form.cleaned_data if request.POST else {}))
        except AccountError as error:
            messages.error(request, error.message)
            return redirect("accounts:programs")
        form = ApiTokenForm()
    context = {"programs": api_tokens_of(user), "token": token, "form": form, "none_for": has_deciding_role(user)}
    context["shown_once"] = bool(token)  # its page cannot be made again in the other language
    return render(request, "accounts/programs.html", context)


@login_required
@post_only("accounts:programs")
def end_api_token(request: HttpRequest) -> HttpResponse:
    revoke_api_token(current_user(request), request.POST.get("program", ""))
    messages.success(request, _("Token ended. No program can use it any more."))
    return redirect("accounts:programs")


@login_required
@require_GET_or_POST
def authorisations(request: HttpRequest) -> HttpResponse:
    """What an owner has authorised, and the form to authorise another office for a plot."""
    query = one_line(request.POST.get("q", ""))[:80]
    # Who typed another name meanwhile wants to see who that is, whichever button Enter pressed.
    looks = "find" in request.POST or query != one_line(request.POST.get("found", ""))[:80]
    pressed = request.method == "POST" and not looks
    typed = request.POST if request.method == "POST" else None
    offices, more = search_offices(query, OFFERED, chosen=request.POST.get("licence_number", ""))
    form = AuthoriseForm(typed if pressed else None, offices=offices, initial=typed and typed.dict())
    if pressed and step_up.is_needed(request):
        return redirect(step_up.address(request, request.get_full_path()))
    if pressed and form.is_valid():
        try:
            services.authorise_office(
                current_user(request),
                form.office,
                plan_number=form.cleaned_data["plan_number"],
                parcel_number=form.cleaned_data["parcel_number"],
            )
        except AccountError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("The office is authorised. It can see this now and must accept it."))
            return redirect("accounts:authorisations")
    rows = Authorisation.objects.filter(owner=current_user(request)).select_related("office")
    live_first = Case(When(status__in=LIVE, then=0), default=1)
    context = {
        "form": form,
        "page": Paginator(rows.order_by(live_first, "-given_at", "-pk"), ROWS).get_page(request.GET.get("page")),
        "q": query,
        "offices": offices,
        "more_offices": more,
    }
    return render(request, "accounts/authorisations.html", context)


@login_required
@post_only("accounts:authorisations")
def revoke_authorisation(request: HttpRequest, pk: int) -> HttpResponse:
    row = Authorisation.objects.filter(pk=pk, owner=current_user(request)).first()
    if row is None:
        raise Http404
    try:
        services.revoke_authorisation(row, by=current_user(request))
    except AccountError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Revoked. The office no longer sees this plot."))
    return redirect("accounts:authorisations")


@login_required
@require_safe
def office_authorisations(request: HttpRequest) -> HttpResponse:
    """Owners by what their authorisation waits for; those to be answered stand first."""
    tabs = {"live": _("In force or waiting"), "ended": _("Ended"), "all": _("All")}
    show = request.GET.get("show", "live")
    query = one_line(request.GET.get("q", ""))[:80]
    rows = Authorisation.objects.filter(office__in=require_office_member(request)).select_related("office", "owner")
    if show in ("live", "ended"):
        live = Q(status__in=LIVE)
        rows = rows.filter(live if show == "live" else ~live)
    if query:
        rows = rows.filter(plots_condition(query) | people_condition(query, "owner__"))
    waiting_first = Case(When(status=Authorisation.Status.GIVEN, then=0), default=1)
    page = Paginator(rows.order_by(waiting_first, "-given_at", "-pk"), ROWS).get_page(request.GET.get("page"))
    context = {"page": page, "tabs": tabs.items(), "show": show, "q": query}
    return render(request, "accounts/office_authorisations.html", context)


@login_required
@post_only("accounts:office_authorisations")
def answer_authorisation(request: HttpRequest, pk: int) -> HttpResponse:
    row = Authorisation.objects.filter(pk=pk, office__in=engineering_offices_of(current_user(request))).first()
    if row is None:
        raise Http404
    accept = ANSWERS.get(request.POST.get("answer", ""))
    if accept is None:
        raise BadRequest("neither accepted nor declined")
    try:
        services.answer_authorisation(row, accept=accept, by=current_user(request))
    except AccountError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Your answer is recorded, and the owner can see it."))
    return redirect("accounts:office_authorisations")
