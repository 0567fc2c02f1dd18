"""Acting for others by a document a clerk has seen, and approving what an engineering office prepared."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import current_user
from accounts.models import Delegation, Scope, User
from transactions import access
from transactions.domain.errors import NotVisible
from transactions.intake import drafts
from transactions.models import Draft

from .. import pages
from ..strict import View, read
from .acting_shapes import ApprovalShape, ApproveSerializer, DelegationSerializer, GiveBackSerializer
from .promises import ReceiptSerializer
from .receipts import receipt_for


class DelegationQuery(pages.CursorQuery):
    side = serializers.ChoiceField(
        choices=["agent", "principal"],
        default="agent",
        help_text="By which I act for others, or by which others act for me.",
    )


class Delegations(View):
    query = DelegationQuery

    @extend_schema(responses=DelegationSerializer(many=True), operation_id="delegations_list", parameters=[pages.LINK])
    def get(self, request: Request) -> Response:
        """Documents by which somebody acts for another, newest first, 25 a page; also those that have ended."""
        by, asked = current_user(request), self.asked
        rows = Delegation.objects.select_related("principal", "agent").filter(**{asked["side"]: by})
        return pages.answer(DelegationSerializer, *pages.paged(request, rows, asked, by="recorded_at"))


class Approvals(View):
    query = pages.CursorQuery

    @extend_schema(responses=ApprovalShape(many=True), operation_id="approvals_list", parameters=[pages.LINK])
    def get(self, request: Request) -> Response:
        """Files that wait for my approval, as owner or for whom I may file; last changed first, 25 a page."""
        by = current_user(request)
        page = pages.paged(request, access.files_to_approve(by), self.asked, by="updated_at")
        return pages.answer(ApprovalShape, *page, reader=by)


def _waiting(by: User, key: UUID) -> Draft:
    draft = access.files_to_approve(by).filter(key=key).first()
    if draft is None:
        raise NotVisible
    return draft


class Approval(View):
    @extend_schema(responses=ApprovalShape, operation_id="approvals_read")
    def get(self, request: Request, key: UUID) -> Response:
        """One file that waits for my approval. Its attachments are read at attachments/."""
        by = current_user(request)
        return Response(ApprovalShape(_waiting(by, key), context={"reader": by}).data)


class Approve(View):
    scope = Scope.MOVE

    @extend_schema(request=ApproveSerializer, responses={201: ReceiptSerializer}, operation_id="approvals_approve")
    def post(self, request: Request, key: UUID) -> Response:
        """Approve the file and submit it, as its owner or for them. Answers with the receipt, however often sent."""
        by = current_user(request)
        draft = access.get_draft(by, key)
        if not access.approves(by, draft):
            raise NotVisible
        data = read(ApproveSerializer, request)
        intake = drafts.submit_draft(draft, by=by, seen=data["version"])
        return Response(receipt_for(intake, request), status=status.HTTP_201_CREATED)


class GiveBack(View):
    scope = Scope.MOVE

    @extend_schema(request=GiveBackSerializer, responses={204: None}, operation_id="approvals_give_back")
    def post(self, request: Request, key: UUID) -> Response:
        """Give the file back to the engineering office, with a note that says what has to change."""
        by = current_user(request)
        draft = access.get_draft(by, key)
        if not access.approves(by, draft):
            raise NotVisible
        drafts.ask_for_changes(draft, note=read(GiveBackSerializer, request)["note"], by=by)
        return Response(status=status.HTTP_204_NO_CONTENT)
