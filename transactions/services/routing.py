"""Brings a submitted request to its office: gathers facts, asks the pure rules, moves it there."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db.models import Count

from municipality.models import District, Office, OfficeKind

from .. import outbox
from ..models import Transaction
from ..routing import OfficeFacts, decide
from ..workflow import OPEN, Status
from .moves import arrive


class _Row(NamedTuple):
    """An office, as little of it as routing needs: every request reads all of them."""

    pk: int
    code: str
    kind: str
    parent_id: int
    suspended: bool
    fallback_id: int | None
    capacity: int


@outbox.handles("route")
def route(transaction_id: int, now: datetime) -> None:
    """Idempotent: a request that is not waiting to be routed any more is left alone."""
    case = Transaction.objects.get(pk=transaction_id)
    if case.status != Status.SUBMITTED:
        return
    offices = {row.pk: row for row in map(_Row._make, Office.objects.values_list(*_Row._fields))}
    district = District.objects.filter(transaction=case).values_list("code", "sub_municipality").first()
    district_code, home = district or (None, None)
    centres: dict[str, list[str]] = {}
    for office in offices.values():
        if office.kind == OfficeKind.SERVICE_CENTRE:
            centres.setdefault(offices[office.parent_id].code, []).append(office.code)
    loads = dict(
        Transaction.objects.filter(centre__isnull=False, status__in=OPEN)
        .values_list("centre")
        .annotate(open=Count("pk"))
    )
    decision = decide(
        rules=case.service_type.routing_rules,
        answers=case.answers,
        district=district_code,
        district_branch=offices[home].code if home else None,
        offices={
            office.code: OfficeFacts(
                office.code,
                office.suspended,
                offices[office.fallback_id].code if office.fallback_id else None,
                office.capacity,
                loads.get(office.pk, 0),
            )
            for office in offices.values()
        },
        centres=centres,
    )
    by_code = {office.code: office.pk for office in offices.values()}
    arrive(
        case,
        branch_id=by_code[decision.branch],
        centre_id=by_code[decision.centre] if decision.centre else None,
        rule=decision.rule,
        facts=decision.facts | {"branch": decision.branch, "centre": decision.centre or ""},
        now=now,
    )
