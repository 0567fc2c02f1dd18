"""Numbers of bills: digits only, as banks' apps take them. Pure.

Series (1 digit), lot (6), serial (5 or more), check digit (ISO 7064 mod 11,10, which finds every wrong digit and every
two exchanged): 13 digits until the serial needs a sixth. The lot is that of the journal's chain in figures, 000000 for
a database that was never restored: so a number given after the backup is not given again after the restore.
"""

from __future__ import annotations

from stdnum.iso7064 import mod_11_10

from core.text import compact

# The letters of lots (journal.standing) in order, as figures.
LETTERS = "BCDFGHJKMNPQRTVWXYZ"
MIN_DIGITS = 13
MAX_DIGITS = 20


def lot_figures(lot: str) -> str:
    """The letters of a lot as six digits; 000000 without one."""
    drawn = 0
    for letter in lot:
        drawn = drawn * len(LETTERS) + LETTERS.index(letter)
    return f"{drawn + 1 if lot else 0:06d}"


def bill_number(series: int, lot: str, serial: int) -> str:
    """The number of a bill."""
    bare = f"{series:d}{lot_figures(lot)}{serial:05d}"
    return f"{bare}{mod_11_10.calc_check_digit(bare)}"


def read_number(typed: str) -> str:
    """A bill number as people type it; empty when it is none or its check digit is wrong."""
    digits = compact(typed)
    right = digits.isascii() and digits.isdecimal() and MIN_DIGITS <= len(digits) <= MAX_DIGITS
    return digits if right and mod_11_10.is_valid(digits) else ""


def in_groups(number: str) -> str:
    """As it is read aloud and copied by eye: groups of four, the last one longer rather than short."""
    groups = [number[start : start + 4] for start in range(0, len(number), 4)]
    if len(groups) > 1 and len(groups[-1]) < 3:
        groups[-2:] = ["".join(groups[-2:])]
    return " ".join(groups)
