"""Authorising an office: found by name, shown before it is chosen, and only while it may practise."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.urls import reverse

from accounts.authorisations import search_offices
from accounts.models import EngineeringOffice

pytestmark = pytest.mark.django_db
PAGE = reverse("accounts:authorisations")


@pytest.fixture
def offices(db):
    def office(number, arabic, english, until=date(2070, 1, 1), active=True):
        return EngineeringOffice.objects.create(
            licence_number=number, name_ar=arabic, name_en=english, licence_expires_on=until, active=active
        )

    return [
        office("ENG-7001", "مكتب أبحر للتصميم", "Abhur Design Office"),
        office("ENG-7002", "مكتب باب مكة للهندسة", "Bab Makkah Engineering"),
        office("ENG-7003", "مكتب أبحر القديم", "Old Abhur", until=date(2020, 1, 1)),
        office("ENG-7004", "مكتب أبحر الموقوف", "Stopped Abhur", active=False),
    ]


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("ابحر", {"ENG-7001"}),
        ("أَبْحُر", {"ENG-7001"}),
        ("abhur", {"ENG-7001"}),
        ("باب مكه", {"ENG-7002"}),
        ("٧٠٠٢", {"ENG-7002"}),
        ("eng-70", {"ENG-7001", "ENG-7002"}),
        ("لا أحد", set()),
    ],
)
def test_an_office_is_found_however_it_is_spelt_and_only_while_it_practises(offices, typed, numbers):
    assert {office.licence_number for office in search_offices(typed, 10)[0]} == numbers


def test_the_one_chosen_stays_in_sight_and_the_others_are_counted(offices):
    shown, more = search_offices("eng-70", 1, chosen="eng-7002")
    assert ([office.licence_number for office in shown], more) == (["ENG-7002"], 1)


def test_its_name_is_shown_before_it_is_chosen_and_nothing_typed_is_lost(cast, offices, signed_in):
    page = signed_in(cast.citizen)
    found = page.post(PAGE, {"q": "abhur", "found": "", "plan_number": "415/ج", "parcel_number": "28", "find": "1"})
    html = found.content.decode()
    assert ("مكتب أبحر للتصميم" in html, "مكتب باب مكة" in html, "القديم" in html) == (True, False, False)
    assert ('value="415/ج"' in html, 'value="28"' in html, "ENG-7001" in html) == (True, True, True)
    assert not cast.citizen.authorisations.exists()


def test_enter_in_the_search_box_looks_and_authorises_nobody(cast, offices, signed_in):
    typed = {"licence_number": "ENG-7001", "plan_number": "415", "parcel_number": "28"}
    page = signed_in(cast.citizen)
    html = page.post(PAGE, typed | {"q": "باب", "found": "abhur"}).content.decode()
    assert not cast.citizen.authorisations.exists()
    assert "مكتب باب مكة" in html
    assert re.search(r'value="ENG-7001"[^>]*checked', html), "what was chosen stays chosen, and is shown"
    assert page.post(PAGE, typed | {"q": "باب", "found": "باب"}).status_code == 302
    assert cast.citizen.authorisations.get().office == offices[0]


@pytest.mark.parametrize("number", ["ENG-7003", "ENG-7004", "ENG-9999", ""])
def test_who_may_not_practise_or_is_no_office_cannot_be_chosen(cast, offices, signed_in, number):
    typed = {"licence_number": number, "plan_number": "415", "parcel_number": "28"}
    answer = signed_in(cast.citizen).post(PAGE, typed)
    assert answer.status_code == 200
    assert answer.context["form"].errors["licence_number"]
    assert not cast.citizen.authorisations.exists()
