"""What anybody may read: services, offices, districts; and what a request would be answered with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import current_user
from accounts.models import Scope
from core.db import replica
from municipality.models import District, Office
from transactions.answers.cleaning import clean_answers
from transactions.attachments import services as attachments
from transactions.domain import service_types
from transactions.domain.errors import DomainError, Invalid, Problem
from transactions.domain.service_types import ServiceType
from transactions.intake.assured import refuse_below_level
from transactions.intake.closures import refuse_if_closed
from transactions.intake.draft_parts import flags_of
from transactions.intake.eligibility import refuse_unless_applicant, refuse_unless_by_owner
from transactions.intake.submission import Submission
from transactions.intake.submit import check_submission
from transactions.models import Channel, Draft
from transactions.selectors import duplicates

from ..strict import Public, View, read
from . import bodies, serializers
from .service_shapes import ServiceSerializer


def _service(code: str) -> ServiceType:
    service = service_types.find(code)
    if service is None:
        raise Http404
    return service


def _for_all(look: Callable[[], Any]) -> Response:
    """Read from the copy where there is one, like the public's pages."""
    return Response(replica.ask(look))


class Services(Public):
    @extend_schema(responses=ServiceSerializer(many=True), operation_id="services_list")
    def get(self, request: Request) -> Response:
        """Every service on offer, as the catalogue declares it."""
        return _for_all(lambda: ServiceSerializer(service_types.offered_services(), many=True).data)


class Service(Public):
    @extend_schema(responses=ServiceSerializer, operation_id="services_read")
    def get(self, request: Request, code: str) -> Response:
        """One service: its questions, documents, stages, and what a return may ask for."""
        return _for_all(lambda: ServiceSerializer(_service(code)).data)


class Check(View):
    scope = Scope.READ

    @extend_schema(
        request=bodies.CheckSerializer, responses={200: serializers.CheckAnswer}, operation_id="services_check"
    )
    def post(self, request: Request, code: str) -> Response:
        """Look at a request before it is sent, as the portal's last page does. Nothing is kept."""
        service, by, data = _service(code), current_user(request), read(bodies.CheckSerializer, request)
        now, problems = timezone.now(), []
        submission = Submission(
            service=service,
            applicant=by,
            answers=data["answers"],
            attachments=data.get("attachments", {}),
            channel=Channel.API,
        )
        try:
            check_submission(submission, by=by, now=now)
        except Invalid as refused:
            problems = [_problem_body(each) for each in refused.problems]
        values = clean_answers(service, data["answers"], timezone.localdate(now)).values
        hinders = [
            *_refusal(lambda: refuse_if_closed(service)),
            *_refusal(lambda: refuse_unless_applicant(service, by)),
            *_refusal(lambda: refuse_below_level(service, "submit", by)),
            *_refusal(lambda: refuse_unless_by_owner(service)),
        ]
        result = {
            "problems": problems,
            "flags": _flags(service, submission),
            "documents": [document.code for document in service.documents_for(values)],
            "hinders": hinders,
        }
        return Response(serializers.CheckAnswer(result).data)


def _flags(service: ServiceType, sent: Submission) -> list[duplicates.Hint]:
    """What the reviewer will be told to look at: what the checks flag, and what other requests say too."""
    checks = flags_of(service, dict(sent.answers))
    keys = [key for given in sent.attachments.values() for key in given]
    files = attachments.unattached_of(sent.applicant).filter(key__in=keys)
    written = Draft(service=service.code, applicant=sent.applicant, answers=dict(sent.answers))
    shared = duplicates.hints_for_draft(written, files, sent.applicant)
    return [*(duplicates.Hint(flag.code, str(flag.message), flag.path) for flag in checks), *shared]


def _problem_body(problem: Problem) -> dict[str, str]:
    return {"path": problem.path, "message": str(problem.message), "code": problem.code}


def _refusal(ask: Callable[[], Any]) -> list[dict[str, str]]:
    try:
        ask()
    except DomainError as refused:
        return [{"path": "", "message": str(refused.message), "code": refused.code}]
    return []


class Offices(Public):
    @extend_schema(responses=serializers.OfficeSerializer(many=True), operation_id="offices_list")
    def get(self, request: Request) -> Response:
        """Every office of the city: sub-municipalities, service centres, central offices."""
        rows = Office.objects.select_related("parent").order_by("code")
        return _for_all(lambda: serializers.OfficeSerializer(rows.all(), many=True).data)


class Districts(Public):
    @extend_schema(responses=serializers.DistrictSerializer(many=True), operation_id="districts_list")
    def get(self, request: Request) -> Response:
        """Every district: the codes that answer a question of the kind `district`."""
        rows = District.objects.select_related("sub_municipality").order_by("code")
        return _for_all(lambda: serializers.DistrictSerializer(rows.all(), many=True).data)
