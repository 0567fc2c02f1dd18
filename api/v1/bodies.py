"""The shapes of what programs send, version 1: each takes its fields and no others."""

from __future__ import annotations

import re
from typing import Any

from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from transactions.domain.text_length import MAX_CHARACTERS
from transactions.models import Inspection
from transactions.transitions.forms import FORMS

from ..strict import Strict


def _mark() -> serializers.CharField:
    return serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=40,
        help_text="With Content-Range: what you know the file by, the same for all its pieces.",
    )


class UploadSerializer(Strict):
    document = serializers.SlugField(max_length=40)
    file = serializers.FileField(allow_empty_file=True, use_url=False)
    mark = _mark()


class FileOnlySerializer(Strict):
    file = serializers.FileField(allow_empty_file=True, use_url=False)
    mark = _mark()
    document = serializers.SlugField(
        required=False,
        max_length=40,
        help_text="Which of the documents that the deficiency opens; the first if absent.",
    )


class SubmissionSerializer(Strict):
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
    delegation = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=2**31 - 1,
        help_text="The document by which you file for its principal: see delegations/. Without it, for yourself.",
    )


class AnswersSerializer(Strict):
    version = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    answers = serializers.DictField(
        child=serializers.CharField(allow_blank=True, max_length=MAX_CHARACTERS),
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
            message = _("%(id)s is not the id of a deficiency.") % {"id": repr(bad[0])}
            raise serializers.ValidationError(message, code="not_an_id")
        return {int(key): text for key, text in value.items()}


class AskedSerializer(Strict):
    """A deficiency of the service's list by its code or, without one, in one's own words."""

    code = serializers.SlugField(max_length=30, required=False, default="", allow_blank=True)
    sentence = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=MAX_CHARACTERS,
        help_text="In the language of the request. It can also be given by language, in both or in that one.",
    )
    sentence_ar = serializers.CharField(required=False, allow_blank=True, max_length=MAX_CHARACTERS)
    sentence_en = serializers.CharField(required=False, allow_blank=True, max_length=MAX_CHARACTERS)
    opens = serializers.ListField(
        child=serializers.SlugField(max_length=40),
        required=False,
        max_length=100,
        help_text="Questions and documents the applicant may change, besides those the code is about.",
    )


# What the move takes beside the version; each is refused where another move takes it.
TAKES = {name: form.names for name, form in FORMS.items()}


class MoveSerializer(Strict):
    """One move of the lifecycle, and what it takes: `moves` of a transaction says both."""

    move = serializers.ChoiceField(choices=sorted(TAKES))
    version = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, help_text="The version you looked at; refused when somebody was faster."
    )
    reason = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=MAX_CHARACTERS,
        help_text="What the applicant reads is in the language of the request. It can also be given by language.",
    )
    reason_ar = serializers.CharField(required=False, allow_blank=True, max_length=MAX_CHARACTERS)
    reason_en = serializers.CharField(required=False, allow_blank=True, max_length=MAX_CHARACTERS)
    deficiencies = AskedSerializer(many=True, required=False, validators=[MaxLengthValidator(50)])
    to_office = serializers.SlugField(required=False, max_length=12)
    to_person = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    payment_reference = serializers.CharField(required=False, allow_blank=True, max_length=120)
    amount = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=40,
        help_text="The right fee in SAR, where an objection to it is upheld.",
    )
    conditions_ar = serializers.CharField(
        required=False, allow_blank=True, max_length=MAX_CHARACTERS, help_text="Conditions of the approval, in Arabic."
    )
    conditions_en = serializers.CharField(
        required=False, allow_blank=True, max_length=MAX_CHARACTERS, help_text="The same in English."
    )
    result = serializers.ChoiceField(
        choices=Inspection.Result.choices, required=False, help_text="Of an inspection; failed returns the request."
    )
    visited_on = serializers.DateField(required=False, help_text="The day of the inspection.")
    photographs = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=50, help_text="Keys of JPEG and PNG files you sent."
    )
    files = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        max_length=10,
        help_text="For object: keys of files you sent, which support the objection.",
    )
    answers = serializers.DictField(
        required=False, help_text="For correct: question name to its right answer, as typed."
    )

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        taken = {"move", "version", *TAKES[data["move"]]}
        if others := sorted(set(data) - taken):
            message = _("This action does not take this value.")
            raise serializers.ValidationError({name: [ErrorDetail(message, code="not_taken")] for name in others})
        return data


class InquirySerializer(Strict):
    """Either reference and pin, or office, number and last_four, with hijri_year where the number has no year."""

    reference = serializers.CharField(required=False, max_length=120)
    pin = serializers.CharField(required=False, max_length=60)
    office = serializers.SlugField(required=False, max_length=12)
    number = serializers.CharField(required=False, max_length=60, help_text="As printed, 38/1448, or the number alone.")
    hijri_year = serializers.CharField(required=False, allow_blank=True, max_length=20)
    last_four = serializers.CharField(required=False, max_length=20)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if set(data) in ({"reference", "pin"}, {"office", "number", "last_four"}):
            return data
        if set(data) == {"office", "number", "last_four", "hijri_year"}:
            return data
        message = _("Give reference and pin, or office, number (with its hijri_year) and last_four.")
        raise serializers.ValidationError(message, code="incomplete")


class CheckSerializer(Strict):
    """What a request would be sent with."""

    answers = serializers.DictField(help_text="By question name, as typed: see the service's fields.")
    attachments = serializers.DictField(
        child=serializers.ListField(child=serializers.UUIDField(), max_length=20),
        required=False,
        help_text="Document code to the keys of files uploaded before.",
    )


class PinSerializer(Strict):
    pin_serial = serializers.IntegerField(
        min_value=0, max_value=2**31 - 2, help_text="That of the PIN to be ended, from the receipt. Sent twice is once."
    )


class NoteSerializer(Strict):
    text = serializers.CharField(max_length=MAX_CHARACTERS)
    to = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="A colleague it is meant for."
    )


class ReadSerializer(Strict):
    up_to = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, help_text="The id of the newest notice that was read; later ones stay new."
    )


class AuthoriseSerializer(Strict):
    licence_number = serializers.CharField(max_length=20, help_text="Of an engineering office: see there.")
    plan_number = serializers.CharField(max_length=30, help_text="As written in the deed.")
    parcel_number = serializers.CharField(max_length=30, help_text="As written in the deed.")


class AcceptSerializer(Strict):
    accept = serializers.BooleanField(help_text="False declines.")
