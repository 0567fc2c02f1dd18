"""What applicant and reviewer do with findings: explain, accept, override, make a deficiency. None stops filing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.delegated import Operation as Acting
from accounts.models import User
from core.forms.concurrency import is_stale
from core.forms.versioned import saved_meanwhile
from core.text import is_storable, isolated, prose
from transactions import access, previews
from transactions.attachments import marks
from transactions.domain.errors import DomainError, Invalid, NotVisible, Problem
from transactions.domain.gates import Operation
from transactions.domain.text_length import validate_text_length
from transactions.incidents import gates
from transactions.models import Attachment, Mark, Transaction

from . import words
from .models import DrawingFinding

Decision = DrawingFinding.Decision
# A place is marked with so much around it, in parts of the page.
AROUND = 0.01


def may_explain(user: User, file: Attachment) -> bool:
    """Whoever writes the draft, or whoever may answer for the applicant of an open request: following is not enough."""
    if file.transaction is not None:
        return file.transaction.is_open and access.acts_for_applicant(user, file.transaction, Acting.ANSWER)
    return file.draft is not None and access.may_write(user, file.draft)


def may_decide(user: User, file: Attachment) -> bool:
    case = file.transaction
    return case is not None and case.is_open and access.may_read_notes(user, case)


@transaction.atomic
def explain(
    finding: DrawingFinding, text: str, *, by: User, seen: str | None = None, now: datetime | None = None
) -> None:
    """Say why it is as it is; an empty text takes it back. NotVisible for whoever has no say; Invalid; DomainError
    `saved_meanwhile` when another explanation was kept since `seen`, the fingerprint of what the page showed.
    """
    if not may_explain(by, finding.check_of.attachment):
        raise NotVisible
    locked = DrawingFinding.objects.select_for_update(of=("self",)).get(pk=finding.pk)
    explanation = _checked("explanation", text)
    if is_stale(seen, said_of(locked)) and explanation != locked.explanation:
        raise DomainError("saved_meanwhile", saved_meanwhile(isolated(locked.explanation or "—")))
    locked.explanation = explanation
    locked.explained_by, locked.explained_at = by, now or timezone.now()
    locked.save(update_fields=["explanation", "explained_by", "explained_at"])


@transaction.atomic
def decide(
    finding: DrawingFinding,
    decision: str,
    reason: str,
    *,
    by: User,
    seen: str | None = None,
    now: datetime | None = None,
) -> None:
    """Accept it, override it with a reason, or mark its place, so that the next return asks for it.

    NotVisible for whoever does not work on the case; OperationClosed; Invalid; DomainError `finding_gone`,
    `mark_is_told` when the applicant was asked already, `saved_meanwhile` when it was measured anew or decided on
    since `seen`, the fingerprint of what the page showed.
    """
    now = now or timezone.now()
    file = finding.check_of.attachment
    case = file.transaction
    if case is None or not may_decide(by, file):
        raise NotVisible
    where = gates.codes(case.held_by_id)
    gates.refuse_if_closed(Operation.PROCESSING, now=now, service=case.service, offices=where, lot=case.reference)
    Transaction.objects.select_for_update(of=("self",)).only("pk").get(pk=case.pk)
    locked = DrawingFinding.objects.select_for_update(of=("self",)).get(pk=finding.pk)
    if locked.gone_at is not None:
        raise DomainError("finding_gone", _("This finding is no longer on the drawing. There is nothing to decide."))
    if is_stale(seen, stands(locked)):
        message = _("This finding has changed since you opened the page. Look at it again before you decide.")
        raise DomainError("saved_meanwhile", message)
    if decision not in Decision.values:
        raise Invalid([Problem("decision", _("Choose what to do with it."), "required")])
    reason = _checked("reason", reason)
    if decision == Decision.OVERRIDDEN and not reason:
        raise Invalid([Problem("reason", _("Give the reason why it does not hold."), "required")])
    if decision == locked.decision == Decision.DEFICIENCY and not locked.decided_on:
        return
    if locked.mark is not None:
        # What the applicant was asked stands; where the drawing says something else since, it is decided on anew.
        if not (locked.decided_on and locked.mark.deficiency_id):
            marks.take_back(file, locked.mark.pk, by=by, now=now)
        locked.mark = None
    if decision == Decision.DEFICIENCY:
        locked.mark = _marked(locked, file, reason, by, now)
    locked.decision, locked.reason, locked.decided_by, locked.decided_at = decision, reason, by, now
    locked.content.pop("decided_on", None)
    locked.save(update_fields=["decision", "reason", "decided_by", "decided_at", "mark", "content"])


def said_of(finding: DrawingFinding) -> dict[str, Any]:
    """What an explanation takes the place of."""
    return {"explanation": finding.explanation}


def stands(finding: DrawingFinding) -> dict[str, Any]:
    """What a decision is about, and takes the place of."""
    names = ("measured", "required", "place")
    about = {name: finding.content.get(name) for name in names}
    return about | {"decision": finding.decision, "reason": finding.reason, "by": finding.decided_by_id}


def _checked(path: str, text: str) -> str:
    if not is_storable(text):
        raise Invalid([Problem(path, _("Use readable characters only."), "unreadable")])
    if problems := list(validate_text_length(path, text)):
        raise Invalid(problems)
    return prose(text)


def _marked(finding: DrawingFinding, file: Attachment, reason: str, by: User, now: datetime) -> Mark:
    """The place on the drawing's page; all of it where that is not known."""
    message = words.sentence(finding.content)
    text = f"{message} {reason}".strip()
    if not file.has_preview:
        raise DomainError("no_picture", _("This drawing has no picture to mark. Ask in your own words in the return."))
    points = page_points(file, finding.check_of.result, finding.place) or [(0.0, 0.0), (1.0, 1.0)]
    across, down = [x for x, _y in points], [y for _x, y in points]
    corners = [
        (max(0.0, min(across) - AROUND), max(0.0, min(down) - AROUND)),
        (min(1.0, max(across) + AROUND), min(1.0, max(down) + AROUND)),
    ]
    return marks.add_mark(file, marks.Place(1, Mark.Shape.RECTANGLE, corners, text), by=by, now=now)


def page_points(
    file: Attachment, result: dict[str, Any], place: Sequence[Sequence[float]]
) -> list[tuple[float, float]]:
    """Points of the drawing in parts of its page; none where its page is not drawn yet, or its unit not known."""
    try:
        frame = json.loads(previews.read_preview(file.key, previews.LAYERS) or b"{}")["frame"]
        left, low, scale, margin, width, height = (float(value) for value in frame)
        metres, (east, north) = float(result["metres"]), result["origin"]
        return [
            (
                ((x / metres + east - left) * scale + margin) / width,
                1 - ((y / metres + north - low) * scale + margin) / height,
            )
            for x, y in place
        ]
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return []
