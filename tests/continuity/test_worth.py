"""What a promise is worth: a pure rule, and what the pages, the paper and the API say of it."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from continuity.worth import Promise, Worth, worth

from ..conftest import NOW

SEQS = st.integers(min_value=1, max_value=10**12)
MOMENTS = st.integers(min_value=-(10**6), max_value=10**6).map(lambda seconds: NOW + timedelta(seconds=seconds))


@given(seq=SEQS, reached=st.integers(min_value=0, max_value=10**12), at=MOMENTS, missing=st.lists(MOMENTS, max_size=5))
def test_confirmed_is_what_the_vault_has_whole(seq, reached, at, missing):
    found = worth(Promise(1, seq, at), reached=reached, missing=missing)
    whole = reached >= seq and all(came > at for came in missing)
    assert found == (Worth.CONFIRMED if whole else Worth.PROVISIONAL)


@given(seq=SEQS, at=MOMENTS, missing=st.lists(MOMENTS, max_size=5), reached=SEQS, more=st.integers(0, 10**6))
def test_confirmed_stays_confirmed_when_the_vault_goes_on(seq, at, missing, reached, more):
    before = worth(Promise(1, seq, at), reached=reached, missing=missing)
    after = worth(Promise(1, seq, at), reached=reached + more, missing=missing[1:])
    assert not (before is Worth.CONFIRMED and after is Worth.PROVISIONAL)


@given(seq=SEQS, at=MOMENTS)
def test_nothing_is_confirmed_that_nobody_acknowledged(seq, at):
    assert worth(Promise(1, seq, at), reached=0, missing=[]) is Worth.PROVISIONAL


def test_there_are_two_words():
    assert [str(one) for one in Worth] == ["confirmed", "provisional"]
