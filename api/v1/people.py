"""Who may act for whom, and who was told what."""

from __future__ import annotations

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services as people
from accounts.access import current_user, engineering_offices_of
from accounts.authorisations import search_offices
from accounts.models import Authorisation, EngineeringOffice, Scope
from transactions import access
from transactions.models import Notification
from transactions.notifications import notices

from .. import pages
from ..strict import Strict, View, read
from . import bodies, people_shapes

MAX_OFFICES = 50


class OfficeQuery(Strict):
    q = serializers.CharField(
        default="", allow_blank=True, max_length=80, help_text="In the name or licence number, in any writing."
    )


class EngineeringOffices(View):
    query = OfficeQuery

    @extend_schema(
        responses=people_shapes.EngineeringOfficeSerializer(many=True), operation_id="engineering_offices_list"
    )
    def get(self, request: Request) -> Response:
        """Engineering offices that practise; 50 at most, so look for one by its name or licence number."""
        page, _more = search_offices(self.asked["q"], MAX_OFFICES)
        return Response(people_shapes.EngineeringOfficeSerializer(page, many=True).data)


class AuthorisationQuery(pages.CursorQuery):
    side = serializers.ChoiceField(
        choices=["owner", "office"],
        default="owner",
        help_text="What I gave as an owner, or what my engineering offices were given.",
    )
    status = serializers.ListField(
        child=serializers.ChoiceField(choices=Authorisation.Status.choices),
        required=False,
        max_length=10,
        help_text="Any of these.",
    )


class Authorisations(View):
    query = AuthorisationQuery
    scope = Scope.MOVE

    @extend_schema(
        responses=people_shapes.AuthorisationSerializer(many=True),
        operation_id="authorisations_list",
        parameters=[pages.LINK],
    )
    def get(self, request: Request) -> Response:
        """Authorisations, newest first, 25 a page."""
        by, asked = current_user(request), self.asked
        rows = Authorisation.objects.select_related("owner", "office")
        rows = rows.filter(owner=by) if asked["side"] == "owner" else rows.filter(office__in=engineering_offices_of(by))
        if "status" in asked:
            rows = rows.filter(status__in=asked["status"])
        page = pages.paged(request, rows, asked, by="given_at")
        return pages.answer(people_shapes.AuthorisationSerializer, *page)

    @extend_schema(
        request=bodies.AuthoriseSerializer,
        responses={201: people_shapes.AuthorisationSerializer},
        operation_id="authorisations_create",
    )
    def post(self, request: Request) -> Response:
        """Authorise an engineering office for a plot of mine; it has to accept."""
        data = read(bodies.AuthoriseSerializer, request)
        practising = EngineeringOffice.objects.practising(timezone.localdate())
        office = practising.filter(licence_number=data.pop("licence_number")).first()
        if office is None:
            message = _("No licensed engineering office has this number.")
            raise ValidationError({"licence_number": [message]})
        given = people.authorise_office(current_user(request), office, **data)
        return Response(people_shapes.AuthorisationSerializer(given).data, status=status.HTTP_201_CREATED)


class AuthorisationAnswer(View):
    scope = Scope.MOVE

    @extend_schema(
        request=bodies.AcceptSerializer,
        responses={200: people_shapes.AuthorisationSerializer},
        operation_id="authorisations_answer",
    )
    def post(self, request: Request, pk: int) -> Response:
        """For the engineering office: accept it or decline."""
        by, data = current_user(request), read(bodies.AcceptSerializer, request)
        row = Authorisation.objects.filter(pk=pk, office__in=engineering_offices_of(by)).first() if pk < 2**63 else None
        if row is None:
            raise Http404
        done = people.answer_authorisation(row, accept=data["accept"], by=by)
        return Response(people_shapes.AuthorisationSerializer(done).data)


class AuthorisationRevoke(View):
    scope = Scope.MOVE

    @extend_schema(
        request=None, responses={200: people_shapes.AuthorisationSerializer}, operation_id="authorisations_revoke"
    )
    def post(self, request: Request, pk: int) -> Response:
        """For the owner: take it back. The office sees and does nothing more on this plot."""
        read(Strict, request)
        by = current_user(request)
        row = Authorisation.objects.filter(pk=pk, owner=by).first() if pk < 2**63 else None
        if row is None:
            raise Http404
        return Response(people_shapes.AuthorisationSerializer(people.revoke_authorisation(row, by=by)).data)


class NoticeQuery(pages.CursorQuery):
    unread = serializers.BooleanField(default=False, help_text="Only those that are new.")


class Notices(View):
    query = NoticeQuery

    @extend_schema(
        responses=people_shapes.NoticeSerializer(many=True), operation_id="notices_list", parameters=[pages.LINK]
    )
    def get(self, request: Request) -> Response:
        """What I was told, newest first, 25 a page."""
        rows = Notification.objects.filter(access.notices_condition(current_user(request))).for_reading()
        if self.asked["unread"]:
            rows = rows.filter(read_at=None)
        page = pages.paged(request, rows, self.asked, by="created_at")
        return pages.answer(people_shapes.NoticeSerializer, *page)


class NoticesRead(View):
    @extend_schema(
        request=bodies.ReadSerializer,
        responses={200: people_shapes.MarkedSerializer},
        operation_id="notices_read",
    )
    def post(self, request: Request) -> Response:
        """Say that I have read my notices, those that came up to the one named."""
        data = read(bodies.ReadSerializer, request)
        marked = notices.mark_read(current_user(request), timezone.now(), up_to=data["up_to"])
        return Response({"marked": marked})
