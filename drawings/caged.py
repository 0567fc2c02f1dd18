"""Has drawings measured by a process in a cage (drawings/child.py), and takes of its answer what fits, no more."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import IO, Any

from transactions.attachments import rendering

from .checks import by_code
from .domain.facts import Facts
from .domain.finding import CHECKED, NO_UNIT, NOT_BY_TEMPLATE
from .domain.rules import RuleSet

PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from drawings.child import main; main(sys.argv[2])"
MEMORY = 768 * 1024**2
# Of CPU, and of the clock: below the soft limit of a task (settings/work.py).
STEP_SECONDS, SECONDS = 9.5, 11.0
MAX_ANSWER = 4 * 1024**2
MAX_FINDINGS, MAX_PLACE, MAX_LINES = 200, 600, 300
NOTES = frozenset({"closed", "doubles", "skipped", "unit-taken", "no-north"})
WRONG = frozenset({"broken", "cut", "memory", "too_much", "slow", "crashed"})


def check(source: IO[bytes], facts: Facts, rules: RuleSet) -> dict[str, Any]:
    """What is found in a drawing. `wrong` is one of WRONG when it could not be measured, or rendering.OVERLOADED."""
    order: dict[str, Any] = {"facts": facts.as_json(), "rules": rules.code}
    order |= {"memory": MEMORY, "seconds": int(STEP_SECONDS) + 4, "step": STEP_SECONDS}
    command = [sys.executable, "-I", "-c", PROGRAM, str(rendering.ROOT), json.dumps(order)]
    with rendering.descriptor(source) as given, tempfile.TemporaryFile() as answer:
        try:
            done = subprocess.run(  # noqa: S603 – our own program; what is outside is numbers and names of ours
                command, stdin=given, stdout=answer, stderr=subprocess.DEVNULL, timeout=SECONDS,
                env=rendering.ENVIRONMENT,
            ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            return {"wrong": rendering.OVERLOADED}
        answer.seek(0)
        message = answer.read(MAX_ANSWER + 1)
    if done:
        # A signal of the processor's clock or the kernel: too long. Anything else: it fell over.
        return {"wrong": "slow" if done in (-9, -24, -27) else "crashed"}
    return cleaned(message)


def cleaned(message: bytes) -> dict[str, Any]:
    """An answer as far as it is one of ours: known codes, finite numbers, lists no longer than they may be."""
    try:
        words = json.loads(message)
        if "wrong" in words:
            return {"wrong": words["wrong"] if words["wrong"] in WRONG else "crashed"}
        known = by_code()
        return {
            "state": words["state"] if words["state"] in (CHECKED, NO_UNIT, NOT_BY_TEMPLATE) else NOT_BY_TEMPLATE,
            "findings": [_finding(item) for item in words["findings"][:MAX_FINDINGS] if item["code"] in known],
            "more": int(words.get("more", 0)),
            "notes": [_note(item) for item in words["notes"][:MAX_FINDINGS] if item["code"] in NOTES],
            "failed": [code for code in words["failed"] if code in known],
            "measurable": bool(words.get("measurable")),
            "figures": {_text(name): _number(value) for name, value in list(words.get("figures", {}).items())[:100]},
            "plan": [_line(item) for item in words.get("plan", ())[:MAX_LINES]],
            "origin": _points([words.get("origin", (0, 0))])[0],
            "metres": _optional(words.get("metres")),
        }
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return {"wrong": "crashed"}


def _finding(item: dict[str, Any]) -> dict[str, Any]:
    extra = {_text(name): _scalar(value) for name, value in list(item["extra"].items())[:5]}
    return {
        "code": item["code"],
        "subject": _text(item["subject"]),
        "required": _optional(item["required"]),
        "measured": _optional(item["measured"]),
        "rule": _text(item["rule"]),
        "place": _points(item["place"][:MAX_PLACE]),
        "extra": extra,
    }


def _note(item: dict[str, Any]) -> dict[str, Any]:
    return {"code": item["code"], "subject": _text(item["subject"]), "figure": _optional(item["figure"])}


def _line(item: dict[str, Any]) -> dict[str, Any]:
    return {"layer": _text(item["layer"]), "closed": bool(item["closed"]), "points": _points(item["points"])}


def _text(value: Any) -> str:
    """No longer than any of ours is, and nothing a database cannot keep."""
    return "".join(letter for letter in str(value)[:80] if letter.isprintable())


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def _optional(value: Any) -> float | None:
    return None if value is None else _number(value)


def _scalar(value: Any) -> str | float:
    return _number(value) if isinstance(value, int | float) else _text(value)


def _points(given: Any) -> list[list[float]]:
    number: Callable[[Any], float] = _number
    return [[number(x), number(y)] for x, y in given]
