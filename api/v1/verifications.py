"""Is a document genuine, and does it still hold? By its code, its number, or its file; nobody has to be known."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from journal import receipts
from transactions.inquiry.issued import find_document
from transactions.models import PaperContent
from transactions.papers import card
from transactions.papers.verification import content_of_entry, paper_number
from transactions.signed_papers.verifying import Verdict, verify_file

from ..strict import Public, Strict, read


class VerificationSerializer(Strict):
    """Either code, or number and last_four."""

    code = serializers.CharField(required=False, max_length=8000, help_text="What the QR code holds, or its address.")
    number = serializers.CharField(required=False, max_length=60, help_text="As printed, SHR-1448-000123.")
    last_four = serializers.CharField(required=False, max_length=20, help_text="Of the holder's ID.")

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if set(data) in ({"code"}, {"number", "last_four"}):
            return data
        raise serializers.ValidationError(_("Give code, or number and last_four."), code="incomplete")


class FileVerificationSerializer(Strict):
    file = serializers.FileField(allow_empty_file=True, use_url=False)


class FigureSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()
    value = serializers.CharField()


class DocumentFactsSerializer(serializers.Serializer[Any]):
    """What a genuine document says, to compare with the one at hand, and whether it still holds."""

    kind = serializers.CharField(help_text="Of the document; or received, approved, rejected.")
    number = serializers.CharField(allow_blank=True)
    reference = serializers.CharField()
    holder = serializers.CharField(help_text="A person's name is masked: the first letter of each word.")
    plot = serializers.CharField(allow_blank=True, help_text="Plan and parcel.")
    figures = FigureSerializer(many=True)
    issued_at = serializers.DateTimeField()
    valid_until = serializers.DateField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True, help_text="Revoked or replaced: no longer valid since then.")
    replaced_by = serializers.CharField(allow_blank=True, help_text="The number of the document in its place.")


class VerifiedSerializer(serializers.Serializer[Any]):
    """`unknown`: our signature is good, and we have no record, which may be lost; `unreliable`: nor do we have
    this file, and its key was stolen or is a demonstration's, so do not rely on it; `changed`: not what we signed.
    """

    verdict = serializers.ChoiceField(choices=[(each.value, each.value) for each in Verdict])
    sha256 = serializers.CharField(allow_blank=True, help_text="Of the file that was sent.")
    document = DocumentFactsSerializer(allow_null=True)


class Verifications(Public):
    @extend_schema(
        request=VerificationSerializer, responses={200: VerifiedSerializer}, operation_id="verifications_create"
    )
    def post(self, request: Request) -> Response:
        """Verify a document by its code, or by its number and the last four digits of its holder's ID."""
        asked = read(VerificationSerializer, request)
        if "code" in asked:
            return _answer(*_by_code(asked["code"]))
        number, address = paper_number(asked["number"]), str(request.META.get("REMOTE_ADDR", ""))
        document = find_document(number, asked["last_four"], address=address)
        return _answer(Verdict.GENUINE, document.content)


class FileVerifications(Public):
    parser_classes = (MultiPartParser,)

    @extend_schema(
        request={"multipart/form-data": FileVerificationSerializer},
        responses={200: VerifiedSerializer},
        operation_id="verifications_file_create",
    )
    def post(self, request: Request) -> Response:
        """Verify a PDF to its last byte. It is looked at and not kept."""
        upload = read(FileVerificationSerializer, request)["file"]
        result = verify_file(upload, address=str(request.META.get("REMOTE_ADDR", "")))
        return _answer(result.verdict, result.content, result.sha256)


def _by_code(code: str) -> tuple[Verdict, PaperContent | None]:
    checked = receipts.check_token(code)
    if not checked.readable:
        return Verdict.UNREADABLE, None
    if not checked.signature_good:
        return Verdict.CHANGED, None
    if not checked.in_journal:
        stolen = checked.listed is not None and checked.listed.is_compromised
        return (Verdict.NOT_OURS if stolen else Verdict.UNKNOWN), None
    return Verdict.GENUINE, content_of_entry(checked.subject, checked.body or {})


def _answer(verdict: Verdict, content: PaperContent | None, sha256: str = "") -> Response:
    document = card.facts(content) if content else None
    return Response(VerifiedSerializer({"verdict": verdict, "sha256": sha256, "document": document}).data)
