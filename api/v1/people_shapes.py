"""The shapes of who may act for whom, who is told what, and who looked, version 1."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.models import Authorisation, EngineeringOffice, Role
from municipality.models import Office
from transactions.models import Note, Notification
from transactions.notifications.messages import Message, write_message


class EngineeringOfficeSerializer(serializers.ModelSerializer[EngineeringOffice]):
    class Meta:
        model = EngineeringOffice
        fields = ("licence_number", "name_ar", "name_en")
        read_only_fields = fields


class AuthorisationSerializer(serializers.ModelSerializer[Authorisation]):
    """An owner lets an engineering office prepare requests for one plot."""

    office = EngineeringOfficeSerializer(read_only=True)
    owner = serializers.CharField(source="owner.full_name", read_only=True)

    class Meta:
        model = Authorisation
        fields = (
            "id",
            "owner",
            "office",
            "plan_number",
            "parcel_number",
            "status",
            "given_at",
            "answered_at",
            "revoked_at",
        )
        read_only_fields = fields


class NoticeSerializer(serializers.ModelSerializer[Notification]):
    """What somebody was told, in the language asked for. `reference` is empty before there is a number."""

    reference = serializers.SerializerMethodField()
    title = serializers.SerializerMethodField()
    text = serializers.SerializerMethodField()

    class Meta:
        model = Notification
        fields = ("id", "created_at", "read_at", "reference", "title", "text")
        read_only_fields = fields

    def _message(self, notice: Notification) -> Message:
        if "_message" not in notice.__dict__:
            notice.__dict__["_message"] = write_message(notice)
        message: Message = notice.__dict__["_message"]
        return message

    def get_reference(self, notice: Notification) -> str:
        return self._message(notice).reference

    def get_title(self, notice: Notification) -> str:
        return self._message(notice).title

    def get_text(self, notice: Notification) -> str:
        return self._message(notice).text


class MarkedSerializer(serializers.Serializer[Any]):
    marked = serializers.IntegerField(help_text="How many were new.")


class ColleagueSerializer(serializers.Serializer[Any]):
    """Somebody who works on this transaction. Whom `may_be_given` it: see the move `reassign`."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    office = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices)
    may_be_given = serializers.BooleanField()


class NoteRow(serializers.ModelSerializer[Note]):
    """A note among colleagues; no applicant and no inquiry sees it."""

    author = serializers.CharField(source="author.full_name", read_only=True)
    office = serializers.SlugRelatedField[Office]("code", read_only=True, allow_null=True)

    class Meta:
        model = Note
        fields = ("id", "at", "author", "office", "to", "text", "read_at")
        read_only_fields = fields


class LookSerializer(serializers.Serializer[Any]):
    """An office of the municipality that looked at a request, and when it last did."""

    office = serializers.CharField()
    at = serializers.DateTimeField()
