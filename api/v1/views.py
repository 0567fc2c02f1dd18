"""The public contract, version 1: a skin over the same services as the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from functools import cache, partial
from typing import Any
from uuid import UUID

from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, status
from rest_framework.generics import ListAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts.access import signed_in
from accounts.models import Authorisation, Scope, User
from municipality.hijri import days_between
from municipality.models import Office
from transactions import access, kinds, looked, pins, replica, search, service_types
from transactions.models import Channel, Intake, Transaction
from transactions.service_types import Document
from transactions.services import attachments, inquiry, moves
from transactions.services.intake import Submission, submit
from transactions.timeline import history_of, public_movements_of
from transactions.wording import headline

from . import pieces, serializers

IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="1 to 100 characters. The same key with the same body gives the same receipt; with another body 422.",
    pattern=r"^[!-~]{1,100}$",
)

# One of each kind for as long as the process lives, since making one copies all its fields. They keep nothing.
_shape = cache(lambda kind: kind())


def _read(kind: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """The body of a request in this shape; ValidationError names what is wrong with it."""
    read: dict[str, Any] = _shape(kind).run_validation({} if request.data is None else request.data)
    return read


class Services(APIView):
    permission_classes = (AllowAny,)

    @extend_schema(responses=serializers.ServiceSerializer(many=True), operation_id="services_list")
    def get(self, request: Request) -> Response:
        """Every service on offer, as the catalogue declares it."""
        return Response(serializers.ServiceSerializer(service_types.offered(), many=True).data)


class Service(APIView):
    permission_classes = (AllowAny,)

    @extend_schema(responses=serializers.ServiceSerializer, operation_id="services_read")
    def get(self, request: Request, code: str) -> Response:
        """One service: its questions, documents and stages."""
        service = service_types.find(code)
        if service is None:
            raise Http404
        return Response(serializers.ServiceSerializer(service).data)


class Offices(ListAPIView[Office]):
    """Every office of the city: sub-municipalities, service centres, central offices."""

    permission_classes = (AllowAny,)
    serializer_class = serializers.OfficeSerializer
    queryset = Office.objects.select_related("parent").order_by("code")


class Transactions(APIView):
    @extend_schema(
        responses=serializers.CaseSummary(many=True),
        operation_id="transactions_list",
        parameters=[
            OpenApiParameter("page", int, description="1 and up"),
            OpenApiParameter("at_work", bool, description="For staff: the cases of my offices instead of my own."),
            OpenApiParameter("q", str, description="Only cases that bear this number or name, in any writing."),
        ],
    )
    def get(self, request: Request) -> Response:
        """My transactions, newest first, 25 a page; for staff with at_work=true those of their offices."""
        wants_work = request.query_params.get("at_work") in ("1", "true", "True")
        rows = access.at_work(signed_in(request)) if wants_work else access.mine(signed_in(request))
        rows = rows.filter(search.cases(request.query_params.get("q", "")))
        number = request.query_params.get("page", "1")
        page = int(number) if number.isascii() and number.isdecimal() and len(number) < 7 else 1
        first = (max(page, 1) - 1) * 25
        found = rows.select_related("branch", "centre", "held_by").order_by("-submitted_at", "-pk")[first : first + 25]
        return Response(serializers.CaseSummary(found, many=True).data)

    @extend_schema(
        request=serializers.SubmissionSerializer,
        responses={201: serializers.ReceiptSerializer},
        parameters=[IDEMPOTENCY],
        operation_id="transactions_create",
    )
    def post(self, request: Request) -> Response:
        """Submit a request for oneself. Answers with the receipt.

        What an engineering office prepares is submitted on the portal, where its owner approves it: `office_needed`.
        """
        key = request.headers.get("Idempotency-Key", "")
        if not (1 <= len(key) <= 100 and key.isascii() and key.isprintable() and " " not in key):
            raise exceptions.ValidationError({"Idempotency-Key": [_("1 to 100 printable characters are required.")]})
        data = _read(serializers.SubmissionSerializer, request)
        service = service_types.find(data["service"])
        if service is None:
            raise exceptions.ValidationError({"service": [_("There is no such service.")]})
        authorisation = None
        if data.get("authorisation"):
            authorisation = (
                Authorisation.objects.select_related("office")
                .filter(pk=data["authorisation"], owner=signed_in(request))
                .first()
            )
        intake = submit(
            Submission(
                service=service,
                applicant=signed_in(request),
                answers=data["answers"],
                attachments=data.get("attachments", {}),
                authorisation=authorisation,
                channel=Channel.API,
                language=signed_in(request).language,
            ),
            by=signed_in(request),
            key=f"api:{key}",
        )
        return Response(_receipt(intake, request), status=status.HTTP_201_CREATED)


def _receipt(intake: Intake, request: Request) -> dict[str, Any]:
    """The shape of serializers.ReceiptSerializer, the same bytes however often it is asked for.

    So the due date is that of the receipt, not of today.
    """
    case = intake.transaction
    return {
        "reference": case.reference,
        "pin": pins.of(case.reference, case.pin_serial),
        "token": intake.token,
        "submitted_at": case.submitted_at.astimezone(UTC),
        "due_at": intake.due_at.astimezone(UTC),
        "verify_url": request.build_absolute_uri(reverse("journal:verify_token", args=[intake.token])),
    }


def _case(request: Request, reference: str) -> Response:
    reader = signed_in(request)
    found = access.get(reader, reference)
    return Response(serializers.CaseSerializer(found, context={"reader": reader}).data)


class TransactionView(APIView):
    @extend_schema(responses=serializers.CaseSerializer, operation_id="transactions_read")
    def get(self, request: Request, reference: str) -> Response:
        """One transaction with history, numbers, deficiencies and files."""
        return _case(request, reference)


class Answers(APIView):
    @extend_schema(
        request=serializers.AnswersSerializer,
        responses={200: serializers.CaseSerializer},
        operation_id="transactions_answer",
    )
    def post(self, request: Request, reference: str) -> Response:
        """Answer all that was asked in the latest round at once; the clock resumes.

        What the deficiencies opened may be changed: that is the next version of the answers.
        """
        case = access.get(signed_in(request), reference)
        data = _read(serializers.AnswersSerializer, request)
        done = moves.answer(
            case,
            answers=data["answers"],
            changes=data.get("changes"),
            replaced=[str(key) for key in data.get("replaced", ())],
            by=signed_in(request),
            version=data.get("version"),
        )
        return _case(request, done.reference)


class DeficiencyFiles(APIView):
    parser_classes = (MultiPartParser,)

    @extend_schema(
        request={"multipart/form-data": serializers.FileOnlySerializer},
        parameters=[pieces.CONTENT_RANGE],
        responses=pieces.RESPONSES,
        operation_id="deficiency_attach",
    )
    def post(self, request: Request, reference: str, deficiency: int) -> Response:
        """Attach a file to the answer of one deficiency, before the answers are sent."""
        case = access.get(signed_in(request), reference)
        asked = case.deficiencies.open().filter(pk=deficiency).first() if deficiency < 2**31 else None
        if asked is None:
            raise Http404
        data = _read(serializers.FileOnlySerializer, request)
        code = data.get("document", "")
        return pieces.kept(
            request,
            data,
            place=f"answer/{deficiency}/{code}",
            document=attachments.document_asked(asked, code),
            beside=asked.attachments.all(),
            attach=partial(attachments.attach_to_deficiency, asked, document=code, by=signed_in(request)),
        )


class Attachments(APIView):
    parser_classes = (MultiPartParser,)

    @extend_schema(
        request={"multipart/form-data": serializers.UploadSerializer},
        parameters=[pieces.CONTENT_RANGE],
        responses=pieces.RESPONSES,
        operation_id="attachments_create",
    )
    def post(self, request: Request) -> Response:
        """Upload a file for a request to come. PDF, JPEG, PNG or DWG by content, at most 50 MB."""
        data = _read(serializers.UploadSerializer, request)
        by, code = signed_in(request), data["document"]
        return pieces.kept(
            request,
            data,
            place=f"free/{code}",
            document=Document(code, code, accepts=tuple(kinds.TAKEN)),
            beside=attachments.free_of(by),
            attach=partial(attachments.store, document=code, by=by),
        )


class AttachmentView(APIView):
    @extend_schema(responses=serializers.AttachmentSerializer, operation_id="attachments_read")
    def get(self, request: Request, key: UUID) -> Response:
        """What is known of a file; its content is at /files/<key>/."""
        return Response(serializers.AttachmentSerializer(access.get_attachment(signed_in(request), key)).data)


Acting = Callable[[Transaction, dict[str, Any], User], Transaction]


def _office(data: dict[str, Any]) -> Office:
    found = Office.objects.filter(code=data.get("to_office", "")).first()
    if found is None:
        raise exceptions.ValidationError({"to_office": [_("There is no such office.")]})
    return found


def _person(data: dict[str, Any]) -> User:
    found = User.objects.filter(pk=data.get("to_person", 0), is_staff=True).first()
    if found is None:
        raise exceptions.ValidationError({"to_person": [_("There is no such colleague.")]})
    return found


def _act(service: Callable[..., Transaction], **extra: Callable[[dict[str, Any]], Any]) -> Acting:
    return lambda case, data, by: service(
        case, by=by, version=data["version"], **{name: read(data) for name, read in extra.items()}
    )


def _reason(data: dict[str, Any]) -> str:
    return str(data.get("reason", ""))


ACTIONS: dict[str, Acting] = {
    "register": _act(moves.register),
    "take": _act(moves.take),
    "give_back": _act(moves.give_back),
    "reassign": _act(moves.reassign, to=_person),
    "recommend": _act(moves.recommend, note=_reason),
    "return": _act(
        moves.return_for_completion,
        deficiencies=lambda data: [
            moves.Asked(**item | {"opens": tuple(item.get("opens", ()))}) for item in data.get("deficiencies", [])
        ],
    ),
    "correct": _act(moves.correct, changes=lambda data: data.get("answers", {}), reason=_reason),
    "send_back": _act(moves.send_back, reason=_reason),
    "approve": _act(moves.approve, note=_reason),
    "reject": _act(moves.reject, reason=_reason),
    "record_payment": _act(moves.record_payment, payment_reference=lambda data: data.get("payment_reference", "")),
    "issue": _act(moves.issue),
    "dispatch": _act(moves.dispatch),
    "refer": _act(moves.refer, to=_office, reason=_reason),
    "withdraw": _act(moves.withdraw, reason=_reason),
    "file": _act(moves.file),
    "reopen": _act(moves.reopen, reason=_reason),
}


class Moves(APIView):
    scope = Scope.MOVE

    @extend_schema(
        request=serializers.MoveSerializer,
        responses={200: serializers.CaseSummary},
        operation_id="transactions_move",
    )
    def post(self, request: Request, reference: str) -> Response:
        """Make one move that the lifecycle allows this person now."""
        case = access.get(signed_in(request), reference)
        data = _read(serializers.MoveSerializer, request)
        done = ACTIONS[data["move"]](case, data, signed_in(request))
        return Response(serializers.CaseSummary(done).data)


class Inquiries(APIView):
    permission_classes = (AllowAny,)
    authentication_classes = ()

    @extend_schema(
        request=serializers.InquirySerializer,
        responses={200: serializers.InquiryAnswer},
        operation_id="inquiries_create",
    )
    def post(self, request: Request) -> Response:
        """Ask where a transaction is, without signing in. A wrong secret and an unknown number look the same."""
        data = _read(serializers.InquirySerializer, request)
        address = str(request.META.get("REMOTE_ADDR", ""))

        def look() -> dict[str, Any]:
            if "pin" in data and "reference" in data:
                reference, pin = data["reference"], data["pin"]
                return _answer(looked.by_number(reference, lambda: inquiry.by_pin(reference, pin, address=address)))
            year = data.get("hijri_year", "")
            line = f"{data['office']} {data['number']}/{year}"
            register = (data["office"], data["number"], year, data["last_four"])
            return _answer(looked.by_number(line, lambda: inquiry.by_incoming_number(*register, address=address)))

        return Response(replica.ask(look))


def _answer(case: Transaction) -> dict[str, Any]:
    """The shape of serializers.InquiryAnswer, written out: this answer is given more often than all others."""
    now = timezone.now()
    return {
        "reference": case.reference,
        "service": case.service,
        "status": case.status,
        "outcome": case.outcome,
        "headline": headline(case),
        "held_by": case.held_by.code if case.held_by else None,
        "submitted_at": case.submitted_at,
        "days_elapsed": days_between(case.submitted_at, now),
        "due_at": case.due_at,
        "late": case.is_late(now),
        **inquiry.kept("told", case, lambda: _told(case)),
        "as_of": replica.as_of(),
    }


def _told(case: Transaction) -> dict[str, Any]:
    return {
        "timeline": [vars(entry) for entry in history_of(case)],
        "movements": [
            {
                "office": line.office.code,
                "direction": line.direction,
                "number": line.number,
                "hijri_year": line.hijri_year,
                "at": line.at,
                "recipient": line.recipient,
            }
            for line in public_movements_of(case)
        ],
    }
