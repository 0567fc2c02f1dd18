"""The shapes of the public contract, version 1."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from continuity.classes import of_case
from municipality.models import District, Office
from transactions.access import acts_for_applicant, delegation_about, moves_open_to, works_on
from transactions.answers.summary import in_catalogue_order
from transactions.domain.workflow import CLOSED, Status
from transactions.intake.assured import may_receive_document
from transactions.intake.draft_parts import flags_of
from transactions.models import (
    AnswersVersion,
    Event,
    IssuedDocument,
    Movement,
    PaperContent,
    Transaction,
)
from transactions.papers import papers
from transactions.selectors import duplicates
from transactions.text.timeline import history_of, movements_of
from transactions.text.wording import headline
from transactions.transitions.rights import is_offered
from transactions.transitions.versions import versions_of

from .bodies import TAKES
from .deficiency_shapes import DeficiencyShape
from .fee_shapes import FeeShape
from .file_shapes import AttachmentSerializer as AttachmentSerializer
from .file_shapes import InspectionShape
from .inquiry_shapes import PlaceShape
from .objection_shapes import ObjectionShape, objections_of
from .plot_shapes import PlotField
from .promises import WORTH

# Empty where the office wrote the reason in the other language only, or nobody noted in which.
ENDED = ("ended_reason_ar", "ended_reason_en")
OUTCOMES = [(status.value, status.label) for status in Status if status in CLOSED - {Status.FILED}]


@extend_schema_field({"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$", "example": "07:30"})
class ClockTime(serializers.TimeField):
    """A time of day in Jeddah. OpenAPI's own "time" would ask for an offset."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%H:%M", **kwargs)


class OfficeSerializer(serializers.ModelSerializer[Office]):
    opens_at = ClockTime(read_only=True)
    closes_at = ClockTime(read_only=True)
    parent = serializers.SlugRelatedField[Office]("code", read_only=True, allow_null=True)

    class Meta:
        model = Office
        fields = (
            "code",
            "kind",
            "name_ar",
            "name_en",
            "parent",
            "opens_at",
            "closes_at",
            "suspended",
            "certainty",
            "latitude",
            "longitude",
            "position_certainty",
        )
        read_only_fields = fields


class DistrictSerializer(serializers.ModelSerializer[District]):
    """Where it is decided: `sub_municipality` is null where the central office sorts. `certainty` says how sure the
    boundary is.
    """

    sub_municipality = serializers.SlugRelatedField[Office]("code", read_only=True, allow_null=True)

    class Meta:
        model = District
        fields = ("code", "name_ar", "name_en", "sub_municipality", "certainty")
        read_only_fields = fields


class HeldSerializer(serializers.Serializer[Any]):
    have = serializers.IntegerField(help_text="Bytes held so far; the next piece begins there.")


class EntryShape(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    move = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()
    office = serializers.CharField()
    note = serializers.CharField()


class MovementShape(serializers.ModelSerializer[Movement]):
    office = serializers.SlugRelatedField[Office]("code", read_only=True)

    class Meta:
        model = Movement
        fields = ("office", "direction", "number", "hijri_year", "at", "recipient")
        read_only_fields = fields


class CaseSummary(serializers.ModelSerializer[Transaction]):
    """A transaction in a list."""

    status = serializers.ChoiceField(choices=Status.choices, read_only=True)
    outcome = serializers.ChoiceField(
        choices=OUTCOMES, read_only=True, allow_null=True, help_text="How it ended, also once it is filed."
    )
    branch = serializers.SlugRelatedField[Office]("code", read_only=True, allow_null=True)
    centre = serializers.SlugRelatedField[Office]("code", read_only=True, allow_null=True)
    held_by = serializers.SlugRelatedField[Office]("code", read_only=True, allow_null=True)
    delegation = serializers.SerializerMethodField(
        help_text="The document by which you follow it for its owner: see delegations/. Null where it is your own."
    )

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_delegation(self, case: Transaction) -> int | None:
        held = delegation_about(self.context["reader"], case)
        return held.pk if held else None

    class Meta:
        model = Transaction
        fields = (
            "reference",
            "service",
            "delegation",
            "status",
            "outcome",
            "stage",
            "version",
            "channel",
            "branch",
            "centre",
            "held_by",
            "submitted_at",
            "due_at",
            "stage_due_at",
            "closed_at",
        )
        read_only_fields = fields


class IssuedShape(serializers.ModelSerializer[IssuedDocument]):
    """`ended_at`: revoked, or replaced by the document with the number `replaced_by`; no longer valid since then."""

    replaced_by = serializers.SlugRelatedField[IssuedDocument]("number", read_only=True, allow_null=True)
    ended_reason_ar = serializers.CharField(source="ended_own_words.ar", default="", read_only=True)
    ended_reason_en = serializers.CharField(source="ended_own_words.en", default="", read_only=True)

    class Meta:
        model = IssuedDocument
        fields = (
            "kind",
            "number",
            "issued_at",
            "valid_until",
            "token",
            "ended_at",
            "ended_reason",
            *ENDED,
            "replaced_by",
        )
        read_only_fields = fields


class VersionShape(serializers.ModelSerializer[AnswersVersion]):
    """What was answered as of one event, named by its move: submit, answer, correct."""

    event = serializers.SlugRelatedField[Event]("move", read_only=True)

    class Meta:
        model = AnswersVersion
        fields = ("number", "at", "event", "answers")
        read_only_fields = fields


class PaperSerializer(IssuedShape):
    """What was issued, as it was issued. `content` is frozen, in both languages (`ar`, `en`); `content_hash` stands in
    the journal's entry too. `reconstructed`: frozen later, from what was known then.
    """

    content = serializers.SerializerMethodField()
    content_hash = serializers.SerializerMethodField()
    reconstructed = serializers.SerializerMethodField()
    worth = serializers.SerializerMethodField(
        help_text="Now: confirmed when another authority keeps it too, or provisional."
    )

    class Meta(IssuedShape.Meta):
        fields = (*IssuedShape.Meta.fields, "content", "content_hash", "reconstructed", "worth")
        read_only_fields = fields

    def _frozen(self, paper: IssuedDocument) -> PaperContent | None:
        return getattr(paper, "content", None)

    @extend_schema_field({"type": "object", "additionalProperties": {}})
    def get_content(self, paper: IssuedDocument) -> Any:
        return papers.content_of(paper)

    @extend_schema_field({"type": "string", "enum": WORTH})
    def get_worth(self, paper: IssuedDocument) -> str:
        promises = of_case(paper.transaction, ["issued"])
        return next((str(promise.worth) for promise in promises if promise.at == paper.issued_at), WORTH[-1])

    def get_content_hash(self, paper: IssuedDocument) -> str:
        frozen = self._frozen(paper)
        return frozen.content_hash if frozen else ""

    def get_reconstructed(self, paper: IssuedDocument) -> bool:
        frozen = self._frozen(paper)
        return frozen is None or frozen.reconstructed


class FlagShape(serializers.Serializer[Any]):
    """What whoever studies the request is told to look at. It refuses nothing."""

    code = serializers.CharField(
        help_text="A check of the service, or same_deed, same_plot, same_person, same_file, same_file_twice."
    )
    message = serializers.CharField()
    path = serializers.CharField(help_text="The answer or document it is about; empty when it is about the whole.")
    references = serializers.ListField(
        child=serializers.CharField(), help_text="Other requests it is about, as far as you may read them."
    )
    others = serializers.CharField(help_text="In words, that there are more, which you may not read.")


class ProblemShape(serializers.Serializer[Any]):
    path = serializers.CharField()
    message = serializers.CharField()
    code = serializers.CharField()


class CheckAnswer(serializers.Serializer[Any]):
    """What sending it now would be answered with. With no `problems` and nothing that `hinders` it would be taken."""

    problems = ProblemShape(many=True, help_text="What is missing or wrong; sent so, it is refused.")
    flags = FlagShape(many=True)
    documents = serializers.ListField(
        child=serializers.CharField(), help_text="The codes of the documents these answers ask for."
    )
    hinders = ProblemShape(many=True, help_text="Why nobody, or not this person, can send it now.")


class OpenMove(serializers.Serializer[Any]):
    """A move open to whoever asks, in words. One that goes `forward` ends the present stage."""

    move = serializers.CharField()
    label = serializers.CharField()
    consequence = serializers.CharField()
    forward = serializers.BooleanField()
    takes = serializers.ListField(child=serializers.CharField(), help_text="Beside the version.")
    needs_reason = serializers.BooleanField()


class CaseSerializer(CaseSummary):
    """One transaction with its history, for those who may see it. Files of an answer are listed once it is sent.

    `answers` is the version in force, `answers_version`; `versions` are all of them. `moves` are those open to whoever
    asks, now; a return is answered at answers/. `assignee` is told to those who work on it.
    """

    headline = serializers.SerializerMethodField()
    answers = serializers.JSONField(read_only=True)
    plot = PlotField(source="*", read_only=True)
    versions = serializers.SerializerMethodField()
    timeline = serializers.SerializerMethodField()
    movements = serializers.SerializerMethodField()
    deficiencies = DeficiencyShape(many=True, read_only=True)
    attachments = serializers.SerializerMethodField()
    inspections = serializers.SerializerMethodField()
    flags = serializers.SerializerMethodField()
    fee = serializers.SerializerMethodField()
    objections = serializers.SerializerMethodField(help_text="Objections and complaints about lateness.")
    moves = serializers.SerializerMethodField()
    assignee = serializers.SerializerMethodField()
    issued_documents = serializers.SerializerMethodField(
        help_text="Empty for the applicant as long as the service asks for more certainty of who they are."
    )

    class Meta(CaseSummary.Meta):
        fields = (
            *CaseSummary.Meta.fields,
            "headline",
            "answers",
            "answers_version",
            "plot",
            "versions",
            "timeline",
            "movements",
            "deficiencies",
            "attachments",
            "inspections",
            "flags",
            "fee",
            "objections",
            "moves",
            "assignee",
            "issued_documents",
        )
        read_only_fields = fields

    @extend_schema_field(IssuedShape(many=True))
    def get_issued_documents(self, case: Transaction) -> Any:
        reader = self.context["reader"]
        if acts_for_applicant(reader, case) and not may_receive_document(case, reader):
            return []
        return IssuedShape(case.issued_documents.select_related("replaced_by"), many=True).data

    @extend_schema_field(FlagShape(many=True))
    def get_flags(self, case: Transaction) -> Any:
        flags = flags_of(case.service_type, case.answers)
        checks = [duplicates.Hint(flag.code, str(flag.message), flag.path) for flag in flags]
        shared = duplicates.hints_for_case(case, case.attachments.sent(), self.context["reader"])
        return FlagShape([*checks, *shared], many=True).data

    @extend_schema_field(FeeShape(allow_null=True))
    def get_fee(self, case: Transaction) -> Any:
        fee = getattr(case, "fee", None)
        return FeeShape(fee).data if fee else None

    @extend_schema_field(ObjectionShape(many=True))
    def get_objections(self, case: Transaction) -> Any:
        return objections_of(case)

    @extend_schema_field(OpenMove(many=True))
    def get_moves(self, case: Transaction) -> Any:
        return [
            {
                "move": move.name,
                "label": str(move.label),
                "consequence": str(move.consequence),
                "forward": move.forward,
                "takes": list(TAKES[move.name]),
                "needs_reason": move.needs_reason,
            }
            for move in moves_open_to(self.context["reader"], case)
            if move.name in TAKES and is_offered(case, move.name)
        ]

    @extend_schema_field({"type": "integer", "nullable": True})
    def get_assignee(self, case: Transaction) -> int | None:
        return case.assignee_id if works_on(self.context["reader"], case) else None

    def get_headline(self, case: Transaction) -> str:
        return headline(case)

    @extend_schema_field(VersionShape(many=True))
    def get_versions(self, case: Transaction) -> Any:
        return VersionShape(versions_of(case), many=True).data

    @extend_schema_field(EntryShape(many=True))
    def get_timeline(self, case: Transaction) -> Any:
        return EntryShape(history_of(case), many=True).data

    @extend_schema_field(MovementShape(many=True))
    def get_movements(self, case: Transaction) -> Any:
        return MovementShape(movements_of(case), many=True).data

    @extend_schema_field(InspectionShape(many=True))
    def get_inspections(self, case: Transaction) -> Any:
        visits = case.inspections.prefetch_related("photographs") if case.service_type.inspects else ()
        return InspectionShape(visits, many=True).data

    @extend_schema_field(AttachmentSerializer(many=True))
    def get_attachments(self, case: Transaction) -> Any:
        return AttachmentSerializer(in_catalogue_order(case.service_type, case.attachments.sent()), many=True).data


class InquiryAnswer(serializers.Serializer[Any]):
    """Where a transaction is. Names nobody."""

    reference = serializers.CharField()
    service = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    outcome = serializers.ChoiceField(
        choices=OUTCOMES, allow_null=True, help_text="How it ended, also once it is filed."
    )
    headline = serializers.CharField()
    held_by = serializers.CharField(allow_null=True)
    submitted_at = serializers.DateTimeField()
    days_elapsed = serializers.IntegerField()
    due_at = serializers.DateTimeField(allow_null=True)
    late = serializers.BooleanField()
    timeline = EntryShape(many=True)
    movements = MovementShape(many=True)
    place = PlaceShape(allow_null=True)
    as_of = serializers.DateTimeField()
