"""An inspection on site: its result and photographs, and the move that follows from them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User

from ..domain.errors import DomainError, Invalid, Problem
from ..domain.service_types import PHOTO, SiteInspection
from ..domain.workflow import BY_NAME, MoveName, Obstacle
from ..models import Attachment, Deficiency, Inspection, Transaction
from ..text import two_languages
from ..text.two_languages import Written
from ..text.wording import explain_obstacle
from . import returning
from .mover import begin, finish

PHOTOGRAPH = "inspection"
"""The document of a photograph that is part of an inspection."""


def pending_document(case: Transaction) -> str:
    """The document of a photograph somebody has sent for an inspection of this case that is not recorded yet."""
    return f"{PHOTOGRAPH}-{case.pk}"


@transaction.atomic
def inspect(
    case: Transaction,
    *,
    result: str,
    visited_on: date | None = None,
    findings: Written = "",
    photographs: Collection[UUID | str] = (),
    by: User,
    now: datetime | None = None,
    version: int | None = None,
) -> Transaction:
    """Record what was found on site. As required, it ends the stage; otherwise the applicant gets the file back with
    the findings, word for word. Inspection, photographs (by the keys of files `by` has sent), event, notice.
    """
    passed = result != Inspection.Result.FAILED
    transition = begin(case, MoveName.INSPECT if passed else MoveName.RETURN, by=by, now=now, version=version)
    by_language = two_languages.given(findings, transition.case.language)
    language = transition.case.language
    asked = transition.case.current_stage.inspection
    if asked is None:
        raise DomainError(
            "move_not_allowed", explain_obstacle(transition.case, BY_NAME[MoveName.INSPECT], Obstacle.STAGE)
        )
    pictures = list(
        Attachment.objects.select_for_update()
        .filter(key__in=photographs, transaction=None, draft=None, removed_at=None, uploaded_by=by)
        .filter(content_type__in=PHOTO)
    )
    missing = len(set(map(str, photographs))) - len(pictures)
    problems = [
        *_facts(transition.case, result, visited_on, by_language, transition.now),
        *_photographs(asked, len(pictures), missing),
    ]
    if problems or visited_on is None:
        raise Invalid(problems)
    transition.facts.update(inspection=result, visited_on=visited_on.isoformat(), photographs=len(pictures))
    if passed:
        transition.reason = by_language.get(language, "")
        transition.facts.update({"own_words": by_language} if by_language else {})
    else:
        words = returning.RequestedCompletion(
            "", sentence_ar=by_language.get("ar", ""), sentence_en=by_language.get("en", "")
        )
        rows = returning.open_round(transition, [words])
        Deficiency.objects.bulk_create(rows)
    done = finish(transition)
    written = Inspection.objects.create(
        transaction=done,
        event=transition.event,
        result=result,
        visited_on=visited_on,
        findings=by_language.get(language, ""),
        own_words=by_language or None,
        by=by,
        at=transition.now,
    )
    Attachment.objects.filter(pk__in=[picture.pk for picture in pictures]).update(
        transaction=done, inspection=written, document=PHOTOGRAPH
    )
    return done


def _facts(
    case: Transaction, result: str, visited_on: date | None, by_language: dict[str, str], now: datetime
) -> list[Problem]:
    problems = two_languages.problems_of("findings", by_language, case.language)
    if result not in Inspection.Result.values:
        problems.append(Problem("result", _("Choose the result."), "required"))
    if visited_on is None:
        problems.append(Problem("visited_on", _("Enter the day of the visit."), "required"))
    elif visited_on > timezone.localdate(now):
        problems.append(Problem("visited_on", _("This date is in the future. Check the year."), "future_date"))
    elif visited_on < timezone.localdate(case.submitted_at):
        words = _("The request was made after this day. Enter the day of the visit.")
        problems.append(Problem("visited_on", words, "date_too_early"))
    if result == Inspection.Result.FAILED and not by_language:
        problems.append(Problem("findings", _("Write what the applicant has to correct."), "required"))
    return problems


def _photographs(asked: SiteInspection, given: int, missing: int) -> list[Problem]:
    if missing:
        words = _("A photograph is no longer there or is no photograph. Attach it again.")
        return [Problem("photographs", words, "unknown_file")]
    if given < asked.least:
        words = ngettext(
            "Attach at least %(n)d photograph of the place.", "Attach at least %(n)d photographs of the place.",
            asked.least,
        )  # fmt: skip
        return [Problem("photographs", words % {"n": asked.least}, "document_missing")]
    if given > asked.most:
        words = ngettext("Attach at most %(n)d photograph.", "Attach at most %(n)d photographs.", asked.most)
        return [Problem("photographs", words % {"n": asked.most}, "too_many_documents")]
    return []
