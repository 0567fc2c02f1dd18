"""Outlines of districts and parcels: brought as GeoJSON, looked at, put in force, undone. Who may is asked by the rooms
above.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from core.db.locks import take_lock
from core.forms.concurrency import fingerprint
from core.text import one_line, prose, search_key, written_code
from plots.grid import cell_of
from plots.ground import Feature, overlaps, read_features

from .district_names import name_keys, search_keys
from .ground import GroundOutline, OutlineImport, OutlineKind
from .models import District
from .services import clear_caches, districts_by_code

# What a file may call what we look for, folded; the first that is there counts.
CODES = ("code", "district_code")
NAMES = ("name_ar", "name", "name_en", "name:ar", "name:en", "district", "district_name", "district_name_ar",
         "district_name_en", "الحي", "اسم الحي", "الاسم")  # fmt: skip
PLANS = ("plan_number", "plan", "plan_no", "رقم المخطط", "المخطط")
BLOCKS = ("block_number", "block", "block_no", "رقم البلك", "البلك")
PARCELS = ("parcel_number", "parcel", "parcel_no", "رقم القطعة", "القطعة")
MAX_CODE = 30
# So many are kept and said; all are counted.
MAX_SAID = 300
NEW, CHANGED, SAME, ENDED = "new", "changed", "same", "gone"


class OutlinesRefused(ValueError):
    """What was asked cannot be done: `code` is one of nothing_new, changed_meanwhile, not_the_latest."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Look:
    """What carrying it out would do now; of what would no longer be in force the outlines that are."""

    new: list[GroundOutline]
    changed: list[GroundOutline]
    same: int
    ended: list[GroundOutline]

    @property
    def counts(self) -> dict[str, int]:
        return {NEW: len(self.new), CHANGED: len(self.changed), SAME: self.same, ENDED: len(self.ended)}

    @property
    def seen(self) -> str:
        """A mark of all it would do: another as soon as it would do something else."""
        rows = [sorted(row.pk for row in rows) for rows in (self.new, self.changed, self.ended)]
        return fingerprint({"rows": rows, "same": self.same})

    @property
    def does_something(self) -> bool:
        return bool(self.new or self.changed or self.ended)


@transaction.atomic
def bring(
    kind: str, file_name: str, content: bytes, *, source: str, as_of: date, licence: str, is_complete: bool, by: Any,
    now: datetime,
) -> OutlineImport:  # fmt: skip
    """Keep the outlines of a file beside it, to be looked at. plots.ground.NotAFile when it cannot be read at all."""
    features = read_features(content)
    digest = hashlib.sha256(content).hexdigest()
    facts = {"source": one_line(source), "as_of": as_of, "licence": prose(licence), "is_complete": is_complete}
    waiting = OutlineImport.objects.filter(kind=kind, sha256=digest, by=by, done_at=None, **facts).first()
    if waiting is not None:
        return waiting
    rows, problems = _rows_of(OutlineKind(kind), features)
    shared = [(rows[a].key, rows[b].key, round(area, 2)) for a, b, area in overlaps([row.shape for row in rows])]
    brought = OutlineImport.objects.create(
        kind=kind, file_name=one_line(file_name)[:120], sha256=digest, problems=problems, overlaps=shared[:MAX_SAID],
        by=by, made_at=now, **facts,
    )  # fmt: skip
    for row in rows:
        row.brought = brought
    GroundOutline.objects.bulk_create(rows, batch_size=200)
    return brought


def look(brought: OutlineImport) -> Look:
    """What it would do now, compared with what is in force; without the shapes. Changes nothing."""
    rows = list(brought.outlines.defer("shape").order_by("number"))
    force = {row.key: row for row in _in_force(brought, rows)}
    new = [row for row in rows if row.key not in force]
    changed = [row for row in rows if row.key in force and force[row.key].digest != row.digest]
    named = {row.key for row in rows} | {problem["key"] for problem in brought.problems}
    ended = [row for key, row in force.items() if key not in named] if brought.is_complete else []
    return Look(new, changed, len(rows) - len(new) - len(changed), sorted(ended, key=lambda row: row.name))


@transaction.atomic
def carry_out(brought: OutlineImport, *, seen: str | None, now: datetime) -> OutlineImport:
    """Put its outlines in force, once. OutlinesRefused `nothing_new`, or `changed_meanwhile` when it would do something
    else by now than the look that bore the mark `seen`.
    """
    take_lock("outlines")
    locked = OutlineImport.objects.select_for_update().get(pk=brought.pk)
    if locked.done_at is not None:
        return locked
    outcome = look(locked)
    if not outcome.does_something:
        raise OutlinesRefused("nothing_new")
    if seen and seen != outcome.seen:
        raise OutlinesRefused("changed_meanwhile")
    fresh = [*outcome.new, *outcome.changed]
    replaced = {row.key for row in outcome.changed} | {row.key for row in outcome.ended}
    force = GroundOutline.objects.filter(kind=locked.kind, in_force=True)
    for keys in _in_batches(sorted(replaced)):
        force.filter(key__in=keys).update(in_force=False, district=None, replaced_by=locked)
    _put_in_force(fresh)
    # What is as it was is there already.
    used = {row.pk for row in fresh}
    for pks in _in_batches([pk for pk in locked.outlines.values_list("pk", flat=True) if pk not in used]):
        GroundOutline.objects.filter(pk__in=pks).delete()
    locked.done_at, locked.result = now, outcome.counts
    locked.save(update_fields=["done_at", "result"])
    transaction.on_commit(clear_caches)
    return locked


@transaction.atomic
def undo(brought: OutlineImport, *, now: datetime) -> OutlineImport:
    """What was in force before is again. OutlinesRefused `not_the_latest` where a later one built on it."""
    take_lock("outlines")
    locked = OutlineImport.objects.select_for_update().get(pk=brought.pk)
    if locked.undone_at is not None:
        return locked
    if latest_of(locked.kind) != locked:
        raise OutlinesRefused("not_the_latest")
    locked.outlines.update(in_force=False, district=None)
    before = list(locked.replaced.defer("shape"))
    locked.replaced.update(replaced_by=None)
    _put_in_force(before)
    locked.undone_at = now
    locked.save(update_fields=["undone_at"])
    transaction.on_commit(clear_caches)
    return locked


def latest_of(kind: str) -> OutlineImport | None:
    """The one carried out last that was not undone: the only one that can be."""
    done = OutlineImport.objects.filter(kind=kind, undone_at=None).exclude(done_at=None)
    return done.order_by("-done_at", "-pk").first()


def delete_old(before: datetime, most: int) -> int:
    """Files that nobody carried out go with their outlines; returns how many files."""
    stale = list(OutlineImport.objects.filter(done_at=None, made_at__lt=before).values_list("pk", flat=True)[:most])
    OutlineImport.objects.filter(pk__in=stale).delete()
    return len(stale)


def _put_in_force(rows: list[GroundOutline]) -> None:
    districts = dict(District.objects.values_list("code", "pk"))
    for row in rows:
        row.in_force = True
        row.district_id = districts[row.key] if row.kind == OutlineKind.DISTRICTS else None
    GroundOutline.objects.bulk_update(rows, ["in_force", "district"], batch_size=200)


def _in_batches(items: list[Any], size: int = 500) -> list[list[Any]]:
    return [items[at : at + size] for at in range(0, len(items), size)]


def _in_force(brought: OutlineImport, rows: list[GroundOutline]) -> QuerySet[GroundOutline]:
    """Of districts all; of parcels those of the plans that the file has."""
    force = GroundOutline.objects.filter(kind=brought.kind, in_force=True).defer("shape")
    if brought.kind == OutlineKind.PARCELS:
        force = force.filter(plan__in={row.plan for row in rows})
    return force


def _rows_of(kind: OutlineKind, features: list[Feature]) -> tuple[list[GroundOutline], list[dict[str, Any]]]:
    """An outline for each feature that has a name we know and a shape, and why the others have none."""
    identify = _District() if kind is OutlineKind.DISTRICTS else _parcel_of
    rows: list[GroundOutline] = []
    problems: list[dict[str, Any]] = []
    taken: dict[str, int] = {}
    for feature in features:
        facts, slip = identify(feature.words)
        key = facts.get("key", "")
        name = facts.get("name") or _first(feature.words, NAMES) or _first(feature.words, PARCELS)
        slip = feature.slip or slip
        if not slip and key in taken:
            slip = "twice"
        if slip:
            about: Any = taken.get(key, 0) if slip == "twice" else feature.at
            problems.append({"number": feature.number, "code": slip, "name": name, "key": key, "at": about})
            continue
        taken[key] = feature.number
        west, south, east, north = feature.box
        rows.append(
            GroundOutline(
                kind=kind, number=feature.number, shape=feature.shape, area=feature.area, cell=cell_of(feature.box),
                digest=hashlib.sha256(feature.shape.encode()).hexdigest(), west=west, south=south, east=east,
                north=north, **facts,
            )
        )  # fmt: skip
    return rows, problems


def _first(words: Mapping[str, str], names: tuple[str, ...]) -> str:
    folded = {search_key(name.replace("_", " ")): value for name, value in words.items()}
    keys = (search_key(name.replace("_", " ")) for name in names)
    return next((folded[key] for key in keys if folded.get(key)), "")


class _District:
    """Which district a feature names: by its code, or by its name as people write it."""

    def __init__(self) -> None:
        self._districts = list(District.objects.order_by("code"))
        self._by_code = {district.code.casefold(): district for district in self._districts}
        self._by_key: dict[tuple[int, str], set[str]] = {}
        for district in self._districts:
            for name in (district.name_ar, district.name_en):
                keys = name_keys(name)
                for level in range(3):
                    for key in (keys[level], keys[3]):
                        self._by_key.setdefault((level, key), set()).add(district.code)

    def __call__(self, words: Mapping[str, str]) -> tuple[dict[str, str], str]:
        if code := _first(words, CODES):
            district = self._by_code.get(code.casefold())
            return self._facts(district) if district else ({"name": code}, "no_district")
        named = [name for column in NAMES if (name := _first(words, (column,)))]
        if not named:
            return {}, "no_name"
        for name in named:
            if district := self._named(name):
                return self._facts(district)
        return {"name": named[0]}, "no_district"

    def _named(self, name: str) -> District | None:
        for level, key in search_keys(name):
            codes = self._by_key.get((level, key), set())
            if len(codes) == 1:
                return self._by_code[next(iter(codes)).casefold()]
            if codes:
                return None
        return None

    @staticmethod
    def _facts(district: District) -> tuple[dict[str, str], str]:
        return {"key": district.code, "name": district.name_ar}, ""


def name_of(kind: str, key: str) -> str:
    """What an outline is called, a district in the reader's language."""
    if kind == OutlineKind.DISTRICTS:
        district = districts_by_code().get(key)
        return district.name if district else key
    return " · ".join(filter(None, key.split("|")))


def parcel_code(text: str) -> str:
    """A number of a plan, block or parcel as outlines are looked for by it."""
    return written_code(text).casefold()


def _parcel_of(words: Mapping[str, str]) -> tuple[dict[str, str], str]:
    plan, block, parcel = (parcel_code(_first(words, names)) for names in (PLANS, BLOCKS, PARCELS))
    if not plan or not parcel or max(map(len, (plan, block, parcel))) > MAX_CODE:
        return {}, "no_parcel"
    named = " · ".join(filter(None, (plan, block, parcel)))
    return {"key": "|".join((plan, block, parcel)), "plan": plan, "parcel": parcel, "name": named}, ""
