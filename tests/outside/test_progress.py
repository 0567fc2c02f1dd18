"""What is known of a matter does not depend on the order, or the number of times, in which its messages came."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outside.progress import Message, progress_of

from ..conftest import NOW

pytestmark = pytest.mark.embedded
KINDS = ("sent", "acknowledged", "connected", "refused")


def message(key, kind, hours, number=""):
    given_ = ("M-1",) if kind == "connected" else ()
    reason = f"reason {key}" if kind == "refused" else ""
    return Message(key, kind, NOW + timedelta(hours=hours), number, reason, given_)


NUMBERS = st.sampled_from(["", "E-1", "E-2"])
sets_of_messages = st.lists(
    st.builds(message, st.sampled_from("abcdefgh"), st.sampled_from(KINDS), st.integers(0, 5), NUMBERS),
    unique_by=lambda each: each.key,
    max_size=8,
)  # fmt: skip


@given(sets_of_messages, st.randoms(use_true_random=False), st.integers(0, 3))
def test_any_order_and_any_repetition_says_the_same(messages, chance, times):
    other = messages * (1 + times)
    chance.shuffle(other)
    assert progress_of(other) == progress_of(messages)


@given(sets_of_messages)
def test_nothing_is_claimed_that_no_message_said(messages):
    known, kinds = progress_of(messages), {each.kind for each in messages}
    concluded = kinds & {"connected", "refused"}
    assert known.state == (
        "concluded" if concluded
        else "acknowledged" if "acknowledged" in kinds
        else "sent" if "sent" in kinds
        else "waiting"
    )  # fmt: skip
    assert (known.sent_at is not None) == ("sent" in kinds)
    assert (known.acknowledged_at is not None) == bool(kinds - {"sent"})
    assert known.outcome in (concluded or {""})
    assert known.contradicted == (len(concluded) == 2)
    assert known.number in {"", *(each.number for each in messages if each.kind != "sent")}


@given(sets_of_messages, st.sampled_from(["connected", "refused"]))
def test_the_last_conclusion_counts(messages, kind):
    last = message("z", kind, 6)
    assert progress_of([last, *messages]).outcome == kind


@pytest.mark.parametrize(
    ("messages", "state", "number"),
    [
        ([], "waiting", ""),
        ([message("a", "sent", 0)], "sent", ""),
        ([message("a", "acknowledged", 1, "E-7")], "acknowledged", "E-7"),
        ([message("a", "connected", 2), message("b", "acknowledged", 1, "E-7")], "concluded", "E-7"),
        ([message("a", "sent", 0, "not theirs"), message("b", "acknowledged", 1)], "acknowledged", ""),
    ],
)
def test_examples(messages, state, number):
    known = progress_of(messages)
    assert (known.state, known.number) == (state, number)
