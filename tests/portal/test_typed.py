"""What is typed into pages, the admin and the API: cleaned first, asked for after, kept in one form."""

from __future__ import annotations

import importlib
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import services as people
from accounts.models import Authorisation, EngineeringOffice, User
from municipality.models import Holiday
from transactions.answers import cleaning as answers
from transactions.answers.summary import summarise
from transactions.domain import service_types
from transactions.domain.errors import Invalid
from transactions.intake import drafts
from transactions.models import Draft, FeeDue
from transactions.transitions import moves, notes
from transactions.transitions.moves import RequestedCompletion

from ..conftest import ANSWERS, NOW, drive
from ..municipality.test_text import MARKS

pytestmark = pytest.mark.django_db
NOTHING = "\u200f\u200f \u2800\u3164\u00ad"
SUBDIVISION = service_types.get("land-subdivision")


# -- required is asked after cleaning ------------------------------------------------------------------------------


def test_a_name_of_invisible_marks_is_none(cast, signed_in, client):
    typed = {"national_id": "1010101010", "full_name": NOTHING, "phone": "0512345678"}
    page = client.post(reverse("accounts:first"), typed)
    assert page.context["form"].errors.as_data()["full_name"][0].code == "required"
    for name in (NOTHING, "", "—", "123"):
        with pytest.raises(ValidationError):
            people.identify_visitor(national_id="1010101010", full_name=name, phone="0512345678", by=cast.clerk)
        with pytest.raises(ValidationError):
            people.send_code(
                national_id="1010101010", full_name=name, phone="+966512345678", language="ar", address="10.0.0.1"
            )
    counter = signed_in(cast.clerk).post(reverse("staff:counter"), typed)
    assert "full_name" in counter.context["form"].errors


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(st.text(st.sampled_from(MARKS + " \n\t\u3164\u2800"), max_size=6))
def test_an_answer_of_what_nobody_sees_is_empty(text):
    step = SUBDIVISION.steps[0]
    problems = answers.clean_step(step, {spec.name: text for spec in step.fields}, {}).problems
    asked = {spec.name for spec in step.fields if spec.required}
    assert {problem.path for problem in problems if problem.code == "required"} == asked


def test_reasons_notes_and_answers_of_marks_say_nothing(cast, submitted):
    case = drive(submitted(), cast, "under_study")
    with pytest.raises(Invalid):
        notes.write_note(case, text=NOTHING, by=cast.reviewer, now=NOW)
    case = moves.return_for_completion(
        case,
        deficiencies=[RequestedCompletion("croquis-stamp", NOTHING)],
        by=cast.reviewer,
        now=NOW + timedelta(hours=3),
    )
    asked = case.deficiencies.get()
    assert asked.sentence.strip(NOTHING)
    with pytest.raises(Invalid):
        moves.answer(case, answers={asked.pk: NOTHING}, by=cast.citizen, now=NOW + timedelta(hours=4))
    with pytest.raises(Invalid):
        moves.send_back(drive(submitted(), cast, "awaiting_supervisor"), reason=NOTHING, by=cast.supervisor, now=NOW)


def test_the_admin_asks_after_cleaning_and_reads_dates_in_either_calendar(cast, signed_in):
    page = signed_in(cast.administrator)
    url = reverse("staff:municipality_holiday_add")
    typed = {"name_ar": NOTHING, "name_en": "A holiday", "first_day": "1450/09/28", "last_day": "٣ شوال ١٤٥٠هـ"}
    typed["certainty"] = "confirmed"
    refused = page.post(url, typed)
    assert list(refused.context["adminform"].form.errors) == ["name_ar"]
    page.post(url, typed | {"name_ar": "عيد\u200f"})
    holiday = Holiday.objects.get(name_en="A holiday")
    assert holiday.name_ar == "عيد"
    assert str(holiday.first_day) == "2029-02-12"
    assert (holiday.last_day - holiday.first_day).days in (4, 5)


# -- one form ------------------------------------------------------------------------------------------------------


def test_a_draft_keeps_numbers_in_one_form_and_tells_them_in_one(cast):
    draft = drafts.start_draft(SUBDIVISION, by=cast.citizen)
    typed = ANSWERS["land-subdivision"] | {
        "deed_number": "٣٢٠٢-١١٠٠ ٤٤٥٥",
        "deed_date": "١٤٤٠٠٣١٥",
        "plan_number": "٤١٥ / ج / س",
        "parcel_number": "\u061c٢٧\u200b",
        "area_m2": "٩٠٠ م٢",
    }
    typed["parts"] = [dict(typed["parts"][0], area_m2="٤٥٠٫٥ م²"), dict(typed["parts"][1], area_m2="1e3")]
    for step in SUBDIVISION.steps:
        drafts.save_step(draft, step, typed, by=cast.citizen)
    kept = Draft.objects.get(pk=draft.pk).answers
    names = ("deed_number", "plan_number", "parcel_number", "area_m2")
    assert [kept[name] for name in names] == ["320211004455", "415/ج/س", "27", "900"]
    assert [part["area_m2"] for part in kept["parts"]] == ["450.5", "1e3"]
    assert kept["deed_date"] == "١٤٤٠٠٣١٥"
    told = {row.name: str(row.value) for section in summarise(SUBDIVISION, kept, []).sections for row in section.rows}
    assert "14400315" in told["deed_date"]
    assert "900" in told["area_m2"]


def test_what_was_kept_in_other_digits_is_told_in_ours():
    told = summarise(SUBDIVISION, {"plan_number": "٤١٥", "area_m2": "٩٠٠", "parcel_number": "27"}, []).sections
    said = {row.name: str(row.value) for section in told for row in section.rows}
    assert "415" in said["plan_number"]
    assert "900" in said["area_m2"]


def test_an_authorisation_is_for_one_plot_however_it_is_written(cast):
    office = EngineeringOffice.objects.first()
    given = people.authorise_office(cast.citizen, office, plan_number="٤١٥ / ج", parcel_number="٢٧\u200f", now=NOW)
    assert (given.plan_number, given.parcel_number) == ("415/ج", "27")


def test_old_rows_are_brought_into_one_form(cast, submitted):
    office = EngineeringOffice.objects.first()
    old = Authorisation.objects.create(
        owner=cast.citizen, office=office, plan_number="٤١٦ ", parcel_number="\u200f٢٨", given_at=NOW
    )
    twice = [
        Authorisation.objects.create(owner=cast.citizen, office=office, plan_number=n, parcel_number="1", given_at=NOW)
        for n in ("٧", "7")
    ]
    from django.apps import apps
    from django.db import connection

    editor = connection.schema_editor()
    importlib.import_module("accounts.migrations.0010_numbers_in_one_form").tidy(apps, editor)
    old.refresh_from_db()
    assert (old.plan_number, old.parcel_number) == ("416", "28")
    assert [Authorisation.objects.get(pk=row.pk).plan_number for row in twice] == ["٧", "7"]
    cases = [drive(submitted("building-permit"), cast, "awaiting_payment") for _ in range(3)]
    for case, written in zip(cases, ("SADAD-7", "sadad 7", "٨"), strict=True):
        FeeDue.objects.filter(transaction=case).update(paid_at=NOW, payment_reference=written)
    importlib.import_module("transactions.migrations.0013_a_payment_pays_once").fill(apps, editor)
    keys = [FeeDue.objects.get(transaction=case).payment_key for case in cases]
    assert keys == ["SADAD7", "", "8"]


def test_a_persons_mobile_is_read_in_the_admin_as_elsewhere(cast, signed_in):
    page, url = signed_in(cast.administrator), reverse("staff:accounts_user_change", args=[cast.citizen.pk])
    form = page.get(url).context["adminform"].form
    typed = {name: form[name].value() or "" for name in form.fields} | {"phone": "٠٥٥-٥٥٥ ٥٥٥٥", "is_active": "on"}
    typed = {name: value for name, value in typed.items() if value is not False}
    page.post(url, typed)
    assert User.objects.get(pk=cast.citizen.pk).phone == "+966555555555"
