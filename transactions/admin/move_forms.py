"""The moves of a case for one person: what follows from each open one, and what stands against the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.http import QueryDict
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Role, User
from core.numbers import money_in_words
from core.text import isolated, parse_int

from .. import access
from ..domain.errors import DomainError
from ..domain.service_types import DeficiencyCode, Fee, Stage
from ..domain.workflow import ALLOCATION_MOVES, MOVES, Actor, Move, Obstacle, Status, Target, find_obstacle
from ..models import Mark, TextTemplate, Transaction
from ..notifications.notices import NOTIFIED_MOVES
from ..text.wording import explain_obstacle, status_words
from ..transitions.decisions import amount_due, is_fee_current
from ..transitions.forms import FORMS, Input
from ..transitions.moves import RequestedCompletion

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Moves that are nobody's on the staff.
OUTSIDE = frozenset(
    {
        *("route", "answer", "withdraw", "hand_over", "stay", "stop_clock", "outside_answer"),
        *("resume", "object", "complain", "escalate", "hand_out"),
    }
)
# Spoken of only where something waits.
ON_OBJECTION = frozenset({"uphold", "dismiss", "answer_complaint"})
# Which moves ask for what, besides a reason where the table demands one.
NOTES = {"recommend": gettext_lazy("Colleagues can read it."), "approve": gettext_lazy("The applicant sees this.")}
PRIMARY = frozenset({"register", "recommend", "inspect", "approve", "record_payment", "issue", "dispatch"})
SAY_THEMSELVES = frozenset({"approve", "issue", "reject", "return"})


@dataclass(frozen=True)
class MoveForm:
    """An open move. `consequences` are the sentences of what it does to this very file, `takes` what its form asks for
    (the API's names in transitions/forms.py), `written` what its reason begins with (`written_other` in the language
    the request is not in, where it is `in_both`), `templates` the texts that can be put into it; `decides` when it is
    more than handing the file out.
    """

    name: str
    label: StrOrPromise
    consequences: list[StrOrPromise]
    takes: tuple[str, ...]
    reason: bool
    note: StrOrPromise
    primary: bool
    decides: bool = True
    written: str = ""
    written_other: str = ""
    in_both: bool = False
    templates: Sequence[TextTemplate] = ()


def open_moves(case: Transaction, user: User) -> list[MoveForm]:
    return [
        MoveForm(
            name=move.name,
            label=move.label,
            consequences=list(_consequences(move, case)),
            takes=FORMS[move.name].names,
            reason=move.needs_reason,
            in_both=FORMS[move.name].tells_applicant,
            note=NOTES.get(move.name, ""),
            primary=move.name in PRIMARY,
            decides=move.name not in ALLOCATION_MOVES,
        )
        for move in access.moves_open_to(user, case)
        if move.name not in OUTSIDE and _fits(move, case, user)
    ]


def _fits(move: Move, case: Transaction, user: User) -> bool:
    """One takes what one does not have, and gives back what one has."""
    if move.name in ("take", "give_back"):
        return (case.assignee_id == user.pk) == (move.name == "give_back")
    return True


def _consequences(move: Move, case: Transaction) -> Iterator[StrOrPromise]:
    yield move.consequence
    after = _stage_after(move, case)
    if move.name == "approve" and case.service_type.fee is not None:
        yield _fee(case, case.service_type.fee)
    if after is not None:
        yield _next(after)
    if move.name in NOTIFIED_MOVES - SAY_THEMSELVES:
        yield _("The applicant is notified.")


def _fee(case: Transaction, fee: Fee) -> StrOrPromise:
    """What approving will cost the applicant; a fee that was worked out before stays."""
    try:
        due = getattr(case, "fee", None)
        if due is None or not is_fee_current(due, case):
            due = amount_due(case, fee, timezone.localdate())
    except DomainError as error:
        return error.message
    return _("The fee is %(amount)s SAR.") % {"amount": isolated(money_in_words(due.amount))}


def _stage_after(move: Move, case: Transaction) -> Stage | None:
    service, stage = case.service_type, case.current_stage
    match move.target:
        case Target.NEXT_STAGE:
            return service.stage_after(stage.code, case.answers)
        case Target.DECISION:
            return service.decision_after(stage.code, case.answers)
        case Target.STAGE_BEFORE:
            return service.stage_before(stage.code, case.answers)
        case Target.FIRST_STUDY:
            return service.first_study()
        case _other:
            return None


def _next(stage: Stage) -> str:
    words = {"stage": stage.title, "role": Role(stage.role).label, "n": stage.working_days}
    if stage.status is Status.AWAITING_PAYMENT:
        return _("Next: %(stage)s; the clock stops until it is paid.") % words
    return (
        ngettext(
            "Next: %(stage)s, by the %(role)s, within %(n)d working day.",
            "Next: %(stage)s, by the %(role)s, within %(n)d working days.",
            stage.working_days,
        )
        % words
    )


def closed_moves(case: Transaction, user: User) -> list[str]:
    """Why the other moves are not open: those this person's roles ever make, and those somebody else could make now."""
    if access.acts_for_applicant(user, case):
        return []
    roles = {post.role for post in access.case_posts(user)}
    stage, held = case.current_stage, access.get_capacity(user, case)
    forms = [
        _("“%(move)s”: %(why)s") % {"move": move.label, "why": gate}
        for move, gate in access.moves_and_gates(user, case)
        if gate and move.name not in OUTSIDE
    ]
    for move in MOVES:
        if move.name in OUTSIDE or (move.name in ON_OBJECTION and case.objected_at is None):
            continue
        hindered = find_obstacle(
            move,
            status=case.status,
            stage_finish=stage.finish,
            stage_role=stage.role,
            holds=held.holds,
            barred=held.barred,
        )
        mine = any(who in roles or (who is Actor.STAGE_ROLE and roles & _STUDY_ROLES) for who in move.who)
        if hindered is Obstacle.ROLE or (hindered is not None and mine):
            forms.append(explain_obstacle(case, move, hindered))
    return forms


_STUDY_ROLES = {Role.REVIEWER, Role.INFORMAL_AREAS, Role.INSPECTOR}


def why_none(case: Transaction, user: User) -> str:
    """Whose turn it is, when it is not this person's."""
    if access.acts_for_applicant(user, case):
        return _("This is your own request, or one you act for, so a colleague decides it.")
    if not case.is_open:
        return _("The case is closed: “%(status)s”.") % {"status": status_words(case)}
    if case.status == Status.RETURNED:
        return _("The case is waiting for the applicant to complete what was asked.")
    return _("There is nothing for you to do here now: the case is “%(status)s” with %(office)s, for: %(role)s.") % {
        "status": case.get_status_display(),
        "office": case.held_by.name if case.held_by else "—",
        "role": Role(case.current_stage.role).label,
    }


def answered_at_counter(case: Transaction, user: User) -> bool:
    """Does it wait for its applicant, who may come to the counter of this person?"""
    returned = case.status == Status.RETURNED and access.works_at_counter(user)
    return returned and not access.acts_for_applicant(user, case)


@dataclass(frozen=True)
class Choice:
    """A deficiency that may be asked: `sentence` is for the applicant, `said` for the reader of this page."""

    code: str
    text: StrOrPromise
    about: StrOrPromise
    sentence: str
    chosen: bool


def deficiency_choices(case: Transaction, typed: dict[str, str]) -> list[Choice]:
    """`typed` maps the codes chosen on a form that was refused to their sentences."""
    service = case.service_type

    def choice(entry: DeficiencyCode) -> Choice:
        with translation.override(case.language):
            usual = str(entry.sentence)
        return Choice(
            entry.code,
            entry.sentence,
            service.label_of(entry.about),
            typed.get(entry.code) or usual,
            entry.code in typed,
        )

    return [choice(entry) for entry in service.deficiencies]


# Boxes for a reviewer's own words: those that are filled in and one more, and never fewer than three.
OWN_WORDS, MAX_OWN_WORDS = 3, 12


@dataclass(frozen=True)
class OwnWords:
    """A deficiency in the reviewer's own words: in the language of the request, and in the other one. `names` are every
    question and document (name, label, ticked?).
    """

    number: int
    sentence: str
    other: str
    names: list[tuple[str, StrOrPromise, bool]]

    @property
    def chosen(self) -> bool:
        return bool(self.sentence or self.other) or any(ticked for _name, _label, ticked in self.names)


def own_words(case: Transaction, typed: QueryDict) -> list[OwnWords]:
    """The boxes for what no code of the catalogue says, with what was typed on a form that was refused."""
    service = case.service_type
    named = [(spec.name, spec.label) for spec in service.fields()]
    named += [(document.code, document.label) for document in service.documents]
    rows = []
    filled = sum(1 for number in range(1, MAX_OWN_WORDS + 1) if _is_filled(typed, number))
    for number in range(1, min(max(OWN_WORDS, filled + 1), MAX_OWN_WORDS) + 1):
        ticked = set(typed.getlist(f"opens-{number}"))
        names = [(name, label, name in ticked) for name, label in named]
        rows.append(OwnWords(number, typed.get(f"own-{number}", ""), typed.get(f"own-{number}-other", ""), names))
    return rows


def _is_filled(typed: QueryDict, number: int) -> bool:
    return bool(typed.get(f"own-{number}") or typed.get(f"own-{number}-other"))


def other_language(case: Transaction) -> str:
    """The language a request is not in."""
    return next(language for language, _name in settings.LANGUAGES if language != case.language)


def words_in_both(post: QueryDict, case: Transaction, given: Input) -> dict[str, str]:
    """Words for the applicant, by language: as typed into the box, and into that of the other language."""
    return {case.language: post.get(given.box, ""), other_language(case): post.get(f"{given.box}-other", "")}


def asked_in(post: QueryDict, case: Transaction) -> list[RequestedCompletion]:
    """The deficiencies of a form: those ticked in the list, in the reviewer's own words, and marks on documents."""
    also = f"sentence_{other_language(case)}"

    def other(name: str) -> dict[str, Any]:
        return {also: post.get(name, "")}

    listed = [RequestedCompletion(code, post.get(f"sentence-{code}", "")) for code in post.getlist("deficiency")]
    own = [
        RequestedCompletion(
            "",
            post.get(f"own-{number}", ""),
            tuple(post.getlist(f"opens-{number}")),
            **other(f"own-{number}-other"),
        )
        for number in range(1, MAX_OWN_WORDS + 1)
    ]
    marked = [
        RequestedCompletion("", post.get(f"mark-{pk}", ""), marks=(pk,), **other(f"mark-{pk}-other"))
        for pk in map(parse_int, post.getlist("mark"))
        if pk is not None
    ]
    return [*listed, *(item for item in own if item.written(case.language) or item.opens), *marked]


def has_untold_marks() -> Exists:
    """Of a file: are there marks with words on it that no return told of yet?"""
    return Exists(Mark.objects.current().filter(attachment=OuterRef("pk"), deficiency=None).exclude(text=""))


def marks_to_tell(case: Transaction, typed: QueryDict) -> list[tuple[Mark, str, str, bool]]:
    """Marks with words that no return told of yet: each with its sentence, the same in the other language, and whether
    it was chosen on a form that was refused.
    """
    marks = Mark.objects.current().filter(attachment__transaction=case, deficiency=None).exclude(text="")
    chosen = set(typed.getlist("mark"))
    rows = marks.select_related("attachment").order_by("attachment", "page", "pk")
    return [
        (
            mark,
            typed.get(f"mark-{mark.pk}") or mark.text,
            typed.get(f"mark-{mark.pk}-other", ""),
            str(mark.pk) in chosen,
        )
        for mark in rows
    ]
