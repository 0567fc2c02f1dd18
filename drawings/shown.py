"""A checked drawing as pages show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from accounts.models import User
from core.forms.concurrency import fingerprint

from . import asking, deciding, plans, words
from .domain import rules
from .domain.finding import NO_UNIT, NOT_BY_TEMPLATE
from .models import DrawingCheck, DrawingFinding

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class ShownFinding:
    row: DrawingFinding
    number: int
    title: StrOrPromise
    message: str
    mend: str
    rule: words.ShownRule | None
    required: str
    measured: str
    unit: str
    has_place: bool
    # The decision is about another measurement or place.
    changed: bool
    decided_measured: str
    decided_required: str
    # Fingerprints of what the two forms show, so that neither wipes what another window kept meanwhile.
    explain_seen: str
    decide_seen: str
    # The decision that is marked in the form: that on record, or what was typed in one that was refused.
    chosen: str


@dataclass(frozen=True)
class VanishedFinding:
    """What was said of a finding that a later check finds no more, and what it was about."""

    row: DrawingFinding
    title: StrOrPromise
    message: str


@dataclass(frozen=True)
class ShownCheck:
    check: DrawingCheck
    findings: Sequence[ShownFinding]
    vanished: Sequence[VanishedFinding]
    notes: Sequence[str]
    figures: Sequence[tuple[str, str, bool]]
    failed: Sequence[StrOrPromise]
    plan: plans.Plan | None
    why_failed: StrOrPromise
    rule_set: str
    source: str
    not_by_template: bool
    asks_unit: bool
    stale: bool
    may_explain: bool
    may_decide: bool

    def with_choice(self, finding: int, decision: str) -> ShownCheck:
        """The same after a decision on one finding was refused: it stays marked as it was typed."""
        return replace(
            self,
            findings=[replace(item, chosen=decision) if item.row.pk == finding else item for item in self.findings],
        )

    @property
    def waits(self) -> bool:
        return self.check.state == DrawingCheck.State.WAITING

    @property
    def clean(self) -> bool:
        return self.check.state == DrawingCheck.State.DONE and not self.findings and not self.not_by_template


def shown_findings(check: DrawingCheck) -> list[ShownFinding]:
    """Each that is there with its number on the drawing."""
    there = (row for row in check.findings.all() if row.gone_at is None)
    return [_finding(check, number, row) for number, row in enumerate(there, start=1)]


def vanished_findings(check: DrawingCheck) -> list[VanishedFinding]:
    """Those that are gone and were explained or decided on."""
    rows = (row for row in check.findings.all() if row.gone_at is not None)
    return [VanishedFinding(row, words.check_of(row.code).title, words.sentence(row.content)) for row in rows]


def _finding(check: DrawingCheck, number: int, row: DrawingFinding) -> ShownFinding:
    content = row.content
    results = words.check_of(row.code)
    return ShownFinding(
        row=row,
        number=number,
        title=results.title,
        message=words.sentence(content),
        mend=words.mend(content),
        rule=words.shown_rule(check.rule_set, content),
        required=words.number(content["required"]),
        measured=words.number(content["measured"]),
        unit=results.unit,
        has_place=bool(content.get("place")),
        changed=bool(row.decided_on),
        decided_measured=words.number(row.decided_on.get("measured")),
        decided_required=words.number(row.decided_on.get("required")),
        explain_seen=fingerprint(deciding.said_of(row)),
        decide_seen=fingerprint(deciding.stands(row)),
        chosen=row.decision,
    )


def shown(check: DrawingCheck, user: User) -> ShownCheck:
    """All a page says of it, for this reader."""
    result: dict[str, Any] = check.result
    done = check.state == DrawingCheck.State.DONE
    findings = shown_findings(check) if done else []
    held = rules.by_code(check.rule_set)
    figures = [
        (words.figure_label(name), words.number(value), name != "bays")
        for name, value in (result.get("figures") or {}).items()
    ]
    return ShownCheck(
        check=check,
        findings=findings,
        vanished=vanished_findings(check) if done else [],
        notes=[words.note(note) for note in result.get("notes", ())] if done else [],
        figures=figures if done else [],
        failed=[words.check_of(code).title for code in result.get("failed", ())],
        plan=plans.plan_of(result, [(item.number, item.row.place) for item in findings]) if done else None,
        why_failed=words.WRONG.get(check.wrong, ""),
        rule_set=words.title_of(held),
        source=words.source_of(held),
        not_by_template=done and result.get("state") == NOT_BY_TEMPLATE,
        asks_unit=done and result.get("state") == NO_UNIT,
        stale=asking.is_stale(check),
        may_explain=deciding.may_explain(user, check.attachment),
        may_decide=deciding.may_decide(user, check.attachment),
    )
