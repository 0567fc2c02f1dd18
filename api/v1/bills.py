"""The bill of a fee: how it stands, and a new one in the place of one that has ended."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import current_user
from accounts.delegated import Operation
from accounts.models import Scope
from billing import bills
from billing.models import Bill
from transactions import access
from transactions.domain.errors import NotVisible

from ..strict import View
from .fee_shapes import BillShape


class BillView(View):
    scope = Scope.MOVE

    @extend_schema(responses=BillShape, operation_id="transactions_bill")
    def get(self, request: Request, reference: str) -> Response:
        """The last bill of a fee, as we know it; not found where there is none."""
        case = access.get_transaction(current_user(request), reference)
        bill = Bill.objects.filter(fee__transaction=case).order_by("-pk").first()
        if bill is None:
            raise NotVisible
        return Response(BillShape(bill).data)

    @extend_schema(request=None, responses=BillShape, operation_id="transactions_renew_bill")
    def post(self, request: Request, reference: str) -> Response:
        """A new bill where the last one has ended and the fee is still owed; the one there is where it can be paid.

        For the applicant and whoever may file for them. It is `issuing` until the bank has it: read it again.
        """
        by = current_user(request)
        case = access.get_transaction(by, reference)
        if not access.acts_for_applicant(by, case, Operation.FILE):
            raise NotVisible
        return Response(BillShape(bills.renew(case, now=timezone.now())).data)
