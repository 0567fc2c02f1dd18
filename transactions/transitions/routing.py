"""Brings submitted requests to their offices: gathers facts, asks the pure rules, moves them there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count

from municipality.models import District, Office, OfficeKind

from ..domain.routing import CENTRAL, Decision, OfficeFacts, decide_route
from ..models import Transaction
from .moves import Arrival, arrive


class _OfficeRow(NamedTuple):
    """An office, as little of it as routing needs: every batch reads all of them."""

    pk: int
    code: str
    kind: str
    parent_id: int
    suspended: bool
    fallback_id: int | None
    capacity: int


def route(cases: Sequence[Transaction], now: datetime) -> None:
    """Route these locked requests, which wait to be routed, in this order."""
    city = _OfficeLoads.read({case.district_id for case in cases if case.district_id})
    arrive([city.arrival_of(case) for case in cases], now=now)


class _OfficeLoads:
    """The offices as they stand, with the load that each decision of this batch adds to a centre."""

    def __init__(
        self, rows: Collection[_OfficeRow], districts: dict[int, tuple[str, int | None]], loads: dict[int, int]
    ) -> None:
        self._districts = districts
        self._by_pk = {row.pk: row for row in rows}
        self._by_code = {row.code: row.pk for row in rows}
        self._centres: dict[str, list[str]] = {}
        for row in rows:
            if row.kind == OfficeKind.SERVICE_CENTRE:
                self._centres.setdefault(self._by_pk[row.parent_id].code, []).append(row.code)
        self._offices = {
            row.code: OfficeFacts(
                row.code,
                row.suspended,
                self._by_pk[row.fallback_id].code if row.fallback_id else None,
                row.capacity,
                loads.get(row.pk, 0),
            )
            for row in rows
        }

    @classmethod
    def read(cls, district_ids: Collection[int]) -> _OfficeLoads:
        """Three queries. Loads are counted only where a request of these districts may go."""
        rows = list(map(_OfficeRow._make, Office.objects.values_list(*_OfficeRow._fields)))
        district_rows = District.objects.filter(pk__in=district_ids).values_list("pk", "code", "sub_municipality")
        districts: dict[int, tuple[str, int | None]] = {pk: (code, home) for pk, code, home in district_rows}
        homes = {home for _code, home in districts.values()} | {row.pk for row in rows if row.code == CENTRAL}
        near = [row for row in rows if row.kind == OfficeKind.SERVICE_CENTRE and row.parent_id in homes]
        counted = {row.pk for row in near} | {row.fallback_id for row in near if row.fallback_id}
        loads = dict(
            Transaction.objects.open()
            .filter(centre__in=counted)
            .order_by()
            .values_list("centre")
            .annotate(open=Count("pk"))
        )
        return cls(rows, districts, loads)

    def arrival_of(self, case: Transaction) -> Arrival:
        decision = self._decide(case)
        if decision.centre:
            facts = self._offices[decision.centre]
            self._offices[decision.centre] = replace(facts, open_load=facts.open_load + 1)
        return Arrival(
            case,
            branch_id=self._by_code[decision.branch],
            centre_id=self._by_code[decision.centre] if decision.centre else None,
            rule=decision.rule,
            facts=decision.facts | {"branch": decision.branch, "centre": decision.centre or ""},
        )

    def _decide(self, case: Transaction) -> Decision:
        district, home = self._districts[case.district_id] if case.district_id else (None, None)
        return decide_route(
            rules=case.service_type.routing_rules,
            answers=case.answers,
            district=district,
            district_branch=self._by_pk[home].code if home else None,
            offices=self._offices,
            centres=self._centres,
        )
