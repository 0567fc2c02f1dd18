"""The pile of an office: measured, forecast, compared with what came, told to whoever asks, and nothing untrue."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts import services as people
from accounts.models import StaffPost
from municipality.calendar import WorkingCalendar
from municipality.models import Office
from transactions.domain import piles as rules
from transactions.domain.pins import derive_pin
from transactions.incidents import memory
from transactions.models import DayFigure, Event, Incident, IncidentNotice, OfficePile, PileForecast, Transaction
from transactions.selectors import figures, piles
from transactions.selectors.places import place_of
from transactions.transitions import moves

from ..conftest import NOW, drive

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
CALENDAR = WorkingCalendar()


# -- pure ----------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 9)), max_size=30), st.lists(st.floats(-1, 3), max_size=9))
def test_no_pace_without_enough_days(rows, errors):
    pace = rules.pace([done for done, _ in rows], [there for _, there in rows], errors)
    used = rows[-rules.MAX_DAYS :]
    enough = len(used) >= rules.MIN_DAYS and sum(d for d, _ in used) > 0 and sum(t for _, t in used) > 0
    assert (pace is not None) == enough
    if pace is not None:
        assert pace.width >= rules.MIN_WIDTH
        assert pace.learned == (len(errors) >= rules.MIN_ERRORS)


@given(
    st.integers(1, 4000),
    st.integers(1, 3999),
    st.lists(st.integers(0, 12), min_size=30, max_size=rules.MAX_AHEAD),
    st.floats(0.3, 20),
    st.floats(0.05, 0.8),
)
def test_a_range_is_ordered_grows_with_the_files_and_shrinks_with_people(many, more, people_on, per_person, width):
    days = CALENDAR.working_days(date(2026, 11, 29), date(2028, 6, 1))[: len(people_on)]
    pace = rules.Pace(per_person, width, 5, learned=False)
    span = rules.plan(days, people_on, pace).span(many)
    if span is None:
        return
    assert span.last is None or span.first <= span.last
    larger = rules.plan(days, people_on, pace).span(many + more)
    assert larger is None or larger.first >= span.first
    helped = rules.plan(days, [there + 1 for there in people_on], pace).span(many)
    assert helped is not None
    assert helped.first <= span.first
    if span.last is not None:
        assert helped.last is not None
        assert helped.last <= span.last


def test_people_lent_for_some_days_count_on_these_days_alone():
    days = CALENDAR.working_days(date(2026, 11, 29), date(2027, 2, 1))
    pace = rules.Pace(2.0, 0.05, 5, learned=False)
    alone = rules.plan(days, [5] * len(days), pace).span(100)
    lent = rules.plan(days, [10] * 3 + [5] * (len(days) - 3), pace).span(100)
    assert alone.first == days[9]  # 95 to 105 of 100 at ten a day
    assert lent.first == days[6]


def test_what_was_wrong_before_makes_the_range_as_wide_and_what_was_right_makes_it_narrow():
    unsure = rules.pace([2, 18, 3, 17, 10], [2] * 5)
    right = rules.pace([2, 18, 3, 17, 10], [2] * 5, [0.01, -0.06, 0.02])
    wrong = rules.pace([10, 10, 10, 10, 10], [2] * 5, [0.1, -0.5, 0.2])
    assert right.width == 0.06 < unsure.width
    assert wrong.width == 0.5
    assert rules.error_of(20, 25) == 0.2
    assert rules.error_of(5, 0) == -5


def test_the_error_of_a_steady_drain_is_within_fifteen_per_cent_from_the_third_day():
    """Forty-odd decisions a day by four people, a little up and down; each day says when it ends."""
    left, done, days = 900, [], CALENDAR.working_days(date(2026, 11, 29), date(2027, 6, 1))
    ups = [3, -4, 1, 0, 5, -3, -2, 4, 2, -5]
    per_day = [40 + ups[n % 10] for n in range(60)]
    ends = next(n for n in range(60) if sum(per_day[: n + 1]) >= 900)
    for today in range(ends):
        pace = rules.pace(done, [4] * len(done))
        if today < rules.MIN_DAYS:
            assert pace is None
        else:
            span = rules.plan(days[today:], [4] * 200, pace).span(left)
            assert span.first <= days[ends] <= span.last
            needed = left / (pace.per_person * 4)
            assert abs(needed - (ends - today + 1)) <= 0.15 * (ends - today + 1) + 1
        done.append(per_day[today])
        left -= per_day[today]


@given(st.lists(st.integers(0, 10**6), max_size=200), st.integers(0, 10**6))
def test_a_band_is_true_of_the_number_of_earlier_files(moments, mine):
    texts = sorted(f"{moment:09}" for moment in moments)
    least = rules.band(texts[rules.BAND - 1 :: rules.BAND], f"{mine:09}") * rules.BAND
    earlier = sum(moment < mine for moment in moments)
    assert least <= earlier < least + rules.BAND


@pytest.mark.parametrize(("many", "told"), [(0, None), (9, None), (10, 10), (14, 10), (45, 50), (347, 350)])
def test_counts_are_told_in_tens(many, told):
    assert rules.about(many) == told


# -- of rows -------------------------------------------------------------------------------------------------------


@pytest.fixture
def incident(cast):
    """Two weeks without a network, over eight days ago."""

    def declare(start=NOW - 22 * DAY, end=NOW - 8 * DAY):
        row = Incident.objects.create(declared_at=start)
        facts = {"text_ar": "تعطّلت", "text_en": "down", "next_update_at": NOW, "at": start}
        IncidentNotice.objects.create(incident=row, seq=1, starts_at=start, ended_at=end, **facts)
        memory.forget()
        return row

    yield declare
    memory.forget()


@pytest.fixture
def files(cast, submitted):
    """Copies of one file under study, so many of the pile and so many that came since."""
    case = drive(submitted("building-permit"), cast, "under_study")

    def make(old, new=0):
        fields = {field.attname: getattr(case, field.attname) for field in Transaction._meta.fields}
        del fields["id"]
        rows = []
        for number in range(old + new):
            at = NOW - (30 * DAY - number * HOUR) if number < old else NOW - DAY + number * HOUR / 1000
            rows.append(Transaction(**fields | {"reference": f"P1A-1448-{number:06}-X", "submitted_at": at}))
        Transaction.objects.bulk_create(rows)
        return list(Transaction.objects.exclude(pk=case.pk).order_by("submitted_at", "pk"))

    return make


def decide(cases, day, office):
    """They were decided on this day, at ten."""
    at = timezone.make_aware(timezone.datetime.combine(day, timezone.datetime.min.time())) + 10 * HOUR
    for case in cases:
        Event.objects.create(
            transaction=case, seq=case.version + 1, at=at, move="approve", actor_role="supervisor",
            to_status="approved", to_stage=case.stage, office=office, facts={"working_days": 30},
        )  # fmt: skip
        Transaction.objects.filter(pk=case.pk).update(status="approved", approved_at=at, version=case.version + 1)


def working_days_since(today, many):
    days = CALENDAR.working_days(today - 40 * DAY, today - DAY)
    return days[-many:]


def drained(files, many=90, per_day=(6, 7, 5, 6)):
    """A pile of which some was decided on each of the last working days."""
    cases, office = files(many, 10), Office.objects.get(code="SHR")
    for day, number in zip(working_days_since(NOW.date(), len(per_day)), per_day, strict=True):
        decide(cases[:number], day, office)
        del cases[:number]
    return cases


@pytest.mark.django_db
def test_nothing_is_forecast_before_enough_days_were_measured(cast, files, incident):
    incident(end=NOW - 2 * HOUR)
    files(45)
    piles.store(NOW)
    known = OfficePile.objects.get(office="SHR").known
    assert (known["pile"], known["ends"], known["steps"]) == (45, None, [])
    assert not PileForecast.objects.exists()
    [city, office] = piles.published()
    assert (office["waiting"], office["first"], city["first"]) == (50, None, None)


@pytest.mark.django_db
def test_no_end_is_told_while_an_incident_goes_on(cast, files, incident):
    drained(files)
    incident(end=None)
    piles.store(NOW)
    assert OfficePile.objects.get(office="SHR").known["ends"] is None
    assert piles.published()[0]["lasts"] is True


@pytest.mark.django_db
def test_the_plan_follows_from_what_was_decided_and_who_is_there(cast, files, incident):
    incident()
    cases = drained(files)
    piles.store(NOW)
    known = OfficePile.objects.get(office="SHR").known
    waiting = sum(case.submitted_at < NOW - 8 * DAY for case in cases)
    assert known["pile"] == waiting
    assert known["waiting"] == Transaction.objects.filter(status="under_study").count()
    there = known["people"][0]
    posts = StaffPost.objects.filter(office__code="SHR", role__in=["reviewer", "informal_areas", "inspector",
                                                                  "supervisor"])  # fmt: skip
    assert there == posts.values("user").distinct().count()
    assert known["pace"] == pytest.approx(24 / (known["days"] * there))
    first, last = (date.fromisoformat(text) for text in known["ends"])
    assert NOW.date() < first <= last
    # One more person from today on, lent or not, and it ends sooner.
    people.create_staff_post(cast.other_reviewer, Office.objects.get(code="SHR"), "reviewer", on=NOW.date())
    piles.store(NOW)
    sooner = OfficePile.objects.get(office="SHR").known
    assert sooner["ends"] == known["with_one_more"]
    assert sooner["ends"][1] < known["ends"][1]
    assert PileForecast.objects.count() == 1, "one a day"


@pytest.mark.django_db
def test_a_forecast_is_compared_once_its_days_are_over_and_learned_from(cast, files, incident):
    incident()
    cases, office = drained(files), Office.objects.get(code="SHR")
    days = CALENDAR.working_days(NOW.date() - 12 * DAY, NOW.date() - DAY)
    for day in days[:3]:
        PileForecast.objects.create(office="SHR", day=day, waiting=90, expected=10, first=day)
    piles.store(NOW)
    compared = list(PileForecast.objects.filter(office="SHR", day__in=days[:3]))
    for row in compared:
        due = CALENDAR.working_days(row.day, row.day + 20 * DAY)[: rules.HORIZON]
        made = Event.objects.filter(move="approve", office=office, at__date__in=due, transaction__submitted_at__lt=(
            NOW - 8 * DAY)).count()  # fmt: skip
        assert row.actual == made
    known = OfficePile.objects.get(office="SHR").known
    errors = [rules.error_of(10, row.actual) for row in compared]
    assert known["learned"] is True
    assert known["width"] == max(rules.MIN_WIDTH, *map(abs, errors))
    assert known["error"] == round(100 * sum(map(abs, errors)) / 3)
    assert piles.published()[1]["error_percent"] == known["error"]
    assert cases


@pytest.mark.django_db
def test_who_asks_is_told_a_band_that_is_true_and_dates_within_the_plan(cast, files, incident):
    incident()
    cases = drained(files)
    piles.store(NOW)
    known = OfficePile.objects.get(office="SHR").known
    for number, case in enumerate(Transaction.objects.filter(status="under_study").order_by("submitted_at", "pk")):
        place = place_of(case, NOW)
        assert place.least <= number < place.most
        assert place.most - place.least == rules.BAND
        if place.piled:
            assert NOW.date() < place.first <= place.last <= date.fromisoformat(known["ends"][1])
        else:
            assert place.first is None, "new work takes longer than usual while a pile waits"
    assert cases


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields",
    [
        {"status": "returned", "paused_at": NOW, "due_at": None},
        {"status": "approved", "approved_at": NOW},
        {"status": "issued", "approved_at": NOW, "issued_at": NOW, "closed_at": NOW},
        {"halted_at": NOW, "due_at": None},
        {"held_by": None, "branch": None, "status": "submitted"},
    ],
)
def test_nothing_is_told_where_it_would_not_be_true(fields, cast, files, incident):
    incident()
    case = drained(files)[-1]
    piles.store(NOW)
    assert place_of(case, NOW) is not None
    Transaction.objects.filter(pk=case.pk).update(**fields)
    assert place_of(Transaction.objects.get(pk=case.pk), NOW) is None


@pytest.mark.django_db
def test_nothing_is_told_from_what_was_worked_out_days_ago_or_never(cast, files, incident):
    incident()
    case = drained(files)[-1]
    assert place_of(case, NOW) is None
    piles.store(NOW)
    assert place_of(case, NOW + 3 * DAY) is None


@pytest.mark.django_db
def test_the_inquiry_shows_it_on_the_page_and_in_the_api_and_asks_no_more(cast, files, incident, client):
    incident()
    now = timezone.now()
    drained(files)
    case = Transaction.objects.exclude(reference__startswith="P1A").get()
    Transaction.objects.filter(pk=case.pk).update(submitted_at=NOW - 29 * DAY)
    case.refresh_from_db()
    piles.store(now)
    asked = {"reference": case.reference, "pin": derive_pin(case.reference)}
    client.cookies["language"] = "en"
    client.post(reverse("transactions:inquiry"), asked)
    with CaptureQueriesContext(connection) as with_place:
        html = client.post(reverse("transactions:inquiry"), asked).content.decode()
    assert place_of(case, now) is not None
    assert "requests that came in earlier" in html
    assert "Yours waited through an incident" in html
    told = client.post("/api/v1/inquiries/", json.dumps(asked), content_type="application/json").json()["place"]
    assert told["most"] - told["least"] == rules.BAND
    assert told["piled"] is True
    OfficePile.objects.all().delete()
    piles.remembered.forget()
    client.post(reverse("transactions:inquiry"), asked)
    with CaptureQueriesContext(connection) as without:
        client.post(reverse("transactions:inquiry"), asked)
    assert len(with_place) == len(without)


@pytest.mark.django_db
def test_the_status_page_tells_the_city_and_its_offices(cast, files, incident, client):
    incident()
    drained(files)
    piles.store(NOW)
    for language, city in (("ar", "المدينة"), ("en", "The whole city")):
        client.cookies["language"] = language
        html = client.get("/status/").content.decode()
        assert 'id="pile"' in html
        assert city in html
    OfficePile.objects.all().delete()
    piles.remembered.forget()
    assert 'id="pile"' not in client.get("/status/").content.decode()


@pytest.mark.django_db
def test_the_console_leads_to_the_files_and_is_for_supervisors(cast, files, incident, signed_in):
    incident()
    drained(files)
    piles.store(NOW)
    page = signed_in(cast.supervisor)
    answer = page.get("/staff/pile/")
    [office] = [row for row in answer.context["offices"] if row["facts"].get("pile")]
    listed = page.get(office["files"].partition("#")[0]).context["page"].paginator.count
    assert listed == office["facts"]["pile"]
    assert signed_in(cast.reviewer).get("/staff/pile/").status_code == 404
    OfficePile.objects.all().delete()
    piles.remembered.forget()
    assert page.get("/staff/pile/").status_code == 200


@pytest.mark.django_db
def test_medians_leave_out_what_waited_through_an_incident(cast, files, incident):
    cases = files(5, 1)
    day, office = NOW.date() - DAY, Office.objects.get(code="SHR")
    decide(cases, day, office)
    counted = figures.by_day(day, day)[day].approvals
    assert counted == {"building-permit": {"30": 6}}
    incident()
    assert figures.by_day(day, day)[day].approvals == {"building-permit": {"30": 1}}
    figures.store_past_days(NOW + DAY)
    assert DayFigure.objects.get(day=day).approvals == {"building-permit": {"30": 1}}


@pytest.mark.django_db
def test_an_office_whose_files_are_all_done_says_so(cast, files, incident):
    incident()
    cases = files(3)
    piles.store(NOW)
    Transaction.objects.all().update(held_by=None, branch=None, status="submitted")
    piles.store(NOW + DAY)
    assert OfficePile.objects.get(office="SHR").known["pile"] == 0
    assert piles.published() == []
    assert cases


@pytest.mark.django_db
def test_taking_while_measured_keeps_its_numbers(cast, files, incident):
    """A file that is taken still waits for its decision."""
    incident()
    case = files(3)[0]
    piles.store(NOW)
    before = OfficePile.objects.get(office="SHR").known["pile"]
    moves.take(case, by=cast.reviewer, now=NOW)
    piles.store(NOW)
    assert OfficePile.objects.get(office="SHR").known["pile"] == before
