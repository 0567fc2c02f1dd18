"""Brings a submitted request to its office: gathers facts, asks the pure rules, moves it there."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count

from municipality.models import Office, OfficeKind

from .. import outbox
from ..models import Transaction
from ..routing import OfficeFacts, decide
from ..workflow import OPEN, Status
from .moves import arrive


@outbox.handles("route")
def route(transaction_id: int, now: datetime) -> None:
    """Idempotent: a request that is not waiting to be routed any more is left alone."""
    case = Transaction.objects.select_related("district__sub_municipality").get(pk=transaction_id)
    if case.status != Status.SUBMITTED:
        return
    home = case.district.sub_municipality if case.district else None
    offices = {office.pk: office for office in Office.objects.all()}
    centres: dict[str, list[str]] = {}
    for office in offices.values():
        if office.kind == OfficeKind.SERVICE_CENTRE:
            centres.setdefault(offices[office.parent_id].code, []).append(office.code)
    loads = dict(
        Transaction.objects.filter(centre__kind=OfficeKind.SERVICE_CENTRE, status__in=OPEN)
        .values_list("centre")
        .annotate(open=Count("pk"))
    )
    decision = decide(
        rules=case.service_type.routing_rules,
        answers=case.answers,
        district=case.district.code if case.district else None,
        district_branch=home.code if home else None,
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
    by_code = {office.code: office for office in offices.values()}
    arrive(
        case,
        branch=by_code[decision.branch],
        centre=by_code[decision.centre] if decision.centre else None,
        rule=decision.rule,
        facts=decision.facts,
        now=now,
    )
