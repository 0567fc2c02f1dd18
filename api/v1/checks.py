"""The checklist of a transaction, for programs of the staff: what is to be looked at, and one press at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import current_user
from accounts.models import Scope
from transactions.domain.text_length import MAX_CHARACTERS
from transactions.intake.draft_parts import flags_of
from transactions.models import Check, Transaction
from transactions.text.two_languages import in_every_language
from transactions.transitions import checklist

from ..strict import Strict, View, read
from .moves import worked_on


class PressSerializer(Strict):
    """One press on a point, or (`left_out`) on all open ones at once. `stage` and `answers_version` are those you
    looked at: what nobody saw is not ticked.
    """

    stage = serializers.SlugField(max_length=30)
    answers_version = serializers.IntegerField(min_value=1, max_value=2**15 - 1)
    state = serializers.ChoiceField(choices=Check.State.choices)
    code = serializers.SlugField(max_length=30, required=False, help_text="Of the point; left_out takes none.")
    of = serializers.SlugField(
        max_length=30, required=False, help_text="The stage of a point that is open again from before."
    )
    reason = serializers.CharField(
        max_length=MAX_CHARACTERS, required=False, allow_blank=True, help_text="For left_out, which a supervisor says."
    )


class LineShape(serializers.Serializer[Any]):
    """A point, with the latest that was said of it. `settled` when it does not stand against going on; `changed` when
    what it is about has changed since it was said.
    """

    stage = serializers.CharField()
    code = serializers.CharField(source="point.code")
    words_ar = serializers.SerializerMethodField()
    words_en = serializers.SerializerMethodField()
    about = serializers.ListField(child=serializers.CharField(), source="point.about")
    deficiency = serializers.CharField(source="point.deficiency", allow_blank=True)
    flags = serializers.SerializerMethodField()
    state = serializers.CharField(allow_blank=True)
    settled = serializers.BooleanField(source="is_settled")
    changed = serializers.BooleanField()
    can_be_pressed = serializers.SerializerMethodField()
    by = serializers.CharField(source="check.by.full_name", default="", read_only=True)
    at = serializers.DateTimeField(source="check.at", default=None, read_only=True, allow_null=True)
    reason = serializers.CharField(source="check.reason", default="", read_only=True)

    def get_words_ar(self, line: checklist.Line) -> str:
        return in_every_language(lambda: str(line.words))["ar"]

    def get_words_en(self, line: checklist.Line) -> str:
        return in_every_language(lambda: str(line.words))["en"]

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_flags(self, line: checklist.Line) -> list[str]:
        return [flag.code for flag in line.flags]

    def get_can_be_pressed(self, line: checklist.Line) -> bool:
        """Is it one that whoever studies the case now can say something of?"""
        return line in self.context["present"]


class ChecklistShape(serializers.Serializer[Any]):
    stage = serializers.CharField()
    answers_version = serializers.IntegerField()
    may_press = serializers.BooleanField()
    may_leave_out = serializers.BooleanField()
    points = LineShape(many=True)


def _shown(case: Transaction, lines: Sequence[checklist.Line], request: Request) -> dict[str, Any]:
    user = current_user(request)
    shown = {
        "stage": case.stage,
        "answers_version": case.answers_version,
        "may_press": checklist.may_press(user, case),
        "may_leave_out": checklist.may_leave_out(user, case),
        "points": lines,
    }
    return ChecklistShape(shown, context={"present": checklist.pressable(case, lines)}).data


class Checks(View):
    scope = Scope.MOVE

    @extend_schema(responses=ChecklistShape, operation_id="transactions_checks")
    def get(self, request: Request, reference: str) -> Response:
        """What is to be looked at, of all stages so far, and what was said of each point."""
        case = worked_on(request, reference)
        flags = flags_of(case.service_type, case.answers)
        checks = case.checks.select_related("by")
        lines = checklist.read(case, checklist.stages_so_far(case), checks=checks, flags=flags)
        return Response(_shown(case, lines, request))

    @extend_schema(request=PressSerializer, responses={200: ChecklistShape}, operation_id="transactions_check")
    def post(self, request: Request, reference: str) -> Response:
        """Say of a point that it was looked at, does not apply, is to be completed, or take that back. The same said
        again changes nothing.
        """
        case, sent = worked_on(request, reference), read(PressSerializer, request)
        seen, by = {"stage": sent["stage"], "answers_version": sent["answers_version"]}, current_user(request)
        if sent["state"] == Check.State.LEFT_OUT:
            checklist.leave_out(case, reason=sent.get("reason", ""), by=by, **seen)
        else:
            of, code = sent.get("of", ""), sent.get("code", "")
            checklist.press(case, code=code, of=of, state=sent["state"], by=by, **seen)
        lines = checklist.read(case, checklist.stages_so_far(case), checks=case.checks.select_related("by"))
        return Response(_shown(case, lines, request), status=status.HTTP_200_OK)
