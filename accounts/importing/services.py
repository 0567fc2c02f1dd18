"""Bring a list, look at what it would do, carry it out: every row of it or none.

A look makes everything as carrying it out would, in a transaction that is rolled back: so both are told the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import Error, transaction
from django.forms import BaseForm, ModelForm
from django.utils import timezone
from django.utils.translation import gettext as _

from core.cache import apart
from core.forms.concurrency import fingerprint
from core.text import one_line
from municipality import services as municipality

from .. import access_log, newcomers
from ..access import is_administrator, needs_second_factor
from ..errors import AccountError
from ..models import Act, Import, User
from .forms import FORMS, KEYS, MODELS, headings_of, in_codes, required_of
from .reading import Row, Unreadable, decode, read_rows

NEW, CHANGED, SAME, WRONG = "new", "changed", "same", "wrong"


@dataclass
class CheckedRow:
    """A row as it was looked at: what it is called, what it changes (column, before, after), what is wrong with it."""

    number: int
    state: str
    name: str = ""
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """All rows, in the order of the file; `trouble` is what is wrong with the file as a whole."""

    rows: list[CheckedRow]
    trouble: str = ""

    @property
    def wrong(self) -> list[CheckedRow]:
        return [row for row in self.rows if row.state == WRONG]

    @property
    def counts(self) -> dict[str, int]:
        return {state: sum(row.state == state for row in self.rows) for state in (NEW, CHANGED, SAME, WRONG)}

    @property
    def seen(self) -> str:
        """A mark of all it would do: another as soon as it would do something else."""
        rows = [
            (row.number, row.state, row.name, [change[1:] for change in row.changes], row.facts) for row in self.rows
        ]
        return fingerprint({"rows": rows})

    @property
    def may_be_carried_out(self) -> bool:
        return not self.trouble and not self.wrong and any(row.state in (NEW, CHANGED) for row in self.rows)


def bring(kind: str, file_name: str, content: bytes, *, by: User, now: datetime | None = None) -> Import:
    """Keep the file to be looked at; nothing of it is done. AccountError `not_an_administrator`, `unreadable`."""
    require_administrator(by)
    try:
        text = decode(content)
        read_rows(text, headings_of(kind), required_of(kind))
    except Unreadable as error:
        raise AccountError("unreadable", error.message) from error
    digest = hashlib.sha256(content).hexdigest()
    waiting = Import.objects.filter(kind=kind, sha256=digest, by=by, done_at=None, proposal=None).first()
    return waiting or Import.objects.create(
        kind=kind,
        file_name=one_line(file_name)[:120],
        sha256=digest,
        text=text,
        by=by,
        made_at=now or timezone.now(),
    )


def look(brought: Import, *, now: datetime | None = None) -> Outcome:
    """What carrying it out would do now, row by row. Changes nothing."""
    with apart(), transaction.atomic():
        outcome = _go_through(brought, now or timezone.now())
        transaction.set_rollback(True)
    return outcome


@transaction.atomic
def carry_out(
    brought: Import, *, by: User, reason: str = "", seen: str | None = None, now: datetime | None = None
) -> Import:
    """Do all of it, once; people are proposed to a second administrator. What the file held is not kept any longer.

    AccountError `not_an_administrator`, `not_yours`, `import_wrong` when anything is wrong with it by now,
    `import_changed` when it would do something else by now than the look that bore the mark `seen`, `reason_missing`.
    """
    now = now or timezone.now()
    require_administrator(by)
    locked = Import.objects.select_for_update().get(pk=brought.pk)
    if locked.by_id != by.pk:
        raise AccountError("not_yours", _("Whoever brought the file carries it out."))
    if locked.done_at is not None or locked.proposal_id is not None:
        return locked
    with apart():
        outcome = _go_through(locked, now)
    transaction.on_commit(municipality.clear_caches)
    if not outcome.may_be_carried_out:
        message = _("Nothing was imported: the file has mistakes, or there is nothing new in it.")
        raise AccountError("import_wrong", message)
    if seen and seen != outcome.seen:
        message = _("Something of this was changed meanwhile, so the list would do something else now. Look again.")
        raise AccountError("import_changed", message)
    if locked.kind == Import.Kind.PEOPLE:
        people = [row.facts for row in outcome.rows if row.state == NEW]
        locked.proposal = newcomers.propose(people, reason=reason, by=by, now=now)
    locked.done_at, locked.result, locked.text = now, outcome.counts, ""
    locked.save(update_fields=["done_at", "result", "text", "proposal"])
    access_log.record(Act.IMPORTED, by=by, subject=f"{locked.kind}:{locked.pk}", now=now)
    return locked


def delete_old(now: datetime, most: int) -> int:
    """Files that nobody carried out in KEEP_DRAFTS_DAYS go, and what those held that were; returns how many."""
    Import.objects.exclude(done_at=None).exclude(text="").update(text="")
    old = now - timedelta(days=settings.KEEP_DRAFTS_DAYS)
    stale = Import.objects.filter(done_at=None, proposal=None, made_at__lt=old).values("pk")[:most]
    return Import.objects.filter(pk__in=stale).delete()[0]


def require_administrator(by: User) -> None:
    """AccountError `not_an_administrator`, also for one who has not shown a second factor."""
    if needs_second_factor(by) or not is_administrator(User.objects.get(pk=by.pk)):
        raise AccountError("not_an_administrator", _("Only an administrator can do this."))


def _go_through(brought: Import, now: datetime) -> Outcome:
    kind = brought.kind
    try:
        rows = read_rows(brought.text, headings_of(kind), required_of(kind))
    except Unreadable as error:
        return Outcome([], error.message)
    seen: dict[tuple[str, ...], int] = {}
    return Outcome([_check(kind, row, seen, now) for row in rows])


def _check(kind: str, row: Row, seen: dict[tuple[str, ...], int], now: datetime) -> CheckedRow:
    cells = in_codes(kind, row.cells)
    there = _find(kind, cells)
    form = _form(kind, cells, there)
    valid = form.is_valid()
    name = cells.get("full_name") or cells.get("name_ar") or cells.get("code") or ""
    checked = CheckedRow(row.number, NEW if there is None else SAME, name)
    key = tuple(str(form.cleaned_data.get(column, "")) for column in KEYS[kind])
    if valid and key in seen:
        checked.problems.append(_("The same is in row %(row)d already.") % {"row": seen[key]})
    elif valid:
        seen[key] = row.number
        _make(kind, form, checked, now)
    else:
        checked.problems += _problems_of(form)
    if checked.problems:
        checked.state = WRONG
    return checked


def _find(kind: str, cells: dict[str, str]) -> Any:
    """The row this one is about, where it is there already."""
    model = MODELS.get(kind)
    if model is None:
        return None
    probe = FORMS[kind](data=cells)
    probe.full_clean()
    key = {name: probe.cleaned_data.get(name) or cells.get(name, "") for name in KEYS[kind]}
    try:
        with transaction.atomic():
            return model._default_manager.filter(**key).first() if all(key.values()) else None
    except (Error, ValueError, TypeError):
        return None


def _form(kind: str, cells: dict[str, str], there: Any) -> BaseForm:
    """The columns that the file has; what it does not name is as usual, or stays as it is."""
    made = FORMS[kind](data=cells, **({"instance": there} if there is not None else {}))
    if isinstance(made, ModelForm):
        for name in [name for name in made.fields if name not in cells]:
            del made.fields[name]
    return made


def _problems_of(form: BaseForm) -> list[str]:
    problems = []
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        problems += [f"{label}: {error}" if label else str(error) for error in errors]
    return problems


def _make(kind: str, form: BaseForm, checked: CheckedRow, now: datetime) -> None:
    """As carrying it out does: what is found wrong only then is a problem of this row."""
    if not isinstance(form, ModelForm):
        checked.facts = newcomers.facts_of(form.cleaned_data)
        if problem := newcomers.problem_with(checked.facts, timezone.localdate(now)):
            checked.problems.append(problem)
        return
    if checked.state == SAME:
        checked.changes = [_change(form, name) for name in form.changed_data]
        checked.state = CHANGED if checked.changes else SAME
    if checked.state in (NEW, CHANGED):
        municipality.save_reference(form.instance)


def _change(form: ModelForm, name: str) -> tuple[str, str, str]:
    shown = form.fields[name]
    before = form.get_initial_for_field(shown, name)
    return str(shown.label), str(shown.prepare_value(before) or ""), str(form.data.get(name, ""))
