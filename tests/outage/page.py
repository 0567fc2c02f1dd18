"""The page at the end: what happened each day, each invariant with its figure, and what the replay does not show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import Any

from .judge import Line
from .plan import KINDS
from .truth import Truth

LEFT_OUT = (
    "paper: no slips are keyed in",
    "the wipe itself: the centre is away, its database is not lost; rebuilding and its time are measured by bin/drill",
    "the second site and the status site, the minutes to the public word, the silence of inquiries",
    "the network: deliveries are handed over as bytes; over HTTP they go in tests/boxes/test_office.py",
    "a full disk: a second disk that is pulled is played",
    "the clock of a box that is wrong within what the centre cannot know is believed (ADR 57)",
    "a file is worked off up to its decision; it is not dispatched",
)


def document(truth: Truth, lines: Sequence[Line]) -> dict[str, Any]:
    """Everything that is shown, as plain values."""
    return {
        "seed": truth.seed,
        "size": truth.size,
        "seconds": truth.seconds,
        "verdict": "good" if all(line.holds is not False for line in lines) else "broken",
        "days": [_day(row) for row in truth.days],
        "invariants": [vars(line) | {"against": list(line.against)} for line in lines],
        "errors": truth.errors,
        "left_out": list(LEFT_OUT),
    }


def _day(row: dict[str, Any]) -> dict[str, Any]:
    names = ("day", "date", "away", "taken", "held", "waiting", "piled", "pile", "due", "new")
    return {name: row.get(name) for name in names}


def text(shown: dict[str, Any]) -> str:
    """For a terminal."""
    size = shown["size"]
    out = [
        f"outage: seed {shown['seed']}, {size['days']} days, {size['boxes']} boxes, {shown['seconds']} s",
        "",
        "day  date        centre   taken    held  waiting  piled  decided pile/due/new",
    ]
    for row in shown["days"]:
        decided = "" if row["pile"] is None else f"{row['pile']}/{row['due']}/{row['new']}"
        waiting, piled = ("" if row[name] is None else row[name] for name in ("waiting", "piled"))
        out.append(
            f"{row['day']:>3}  {row['date']:10}  {'away' if row['away'] else 'there':6}  {row['taken']:>6}  "
            f"{row['held']:>6}  {waiting:>7}  {piled:>5}  {decided}"
        )
    out.append("")
    for line in shown["invariants"]:
        out.append(f"{_word(line['holds']):10}  {line['title']}: {line['figure']}")
        out += [f"{'':10}    {each}" for each in line["against"]]
    out += ["", "went wrong on purpose:"]
    out += [f"  {row['kind']} at {row['where']}: {row['noticed'] or 'NOT NOTICED'}" for row in shown["errors"]]
    out += ["", "not in this replay:", *(f"  {each}" for each in shown["left_out"])]
    out += ["", f"verdict: {shown['verdict']}"]
    return "\n".join(out)


def _word(holds: bool | None) -> str:
    return {True: "holds", False: "BROKEN", None: "not asked"}[holds]


def html(shown: dict[str, Any]) -> str:
    """The same as a page of its own."""
    size = shown["size"]
    return "\n".join([
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        "<title>Outage replayed</title>",
        f"<h1>Outage replayed: {shown['verdict']}</h1>",
        f"<p>Seed {shown['seed']}: {size['days']} days, {size['boxes']} boxes, replayed in {shown['seconds']} s.</p>",
        "<h2>Invariants</h2>",
        _table(("", "Invariant", "Figure", "Against it"), [
            (_word(line["holds"]), line["title"], line["figure"], "; ".join(line["against"]))
            for line in shown["invariants"]
        ]),
        "<h2>Received, held, worked off</h2>",
        _picture(shown["days"]),
        "<p>Dashed: receipts held at the offices. Whole line: requests that wait for a decision at the centre.</p>",
        _table(("Day", "Date", "Centre", "Receipts given", "Held at the offices", "Waiting for a decision",
                "of these of the pile", "Decided of the pile", "of what is due", "of new work"), [
            (row["day"], row["date"].replace("-", "\u2011"), "away" if row["away"] else "there", row["taken"],
             row["held"], row["waiting"], row["piled"], row["pile"], row["due"], row["new"])
            for row in shown["days"]
        ]),
        "<h2>What went wrong on purpose</h2>",
        _table(("What", "Where", "Noticed by"), [
            (KINDS[row["kind"]], row["where"], row["noticed"] or "NOT NOTICED") for row in shown["errors"]
        ]),
        "<h2>Not in this replay</h2><ul>", *(f"<li>{escape(each)}</li>" for each in shown["left_out"]), "</ul></html>",
    ])  # fmt: skip


def _table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{'' if cell is None else escape(str(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return f'<table border="1" cellpadding="4"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _picture(days: Sequence[dict[str, Any]]) -> str:
    """A line each of what the offices hold and of what waits at the centre; the figures stand in the table below it."""
    highest = max([row[name] or 0 for row in days for name in ("held", "waiting")] + [1])
    parts = ['<svg role="img" viewBox="0 0 640 180" width="640" height="180"><title>Held at the offices (dashed), ',
             f"waiting at the centre (whole line); the top is {highest}</title>"]  # fmt: skip
    for name, dash in (("held", "6 4"), ("waiting", "none")):
        points = " ".join(
            f"{20 + 600 * number // max(1, len(days) - 1)},{170 - 160 * (row[name] or 0) // highest}"
            for number, row in enumerate(days)
            if row[name] is not None
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="black" stroke-dasharray="{dash}"/>')
    return "".join([*parts, "</svg>"])


def write(shown: dict[str, Any], folder: Any) -> None:
    """The page three times: for people, for a terminal, for a program."""
    (folder / "outage.html").write_text(html(shown), encoding="utf-8")
    (folder / "outage.txt").write_text(text(shown) + "\n", encoding="utf-8")
    (folder / "outage.json").write_text(json.dumps(shown, indent=1), encoding="utf-8")
