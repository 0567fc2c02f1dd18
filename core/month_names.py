"""The names of months, weekdays and eras as people write them in either language, folded for looking up."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import product

from .text import search_key

HIJRI, GREGORIAN = True, False
_ARTICLES = frozenset(["al", "ul", "el", "il", "as", "ash", "an", "ath"])
_ROMAN = {"i": "1", "ii": "2"}

# Every month by its spellings, of which the first is the one in use here; articles and doubled letters may be left out.
_ZU = ("dhu", "dhul", "dhi", "dhil", "thu", "thul", "thi", "zu", "zul", "zi", "zil", "du", "dul", "")
_HIJRI = (
    ("محرم", "محرم الحرام", "muharram", "moharram", "muharam al haram"),
    ("صفر", "صفر الخير", "safar", "saphar"),
    ("ربيع الأول", "ربيع أول", "ربيع الاولى", "ربيع i", *(f"rabi {n}" for n in ("awwal", "awal", "i", "ula", "auwal"))),
    (
        *("ربيع الآخر", "ربيع الثاني", "ربيع ثاني", "ربيع ثان", "ربيع ii"),
        *(f"rabi {n}" for n in ("akhir", "akhar", "thani", "sani", "ii")),
    ),
    (
        *(f"{a} {b}" for a in ("جمادى", "جماد", "جمادا") for b in ("الأولى", "الأول", "أول", "i")),
        *(f"{a} {b}" for a in ("jumada", "jumadi", "jamadi", "jumad") for b in ("ula", "oula", "awwal", "awal", "i")),
    ),
    (
        *(
            f"{a} {b}"
            for a in ("جمادى", "جماد", "جمادا")
            for b in ("الآخرة", "الآخر", "الثانية", "الثاني", "ثاني", "ii")
        ),
        *(
            f"{a} {b}"
            for a in ("jumada", "jumadi", "jamadi", "jumad")
            for b in ("akhirah", "akhira", "akhir", "thani", "thaniyah", "sani", "ii")
        ),
    ),
    ("رجب", "رجب الفرد", "rajab"),
    ("شعبان", "shaban", "shaaban", "chaban"),
    ("رمضان", "رمضان المبارك", "ramadan", "ramadhan", "ramazan", "ramadaan"),
    ("شوال", "shawwal", "shawal", "chawwal"),
    (
        *(f"{a}{b}" for a in ("ذو ال", "ذي ال", "ذا ال", "ال", "ذوال", "ذيال", "") for b in ("قعدة",)),
        *(
            f"{a} {b}"
            for a, b in product(_ZU, ("qidah", "qadah", "qaadah", "qada", "qida", "qaidah", "kidah", "kadah"))
        ),
    ),
    (
        *(f"{a}{b}" for a in ("ذو ال", "ذي ال", "ذا ال", "ال", "ذوال", "ذيال", "") for b in ("حجة",)),
        *(f"{a} {b}" for a, b in product(_ZU, ("hijjah", "hijja", "hija", "hijah", "hajjah", "hejjah"))),
    ),
)
_GREGORIAN = (
    ("يناير", "كانون الثاني", "كانون ثاني", "جانفي", "january", "jan"),
    ("فبراير", "شباط", "فيفري", "february", "feb"),
    ("مارس", "آذار", "march", "mar"),
    ("أبريل", "إبريل", "نيسان", "أفريل", "april", "apr"),
    ("مايو", "أيار", "ماي", "may"),
    ("يونيو", "يونيه", "حزيران", "جوان", "june", "jun"),
    ("يوليو", "يوليه", "تموز", "جويلية", "july", "jul"),
    ("أغسطس", "آب", "أوت", "august", "aug"),
    ("سبتمبر", "أيلول", "شتنبر", "september", "sept", "sep"),
    ("أكتوبر", "تشرين الأول", "تشرين أول", "october", "oct"),
    ("نوفمبر", "تشرين الثاني", "تشرين ثاني", "نونبر", "november", "nov"),
    ("ديسمبر", "كانون الأول", "كانون أول", "دجنبر", "december", "dec"),
)
_WEEKDAYS = (
    *("الأحد", "الإثنين", "الاثنين", "الثلاثاء", "الثلوث", "الأربعاء", "الربوع", "الخميس", "الجمعة", "السبت"),
    *("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"),
    *("sun", "mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat"),
)
_LINKS = (
    "يوم",
    "بتاريخ",
    "تاريخ",
    "في",
    "من",
    "شهر",
    "عام",
    "سنة",
    "لعام",
    "لسنة",
    "on",
    "the",
    "of",
    "day",
    "year",
    "dated",
)


def _words(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(map(search_key, texts))


# Words that say nothing of which day it is.
PASSED_OVER = _words((*_WEEKDAYS, *(day.removeprefix("ال") for day in _WEEKDAYS), *_LINKS))
# An era by its folded word: is it the Hijri one?
ERAS = dict.fromkeys(_words(("هـ", "هجري", "هجرية", "هجريا", "للهجرة", "ah", "h", "hijri", "hijriyah")), HIJRI) | (
    dict.fromkeys(_words(("م", "ميلادي", "ميلادية", "ميلاديا", "ad", "ce", "g", "gregorian")), GREGORIAN)
)


def month_key(words: Iterable[str]) -> str:
    """Folded words as the key of a month: no articles, no doubled letters, one spelling of what is heard alike."""
    spoken = [_ROMAN.get(word, word) for word in words if word not in _ARTICLES]
    bare = "".join(word.removeprefix("ال") if len(word) > 4 else word for word in spoken)
    return re.sub(r"(.)\1+", r"\1", bare).removesuffix("h")


# (is it Hijri?, which month) by month_key.
MONTHS = {
    month_key(search_key(name).split()): (calendar, number)
    for calendar, months in ((HIJRI, _HIJRI), (GREGORIAN, _GREGORIAN))
    for number, names in enumerate(months, start=1)
    for name in names
}
