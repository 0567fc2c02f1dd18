"""Transactions in the public contract, version 1: a skin over the same services as the pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, status
from rest_framework import serializers as rest
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access_log
from accounts.access import current_user
from accounts.models import Act, Authorisation, Scope, User
from transactions import access, view_log
from transactions.domain import service_types
from transactions.domain.deadlines import Deadline, overdue
from transactions.domain.errors import DomainError, NotVisible
from transactions.domain.workflow import Status
from transactions.inquiry import pin
from transactions.intake import eligibility
from transactions.intake.assured import refuse_to_receive
from transactions.intake.submission import Submission
from transactions.intake.submit import submit
from transactions.models import Channel
from transactions.queues import unassigned
from transactions.selectors import search
from transactions.transitions import moves

from .. import pages
from ..strict import View, read
from . import bodies, serializers
from .people_shapes import LookSerializer
from .promises import ReceiptSerializer
from .receipts import receipt_for

IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="1 to 100 characters. The same key with the same body gives the same receipt; with another body 422.",
    pattern=r"^[!-~]{1,100}$",
)


class ListQuery(pages.PageQuery):
    at_work = rest.BooleanField(default=False, help_text="For staff: the cases of my offices instead of my own.")
    q = rest.CharField(
        default="",
        allow_blank=True,
        max_length=search.MAX_CHARACTERS,
        help_text="Only cases that bear this number or name, in any writing.",
    )
    status = rest.ListField(
        child=rest.ChoiceField(choices=Status.choices), required=False, max_length=50, help_text="Any of these."
    )
    service = rest.SlugField(required=False, max_length=40, help_text="Of this service.")
    assigned = rest.ChoiceField(
        choices=["me", "nobody"], required=False, help_text="Nobody's are also those of whoever left."
    )
    late = rest.ChoiceField(
        choices=["whole", "stage"], required=False, help_text="Past the due date of the whole, or of the present stage."
    )

    delegation = rest.IntegerField(
        required=False,
        min_value=1,
        max_value=2**31 - 1,
        help_text="Only what this document of mine covers, as I follow it for its principal: see delegations/.",
    )

    def validate_service(self, code: str) -> str:
        if service_types.find(code) is None:
            raise rest.ValidationError(_("There is no such service."), code="unknown")
        return code


def _fitting(asked: dict[str, Any], by: User, now: datetime) -> Q:
    """The condition on transactions for what was asked for."""
    fits = search.search_cases(asked["q"])
    if "status" in asked:
        fits &= Q(status__in=asked["status"])
    if "service" in asked:
        fits &= Q(service=asked["service"])
    if "assigned" in asked:
        fits &= Q(assignee=by) if asked["assigned"] == "me" else unassigned(timezone.localdate(now))
    if "late" in asked:
        fits &= overdue(now, Deadline.WHOLE if asked["late"] == "whole" else Deadline.STAGE)
    return fits


class Transactions(View):
    query = ListQuery

    @extend_schema(
        responses=serializers.CaseSummary(many=True), operation_id="transactions_list", parameters=[pages.LINK]
    )
    def get(self, request: Request) -> Response:
        """My transactions, newest first, 25 a page; for staff with at_work=true those of their offices."""
        by, asked = current_user(request), self.asked
        if asked["at_work"] and asked["q"] and by.is_staff:
            access_log.record(Act.SEARCH, by=by, subject=asked["q"], why="API")
        rows = access.cases_of_staff(by) if asked["at_work"] else access.own_requests(by)
        if "delegation" in asked:
            held = eligibility.find_delegation(by, asked["delegation"])
            eligibility.refuse_unless_holding(held, timezone.localdate())
            rows = rows.filter(access.scope_of(held))
        rows = rows.filter(_fitting(asked, by, timezone.now())).select_related("branch", "centre", "held_by")
        page = pages.paged(request, rows, asked, by="submitted_at")
        return pages.answer(serializers.CaseSummary, *page, reader=by)

    @extend_schema(
        request=bodies.SubmissionSerializer,
        responses={201: ReceiptSerializer},
        parameters=[IDEMPOTENCY],
        operation_id="transactions_create",
    )
    def post(self, request: Request) -> Response:
        """Submit a request for oneself, or by a `delegation` for its principal. Answers with the receipt.

        What an engineering office prepares is approved and submitted at approvals/, or on the portal: `office_needed`.
        A document that is not in force, not yours or not for this: `delegation_not_live`, `not_your_delegation`,
        `not_delegated`.
        """
        key = request.headers.get("Idempotency-Key", "")
        if not (1 <= len(key) <= 100 and key.isascii() and key.isprintable() and " " not in key):
            raise exceptions.ValidationError({"Idempotency-Key": [_("1 to 100 printable characters are required.")]})
        data, by = read(bodies.SubmissionSerializer, request), current_user(request)
        service = service_types.find(data["service"])
        if service is None:
            raise exceptions.ValidationError({"service": [_("There is no such service.")]})
        authorisation = None
        if data.get("authorisation"):
            authorisation = (
                Authorisation.objects.select_related("office").filter(pk=data["authorisation"], owner=by).first()
            )
        held = eligibility.find_delegation(by, data["delegation"]) if data.get("delegation") else None
        intake = submit(
            Submission(
                service=service,
                applicant=held.principal if held else by,
                answers=data["answers"],
                attachments=data.get("attachments", {}),
                authorisation=authorisation,
                channel=Channel.API,
                language=by.language,
                delegation=held,
            ),
            by=by,
            key=f"api:{key}",
        )
        return Response(receipt_for(intake, request), status=status.HTTP_201_CREATED)


class Receipt(View):
    @extend_schema(responses=ReceiptSerializer, operation_id="transactions_receipt")
    def get(self, request: Request, reference: str) -> Response:
        """The receipt again, for the applicant and whoever took the request in."""
        case = access.get_transaction(current_user(request), reference)
        if not access.may_see_receipt(current_user(request), case):
            raise NotVisible
        return Response(receipt_for(case.intake, request))


class Pin(View):
    scope = Scope.MOVE

    @extend_schema(
        request=bodies.PinSerializer,
        responses={200: ReceiptSerializer},
        operation_id="transactions_renew_pin",
    )
    def post(self, request: Request, reference: str) -> Response:
        """End the PIN of a receipt; answers with the receipt that bears the new one. For the owner alone."""
        by, data = current_user(request), read(bodies.PinSerializer, request)
        case = access.get_transaction(by, reference)
        renewed = pin.renew_pin(case, serial=data["pin_serial"], by=by)
        if renewed.pin_serial != data["pin_serial"] + 1:
            raise DomainError("moved_meanwhile", _("The PIN has been renewed in the meantime. Read the receipt again."))
        case.pin_serial = renewed.pin_serial
        intake = case.intake
        intake.transaction = case
        return Response(receipt_for(intake, request))


class Paper(View):
    @extend_schema(responses=serializers.PaperSerializer, operation_id="transactions_paper")
    def get(self, request: Request, reference: str, kind: str) -> Response:
        """An issued permit, minutes or letter, as it was issued."""
        by = current_user(request)
        case = access.get_transaction(by, reference)
        issued = case.issued_documents.select_related("content", "replaced_by").filter(kind=kind).first()
        if issued is None:
            raise NotVisible
        refuse_to_receive(case, by)
        return Response(serializers.PaperSerializer(issued).data)


class Looks(View):
    @extend_schema(responses=LookSerializer(many=True), operation_id="transactions_looks")
    def get(self, request: Request, reference: str) -> Response:
        """For the owner: which offices looked at their request, and when last."""
        by = current_user(request)
        case = access.get_transaction(by, reference)
        if case.applicant_id != by.pk:
            raise NotVisible
        return Response(LookSerializer(view_log.views_by_offices(case), many=True).data)


def _case(request: Request, reference: str) -> Response:
    reader = current_user(request)
    case = access.get_transaction(reader, reference)
    return Response(serializers.CaseSerializer(case, context={"reader": reader}).data)


class TransactionView(View):
    @extend_schema(responses=serializers.CaseSerializer, operation_id="transactions_read")
    def get(self, request: Request, reference: str) -> Response:
        """One transaction with history, numbers, deficiencies and files."""
        return _case(request, reference)


class Answers(View):
    @extend_schema(
        request=bodies.AnswersSerializer,
        responses={200: serializers.CaseSerializer},
        operation_id="transactions_answer",
    )
    def post(self, request: Request, reference: str) -> Response:
        """Answer all that was asked in the latest round at once; the clock resumes.

        What the deficiencies opened may be changed: that is the next version of the answers.
        """
        case = access.get_transaction(current_user(request), reference)
        data = read(bodies.AnswersSerializer, request)
        done = moves.answer(
            case,
            answers=data["answers"],
            changes=data.get("changes"),
            replaced=[str(key) for key in data.get("replaced", ())],
            by=current_user(request),
            version=data.get("version"),
        )
        return _case(request, done.reference)
