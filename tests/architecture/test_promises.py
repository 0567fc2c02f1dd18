"""No sentence says more than holds: whatever promises stands in promises.toml beside the test that makes it true."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import polib
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
LIST = Path(__file__).with_name("promises.toml")
# What English promises with. A sentence that has one of these words is listed, also where it promises nothing.
PROMISES = re.compile(
    r"\b(safe|lost|kept|sent|ended|always|never|at once|within|will|guaranteed?|for ever|nothing is|for life)\b",
    re.IGNORECASE,
)
TEST = re.compile(r"^\s*(?:async )?def (test_\w+)\(", re.MULTILINE)
SAID_ONCE_AND_NOT_TRUE = (
    "Whatever you have a receipt for is safe",
    "Nothing is lost; what happened since",
    "The request itself is safe",
    "the approved request was sent to",
)


def said() -> set[str]:
    """Every text of the portal, plural forms too, in its source language."""
    po = polib.pofile(str(ROOT / "locale" / "ar" / "LC_MESSAGES" / "django.po"))
    return {text for entry in po if not entry.obsolete for text in (entry.msgid, entry.msgid_plural) if text}


def listed() -> dict[str, list[dict]]:
    return tomllib.loads(LIST.read_text(encoding="utf-8"))


def test_whatever_promises_is_listed_and_nothing_else():
    promising = {text for text in said() if PROMISES.search(text)}
    known = [text for group in listed().values() for row in group for text in row["sentences"]]
    assert promising - set(known) == set(), "name in promises.toml what makes it true"
    assert set(known) - promising == set(), "said no more"
    assert len(known) == len(set(known))


def test_whatever_makes_a_promise_true_is_there():
    tests = {name for path in (ROOT / "tests").rglob("*.py") for name in TEST.findall(path.read_text(encoding="utf-8"))}
    assert [row["by"] for row in listed()["promise"] if row["by"] not in tests] == []
    assert all(row["why"].strip() for row in listed()["no_promise"])


def test_the_rule_sees_a_promise_without_a_test():
    for text in (
        "Your file is safe with us.",
        "It is never lost.",
        "We answer within a day.",
        "You will hear from us.",
    ):
        assert PROMISES.search(text)
    assert not PROMISES.search("Your request is with the reviewer.")


def test_what_was_found_untrue_is_said_no_more():
    assert [text for text in said() for old in SAID_ONCE_AND_NOT_TRUE if old in text] == []
