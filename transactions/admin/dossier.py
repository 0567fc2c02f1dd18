"""Everything the case page shows, read at once: at most thirteen queries, however long the file has lived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access import current_user
from accounts.models import StaffPost, User
from core.hijri import days_between
from core.text import parse_int
from municipality.models import Office, OfficeKind
from municipality.services import offices_by_pk

from .. import access, presence, previews, queues
from ..answers.plot_view import view_of
from ..answers.summary import in_catalogue_order, summarise
from ..answers.versions import describe_version, missing_papers, versions_of
from ..attachments import render_jobs
from ..domain.plots import shape_of
from ..domain.service_types import ServiceType
from ..intake.draft_parts import flags_of
from ..models import Attachment, Event, Transaction
from ..previews import State
from ..selectors import duplicates
from ..selectors.neighbours import neighbours
from ..text.deadline_status import deadline_statuses
from ..text.timeline import movements_of
from ..transitions import advice
from ..views.rights import MADE, made_in_words, read_made
from . import checks, move_forms
from .history import events_of, history

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class ShownFile:
    """One page of one document, as a picture beside the list. `pages` is 0 when it cannot be shown; `state` says
    whether the picture of the page is there.
    """

    file: Attachment
    label: StrOrPromise
    page: int
    pages: int
    state: str = State.THERE

    @property
    def before(self) -> int:
        return self.page - 1 if self.page > 1 else 0

    @property
    def after(self) -> int:
        return self.page + 1 if self.page < self.pages else 0


def dossier(request: HttpRequest, case: Transaction) -> dict[str, Any]:
    user, now, service = current_user(request), timezone.now(), case.service_type
    events = events_of(case)
    sent = in_catalogue_order(service, case.attachments.sent().annotate(has_marks=move_forms.has_untold_marks()))
    files = [(label_of(service, file), file) for file in sent]
    visits = list(case.inspections.select_related("by").prefetch_related("photographs")) if service.inspects else []
    files += [(_("Photograph of the inspection"), file) for visit in visits for file in visit.photographs.all()]
    posts = access.posts_working_on(case, timezone.localdate(now))
    shape = shape_of(service.plot, case.answers)
    # Asked for where there are corners alone.
    beside = neighbours(shape.plot, user, at_desk=True, itself=case.pk) if shape and shape.plot else []
    stand_in = queues.case_stand_in(case, timezone.localdate(now))
    responsible = {case.assignee_id, stand_in.substitute.pk if stand_in and stand_in.substitute else None}
    flags = flags_of(service, case.answers)
    return {
        "title": case.reference,
        "case": case,
        "service": service,
        "stand_in": stand_in,
        "colleagues_case": case.assignee_id is not None and user.pk not in responsible,
        "stage": case.current_stage,
        "days": days_between(case.submitted_at, now),
        "deadlines": deadline_statuses(case, now),
        "summary": summarise(service, case.answers, []),
        "versions": versions_of(case, events),
        "turned_up": _unexpected_files(case, events, sent),
        "files": files,
        "sent": sent,
        "inspections": visits,
        "shown": shown(files, request.GET),
        "not_scanned": any(not file.scanned for _label, file in files),
        "flags": flags,
        "checklist": checks.shown(case, user, sent, flags, events, wanted="checks" in request.GET),
        # They are for whoever decides, also whether to open it again; what was issued is decided for good.
        "plot": view_of(shape, neighbours=[(n.reference, n.outline) for n in beside if n.opens]) if shape else None,
        "hints": [] if case.issued_at else duplicates.hints_for_case(case, sent, user, beside),
        "history": history(case, events),
        "numbers": movements_of(case),
        "deficiencies": list(case.deficiencies.all()) if any(event.move == "return" for event in events) else [],
        "fee": getattr(case, "fee", None),
        **_objections(case, events, now),
        "receipt": access.may_see_receipt(user, case),
        "issued": list(case.issued_documents.all()) if case.issued_at else [],
        "moves": move_forms.open_moves(case, user),
        "at_counter": move_forms.answered_at_counter(case, user),
        "advice": advice.latest(events),
        "closed_moves": move_forms.closed_moves(case, user),
        "why_none": move_forms.why_none(case, user),
        **_notes(case, user, posts),
        "others": presence.others(posts, user),
        "assignable": access.assignable_colleagues(case, posts),
        "offices": other_offices(case),
    }


def _objections(case: Transaction, events: list[Event], now: datetime) -> dict[str, Any]:
    """What its applicant objected to or complained of, newest first; no query where there was nothing."""
    if not any(event.move in MADE for event in events):
        return {"objections": []}
    made = [made_in_words(row, case, now) for row in read_made(case)]
    waiting = next((item.row.kind for item in made if not item.outcome and not item.row.is_complaint), "")
    return {"objections": made[::-1], "objected_kind": waiting}


def _unexpected_files(case: Transaction, events: list[Event], files: list[Attachment]) -> list[str]:
    """What follows from answers that were changed after the request came in, and moves nothing by itself."""
    if case.answers_version == 1 or not case.is_open:
        return []
    notes = []
    if code := describe_version(case, events):
        office = next((office for office in offices_by_pk().values() if office.code == code), None)
        words = _("According to the current answers, this request belongs to: %(office)s. Refer it if that is right.")
        notes.append(words % {"office": office.name if office else code})
    if papers := missing_papers(case, files):
        words = _(
            "The current answers require documents that are not attached: %(documents)s. Return the case for them."
        )
        notes.append(words % {"documents": " · ".join(str(document.label) for document in papers)})
    if case.stage not in {stage.code for stage in case.service_type.stages_for(case.answers)}:
        notes.append(_("According to the current answers, this stage is not required: pass the case on."))
    return notes


def label_of(service: ServiceType, file: Attachment) -> StrOrPromise:
    return service.label_of(file.document) or file.document


def shown(files: list[tuple[StrOrPromise, Attachment]], asked: Mapping[str, str]) -> ShownFile | None:
    """The document and page asked for; the first that can be shown when none is."""
    wanted = asked.get("file", "")
    label, file = next(
        ((label, file) for label, file in files if str(file.key) == wanted),
        next(((label, file) for label, file in files if file.has_preview), ("", None)),
    )
    if file is None:
        return None
    if not file.has_preview:
        return ShownFile(file, label, 1, 0)
    # Until it was opened nobody knows how many pages there are; one there is.
    pages = file.pages or 1
    page = min(max(1, parse_int(asked.get("page", ""), max_digits=5) or 1), pages)
    state = previews.preview_state(file.key, str(page))
    if state == State.MISSING:
        render_jobs.request_rendering(file, page)
    return ShownFile(file, label, page, pages, state)


def _notes(case: Transaction, user: User, posts: list[StaffPost]) -> dict[str, Any]:
    """Internal notes, for those who may read them."""
    if not access.may_read_notes(user, case):
        return {"may_note": False}
    notes = list(case.notes.select_related("author", "to", "office"))
    people = {post.user_id: post.user for post in posts if post.user_id != user.pk}
    return {
        "may_note": True,
        "notes": notes,
        "unread": [note for note in notes if note.to_id == user.pk and note.read_at is None],
        "colleagues": [
            (person, next(post for post in posts if post.user_id == person.pk)) for person in people.values()
        ],
    }


def other_offices(case: Transaction) -> list[Office]:
    """Where the file may be referred."""
    kinds = (OfficeKind.SUB_MUNICIPALITY, OfficeKind.CENTRAL)
    candidates = [office for office in offices_by_pk().values() if office.kind in kinds and not office.suspended]
    return sorted((office for office in candidates if office.pk != case.held_by_id), key=lambda office: office.code)
