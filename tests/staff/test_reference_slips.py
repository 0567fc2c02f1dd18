"""Slips in reference data: refused with what is wrong, shown before they move anything, and taken back."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from core.hijri import from_hijri
from municipality.models import District, Holiday, Office
from municipality.services import current_calendar
from permits.models import Tariff
from transactions.domain import service_types
from transactions.intake import drafts
from transactions.models import Closure, FeeDue, Transaction

from ..conftest import NOW, work_off
from ..page_forms import forms_of
from ..portal.world import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stopped_clock")]
TODAY = NOW.date()
HOLIDAY = {"name_ar": "إجازة", "name_en": "Day off", "certainty": "confirmed"}


@pytest.fixture
def admin(cast):
    client = client_of(cast.administrator)
    client.cookies["language"] = "en"
    return client


def change(client: Any, row: Any, **typed: object) -> Any:
    """Open the form of a row, type these, and save."""
    url = reverse(f"staff:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return client.post(url, whole_form(client, url) | {name: str(value) for name, value in typed.items()})


def whole_form(client: Any, url: str) -> dict[str, Any]:
    form = next(form for form in forms_of(client.get(url).content.decode()) if "_save" in form.buttons)
    return form.data | {"_save": "1"}


def add(client: Any, model: str, **typed: object) -> Any:
    return client.post(
        reverse(f"staff:{model}_add"), {name: str(value) for name, value in typed.items()} | {"_save": "1"}
    )


def confirm(client: Any, page: Any, url: str) -> Any:
    """Press "Save" on the page that says what would change."""
    form = next(form for form in forms_of(page.content.decode()) if "_confirmed" in form.data)
    return client.post(url, form.data)


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        ("2026-12-01", "2062-12-02", "last_day"),
        ("2026-12-01", "2027-12-02", "last_day"),
        ("2026-12-01", "9999-12-31", "last_day"),
        ("2026-12-05", "2026-12-01", "last_day"),
        ("2062-12-01", "2062-12-02", "first_day"),
        ("0001-01-01", "0001-01-02", "first_day"),
        ("2078-01-01", "2078-01-02", "first_day"),
    ],
)
def test_a_holiday_nobody_means_is_refused_at_its_box(admin, first, last, field):
    page = add(admin, "municipality_holiday", **HOLIDAY, first_day=first, last_day=last)
    assert page.status_code == 200
    assert field in page.context["adminform"].form.errors
    assert not Holiday.objects.filter(name_en="Day off").exists()


def test_a_hijri_date_in_a_date_box_is_read_in_its_own_calendar(admin, city):
    add(admin, "municipality_holiday", **HOLIDAY, first_day="1450-03-01", last_day="1450-03-02")
    assert Holiday.objects.get(name_en="Day off").first_day == from_hijri(1450, 3, 1)


def test_a_holiday_that_moves_due_dates_says_so_first_and_can_be_taken_back(admin, submitted):
    case = submitted(now=timezone.now())
    before = case.due_at
    url = reverse("staff:municipality_holiday_add")
    day = timezone.localdate(before)
    typed = HOLIDAY | {"first_day": day, "last_day": day + timedelta(1)}
    asked = add(admin, "municipality_holiday", **typed)
    said = asked.content.decode()
    assert not Holiday.objects.filter(name_en="Day off").exists()
    assert "1 open request" in said
    assert case.reference in said
    assert confirm(admin, asked, url).status_code == 302
    holiday = Holiday.objects.get(name_en="Day off")
    assert not current_calendar().is_working_day(day)
    work_off(timezone.now() + timedelta(minutes=2))

    remove = reverse("staff:municipality_holiday_delete", args=[holiday.pk])
    assert "Before you delete" in admin.get(remove).content.decode()
    assert admin.post(remove, {"post": "yes"}).status_code == 302
    assert not Holiday.objects.filter(pk=holiday.pk).exists()
    assert holiday.first_day not in current_calendar().holidays


def test_what_would_happen_meanwhile_is_asked_again(admin, submitted):
    case = submitted(now=timezone.now())
    day = timezone.localdate(case.due_at)
    asked = add(admin, "municipality_holiday", **HOLIDAY, first_day=day, last_day=day)
    submitted(now=timezone.now())  # now two move
    again = confirm(admin, asked, reverse("staff:municipality_holiday_add"))
    assert again.status_code == 200
    assert "2 open requests" in again.content.decode()
    assert not Holiday.objects.filter(name_en="Day off").exists()


def test_a_holiday_that_moves_nothing_is_saved_at_once(admin, city):
    day = TODAY + timedelta(400)
    assert add(admin, "municipality_holiday", **HOLIDAY, first_day=day, last_day=day).status_code == 302


@pytest.mark.parametrize("code", ["CTR", "INF", "SHR", "SC01"])
def test_codes_the_program_relies_on_cannot_be_edited(admin, city, code):
    office = Office.objects.get(code=code)
    answer = change(admin, office, code="XYZ", kind="department")
    office.refresh_from_db()
    assert (office.code, answer.status_code) == (code, 302)
    office.code = "XYZ"
    with pytest.raises(Exception, match="code"):
        office.full_clean()


def test_the_code_of_a_district_cannot_be_edited(admin, city):
    district = District.objects.order_by("pk")[0]
    change(admin, district, code="NEW-1")
    assert District.objects.get(pk=district.pk).code == district.code


def test_a_district_given_to_another_branch_says_which_requests_stay(admin, submitted):
    case = submitted()
    other = Office.objects.filter(kind="sub_municipality").exclude(pk=case.branch_id)[0]
    page = change(admin, case.district, sub_municipality=other.pk)
    assert "1 open request of this district stays" in page.content.decode()
    assert District.objects.get(pk=case.district_id).sub_municipality_id != other.pk


@pytest.mark.parametrize("rate", ["999999", "0", "-3", "0.01", "100.01", "NaN"])
def test_a_rate_nobody_means_is_refused(admin, city, rate):
    page = add(admin, "permits_tariff", code="building-permit-m2", rate=rate, valid_from=TODAY, certainty="confirmed")
    assert "rate" in page.context["adminform"].form.errors


def test_a_tariff_of_an_unknown_code_or_of_the_past_is_refused(admin, city):
    good = {"code": "building-permit-m2", "rate": "4", "valid_from": TODAY, "certainty": "confirmed"}
    for field, value in (
        ("code", "building-permit"),
        ("valid_from", TODAY - timedelta(1)),
        ("valid_from", "2077-01-01"),
    ):
        page = add(admin, "permits_tariff", **good | {field: value})
        assert field in page.context["adminform"].form.errors, field


def test_a_tariff_says_what_a_villa_pays_and_is_corrected_until_a_fee_rests_on_it(admin, submitted):
    typed = {"code": "building-permit-m2", "rate": "30", "valid_from": TODAY, "certainty": "confirmed"}
    asked = add(admin, "permits_tariff", **typed)
    assert "15,000.00" in asked.content.decode()
    assert "1,500.00" in asked.content.decode()
    confirm(admin, asked, reverse("staff:permits_tariff_add"))
    slip = Tariff.objects.get(rate=30)

    url = reverse("staff:permits_tariff_change", args=[slip.pk])
    confirm(admin, change(admin, slip, rate="3.50"), url)
    slip.refresh_from_db()
    assert slip.rate == Decimal("3.50")

    FeeDue.objects.create(
        transaction=submitted("building-permit"),
        amount=Decimal(350),
        basis={"tariff": slip.code, "rate": "3.50", "area_m2": "100"},
        worked_out_at=timezone.now(),
    )
    assert change(admin, slip, rate="4").context["adminform"].form.errors
    assert admin.get(reverse("staff:permits_tariff_delete", args=[slip.pk])).status_code == 403
    slip.refresh_from_db()
    assert slip.rate == Decimal("3.50")


def test_a_tariff_no_fee_rests_on_is_deleted(admin, city):
    slip = Tariff.objects.create(code="building-permit-m2", rate=30, valid_from=TODAY)
    assert admin.post(reverse("staff:permits_tariff_delete", args=[slip.pk]), {"post": "yes"}).status_code == 302
    assert not Tariff.objects.filter(pk=slip.pk).exists()


def test_a_closure_that_opens_again_before_it_closes_is_refused(admin, city):
    typed = {
        "service": "land-subdivision",
        "in_force": "on",
        "since_0": "2026-11-20",
        "since_1": "10:00",
        "reason_ar": "صيانة",
        "reason_en": "Maintenance",
    }
    page = add(admin, "transactions_closure", **typed, reopens_on="2026-11-19")
    assert "reopens_on" in page.context["adminform"].form.errors
    assert add(admin, "transactions_closure", **typed, reopens_on="2026-11-21").status_code == 302


def test_no_page_expects_a_service_to_open_on_a_day_gone_by(city, client):
    Closure.objects.create(
        service="land-subdivision", since=NOW, reason_ar="صيانة", reason_en="Works", reopens_on=TODAY - timedelta(1)
    )
    client.cookies["language"] = "en"
    page = client.get(reverse("transactions:service", args=["land-subdivision"])).content.decode()
    assert "Works" in page
    assert "expected to open again" not in page


@pytest.mark.parametrize("typed", ["9999-12-31", "1448-03-01", "2077-11-17", "1924-07-31"])
def test_no_licence_runs_to_a_day_no_calendar_knows(admin, cast, typed):
    change(admin, cast.office, licence_expires_on=typed)
    cast.office.refresh_from_db()
    assert cast.office.licence_expires_on == date(2070, 1, 1) or typed.startswith("1448")
    assert 1924 <= cast.office.licence_expires_on.year <= 2077


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("licence_expires_on", "2077-11-16"),
        ("licence_expires_on", "1343/01/01"),
        ("licence_expires_on", "1950-01-01"),
        ("establishment_number", "-1"),
        ("establishment_number", "1010101010"),
        ("establishment_number", "70000"),
    ],
)
def test_what_no_licence_says_is_refused_and_what_stands_is_left_alone(admin, cast, field, value):
    assert field in change(admin, cast.office, **{field: value}).context["adminform"].form.errors
    assert change(admin, cast.office, name_en="Another name").status_code == 302, "it runs to 2070 as it did"
    good = change(admin, cast.office, licence_expires_on=TODAY + timedelta(900), establishment_number="٧٠٠٠ ٠٠٠ ٠٠١")
    assert good.status_code == 302
    cast.office.refresh_from_db()
    assert cast.office.establishment_number == "7000000001"


@pytest.mark.parametrize(
    ("starts", "ends"), [("2076-01-01", ""), ("1343/01/01", ""), ("1950-01-01", ""), (str(TODAY), "1949-01-01")]
)
def test_a_membership_or_a_post_of_another_century_is_refused(admin, cast, starts, ends):
    row = "memberships-1-"
    typed = {f"{row}user": cast.citizen.national_id, f"{row}role": "engineer"}
    page = change(admin, cast.office, **typed, **{f"{row}starts_on": starts, f"{row}ends_on": ends})
    assert page.status_code == 200
    assert not cast.office.memberships.filter(user=cast.citizen).exists()
    office = Office.objects.get(code="SC01")
    post = {"user": cast.citizen.national_id, "office": office.pk, "role": "centre_clerk", "starts_on": starts}
    assert add(admin, "accounts_staffpost", **post, ends_on=ends).status_code == 200
    assert not cast.citizen.posts.exists()


def test_a_service_closed_since_another_century_is_refused(admin, city):
    typed = {"service": "land-subdivision", "in_force": "on", "since_1": "10:00", "reason_ar": "x", "reason_en": "x"}
    page = add(admin, "transactions_closure", **typed, since_0="1343/01/01")
    assert "since" in page.context["adminform"].form.errors


def test_an_office_that_is_no_branch_owns_no_centre(admin, city):
    centre = Office.objects.filter(kind="service_centre")[0]
    page = change(admin, centre, parent=Office.objects.get(code="INF").pk)
    assert "parent" in page.context["adminform"].form.errors
    assert "capacity" in change(admin, centre, capacity=1_000_000).context["adminform"].form.errors
    assert "closes_at" in change(admin, centre, closes_at="06:00").context["adminform"].form.errors
    for unread in ("", "x", "25:00"):
        errors = change(admin, centre, opens_at=unread).context["adminform"].form.errors
        assert list(errors) == ["opens_at"]


def test_requests_are_routed_whatever_was_typed_into_an_office(admin, submitted):
    change(admin, Office.objects.get(code="CTR"), code="CENTRE", name_en="Centre")
    assert submitted().status == "incoming"
    assert Transaction.objects.get().held_by is not None


def test_a_holiday_entered_twice_is_named_and_overlapping_ones_are_not(admin):
    typed = HOLIDAY | {"first_day": "1450-03-01", "last_day": "1450-03-02"}
    assert add(admin, "municipality_holiday", **typed).status_code == 302
    twice = add(admin, "municipality_holiday", **typed | {"first_day": "1450/3/1"})
    assert "Day off" in str(twice.context["errors"])
    assert add(admin, "municipality_holiday", **typed | {"last_day": "1450-03-03"}).status_code == 302
    row = Holiday.objects.get(last_day=from_hijri(1450, 3, 2))
    assert change(admin, row, name_en="Day off for all").status_code == 302
    assert Holiday.objects.filter(first_day=row.first_day).count() == 2


def test_closing_a_service_says_first_how_many_have_to_wait(admin, cast):
    for _person in (cast.citizen, cast.other_citizen):
        drafts.start_draft(service_types.get("land-subdivision"), by=_person, now=NOW)
    url, words = reverse("staff:transactions_closure_add"), {"reason_ar": "صيانة", "reason_en": "Maintenance"}
    typed = whole_form(admin, url) | words | {"service": "land-subdivision", "in_force": "on"}
    asked = admin.post(url, typed)
    assert "2 requests of this service have been started" in asked.content.decode()
    assert not Closure.objects.exists()
    assert confirm(admin, asked, url).status_code == 302
    row = Closure.objects.get(in_force=True)
    assert change(admin, row, reason_en="Maintenance of the maps").status_code == 302, "closed already: nothing moves"
    other = admin.post(url, typed | {"service": "building-permit"})
    assert other.status_code == 302, "nobody has begun one"
