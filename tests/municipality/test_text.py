"""What people type and paste: one cleaner for every box that takes a number."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.identity import clean_mobile, clean_national_id
from core.text import compact, is_storable, one_line, prose, western_digits, without_marks, written_code
from transactions.domain import pins, references

REFERENCE = str(references.Reference("C1", "A", 1448, 123))
MARKS = "\u061c\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2064\u2066\u2069\u202a\u202e\ufeff\u00ad\ufe0f\u034f\u0000"
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
SPACES = " \t\u00a0\u2002\u2007\u2009\u202f\u3000\u1680"
ZEROS = [chr(code) for code in range(0x20000) if unicodedata.category(chr(code)) == "Nd" and chr(code).isdecimal()]
ZEROS = [zero for zero in ZEROS if unicodedata.decimal(zero) == 0]


@st.composite
def as_typed(draw, number: str) -> str:
    """A number in the digits of any script, with what nobody sees and what only groups between them."""
    zero = ord(draw(st.sampled_from(ZEROS)))
    between = st.text(st.sampled_from(MARKS + DASHES + SPACES + "()[]\u0640._/"), max_size=3)
    digits = [chr(zero + int(char)) if char.isdecimal() else char for char in number]
    return draw(between) + "".join(char + draw(between) for char in digits)


@given(as_typed("1010101010"))
def test_an_id_is_read_however_it_is_written(typed):
    assert clean_national_id(typed) == "1010101010"


@given(
    st.sampled_from(["0512345678", "512345678", "+966512345678", "966512345678", "00966512345678"]).flatmap(as_typed)
)
def test_a_mobile_is_read_however_it_is_written(typed):
    assert clean_mobile(typed) == "+966512345678"


@pytest.mark.parametrize(
    "typed",
    [
        "+966(0)512345678",
        "(051) 2345678",
        "+966 (0) 51-234-5678",
        "00966(0)512345678",
        "٠٥١ ٢٣٤ ٥٦٧٨",
        "＋９６６５１２３４５６７８",
    ],
)
def test_a_mobile_with_brackets(typed):
    assert clean_mobile(typed) == "+966512345678"


@given(as_typed(REFERENCE), as_typed("1234 5678"))
def test_a_reference_and_its_pin_are_read_however_they_are_written(reference, pin):
    parsed = references.parse(reference)
    assert parsed is not None
    assert str(parsed) == REFERENCE
    assert compact(pin) == "12345678"


@given(as_typed(pins.derive_pin(REFERENCE)))
def test_a_pin_matches_however_it_is_written(typed):
    assert pins.pin_matches(REFERENCE, typed)


def test_what_means_something_stays():
    assert compact("1e3") == "1e3"
    assert compact("m²") == "m²"
    assert compact("-5+6") == "5+6"
    assert not pins.pin_matches(REFERENCE, pins.derive_pin(REFERENCE) + "x")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("٤١٥ / ج / س", "415/ج/س"),
        ("415\u2044ج\\س", "415/ج/س"),
        ("۲۷\u200f", "27"),
        ("١٢ـ٣", "123"),
        ("ENG\u20131001", "ENG-1001"),
        ("(27 ب)", "(27 ب)"),
        ("ﺝ/12", "ج/12"),
        ("\u200f\u061c", ""),
    ],
)
def test_a_number_with_strokes_is_kept_in_one_form(typed, kept):
    assert written_code(typed) == kept


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text):
    for clean in (compact, written_code, one_line, prose, without_marks, western_digits):
        once = clean(text)
        assert clean(once) == once


@given(st.text(st.sampled_from(MARKS + SPACES + "\u3164\u2800\ud800\u115f")))
def test_what_nobody_sees_is_nothing(text):
    assert one_line(text) == prose(text) == written_code(text) == compact(text) == ""


def test_lines_stay_lines():
    assert prose(" \u200fone\r\ntwo\u2028three\n\n") == "one\ntwo\nthree"
    assert one_line("one\r\n\ttwo") == "one two"


@given(st.text() | st.text(st.sampled_from("a\0\ud800\udfffم😀")))
def test_what_a_database_takes_has_no_nul_and_no_half_character(text):
    assert is_storable(text) is not any(each == "\0" or "\ud800" <= each <= "\udfff" for each in text)
