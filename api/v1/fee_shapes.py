"""Fees and their bills, as the public contract shows them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from billing.domain.money import riyals
from billing.domain.states import BillState
from billing.models import Bill
from transactions.models import FeeDue


class BillShape(serializers.ModelSerializer[Bill]):
    """The last bill of a fee. It can be paid at a bank while it is issued, until the end of `last_day`."""

    biller = serializers.SerializerMethodField(help_text="The biller code to type beside the number.")
    state = serializers.ChoiceField(choices=BillState.choices, read_only=True)
    amount = serializers.SerializerMethodField(help_text="In SAR; less than the fee where a part was paid.")
    last_day = serializers.DateField(source="expires_on", read_only=True, allow_null=True)

    class Meta:
        model = Bill
        fields = ("biller", "number", "amount", "state", "due_on", "last_day")
        read_only_fields = fields

    def get_biller(self, bill: Bill) -> str:
        return str(settings.BILLER_CODE)

    def get_amount(self, bill: Bill) -> str:
        return str(riyals(bill.amount))


class FeeShape(serializers.ModelSerializer[FeeDue]):
    payable = serializers.BooleanField(source="is_payable", read_only=True)
    bill = serializers.SerializerMethodField()

    class Meta:
        model = FeeDue
        fields = (
            "amount", "basis", "answers_version", "worked_out_at", "paid_at", "payment_reference", "payable", "bill",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(BillShape(allow_null=True))
    def get_bill(self, fee: FeeDue) -> Any:
        bill = fee.bills.order_by("-pk").first()
        return BillShape(bill).data if bill else None
