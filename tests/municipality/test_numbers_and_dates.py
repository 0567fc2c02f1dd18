"""Numbers and dates as people write them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django import forms
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from core import month_names
from core.dates import NoSuchDay, UnreadableDate, read_date
from core.forms import fields
from core.hijri import MONTHS_AR, MONTHS_EN, OutsideCalendar, format_hijri, hijri_parts
from core.numbers import canonical_number, read_number
from core.relative_days import FromToday, years_later
from core.templatetags.portal import both_dates

EASTERN = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
WIDE = str.maketrans("0123456789", "".join(chr(0xFF10 + n) for n in range(10)))
scripts = st.sampled_from([{}, EASTERN, PERSIAN, WIDE])
days = st.dates(date(1925, 1, 1), date(2077, 1, 1))
THE_DAY = date(2018, 11, 23)  # 15 Rabi al-Awwal 1440, a Friday


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("900", "900"), ("٩٠٠", "900"), ("1,250", "1250"), ("1،250", "1250"), ("625,5", "625.5"), ("625٫5", "625.5"),
        ("1.250,5", "1250.5"), ("1,250.5", "1250.5"), ("١٬٢٥٠٫٥", "1250.5"), ("1٬250٬000", "1250000"),
        ("1.250.000", "1250000"), ("1,250,000.25", "1250000.25"), ("1 250", "1250"), ("1\u202f250,75", "1250.75"),
        ("1'250", "1250"), ("1.250", "1.25"), ("12.500", "12.5"), ("0,500", "0.5"), ("1250,500", "1250.5"),
        (".5", "0.5"), ("٫٥", "0.5"), ("900.", "900"), ("007", "7"), ("-5", "-5"), ("−5", "-5"), ("+5", "5"),
        ("0", "0"), ("100", "100"), ("1000.00", "1000"), ("\u200f900\u2069", "900"),
        ("900 م2", "900"), ("900 m²", "900"), ("٩٠٠ م٢", "900"), ("900م²", "900"), ("م² 900", "900"),
        ("900 متر مربع", "900"), ("٩٠٠ متراً مربعاً", "900"), ("900 متر", "900"), ("1,250.5 sq. m", "1250.5"),
        ("-0", "0"), ("−٠٫٠", "0"), ("900 m^2", "900"), ("1’250.50", "1250.5"),
    ],
)  # fmt: skip
def test_a_number_is_read_and_kept_in_one_form(typed, kept):
    assert canonical_number(read_number(typed, "م²")) == kept


@pytest.mark.parametrize(
    "typed",
    ["1e3", "1E3", "١e٣", "1,25,000", "1,2500", "12٬5", "1.2.3", "1,250,5", "1 2 3", "5-", "9/5", "NaN", "inf", "0x1f",
     "1_000", "½", "٥٠٪", "900 kg", "900 m2 m2", "", ".", ",", "-", "9" * 80, "1.250,000.5", "--5", "٩٠٠ ريال"],
)  # fmt: skip
def test_what_is_no_number_is_refused(typed):
    with pytest.raises(ValueError):  # noqa: PT011 – the words are the form's business
        read_number(typed, "م²")


@pytest.mark.parametrize(
    ("typed", "unit"), [("50 ك.ف.أ", "kVA"), ("50 kva", "ك.ف.أ"), ("50 متر", "m"), ("50 ر.س", "SAR")]
)
def test_the_unit_of_the_box_in_either_language(typed, unit):
    assert read_number(typed, unit) == 50


@pytest.mark.parametrize("typed", ["5-", "٥−", "900 -", "- 5 -", "5 –"])
def test_a_minus_behind_a_number_is_not_read_over(typed):
    for unit in ("", "m", "m²"):
        with pytest.raises(ValueError):  # noqa: PT011
            read_number(typed, unit)


def test_an_area_is_no_length():
    with pytest.raises(ValueError):  # noqa: PT011
        read_number("900 م2", "م")


@given(st.decimals(Decimal("-1e9"), Decimal("1e9"), places=2), scripts, st.sampled_from(["", ",", "٬", " ", "'"]))
def test_a_number_is_read_back(number, script, apart):
    written = f"{number:,}".replace(",", apart).translate(script)
    assert read_number(written) == number


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_is_refused(text):
    try:
        found = read_number(text, "m²")
    except ValueError:
        return
    assert read_number(canonical_number(found)) == found


def test_a_whole_number_is_whole():
    assert fields.IntegerField().clean("1,250") == 1250
    assert fields.IntegerField().clean("3.0") == 3
    with pytest.raises(forms.ValidationError):
        fields.IntegerField().clean("3,5")
    with pytest.raises(forms.ValidationError):
        fields.DecimalField(max_digits=12, decimal_places=2).clean("1.255")
    assert fields.DecimalField(max_digits=12, decimal_places=2).clean("12.500") == Decimal("12.5")
    assert fields.DecimalField().clean(625.5) == Decimal("625.5")
    with pytest.raises(forms.ValidationError):
        fields.DecimalField().clean(True)


@pytest.mark.parametrize(
    "typed",
    [
        "14400315", "15031440", "١٥٠٣١٤٤٠", "1440/03/15", "1440/03/15هـ", "1440-3-15 AH", "15/3/1440", "15-3-1440",
        "15.3.1440", "15 3 1440", "١٥/٣/١٤٤٠", "١٥٫٣٫١٤٤٠", "۱۴۴۰/۰۳/۱۵", "1440،3،15", "1440\\3\\15", "15–3–1440",
        "15 ربيع الأول 1440", "15 ربيع الاول 1440هـ", "١٥ ربيع أول ١٤٤٠ هـ", "15 ربيع 1 1440", "ربيع الأول 15، 1440",
        "الجمعة 15 ربيع الأول 1440", "يوم الجمعة، ١٥ ربيع الأول ١٤٤٠هـ", "15ربيع الأول1440",
        "15 Rabi al-Awwal 1440", "15 Rabi' al-awwal 1440 AH", "15 Rabi I 1440", "Rabi ul Awal 15, 1440",
        "2018-11-23", "23/11/2018", "23112018", "20181123", "23 November 2018", "November 23, 2018", "23rd Nov 2018",
        "Friday, 23 November 2018", "23-Nov-2018", "23 نوفمبر 2018", "23 نوفمبر 2018م", "٢٣ تشرين الثاني ٢٠١٨",
        "15 ربيع الأول 1440هـ الموافق 23 نوفمبر 2018م", "15 ربيع الأول 1440هـ (23 نوفمبر 2018م)",
        "\u200f1440/03/15\u200f", "\uff11\uff14\uff14\uff10\uff0f\uff10\uff13\uff0f\uff11\uff15", " 1440/03/15 . ",
    ],
)  # fmt: skip
def test_a_date_is_read_in_every_usual_form(typed):
    assert read_date(typed) == THE_DAY


@pytest.mark.parametrize(
    "typed",
    ["غرة محرم 1445", "غُرّة محرم ١٤٤٥هـ", "غرة شهر محرم الحرام عام 1445", "الأربعاء غرة محرم 1445", "مستهل محرم 1445",
     "أول محرم 1445", "الأول من محرم 1445", "يوم أول محرم 1445", "أول يوم من محرم 1445هـ", "first of Muharram 1445",
     "1st Muharram 1445", "غرة محرم 1445 الموافق 19 يوليو 2023"],
)  # fmt: skip
def test_the_first_of_a_month_has_words_of_its_own(typed):
    assert read_date(typed) == date(2023, 7, 19)


@pytest.mark.parametrize("typed", ["غرة 5 محرم 1445", "غرة 1445", "أول ربيع 1440", "غرة غرة محرم 1445", "أول 1445"])
def test_the_first_of_no_month_is_not_understood(typed):
    with pytest.raises(UnreadableDate):
        read_date(typed)


@pytest.mark.parametrize(
    "typed",
    ["", "abc", "1440", "15/3/40", "2018/12", "1440/3/15/7", "15 ربيع 1440", "15 ربيع الأول 2018", "15/3/1440م",
     "2018-11-23هـ", "15/1440/3", "1 1 1", "15 March", "1440/03/15 (1 ديسمبر 2018)", "1440/03/15 x", "15*3*1440",
     "9" * 200],
)  # fmt: skip
def test_what_is_not_understood_is_not_said_not_to_exist(typed):
    with pytest.raises(UnreadableDate):
        read_date(typed)


@pytest.mark.parametrize("typed", ["31/04/2018", "2018-13-01", "12/31/2018", "1440/13/01", "1440/00/15", "29/02/2019"])
def test_a_day_the_calendar_has_not(typed):
    with pytest.raises(NoSuchDay):
        read_date(typed)


@pytest.mark.parametrize("typed", ["1200/01/01", "0001-01-01", "9999-12-31", "1650/05/05", "1 محرم 1501"])
def test_a_day_outside_the_tables(typed):
    with pytest.raises(OutsideCalendar):
        read_date(typed)


@given(days, scripts, st.sampled_from("/-. ،_"), st.booleans(), st.booleans())
def test_a_date_in_numbers_is_read_back(day, script, between, hijri, year_first):
    parts = [f"{n:02d}" for n in (hijri_parts(day) if hijri else (day.year, day.month, day.day))]
    typed = between.join(parts if year_first else reversed(parts)).translate(script)
    assert read_date(typed) == day
    assert read_date(typed.replace(between, "")) == day


@given(days, scripts, st.sampled_from(["ar", "en"]))
def test_a_date_as_our_pages_print_it_is_read_back(day, script, language):
    with translation.override(language):
        printed = both_dates(day)
    plain = printed.replace("<bdi>", "").replace("</bdi>", "").split(">", 2)
    text = printed[printed.index(">") + 1 :]
    for tag in ("<bdi>", "</bdi>", '<span class="date__other">', "</span>", "</time>"):
        text = text.replace(tag, "")
    assert plain
    assert read_date(text.translate(script)) == day
    assert read_date(format_hijri(day, language).translate(script)) == day


def test_no_spelling_is_two_months():
    found: dict[str, set[tuple[bool, int]]] = {}
    for calendar, months in ((True, month_names._HIJRI), (False, month_names._GREGORIAN)):
        for number, names in enumerate(months, start=1):
            for name in names:
                key = month_names.month_key(month_names.search_key(name).split())
                found.setdefault(key, set()).add((calendar, number))
    assert [key for key, months in found.items() if len(months) > 1 or not key] == []
    for names in (MONTHS_AR, MONTHS_EN):
        for number, name in enumerate(names, start=1):
            assert read_date(f"3 {name} 1440") == read_date(f"1440/{number}/3")


@given(st.text(max_size=40))
def test_any_text_is_a_date_or_is_refused(text):
    try:
        read_date(text)
    except (UnreadableDate, NoSuchDay, OutsideCalendar):
        return


def test_the_box_says_which_of_the_three_it_is():
    for typed, code in (
        ("1440", "unreadable_date"),
        ("31/04/2018", "impossible_date"),
        ("1200/1/1", "outside_calendar"),
    ):
        with pytest.raises(forms.ValidationError) as refused:
            fields.DateField().clean(typed)
        assert refused.value.code == code
    assert "inputmode" not in fields.DateField().widget.attrs
    assert fields.DateField(required=False).clean("\u200f ") is None


@pytest.mark.parametrize(
    ("day", "years", "then"),
    [
        (date(2026, 11, 28), 3, date(2029, 11, 28)),
        (date(2028, 2, 29), 1, date(2029, 2, 28)),
        (date(2028, 2, 29), -4, date(2024, 2, 29)),
        (date(2096, 2, 29), 4, date(2100, 2, 28)),
        (date(2027, 2, 28), 1, date(2028, 2, 28)),
    ],
)
def test_the_same_day_of_another_year(day, years, then):
    assert years_later(day, years) == then
    assert FromToday(years=years).on(day) == then


def test_years_come_before_days_from_today():
    assert FromToday(years=1, days=1).on(date(2028, 2, 29)) == date(2029, 3, 1)
    assert FromToday(days=-1).on(date(2028, 3, 1)) == date(2028, 2, 29)
