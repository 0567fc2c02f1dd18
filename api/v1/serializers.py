"""The shapes of the public contract, version 1."""

from __future__ import annotations

import re
from typing import Any

from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from municipality.models import Office
from transactions import duplicates
from transactions.access import acts_for_applicant
from transactions.assured import may_receive
from transactions.models import AnswersVersion, Attachment, Deficiency, Event, IssuedDocument, Movement, Transaction
from transactions.own_words import MOST_CHARACTERS
from transactions.revision import with_dependants
from transactions.summary import in_catalogue_order
from transactions.timeline import history_of, movements_of
from transactions.wording import headline
from transactions.workflow import BY_NAME, CLOSED, Status

from .service_shapes import ServiceSerializer as ServiceSerializer

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
        fields = ("code", "kind", "name_ar", "name_en", "parent", "opens_at", "closes_at", "suspended", "certainty")
        read_only_fields = fields


class AttachmentSerializer(serializers.ModelSerializer[Attachment]):
    """`answers_version` is the version of the answers it came with, `replaced_in` the one that put another in its
    place: null while it counts.
    """

    class Meta:
        model = Attachment
        fields = (
            "key",
            "document",
            "original_name",
            "content_type",
            "size",
            "sha256",
            "uploaded_at",
            "answers_version",
            "replaced_in",
        )
        read_only_fields = fields


def _mark() -> serializers.CharField:
    return serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=40,
        help_text="With Content-Range: what you know the file by, the same for all its pieces.",
    )


class HeldSerializer(serializers.Serializer[Any]):
    have = serializers.IntegerField(help_text="Bytes held so far; the next piece begins there.")


class UploadSerializer(serializers.Serializer[Any]):
    document = serializers.SlugField(max_length=40)
    file = serializers.FileField(allow_empty_file=True, use_url=False)
    mark = _mark()


class FileOnlySerializer(serializers.Serializer[Any]):
    file = serializers.FileField(allow_empty_file=True, use_url=False)
    mark = _mark()
    document = serializers.SlugField(
        required=False,
        max_length=40,
        help_text="Which of the documents that the deficiency opens; the first if absent.",
    )


class SubmissionSerializer(serializers.Serializer[Any]):
    service = serializers.SlugField(max_length=40)
    answers = serializers.DictField(help_text="By question name, as typed: see the service's fields.")
    attachments = serializers.DictField(
        child=serializers.ListField(child=serializers.UUIDField(), max_length=20),
        required=False,
        help_text="Document code to the keys of files uploaded before.",
    )
    authorisation = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=2**31 - 1,
        help_text="Leave it out. It is read so that a request sent with it before is answered with its receipt.",
    )


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

    class Meta:
        model = Transaction
        fields = (
            "reference",
            "service",
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


class DeficiencyShape(serializers.ModelSerializer[Deficiency]):
    """An answer is shown once it is sent; until then it is its writer's own."""

    answer = serializers.SerializerMethodField()
    opens = serializers.SerializerMethodField()

    class Meta:
        model = Deficiency
        fields = ("id", "round", "code", "sentence", "about", "opens", "answer", "answered_at")
        read_only_fields = fields

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_opens(self, item: Deficiency) -> list[str]:
        """The questions and documents that may be changed in answer, with those that follow from them."""
        return sorted(with_dependants(item.transaction.service_type, item.names))

    def get_answer(self, item: Deficiency) -> str:
        return item.answer if item.answered_at else ""


class IssuedShape(serializers.ModelSerializer[IssuedDocument]):
    class Meta:
        model = IssuedDocument
        fields = ("kind", "number", "issued_at", "valid_until", "token")
        read_only_fields = fields


class VersionShape(serializers.ModelSerializer[AnswersVersion]):
    """What was answered as of one event, named by its move: submit, answer, correct."""

    event = serializers.SlugRelatedField[Event]("move", read_only=True)

    class Meta:
        model = AnswersVersion
        fields = ("number", "at", "event", "answers")
        read_only_fields = fields


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


class CaseSerializer(CaseSummary):
    """One transaction with its history, for those who may see it. Files of an answer are listed once it is sent.

    `answers` is the version in force, `answers_version`; `versions` are all of them.
    """

    headline = serializers.SerializerMethodField()
    flags = serializers.SerializerMethodField()
    answers = serializers.JSONField(read_only=True)
    versions = serializers.SerializerMethodField()
    timeline = serializers.SerializerMethodField()
    movements = serializers.SerializerMethodField()
    deficiencies = DeficiencyShape(many=True, read_only=True)
    attachments = serializers.SerializerMethodField()
    issued_documents = serializers.SerializerMethodField(
        help_text="Empty for the applicant as long as the service asks for more certainty of who they are."
    )

    class Meta(CaseSummary.Meta):
        fields = (
            *CaseSummary.Meta.fields,
            "headline",
            "flags",
            "answers",
            "answers_version",
            "versions",
            "timeline",
            "movements",
            "deficiencies",
            "attachments",
            "issued_documents",
        )
        read_only_fields = fields

    @extend_schema_field(IssuedShape(many=True))
    def get_issued_documents(self, case: Transaction) -> Any:
        reader = self.context["reader"]
        if acts_for_applicant(reader, case) and not may_receive(case):
            return []
        return IssuedShape(case.issued_documents.all(), many=True).data

    def get_headline(self, case: Transaction) -> str:
        return headline(case)

    @extend_schema_field(FlagShape(many=True))
    def get_flags(self, case: Transaction) -> Any:
        checks = [
            duplicates.Hint(flag.code, str(flag.message), flag.path) for flag in case.service_type.flag(case.answers)
        ]
        shared = duplicates.of_case(case, case.attachments.sent(), self.context["reader"])
        return FlagShape([*checks, *shared], many=True).data

    @extend_schema_field(VersionShape(many=True))
    def get_versions(self, case: Transaction) -> Any:
        return VersionShape(case.versions.select_related("event"), many=True).data

    @extend_schema_field(EntryShape(many=True))
    def get_timeline(self, case: Transaction) -> Any:
        return EntryShape(history_of(case), many=True).data

    @extend_schema_field(MovementShape(many=True))
    def get_movements(self, case: Transaction) -> Any:
        return MovementShape(movements_of(case), many=True).data

    @extend_schema_field(AttachmentSerializer(many=True))
    def get_attachments(self, case: Transaction) -> Any:
        return AttachmentSerializer(in_catalogue_order(case.service_type, case.attachments.sent()), many=True).data


class ReceiptSerializer(serializers.Serializer[Any]):
    reference = serializers.CharField()
    pin = serializers.CharField(help_text="Eight digits, for whoever may ask without signing in.")
    token = serializers.CharField(help_text="What the receipt's QR carries; see /verify/.")
    submitted_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    verify_url = serializers.CharField()


class AnswersSerializer(serializers.Serializer[Any]):
    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    answers = serializers.DictField(
        child=serializers.CharField(allow_blank=True, max_length=MOST_CHARACTERS),
        help_text="Deficiency id to the answer in words.",
    )
    changes = serializers.DictField(
        required=False,
        help_text="Question name to its new answer, as typed. Only questions that a deficiency opens; the others stay.",
    )
    replaced = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        max_length=100,
        help_text="Keys of earlier files that those attached to the deficiencies take the place of.",
    )

    def validate_answers(self, value: dict[str, str]) -> dict[int, str]:
        if bad := [key for key in value if not re.fullmatch(r"[1-9][0-9]{0,8}", key)]:
            raise serializers.ValidationError(
                _("%(id)s is not the id of a deficiency.") % {"id": repr(bad[0])}, code="not_an_id"
            )
        return {int(key): text for key, text in value.items()}


class AskedSerializer(serializers.Serializer[Any]):
    """A deficiency of the service's list by its code or, without one, in one's own words."""

    code = serializers.SlugField(max_length=30, required=False, default="", allow_blank=True)
    sentence = serializers.CharField(required=False, allow_blank=True, max_length=MOST_CHARACTERS)
    opens = serializers.ListField(
        child=serializers.SlugField(max_length=40),
        required=False,
        max_length=100,
        help_text="Questions and documents the applicant may change, besides those the code is about.",
    )


STAFF_MOVES = sorted(set(BY_NAME) - {"route", "answer"})


class MoveSerializer(serializers.Serializer[Any]):
    """One move of the lifecycle. Which further values it needs follows from the move."""

    move = serializers.ChoiceField(choices=STAFF_MOVES)
    version = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, help_text="The version you looked at; refused when somebody was faster."
    )
    reason = serializers.CharField(required=False, allow_blank=True, max_length=MOST_CHARACTERS)
    deficiencies = AskedSerializer(many=True, required=False, validators=[MaxLengthValidator(50)])
    to_office = serializers.SlugField(required=False, max_length=12)
    to_person = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    payment_reference = serializers.CharField(required=False, allow_blank=True, max_length=120)
    answers = serializers.DictField(
        required=False, help_text="For correct: question name to its right answer, as typed."
    )


class InquirySerializer(serializers.Serializer[Any]):
    """Either reference and pin, or office, number and last_four, with hijri_year where the number has no year."""

    reference = serializers.CharField(required=False, max_length=120)
    pin = serializers.CharField(required=False, max_length=60)
    office = serializers.SlugField(required=False, max_length=12)
    number = serializers.CharField(required=False, max_length=60, help_text="As printed, 38/1448, or the number alone.")
    hijri_year = serializers.CharField(required=False, allow_blank=True, max_length=20)
    last_four = serializers.CharField(required=False, max_length=20)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if {"reference", "pin"} <= set(data) or {"office", "number", "last_four"} <= set(data):
            return data
        raise serializers.ValidationError(
            _("Give reference and pin, or office, number (with its hijri_year) and last_four."), code="incomplete"
        )


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
    as_of = serializers.DateTimeField()
