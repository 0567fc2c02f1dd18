"""Text templates: a page to write, share, change and retire them; and one put into the form of a move of a case."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import current_user
from accounts.models import User
from core.forms.fields import LineField, ProseField
from core.forms.named_errors import NamedErrors
from core.http import require_GET_or_POST
from core.text import parse_int, prose

from .. import access, text_templates
from ..domain import placeholders
from ..domain.errors import DomainError, Invalid, NotVisible
from ..domain.text_length import MAX_CHARACTERS
from ..models import TextTemplate, Transaction
from ..transitions.forms import CONDITIONS, DEFICIENCIES, FORMS
from ..views.common import hidden_is_404
from .move_forms import MAX_OWN_WORDS
from .site import staff_site

Kind = TextTemplate.Kind
ROWS = 200
# Moves whose reason is one of a refusal.
REFUSALS = frozenset({"reject", "advise_refusal", "dismiss", "revoke"})


class TemplateForm(NamedErrors, forms.Form):
    """A template in both languages. What is wrong with its words, the service says."""

    name = LineField(label=gettext_lazy("Name of the template"), max_length=text_templates.MAX_NAME)
    kind = forms.ChoiceField(label=gettext_lazy("What it is for"), choices=Kind.choices)
    office = forms.ChoiceField(label=gettext_lazy("Shared with"), required=False)
    text_ar = ProseField(label=gettext_lazy("Text in Arabic"), max_length=MAX_CHARACTERS)
    text_en = ProseField(label=gettext_lazy("Text in English"), max_length=MAX_CHARACTERS)
    version = forms.CharField(widget=forms.HiddenInput, required=False)  # noqa: TID251 – a number of ours

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        supervised = access.supervised_by(user)
        offices = {post.office_id: post.office.name for post in access.case_posts(user) if post.office_id in supervised}
        choices = [(str(pk), name) for pk, name in offices.items()]
        self.fields["office"].choices = [("", _("Nobody: only I use it")), *choices]  # type: ignore[attr-defined]
        if not choices:
            del self.fields["office"]
        for language, _name in settings.LANGUAGES:
            widget = self.fields[f"text_{language}"].widget
            widget.attrs |= {"lang": language, "dir": "rtl" if language == "ar" else "ltr", "rows": "5"}

    def save(self, template: TextTemplate | None, by: User) -> bool:
        """Save what was typed; False with every error beside its box."""
        typed = self.cleaned_data
        try:
            text_templates.save(
                template,
                by=by,
                kind=typed["kind"],
                name=typed["name"],
                texts={language: typed[f"text_{language}"] for language, _name in settings.LANGUAGES},
                office=parse_int(typed.get("office") or ""),
                version=parse_int(typed["version"]),
            )
        except Invalid as error:
            for problem in error.problems:
                self.add_error(problem.path if problem.path in self.fields else None, str(problem.message))
            return False
        except DomainError as error:
            if error.code != "changed_meanwhile":
                raise
            self.add_error(None, str(error.message))
            self._is_looked_at(template)
            return False
        return True

    def _is_looked_at(self, template: TextTemplate | None) -> None:
        """The page shows the version in use beside what was typed: whoever saves now has seen it."""
        if template is not None:
            template.refresh_from_db()
            typed = QueryDict(mutable=True)
            typed.update(self.data)
            typed["version"] = str(template.version)
            self.data = typed


@hidden_is_404
@require_GET_or_POST
def texts(request: HttpRequest) -> HttpResponse:
    """One's own and the office's templates, and the form of a new one."""
    user = current_user(request)
    if not access.case_posts(user):
        raise Http404
    form, status = TemplateForm(request.POST or None, user=user), 200
    if request.method == "POST":
        if form.is_valid() and form.save(None, user):
            messages.success(request, _("The text template was saved."))
            return redirect("staff:texts")
        status = 422
    rows = list(text_templates.templates_of(user)[:ROWS])
    context = staff_site.each_context(request) | {
        "title": _("Text templates"),
        "form": form,
        "rows": [row for row in rows if not row.retired_at],
        "retired": [row for row in rows if row.retired_at],
        "placeholders": _placeholders(),
    }
    return render(request, "staff/texts.html", context, status=status)


@hidden_is_404
@require_GET_or_POST
def text(request: HttpRequest, pk: int) -> HttpResponse:
    """One template: its words, to be changed by who may, and all its versions."""
    user = current_user(request)
    template = text_templates.get_template(user, pk)
    may_change = text_templates.may_change(user, template)
    form, status = TemplateForm(request.POST or None, user=user, initial=_initial(template)), 200
    if request.method == "POST":
        if not may_change:
            raise Http404
        if form.is_valid() and form.save(template, user):
            messages.success(request, _("The text template was saved. What was sent before keeps its words."))
            return redirect("staff:texts")
        status = 422
    versions = [
        (row, *(placeholders.in_language(row.text(language), language) for language in ("ar", "en")))
        for row in template.versions.select_related("by")[:ROWS]
    ]
    context = staff_site.each_context(request) | {
        "title": template.name,
        "template": template,
        "form": form,
        "may_change": may_change,
        "versions": versions,
        "placeholders": _placeholders(),
    }
    return render(request, "staff/text.html", context, status=status)


def _initial(template: TextTemplate) -> dict[str, Any]:
    in_use = text_templates.current(template)
    return {
        "name": template.name,
        "kind": template.kind,
        "office": template.office_id or "",
        "version": template.version,
    } | {
        f"text_{language}": placeholders.in_language(in_use.text(language), language)
        for language, _name in settings.LANGUAGES
    }


def _placeholders() -> list[tuple[str, str]]:
    """Each placeholder as it is written in Arabic and in English."""
    written = []
    for language in ("ar", "en"):
        with translation.override(language):
            written.append([placeholders.shown(code) for code in placeholders.PLACEHOLDERS])
    return list(zip(*written, strict=True))


@hidden_is_404
@require_GET_or_POST
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer a template no more, or again. By GET comes who had to sign in first: they are led to the button."""
    user = current_user(request)
    template = text_templates.get_template(user, pk)
    if request.method == "POST":
        row = text_templates.retire(template, by=user, retired="again" not in request.POST)
        words = _("The text template was retired.") if row.retired_at else _("The text template is in use again.")
        messages.success(request, words)
        return redirect("staff:texts")
    return redirect("staff:text", pk=pk)


# -- in the form of a move ---------------------------------------------------------------------------------------


def kinds_of(move: str) -> tuple[str, ...]:
    """What kinds of texts the form of a move takes."""
    form = FORMS.get(move)
    takes = form.takes if form else ()
    kinds: list[str] = []
    if DEFICIENCIES in takes:
        kinds.append(Kind.DEFICIENCY)
    if set(CONDITIONS) <= set(takes):
        kinds.append(Kind.CONDITION)
    if any(given.name == "reason" for given in takes):
        kinds += [Kind.REFUSAL, Kind.EXPLANATION] if move in REFUSALS else [Kind.EXPLANATION]
    return tuple(kinds)


def offered(user: User, moves: Iterable[str]) -> dict[str, list[TextTemplate]]:
    """The templates for the form of each of these moves; one query, none where no move takes words."""
    kinds = {move: kinds_of(move) for move in moves}
    wanted = {kind for each in kinds.values() for kind in each}
    rows = text_templates.offered_to(user, wanted) if wanted else []
    return {move: [row for row in rows if row.kind in each] for move, each in kinds.items()}


def insert(request: HttpRequest, case: Transaction, move: str) -> QueryDict:
    """The form of a move as it was typed, with the chosen template added where it belongs; what is left to fill in is
    told. DomainError for a template that is not theirs, or does not belong on this form.
    """
    user, typed = current_user(request), request.POST.copy()
    pk = parse_int(typed.get(f"template-{move}", ""))
    if pk is None:
        raise DomainError("no_template", _("Choose a text template."))
    number = _free_box(typed)
    about = typed.getlist(f"opens-{number}")
    try:
        filled = text_templates.fill(user, pk, case, about=about)
    except NotVisible as error:
        raise DomainError("no_template", _("This text template is no longer offered. Choose another.")) from error
    kind = filled.template.kind
    if kind not in kinds_of(move):
        raise DomainError("wrong_template", _("This text template is not for this action."))
    if kind == Kind.DEFICIENCY:
        if not number:
            raise DomainError("no_box", _("All boxes for your own words are filled. Return the request with these."))
        for language, words in filled.texts.items():
            typed[f"own-{number}" if language == case.language else f"own-{number}-other"] = words
    elif kind == Kind.CONDITION:
        for language, words in filled.texts.items():
            _add(typed, f"conditions_{language}", words)
    else:
        for language, words in filled.texts.items():
            if language == case.language:
                _add(typed, "reason", words)
            elif FORMS[move].tells_applicant:
                _add(typed, "reason-other", words)
    if filled.missing:
        names = _(", ").join(placeholders.shown(code) for code in filled.missing)
        words = _("This request has no value for %(names)s. Fill it in before you send.")
        messages.warning(request, words % {"names": names})
    return typed


def _free_box(typed: QueryDict) -> int:
    """The first box for own words in which nothing is written; 0 where there is none."""
    for number in range(1, MAX_OWN_WORDS + 1):
        if not prose(typed.get(f"own-{number}", "") + typed.get(f"own-{number}-other", "")):
            return number
    return 0


def _add(typed: QueryDict, box: str, words: str) -> None:
    """After what is written there already."""
    written = typed.get(box, "").rstrip()
    typed[box] = f"{written}\n{words}" if written else words
