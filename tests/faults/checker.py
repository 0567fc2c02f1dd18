"""Compares what clients were told with the database, the journal and the outbox. Knows SQL, nothing of the portal
but its table names and journal/verify.py.

`inside` needs no history: numbers, chain, events, work owed must agree among themselves at any moment.
`outside` adds the clients' history: lost, duplicated, out of order, unexplained.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from journal.verify import Line, verify

if TYPE_CHECKING:
    from .client import History, Op

TABLES = {
    "cases": "SELECT id, reference, status, stage, version FROM transactions_transaction",
    "events": "SELECT transaction_id, seq, move, from_status, to_status, actor_id FROM transactions_event",
    "movements": "SELECT transaction_id, office_id, direction, hijri_year, number FROM transactions_movement",
    "registers": "SELECT office_id, direction, hijri_year, last_number FROM transactions_register",
    "serials": "SELECT node, incarnation, hijri_year, last FROM transactions_serial",
    "outbox": "SELECT id, kind, subject, state, attempts, last_error, done_at FROM transactions_outbox",
    "notices": "SELECT id, event_id, recipient_id FROM transactions_notification",
    "deliveries": "SELECT notification_id, channel FROM transactions_delivery",
    "intakes": "SELECT transaction_id, key, token FROM transactions_intake",
    "files": "SELECT transaction_id, stored_as, sha256 FROM transactions_attachment WHERE transaction_id IS NOT NULL",
    "chains": "SELECT id, node, incarnation, public_key, head_hash, length FROM journal_chain",
    "entries": "SELECT chain_id, seq, kind, subject, body, previous_hash, hash, signature FROM journal_entry ORDER BY chain_id, seq",  # noqa: E501
    "signed": "SELECT transaction_id FROM transactions_signedpaper",
}
# What each move leaves in the journal.
PROMISES = {
    "submit": "received",
    "answer": "answered",
    "correct": "corrected",
    "approve": "decided",
    "reject": "decided",
    "issue": "issued",
    "dispatch": "issued",
}


class Picture(NamedTuple):
    """The rows that matter, each a dict."""

    cases: list[dict[str, Any]]
    events: list[dict[str, Any]]
    movements: list[dict[str, Any]]
    registers: list[dict[str, Any]]
    serials: list[dict[str, Any]]
    outbox: list[dict[str, Any]]
    notices: list[dict[str, Any]]
    deliveries: list[dict[str, Any]]
    intakes: list[dict[str, Any]]
    files: list[dict[str, Any]]
    chains: list[dict[str, Any]]
    entries: list[dict[str, Any]]
    signed: list[dict[str, Any]]


def read(cursor: Any) -> Picture:
    found = {}
    for name, query in TABLES.items():
        cursor.execute(query)
        columns = [column[0] for column in cursor.description]
        found[name] = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    return Picture(**found)


Problems = Iterable[str]


# -- inside ------------------------------------------------------------------------------------------------------


def inside(picture: Picture) -> list[str]:
    """Everything that must hold after every single step, whatever died."""
    checks: list[Callable[[Picture], Problems]] = [_references, _registers, _events, _journal, _work, _notices]
    return [problem for check in checks for problem in check(picture)]


def _contiguous(name: str, numbers: Collection[int], last: int) -> Problems:
    if sorted(numbers) != list(range(1, last + 1)):
        repeated = [number for number, many in Counter(numbers).items() if many > 1]
        missing = sorted(set(range(1, last + 1)) - set(numbers))
        beyond = [number for number in numbers if number > last]
        yield f"{name}: last is {last}, repeated {repeated}, skipped {missing}, beyond {beyond}"


def serial_of(reference: str) -> tuple[str, str, int]:
    node, year, serial, _check = reference.split("-")
    return node, year, int(serial)


def _references(picture: Picture) -> Problems:
    """I1: no reference is issued twice, none is skipped."""
    given = defaultdict(list)
    for case in picture.cases:
        node, year, serial = serial_of(case["reference"])
        given[node, year].append(serial)
    last = {(f"{row['node']}{row['incarnation']}", str(row["hijri_year"])): row["last"] for row in picture.serials}
    for place in set(given) | set(last):
        yield from _contiguous(f"references of {'-'.join(place)}", given[place], last.get(place, 0))


def _registers(picture: Picture) -> Problems:
    """Register numbers: per office, direction and year, without gap or repeat."""
    given = defaultdict(list)
    for line in picture.movements:
        given[line["office_id"], line["direction"], line["hijri_year"]].append(line["number"])
    last = {(row["office_id"], row["direction"], row["hijri_year"]): row["last_number"] for row in picture.registers}
    for place in set(given) | set(last):
        yield from _contiguous(f"register {place}", given[place], last.get(place, 0))


def _events(picture: Picture) -> Problems:
    """A case is the sum of its events, each made once and in order."""
    of_case = defaultdict(list)
    for event in picture.events:
        of_case[event["transaction_id"]].append(event)
    for case in picture.cases:
        events = sorted(of_case.pop(case["id"], []), key=lambda event: event["seq"])
        name = case["reference"]
        if [event["seq"] for event in events] != list(range(1, case["version"] + 1)):
            yield f"{name}: version {case['version']}, events {[event['seq'] for event in events]}"
            continue
        if events[0]["move"] != "submit" or events[-1]["to_status"] != case["status"]:
            yield f"{name}: is {case['status']}, its events begin {events[0]['move']}, end {events[-1]['to_status']}"
        for before, after in pairwise(events):
            if before["to_status"] != after["from_status"]:
                yield f"{name}: event {after['seq']} does not start where {before['seq']} ended"
        if sum(event["move"] == "route" for event in events) > 1:
            yield f"{name}: routed twice"
    for left in of_case:
        yield f"events of case {left}, which is not there"


def _journal(picture: Picture) -> Problems:
    """I3: no silent gap in a chain. I18: one entry for each promise, and none without one."""
    chains = {row["id"]: row for row in picture.chains}
    lines = []
    for row in picture.entries:
        chain = chains[row["chain_id"]]
        lines.append(
            Line(
                chain=f"{chain['node']}{chain['incarnation']}",
                public_key=bytes(chain["public_key"]),
                seq=row["seq"],
                previous=bytes(row["previous_hash"]),
                hash=bytes(row["hash"]),
                signature=bytes(row["signature"]),
                body=bytes(row["body"]),
            )
        )
    heads, bad = verify(lines)
    if bad:
        yield f"journal: {bad}"
    for chain in chains.values():
        head = heads.get(f"{chain['node']}{chain['incarnation']}")
        if (head.seq if head else 0) != chain["length"] or (head and head.hash != bytes(chain["head_hash"])):
            yield f"journal: the chain says {chain['length']} entries, there are {head.seq if head else 0}"
    reference = {case["id"]: case["reference"] for case in picture.cases}
    promised = Counter(
        (PROMISES[event["move"]], reference.get(event["transaction_id"]))
        for event in picture.events
        if event["move"] in PROMISES
    ) + Counter(("signed", reference.get(paper["transaction_id"])) for paper in picture.signed)
    entered = Counter((entry["kind"], entry["subject"]) for entry in picture.entries)
    for promise, many in (promised - entered).items():
        yield f"journal: {many} promise(s) without entry: {promise}"
    for promise, many in (entered - promised).items():
        yield f"journal: {many} entry(ies) without promise: {promise}"


def _work(picture: Picture) -> Problems:
    """I17: what is owed is written down once; what is done has had its effect, and nothing has it without."""
    owed = Counter((row["kind"], row["subject"]) for row in picture.outbox)
    yield from (f"work owed twice: {key}" for key, many in owed.items() if many > 1)
    routed = {event["transaction_id"] for event in picture.events if event["move"] == "route"}
    moved_on = {event["transaction_id"] for event in picture.events if event["move"] == "withdraw"} | routed
    for case in picture.cases:
        if ("route", case["id"]) not in owed:
            yield f"{case['reference']}: nobody owes its routing"
    for row in picture.outbox:
        if row["kind"] == "route":
            if row["state"] == "done" and row["subject"] not in moved_on:
                yield f"outbox {row['id']}: done, but case {row['subject']} is not routed"
            if row["state"] != "done" and row["subject"] in routed:
                yield f"outbox {row['id']}: {row['state']}, but case {row['subject']} is routed already"
        if (row["state"] == "done") != (row["done_at"] is not None):
            yield f"outbox {row['id']}: {row['state']}, done at {row['done_at']}"


def _notices(picture: Picture) -> Problems:
    """One notice an event and person, sent once by each channel, exactly when the work says so."""
    told = Counter((row["event_id"], row["recipient_id"]) for row in picture.notices)
    yield from (f"told twice: {key}" for key, many in told.items() if many > 1)
    sent = Counter((row["notification_id"], row["channel"]) for row in picture.deliveries)
    yield from (f"sent twice: {key}" for key, many in sent.items() if many > 1)
    done = {row["subject"]: row["state"] == "done" for row in picture.outbox if row["kind"] == "notify"}
    delivered = {row["notification_id"] for row in picture.deliveries}
    for notice in picture.notices:
        number = notice["id"]
        if number in done and done[number] != (number in delivered):
            yield f"notice {number}: work done {done[number]}, sent {number in delivered}"


# -- outside -----------------------------------------------------------------------------------------------------


def outside(
    picture: Picture,
    history: History,
    *,
    sms: Collection[dict[str, Any]] = (),
    dead: Collection[int] = (),
    media: Path | None = None,
) -> list[str]:
    """What clients saw against what is there, once everything is quiet and unknown operations are resolved.

    `dead`: outbox rows that were poisoned on purpose.
    """
    found = inside(picture)
    found += _submissions(picture, history)
    found += _moves(picture, history)
    found += _lookups(history)
    found += _ends(picture, dead)
    found += messages(picture, sms)
    found += files(picture, media) if media else []
    return found


def _submissions(picture: Picture, history: History) -> Problems:
    by_key = {row["key"]: row for row in picture.intakes}
    reference = {case["id"]: case["reference"] for case in picture.cases}
    told: dict[str, Op] = {}
    for op in history.of("submit"):
        intake = by_key.pop(f"api:{op.facts['key']}", None)
        if op.outcome in ("unknown", "invoked", "either"):
            yield f"submission {op.facts['key']}: nobody made sure of it ({op.outcome} {op.status})"
        elif op.outcome != "ok":
            if intake:
                name = reference[intake["transaction_id"]]
                yield f"DUPLICATED: {name} was taken, but its sender was told {op.outcome}"
        elif intake is None:
            yield f"LOST: {op.answer['reference']} was acknowledged and is not there"
        else:
            if op.answer["reference"] in told:
                yield f"DUPLICATED: {op.answer['reference']} was given twice"
            told[op.answer["reference"]] = op
            there = reference[intake["transaction_id"]], intake["token"]
            if there != (op.answer["reference"], op.answer["token"]):
                yield f"submission {op.facts['key']}: told {op.answer['reference']}, there is {there[0]}"
    for key, intake in by_key.items():
        yield f"UNEXPLAINED: {reference[intake['transaction_id']]} was taken under {key}, which nobody sent"
    for again in history.of("submit again", "ok"):
        first = again.facts["first"]
        if first.outcome == "ok" and again.answer != first.answer:
            yield f"the same key gave another receipt: {again.answer} after {first.answer}"
    yield from _order(told)


def _order(told: dict[str, Op]) -> Problems:
    """Who was answered before another even asked has the lower number."""
    in_line = sorted(told.items(), key=lambda item: serial_of(item[0]))
    latest_start = float("-inf")
    for reference, op in in_line:
        # Resolved ones may have been taken at any moment between first sending and last answer.
        if not op.resolved and op.ended < latest_start:
            yield f"OUT OF ORDER: {reference} was acknowledged before an earlier number was asked for"
        latest_start = max(latest_start, op.invoked)


def _moves(picture: Picture, history: History) -> Problems:
    reference = {case["id"]: case["reference"] for case in picture.cases}
    made = {
        (reference.get(event["transaction_id"]), event["seq"]): event["move"]
        for event in picture.events
        if event["actor_id"] is not None and event["move"] != "submit"
    }
    acknowledged: set[tuple[str, int]] = set()
    possible: set[tuple[str, int]] = set()
    for op in history.of("move"):
        place = op.facts["reference"], op.facts["version"] + 1
        happened = made.get(place) == op.facts["move"]
        if op.outcome in ("unknown", "invoked"):
            yield f"move {op.facts}: nobody made sure of it"
        if op.outcome == "either" and happened:
            possible.add(place)
        if op.outcome == "ok":
            if not happened:
                yield f"LOST: {op.facts['move']} of {place[0]} was acknowledged and is not there"
            if place in acknowledged:
                yield f"DUPLICATED: two were told that theirs was move {place[1]} of {place[0]}"
            acknowledged.add(place)
    explained = acknowledged | possible
    for op in history.of("move", "failed"):
        place = op.facts["reference"], op.facts["version"] + 1
        if made.get(place) == op.facts["move"] and place not in explained:
            yield f"{op.facts['move']} of {place[0]}: told that nothing was taken, but it was"
    for place in set(made) - explained:
        yield f"UNEXPLAINED: {made[place]} of {place[0]} as event {place[1]}, which nobody asked for"


def _lookups(history: History) -> Problems:
    """Whatever was acknowledged is found; ok-but-missing fails."""
    for op in history.ops:
        if op.kind in ("inquire", "look") and op.outcome == "refused" and op.status == 404:
            yield f"LOST: {op.facts['reference']} was acknowledged, and a look-up did not find it"


def _ends(picture: Picture, dead: Collection[int]) -> Problems:
    """I17: every outbox row ends done, or dead and seen."""
    for row in picture.outbox:
        wanted = "dead" if row["id"] in dead else "done"
        if row["state"] != wanted:
            yield f"outbox {row['id']} ({row['kind']} {row['subject']}): {row['state']} after {row['attempts']} attempts: {row['last_error']}"  # noqa: E501
        if row["state"] == "dead" and not row["last_error"]:
            yield f"outbox {row['id']}: dead without a word"


def messages(picture: Picture, sms: Collection[dict[str, Any]]) -> Problems:
    """One message a delivery. Again, under the same key, only where the work was tried again: whoever sent the first
    died, or lost the database, before it could say so.
    """
    sent = Counter(message["key"].rpartition("-")[0] for message in sms)  # without the notice's moment
    wanted = {f"notice-{row['notification_id']}" for row in picture.deliveries if row["channel"] == "sms"}
    if lost := wanted - set(sent):
        yield f"LOST: messages never sent: {sorted(lost)[:5]}"
    if strange := set(sent) - wanted:
        yield f"UNEXPLAINED: messages without delivery: {sorted(strange)[:5]}"
    tried = {f"notice-{row['subject']}": row["attempts"] for row in picture.outbox if row["kind"] == "notify"}
    for key, many in sent.items():
        if many > tried.get(key, 1):
            yield f"DUPLICATED: {key} was sent {many} times in {tried.get(key, 1)} attempts"


def files(picture: Picture, media: Path) -> Problems:
    for row in picture.files:
        path = media / row["stored_as"]
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != row["sha256"]:
            yield f"LOST: a file of case {row['transaction_id']} is not on disk as it was"


def dump(history: History, path: Path) -> None:
    """The history as JSON lines, for whoever has to find out."""
    with path.open("w") as out:
        for op in history.ops:
            kept = {key: value for key, value in op.facts.items() if key not in ("body", "first")}
            line = [round(op.invoked, 3), round(op.ended, 3), op.kind, op.who, op.outcome, op.status, op.resolved, kept]
            out.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
