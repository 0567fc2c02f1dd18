"""An inspection on site: photographs are sent as they are taken, then the result is recorded. Made for a phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.access import current_user
from accounts.models import User
from core.forms.fields import DateField, ProseField
from core.forms.named_errors import NamedErrors
from core.relative_days import TODAY
from core.text import parse_int

from .. import access
from ..answers.summary import summarise
from ..attachments import services as attachments
from ..domain.errors import DomainError, Invalid, Problem
from ..domain.service_types import PHOTO, accept_of
from ..domain.text_length import MAX_CHARACTERS
from ..models import Inspection, Transaction
from ..transitions import inspections
from ..views.documents import remove_pressed
from ..views.form_recovery import typed_before
from .case import case_page, hidden_gives_words_back
from .move_forms import other_language
from .site import staff_site
from .ways import way_back

FILES = "photographs"
# What was found, in the language the request is not in.
OTHER = "reason-other"


class InspectionForm(NamedErrors, forms.Form):
    result = forms.ChoiceField(
        label=gettext_lazy("Result"), choices=Inspection.Result.choices, widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose the result.")},
    )  # fmt: skip
    visited_on = DateField(
        label=gettext_lazy("Day of the visit"), latest=TODAY,
        help_text=gettext_lazy("Hijri or Gregorian. Today unless you write another day."),
    )  # fmt: skip
    # By the name of every reason: what was written is given back wherever one is.
    reason = ProseField(
        label=gettext_lazy("What was found"), required=False, max_length=MAX_CHARACTERS,
        help_text=gettext_lazy(
            "The applicant reads this word for word. If the place is not as required, write what has to be corrected."
        ),
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
    )  # fmt: skip

    def __init__(self, *args: Any, case: Transaction, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        other = other_language(case)
        self.fields["reason"].widget.attrs["lang"] = case.language
        self.fields[OTHER] = ProseField(
            label=_("Arabic wording") if other == "ar" else _("English wording"),
            required=False,
            max_length=MAX_CHARACTERS,
            widget=forms.Textarea(attrs={"rows": 3, "dir": "auto", "lang": other}),
        )


@hidden_gives_words_back
@require_http_methods(["GET", "POST"])
def inspect(request: HttpRequest, reference: str) -> HttpResponse:
    """One move, `inspect`. Photographs sent before it are kept, also when it is refused."""
    user = current_user(request)
    case = access.get_transaction(user, reference, access.cases_of_staff(user))
    if not access.may_make_move(user, case, "inspect"):
        return _not_now(request, case, _("You cannot record an inspection of this case now."))
    if request.method == "GET":
        typed, today = typed_before(request), {"visited_on": timezone.localdate()}
        return _page(request, case, InspectionForm(typed or None, case=case, initial=today))
    if "remove" in request.POST:
        remove_pressed(request, attachments.pending_photographs(case, user))
    problems = _keep_photographs(request, case, user)
    form = InspectionForm(request.POST, case=case)
    if problems or "remove" in request.POST or "attach" in request.POST:
        return _page(request, case, _unasked(form, case), problems=problems, status=422 if problems else 200)
    if not form.is_valid():
        return _page(request, case, form, status=422)
    back = way_back(request)
    following = back.neighbour(case, user, timezone.now())
    try:
        inspections.inspect(
            case,
            result=form.cleaned_data["result"],
            visited_on=form.cleaned_data["visited_on"],
            findings={case.language: form.cleaned_data["reason"], other_language(case): form.cleaned_data[OTHER]},
            photographs=[file.key for file in attachments.pending_photographs(case, user)],
            by=user,
            version=parse_int(request.POST.get("version", "")) or -1,
        )
    except Invalid as error:
        return _page(request, case, form, problems=[_at_its_box(problem) for problem in error.problems], status=422)
    except DomainError as error:
        case = access.get_transaction(user, reference, access.cases_of_staff(user))
        if not access.may_make_move(user, case, "inspect"):
            return _not_now(request, case, str(error.message))
        messages.error(request, error.message)
        return _page(request, case, form, status=409)
    messages.success(request, _("The inspection is recorded. The applicant is notified."))
    if following is not None:
        return redirect(back.ahead(reverse("staff:case", args=[following.reference])))
    return redirect(back.url)


def _not_now(request: HttpRequest, case: Transaction, why: str) -> HttpResponse:
    """The case, with what was written so far to be copied."""
    messages.error(request, why)
    if request.method == "GET":
        return redirect(way_back(request).ahead(reverse("staff:case", args=[case.reference])))
    return case_page(request, case, request.POST, open_move="inspect", status=409)


def _at_its_box(problem: Problem) -> Problem:
    boxes = {"findings": "reason", "findings_ar": OTHER, "findings_en": OTHER}
    return replace(problem, path=boxes.get(problem.path, problem.path))


def _keep_photographs(request: HttpRequest, case: Transaction, user: User) -> list[Problem]:
    """Keep the photographs that were chosen; returns what is wrong with some."""
    problems: list[Problem] = []
    for upload in request.FILES.getlist(FILES):
        try:
            attachments.attach_to_inspection(case, upload, by=user)
        except Invalid as error:
            problems += [Problem(FILES, problem.message, problem.code) for problem in error.problems]
        except DomainError as error:
            problems.append(Problem(FILES, error.message, error.code))
    return problems


def _unasked(form: InspectionForm, case: Transaction) -> InspectionForm:
    """What was typed so far, without complaint about what is not there yet."""
    typed = {name: form.data.get(name, "") for name in form.fields}
    return InspectionForm(initial=typed, case=case)


def _page(
    request: HttpRequest,
    case: Transaction,
    form: InspectionForm,
    *,
    problems: Sequence[Problem] = (),
    status: int = 200,
) -> HttpResponse:
    stage = case.current_stage
    for name in form.fields:
        form[name].problems = [problem for problem in problems if problem.path == name]  # type: ignore[attr-defined]
    context = staff_site.each_context(request) | {
        "photo_accept": accept_of(PHOTO),
        "title": stage.title,
        "case": case,
        "service": case.service_type,
        "asked": stage.inspection,
        "form": form,
        "problems": problems,
        "wrong_files": [problem for problem in problems if problem.path == FILES],
        "photographs": list(attachments.pending_photographs(case, current_user(request))),
        "summary": summarise(case.service_type, case.answers, []),
    }
    return render(request, "staff/inspection.html", context, status=status)
