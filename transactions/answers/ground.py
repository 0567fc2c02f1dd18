"""What outlines of districts say of the corners in answers: a proposal, and a flag where they contradict (ADR 65)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.text import isolated
from municipality.models import District
from municipality.services import districts_by_code
from municipality.where import Held, districts_of

from ..domain.plots import outline_in
from ..domain.service_types import Answers, Flag, Kind, RuleSet, ServiceType
from .cleaning import UNLISTED

ON_FILE = RuleSet("ground", gettext_lazy("Outlines of districts on file"))
# Of less of a plot than this no district is proposed.
PROPOSED_SHARE = 0.5


def question_of(service: ServiceType) -> str:
    """The question for the district; nothing where none is asked."""
    asked = (spec for spec in service.fields() if getattr(spec, "kind", None) is Kind.DISTRICT)
    return next((spec.name for spec in asked), "")


def held_by(service: ServiceType, answers: Answers) -> list[Held]:
    """The districts that hold the plot in these answers, the largest share first."""
    return districts_of(outline_in(answers.get(service.plot.corners))) if service.plot else []


def proposed_district(service: ServiceType, answers: Answers) -> District | None:
    """The district in which the corners lie, while none is given; what somebody typed is theirs."""
    question = question_of(service)
    if not question or answers.get(question) not in (None, "", UNLISTED):
        return None
    held = held_by(service, answers)
    return held[0].district if held and held[0].share >= PROPOSED_SHARE else None


def ground_flags(service: ServiceType, answers: Answers) -> Iterator[Flag]:
    """The contradiction between the district in clean answers and the one the corners lie in."""
    question = question_of(service)
    given = answers.get(question)
    if not question or not given:
        return
    held = held_by(service, answers)
    if not held or given in {each.district.code for each in held}:
        return
    words = {"districts": districts_in_words(held)}
    district = districts_by_code().get(str(given))
    if district is None:
        text = _("By its corners, the plot lies in %(districts)s; no district is given.")
    else:
        text = _("By its corners, the plot lies in %(districts)s, not in %(given)s.")
        words["given"] = isolated(district.name)
    yield Flag("district-by-corners", text % words, ON_FILE, question)


def districts_in_words(held: Sequence[Held]) -> str:
    """Their names; with their shares where there is more than one."""
    if len(held) == 1:
        return isolated(held[0].district.name)
    return _(", ").join(f"{isolated(each.district.name)} ({each.share:.0%})" for each in held)
