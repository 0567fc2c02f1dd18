"""One search for every list: by everything printed on a case, in any writing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.urls import reverse

from accounts.models import EngineeringOffice
from core.text import name_key, name_words
from journal.models import Chain
from transactions.domain import references
from transactions.models import FeeDue, IssuedDocument, Movement, Transaction
from transactions.selectors import search

from ..conftest import drive

pytestmark = pytest.mark.django_db
EASTERN = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def found(sought):
    return set(Transaction.objects.filter(search.search_cases(sought)))


@pytest.mark.parametrize(
    ("name", "sought"),
    [
        ("أحمَد بن عبد الله الغامدي", "احمد"), ("أحمَد بن عبد الله الغامدي", "عبدالله"),
        ("مصطفى عبدالرحمن", "عبد الرحمن"),
        ("مصطفى", "مصطفي"), ("فاطمة", "فاطمه"), ("إيمان آل سعود", "ايمان ال سعود"), ("مـحـمـد", "محمد"),
        ("محمد الغامدي", "غامدى"), ("محمد غامدي", "الغامدي"), ("أحمد الغامدي", "الغامدي أحمد"),
        ("ﺃﺣﻤﺪ ﺍﻟﻐﺎﻣﺪﻱ", "أحمد الغامدي"), ("أحمد", "ﺃﺣﻤﺪ"), ("ﻋﺒﺪ ﷲ", "عبدالله"), ("سلامة", "\u200fسلامـه\u200f"),
        ("یحیی", "يحيى"), ("Ahmed Al-Ghamdi", "ghamdi AHMED"),
        ("Ａｈｍｅｄ", "ahmed"), ("مؤمن", "مومن"), ("رائد", "رايد"),
    ],
)  # fmt: skip
def test_a_name_is_found_however_it_is_spelt(name, sought):
    assert all(word in name_key(name) for word in name_words(sought))


def test_a_name_is_not_every_name():
    assert not all(word in name_key("سعد الغامدي") for word in name_words("سعيد الغامدي"))


@pytest.fixture
def permit(cast, submitted):
    cast.citizen.full_name = "أحمَد عبد الله الغامدي"
    cast.citizen.save()
    other = submitted(by=cast.other_citizen)
    drive(other, cast, "under_study")
    case = drive(submitted("building-permit"), cast, "issued")
    return case


def writings(number):
    yield from (number, number.translate(EASTERN), f"\u200f{number}\u200f", f" {number} ")


def test_every_number_printed_on_a_case_finds_it(permit, cast):
    case = Transaction.objects.get(pk=permit.pk)
    line = Movement.objects.filter(transaction=case, direction="in").first()
    printed = [
        case.reference, case.reference.replace("-", ""), case.reference.lower().replace("-", " "),
        case.reference.rsplit("-", 1)[0], "-".join(case.reference.split("-")[1:3]),
        str(int(case.reference.split("-")[2])), case.reference[-8:],
        f"{line.number}/{line.hijri_year}", f"{line.hijri_year}/{line.number}",
        IssuedDocument.objects.get(transaction=case).number, IssuedDocument.objects.get().number.replace("-", ""),
        FeeDue.objects.get(transaction=case).payment_reference, cast.citizen.national_id,
        f"{cast.citizen.national_id[:4]} {cast.citizen.national_id[4:]}", cast.citizen.phone,
        "0" + cast.citizen.phone[4:], f"({'0' + cast.citizen.phone[4:7]}) {cast.citizen.phone[7:]}",
        case.answers["deed_number"], case.answers["plan_number"], case.answers["parcel_number"],
        f"{case.answers['plan_number']}/{case.answers['parcel_number']}", case.authorisation.office.licence_number,
        case.authorisation.office.licence_number.lower().replace("-", " - "),
    ]  # fmt: skip
    for number in printed:
        for typed in writings(number):
            assert case in found(typed), typed
    for typed in ("احمد", "الغامدي عبدالله", "عبد الله"):
        assert found(typed) == {case}, typed
    for typed in ("99/1448", "0599999999", "ENG-9999", "خالد", "999999999999", "C1A-1448-099999", "!!!", "ـ"):
        assert found(typed) == set(), typed
    assert found("") == found("\u200f") == set(Transaction.objects.all())


def test_plans_from_before_they_were_kept_in_one_form_are_found(submitted):
    case = submitted("land-subdivision")
    Transaction.objects.filter(pk=case.pk).update(answers=case.answers | {"plan_number": "٤١٥", "parcel_number": "٢٧"})
    assert found("415/27") == found("٤١٥") == found("27") == {case}


def test_every_list_of_the_staff_finds_alike(permit, cast, submitted, signed_in):
    waiting = drive(submitted(), cast, "under_study")
    line = Movement.objects.filter(transaction=waiting, direction="in").first()
    page = signed_in(cast.reviewer)
    for typed in (
        f"{line.number}/{line.hijri_year}",
        "احمد",
        cast.citizen.national_id.translate(EASTERN),
        "٠" + cast.citizen.phone[4:],
    ):
        queue = page.get(reverse("staff:index"), {"q": typed}).context["page"]
        assert [case.pk for case in queue] == [waiting.pk], typed
        books = page.get(reverse("staff:transactions_transaction_changelist"), {"q": typed}).context["cl"].queryset
        assert waiting in books, typed
        assert not set(books) - {waiting, permit}, typed
        lines = page.get(reverse("staff:transactions_movement_changelist"), {"q": typed}).context["cl"].queryset
        assert line in lines, typed


def test_people_posts_and_offices_are_found_alike(cast, signed_in):
    cast.reviewer.full_name = "أحمَد عبد الله الغامدي"
    cast.reviewer.save()
    page = signed_in(cast.administrator)
    phone, number = cast.reviewer.phone, cast.reviewer.national_id
    for typed in (
        "احمد",
        "الغامدى عبدالله",
        number.translate(EASTERN),
        f"{number[:5]} {number[5:]}",
        "٠" + phone[4:],
        phone,
    ):
        people = page.get(reverse("staff:accounts_user_changelist"), {"q": typed}).context["cl"].queryset
        assert list(people) == [cast.reviewer], typed
        posts = page.get(reverse("staff:accounts_staffpost_changelist"), {"q": typed}).context["cl"].queryset
        assert {post.user for post in posts} == {cast.reviewer}, typed
    office = EngineeringOffice.objects.first()
    office.name_ar = "مكتب الإتقان للاستشارات"
    office.save()
    url = reverse("staff:accounts_engineeringoffice_changelist")
    for typed in ("الاتقان", "اتقان", office.licence_number.lower(), office.licence_number.replace("-", "\u2013")):
        assert office in page.get(url, {"q": typed}).context["cl"].queryset, typed


def test_an_owner_and_an_office_find_theirs(permit, cast, submitted, signed_in):
    number = permit.reference.replace("-", " ")
    own = signed_in(cast.citizen).get(reverse("transactions:requests"), {"q": number}).context["page"]
    assert [case.pk for case in own] == [permit.pk]
    stranger = signed_in(cast.other_citizen).get(reverse("transactions:requests"), {"q": number}).context["page"]
    assert list(stranger) == []
    for typed in ("احمد", permit.answers["plan_number"].translate(EASTERN), permit.answers["deed_number"]):
        page = signed_in(cast.engineer).get(reverse("transactions:office"), {"q": typed, "show": "all"}).context["page"]
        assert [case.pk for case in page] == [permit.pk], typed
    answer = signed_in(cast.citizen).get("/api/v1/transactions/", {"q": number.translate(EASTERN)})
    assert [case["reference"] for case in answer.json()] == [permit.reference]


def test_a_name_put_right_is_found_under_the_new_one(cast, submitted):
    case = submitted()
    cast.citizen.full_name = "سلمى"
    cast.citizen.save(update_fields=["full_name"])
    assert found("سلمي") == {case}


def test_a_number_is_found_with_the_words_printed_before_it(permit):
    case = Transaction.objects.get(pk=permit.pk)
    plan, parcel, deed = (case.answers[name] for name in ("plan_number", "parcel_number", "deed_number"))
    paper, payment = IssuedDocument.objects.get().number, FeeDue.objects.get(transaction=case).payment_reference
    line = Movement.objects.filter(transaction=case, direction="in").first()
    for typed in (
        f"رقم المعاملة {case.reference}", f"المعاملة: {case.reference}", f"#{case.reference}", f"«{case.reference}».",
        f"Transaction number {case.reference}", f"المخطط {plan} · القطعة {parcel}", f"Plan {plan} · parcel {parcel}",
        f"مخطط رقم {plan}، قطعة رقم {parcel}", f"المخطط {plan}".translate(EASTERN), f"رقم الصك {deed}", f"صك {deed}",
        f"رخصة رقم {paper}", f"رقم السداد {payment}", f"الهوية {case.applicant.national_id}",
        f"الجوال 0{case.applicant.phone[4:]}", f"وارد رقم {line.number} لعام {line.hijri_year}",
    ):  # fmt: skip
        assert case in found(typed), typed
    assert found("رقم") == found("صك 999999999999") == found("المعاملة 99") == set()


def test_a_mobile_from_another_country_finds_its_owner(permit, cast):
    cast.citizen.phone = "+971501234567"
    cast.citizen.save()
    for typed in ("+971501234567", "00971 50 123 4567", "971501234567", "٠٠٩٧١٥٠١٢٣٤٥٦٧", "+971 (50) 123-4567"):
        assert Transaction.objects.get(pk=permit.pk) in found(typed), typed
    assert found("+971501234568") == set()


def test_a_part_of_a_number_given_after_a_restore_finds_it(submitted):
    case = submitted()
    Chain.objects.update(lot="KRTW")
    parsed = references.parse(case.reference)
    case.reference = str(replace(parsed, lot="KRTW"))
    Transaction.objects.filter(pk=case.pk).update(reference=case.reference)
    number = case.reference.split("-")
    for typed in (number[2], str(int(number[2])), "-".join(number[1:3]), "-".join(number[:3]), "-".join(number[2:])):
        assert found(typed) == {case}, typed


@pytest.mark.parametrize(
    ("model", "name", "sought"),
    [
        ("office", "SHR", "بلديه الشرفيه"), ("office", "SHR", "الشرفيّة"), ("office", "SHR", "shr"),
        ("office", "SHR", "Ash Sharafiyah"), ("office", "SHR", "sharafiya"), ("district", "SHR-01", "حي الشرفية"),
        ("district", "SHR-01", "الشرفيه، جدة"), ("district", "SHR-01", "shr–01"), ("district", "SHR-01", "SHR-٠١"),
        ("district", "SHR-01", "alsharafiyah"), ("district", "SHR-01", "ﺍﻟﺸﺮﻓﻴﺔ"),
    ],
)  # fmt: skip
def test_offices_and_districts_are_found_in_any_writing(cast, signed_in, model, name, sought):
    page = signed_in(cast.administrator).get(reverse(f"staff:municipality_{model}_changelist"), {"q": sought})
    assert name in {row.code for row in page.context["cl"].queryset}
    nothing = signed_in(cast.administrator).get(reverse(f"staff:municipality_{model}_changelist"), {"q": "زحل"})
    assert not nothing.context["cl"].queryset.exists()


def test_the_books_read_numbers_as_they_are_typed(cast, submitted, signed_in):
    case = submitted()
    page = signed_in(cast.administrator)
    for typed in (case.reference.lower(), case.reference.replace("-", ""), case.reference.translate(EASTERN)):
        entries = page.get(reverse("staff:journal_entry_changelist"), {"q": typed}).context["cl"].queryset
        assert {entry.subject for entry in entries} == {case.reference}, typed
