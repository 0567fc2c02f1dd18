"""Texts written once for many cases: who may use and change them, their versions, and what one says of a case.

What was sent keeps its words: a text is copied into what is written, and a template's versions are never changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from core.day_words import day_in_words
from core.text import one_line, prose, without_marks

from . import access
from .domain import placeholders
from .domain.errors import DomainError, Invalid, NotVisible, Problem
from .domain.text_length import validate_text_length
from .models import TextTemplate, TextTemplateVersion, Transaction

MAX_TEMPLATES = 100  # of one person
MAX_NAME = 60
Texts = Mapping[str, str]


@dataclass(frozen=True)
class Filled:
    """A template's words for one case, by language; `missing` are the placeholders the case has no value for."""

    template: TextTemplate
    texts: Texts
    missing: tuple[str, ...]


def _visible_to(user: User) -> Q:
    return Q(owner=user) | Q(office__in={post.office_id for post in access.case_posts(user)})


def templates_of(user: User) -> QuerySet[TextTemplate]:
    """Their own and those shared with an office of theirs, retired ones too; none for who works on no cases."""
    rows = TextTemplate.objects.filter(_visible_to(user)) if access.case_posts(user) else TextTemplate.objects.none()
    return rows.select_related("owner", "office")


def has_templates(user: User) -> Exists:
    """For a query of cases: does this person have a template to use?"""
    return Exists(templates_of(user).filter(retired_at=None).order_by())


def get_template(user: User, pk: int) -> TextTemplate:
    """One this person may use; NotVisible for any other."""
    row = templates_of(user).filter(pk=pk).first()
    if row is None:
        raise NotVisible
    return row


def current(template: TextTemplate) -> TextTemplateVersion:
    """The version in use."""
    return template.versions.get(number=template.version)


def may_change(user: User, template: TextTemplate) -> bool:
    """Their own; a shared one whoever supervises the office it is shared with."""
    if template.office_id is None:
        return template.owner_id == user.pk
    return template.office_id in access.supervised_by(user)


@transaction.atomic
def save(
    template: TextTemplate | None,
    *,
    by: User,
    kind: str,
    name: str,
    texts: Texts,
    office: int | None = None,
    version: int | None = None,
    now: datetime | None = None,
) -> TextTemplate:
    """Write a template, or the next version of one. `office` is whom it is shared with, one that the person supervises.
    The same words saved again make no version; a new template sent twice is one.

    NotVisible for whoever may not change it. Invalid names everything wrong. DomainError `changed_meanwhile` when
    `version` is no longer the one in use.
    """
    if not access.case_posts(by):
        raise NotVisible
    stored = {language: placeholders.stored(prose(texts.get(language, ""))) for language, _name in settings.LANGUAGES}
    name = one_line(name)
    row = _locked(template, by) if template else TextTemplate.objects.filter(owner=by, name=name).first()
    problems = _problems(by, kind, name, stored, office)
    if template is None:
        problems += _problems_of_a_new_one(by, row, kind, stored, office)
    if problems:
        raise Invalid(problems)
    if row is None:
        row = _create(TextTemplate(owner=by, office_id=office, kind=kind, name=name))
        _write(row, stored, by, now)
        return row
    if template is None:
        return row
    in_use = current(row)
    same = stored == {"ar": in_use.text_ar, "en": in_use.text_en}
    if same and (row.kind, row.name, row.office_id) == (kind, name, office):
        return row
    if version != row.version:
        words = _("This template was changed after you opened it. Look at the version in use below, then save.")
        raise DomainError("changed_meanwhile", words)
    row.kind, row.name, row.office_id = kind, name, office
    if not same:
        row.version += 1
        _write(row, stored, by, now)
    return _create(row)


def _locked(template: TextTemplate, by: User) -> TextTemplate:
    row = TextTemplate.objects.select_for_update().filter(pk=template.pk).order_by().first()
    if row is None or not may_change(by, row):
        raise NotVisible
    return row


def _create(row: TextTemplate) -> TextTemplate:
    """Save the row; Invalid where its owner has another template of this name."""
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Invalid([_name_taken()]) from error
    return row


def _name_taken() -> Problem:
    return Problem("name", _("You already have a text template of this name."), "taken")


def _write(row: TextTemplate, stored: Texts, by: User, now: datetime | None) -> None:
    TextTemplateVersion.objects.create(
        template=row,
        number=row.version,
        text_ar=stored["ar"],
        text_en=stored["en"],
        by=by,
        at=now or timezone.now(),
    )


def _problems(by: User, kind: str, name: str, stored: Texts, office: int | None) -> list[Problem]:
    problems = []
    if not name or len(name) > MAX_NAME:
        words = _("Give the template a name of at most %(most)d characters.") % {"most": MAX_NAME}
        problems.append(Problem("name", words, "required"))
    if kind not in TextTemplate.Kind.values:
        problems.append(Problem("kind", _("Choose what the text is for."), "required"))
    if office is not None and office not in access.supervised_by(by):
        problems.append(Problem("office", _("Only a supervisor of the office can share a text with it."), "not_yours"))
    for language, text in stored.items():
        path = f"text_{language}"
        if not text:
            problems.append(Problem(path, _("Write the text in both languages."), "required"))
        problems += [*validate_text_length(path, text), *placeholders.validate(path, text)]
    return problems


def _problems_of_a_new_one(
    by: User, row: TextTemplate | None, kind: str, stored: Texts, office: int | None
) -> list[Problem]:
    if row is not None:
        return [] if _is_same(row, kind, stored, office) else [_name_taken()]
    if TextTemplate.objects.filter(owner=by).count() < MAX_TEMPLATES:
        return []
    words = _("You have as many text templates as there may be: %(most)d. Change one you have retired.")
    return [Problem("name", words % {"most": MAX_TEMPLATES}, "too_many")]


def _is_same(row: TextTemplate, kind: str, stored: Texts, office: int | None) -> bool:
    """Is it the form that made this template, sent twice?"""
    first = current(row)
    return (row.version, row.kind, row.office_id, row.retired_at) == (1, kind, office, None) and stored == {
        "ar": first.text_ar,
        "en": first.text_en,
    }


@transaction.atomic
def retire(template: TextTemplate, *, by: User, retired: bool = True, now: datetime | None = None) -> TextTemplate:
    """Offer it no more, or again. Nothing that was sent changes. NotVisible for whoever may not change it."""
    row = _locked(template, by)
    if retired != bool(row.retired_at):
        row.retired_at = (now or timezone.now()) if retired else None
        row.save(update_fields=["retired_at"])
    return row


def offered_to(user: User, kinds: Collection[str]) -> list[TextTemplate]:
    """Those of these kinds that can be used, by name; one query."""
    return list(templates_of(user).filter(retired_at=None, kind__in=kinds))


def fill(user: User, pk: int, case: Transaction, *, about: Sequence[str] = (), now: datetime | None = None) -> Filled:
    """A template with what this case says in the place of its placeholders. `about` are the questions and documents of
    the deficiency it is for. NotVisible for a template that is not theirs, or is retired.
    """
    rows = TextTemplateVersion.objects.filter(template__in=templates_of(user), number=F("template__version"))
    row = rows.filter(template=pk, template__retired_at=None).select_related("template").first()
    if row is None:
        raise NotVisible
    texts, missing = {}, []
    for language, _name in settings.LANGUAGES:
        values = values_of(case, language, about, now or timezone.now())
        text = placeholders.fill(row.text(language), values)
        missing += [code for code in placeholders.open_in(row.text(language)) if not values.get(code)]
        texts[language] = placeholders.in_language(text, language)
    return Filled(row.template, texts, tuple(dict.fromkeys(missing)))


def values_of(case: Transaction, language: str, about: Sequence[str], now: datetime) -> dict[str, str]:
    """What a case has for each placeholder, in one language; empty where it has nothing."""
    with translation.override(language):
        values = {
            "applicant": case.applicant.full_name,
            "number": case.reference,
            "service": str(case.service_type.title),
            "district": case.district.name if case.district else "",
            "plot": _plot(case),
            "office": case.held_by.name if case.held_by else "",
            "received": day_in_words(case.submitted_at),
            "due": day_in_words(case.due_at) if case.due_at else "",
            "today": day_in_words(timezone.localdate(now)),
            "document": _(", ").join(str(case.service_type.label_of(name)) for name in about),
        }
    return {code: prose(without_marks(value)) for code, value in values.items()}


def _plot(case: Transaction) -> str:
    plan, parcel = (one_line(str(case.answers.get(name) or "")) for name in ("plan_number", "parcel_number"))
    if plan and parcel:
        return _("parcel no. %(parcel)s in plan no. %(plan)s") % {"parcel": parcel, "plan": plan}
    return ""
