"""A district is found as people write it."""

from __future__ import annotations

import pytest
from django import forms
from hypothesis import given
from hypothesis import strategies as st

from municipality.district_names import is_one_edit_apart, name_keys, search_keys
from municipality.models import District
from transactions.answers import cleaning as answers

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("حي الشرفية", "الشرفية"), ("حى الشرفيه", "الشرفية"), ("السلامة, جدة", "السلامة"),
        ("السلامة، جدة", "السلامة"),
        ("جدة - حي السلامة", "السلامة"), ("السلامة بجدة", "السلامة"), ("حي السلامة، جدة 23436", "السلامة"),
        ("alsalamah", "السلامة"), ("As-Salamah", "السلامة"), ("assalamah", "السلامة"), ("Al Salama", "السلامة"),
        ("al-salamah district", "السلامة"), ("Salama, Jeddah", "السلامة"), ("سلامة", "السلامة"),
        ("سـلامـة", "السلامة"),
        ("الاندلس", "الأندلس"), ("اندلس", "الأندلس"), ("Alandalus", "الأندلس"),
        ("Al-Hamraa", "الحمراء"), ("Elhamra", "الحمراء"),
        ("النزله الشرقيه", "النزلة الشرقية"), ("نزلة شرقية", "النزلة الشرقية"),
        ("An Nazlah Ash-Sharqiya", "النزلة الشرقية"),
        ("ashsharafiyah", "الشرفية"), ("Sharafiya", "الشرفية"), ("Al Nour", "النور"),
        ("alnoor", "النور"), ("Annur", "النور"),
        ("Al Naseem", "النسيم"), ("Alnasim", "النسيم"), ("An-Nasim", "النسيم"), ("Quba", "قباء"), ("Kuba", "قباء"),
        ("حي صناعي", "حي صناعي"), ("ميناء جدة الإسلامي", "ميناء جدة الإسلامي"), ("Bani Malik", "بني مالك"),
        ("أبحر الجنوبيه", "أبحر الجنوبية"), ("ﺍﻟﺴﻼﻣﺔ", "السلامة"),
        ("\u200fالسلامة\u200f", "السلامة"), ("AL RAWDAH", "الروضة"),
        ("Al Ulayya", "العليا"), ("Sharafyah", "الشرفية"), ("الفيصليية", "الفيصلية"),
        ("Al 'Ulayya", "العليا"),
    ],
)  # fmt: skip
def test_a_district_is_found_as_people_write_it(typed, name, city):
    found = answers.DistrictField().clean(typed)
    assert District.objects.get(code=found).name_ar == name


@pytest.mark.parametrize(
    ("typed", "name"),
    [("السلامظ", "السلامة"), ("الشرفيى", "الشرفية"), ("الانلدس", "الأندلس"), ("Salanah", "السلامة"),
     ("Alhanra", "الحمراء")],
)  # fmt: skip
def test_a_slip_of_one_letter_is_asked_about(typed, name, city):
    with pytest.raises(forms.ValidationError) as asked:
        answers.DistrictField().clean(typed)
    assert asked.value.code == "district_ambiguous"
    assert name in asked.value.messages[0]


@pytest.mark.parametrize("typed", ["الدمام", "Riyadh Olaya Towers", "حي", "12345", "xx", "—"])
def test_what_is_no_district_is_refused(typed, city):
    with pytest.raises(forms.ValidationError) as refused:
        answers.DistrictField().clean(typed)
    assert refused.value.code == "district_unknown"


def test_every_district_is_found_by_its_names_and_code(city):
    for district in District.objects.all():
        whole = f"حي {district.name_ar}، جدة" if not district.name_ar.startswith("حي") else district.name_ar
        for name in (district.code, district.name_ar, district.name_en, whole):
            assert answers.DistrictField().clean(name) == district.code, name


@given(st.text("ابتسل", min_size=1, max_size=8), st.data())
def test_within_one(word, data):
    at = data.draw(st.integers(0, len(word) - 1))
    assert is_one_edit_apart(word, word)
    assert is_one_edit_apart(word, word[:at] + word[at + 1 :])
    assert is_one_edit_apart(word[:at] + "م" + word[at:], word)
    assert is_one_edit_apart(word[:at] + "م" + word[at + 1 :], word)
    assert is_one_edit_apart(
        word, word[: at - 1] + word[at : at + 1] + word[at - 1 : at] + word[at + 1 :] if at else word
    )
    assert not is_one_edit_apart(word, word + "مم")
    assert not is_one_edit_apart("نن" + word, word)


@given(st.text(max_size=30))
def test_whatever_is_written_has_keys(text):
    assert len(name_keys(text)) == 4
    assert all(key for _level, key in search_keys(text))
