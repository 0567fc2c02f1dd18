"""A number of days is that of the calendar in Jeddah, and says what its label says; everywhere the same due date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from core.hijri import RIYADH, days_between, riyadh_day
from core.templatetags.portal import days_ago
from municipality.models import Holiday
from municipality.services import save_reference
from transactions.domain import pins
from transactions.models import Transaction
from transactions.text.progress import progress_of
from transactions.text.timeline import history_of
from transactions.transitions import moves, recount
from transactions.transitions.moves import RequestedCompletion

from ..conftest import NOW, drive, work_off

MOMENTS = st.datetimes(datetime(2016, 1, 2), datetime(2076, 1, 1), timezones=st.just(UTC))


@given(MOMENTS, MOMENTS)
def test_days_between_are_midnights_of_riyadh_gone_by(one, other):
    """Counted apart from the function: each midnight in Riyadh (21:00 UTC) that lies between the two."""
    earlier, later = sorted((one, other))
    anchor = datetime(2015, 12, 31, 21, tzinfo=UTC)
    assert days_between(earlier, later) == (later - anchor) // timedelta(days=1) - (earlier - anchor) // timedelta(
        days=1
    )


@pytest.mark.parametrize(
    ("submitted_at", "looked_at", "days", "arabic", "english"),
    [
        ("2026-11-24T23:59", "2026-11-25T00:01", 1, "أمس", "yesterday"),
        ("2026-11-24T00:01", "2026-11-24T23:59", 0, "اليوم", "today"),
        ("2026-11-24T14:31", "2026-11-26T14:30", 2, "منذ يومين", "2 days ago"),
        ("2026-11-24T10:00", "2027-02-21T09:00", 89, "منذ 89 يومًا", "89 days ago"),
    ],
)
def test_how_long_ago_in_words(submitted_at, looked_at, days, arabic, english):
    moments = [datetime.fromisoformat(text).replace(tzinfo=RIYADH) for text in (submitted_at, looked_at)]
    assert days_between(*moments) == days
    for language, words in (("ar", arabic), ("en", english)):
        with translation.override(language):
            assert days_ago(days) == words


@pytest.mark.django_db
def test_since_submission_goes_on_when_the_file_is_closed_and_how_long_it_took_does_not(
    cast, submitted, signed_in, monkeypatch
):
    case = drive(submitted(), cast, "completed", NOW + timedelta(days=3))
    later = NOW + timedelta(days=89)
    progress = progress_of(case, later)
    assert (progress.days, progress.took) == (89, 3)
    monkeypatch.setattr(timezone, "now", lambda: later.astimezone(UTC))
    page = signed_in(cast.citizen)
    html = page.get(reverse("transactions:request", args=[case.reference])).content.decode()
    assert "منذ 89 يومًا" in html
    assert "استغرق 3 أيام" in html
    listed = page.get(reverse("transactions:requests"), {"show": "done"}).content.decode()
    assert "استغرق 3 أيام" in listed
    told = page.post(
        "/api/v1/inquiries/",
        {"reference": case.reference, "pin": pins.derive_pin(case.reference)},
        content_type="application/json",
    ).json()
    assert told["days_elapsed"] == 89
    with translation.override("ar"):
        for reader, url in ((cast.registry, reverse("staff:case", args=[case.reference])),):
            assert "منذ 89 يومًا" in signed_in(reader).get(url).content.decode()


@pytest.mark.django_db
def test_yesterday_evening_is_yesterday_on_every_page(cast, submitted, signed_in, client, monkeypatch):
    evening = NOW.replace(hour=23, minute=50)
    case = submitted(now=evening)
    monkeypatch.setattr(timezone, "now", lambda: (evening + timedelta(minutes=20)).astimezone(UTC))
    asked = {"by": "pin", "reference": case.reference, "pin": pins.derive_pin(case.reference)}
    pages = [
        signed_in(cast.citizen).get(reverse("transactions:request", args=[case.reference])),
        signed_in(cast.citizen).get(reverse("transactions:requests")),
        signed_in(cast.registry).get(reverse("staff:case", args=[case.reference])),
        client.post(reverse("transactions:inquiry"), asked),
    ]
    for page in pages:
        assert "أمس" in page.content.decode()


def _told(case, cast, signed_in, client):
    """The due date by every way it is told: the inquiry by API and by page, the applicant's pages and live part, the
    staff's case. The staff's queue, which tells the stage's due date, comes last and by itself."""
    secret = {"reference": case.reference, "pin": pins.derive_pin(case.reference)}
    api = client.post("/api/v1/inquiries/", secret, content_type="application/json").json()["due_at"]
    found = {riyadh_day(datetime.fromisoformat(api))}
    owner, staff = signed_in(cast.citizen), signed_in(cast.reviewer)
    pages = [
        client.post(reverse("transactions:inquiry"), {"by": "pin", **secret}),
        owner.get(reverse("transactions:request", args=[case.reference])),
        owner.get(reverse("transactions:timeline", args=[case.reference])),
        staff.get(reverse("staff:case", args=[case.reference])),
    ]
    queue = staff.get(reverse("staff:index")).content.decode()
    return found, [page.content.decode() for page in pages], queue


def _tells(html, due):
    return f'datetime="{riyadh_day(due).isoformat()}"' in html or f'datetime="{due.date()}' in html


@pytest.mark.django_db
def test_a_holiday_entered_later_gives_one_answer_everywhere(cast, submitted, signed_in, client, stopped_clock):
    case = drive(submitted(now=stopped_clock), cast, "under_study", stopped_clock)
    before = (case.due_at, case.stage_due_at)
    owner = signed_in(cast.citizen)
    _told(case, cast, signed_in, client)  # so that whatever is remembered is remembered
    live = reverse("transactions:timeline", args=[case.reference])
    assert owner.get(live, {"seen": case.stamp}).status_code == 204
    first = riyadh_day(case.stage_due_at)
    save_reference(Holiday(name_ar="عيد", name_en="Feast", first_day=first, last_day=first + timedelta(days=9)))
    for step in ("entered", "counted anew"):
        if step == "counted anew":
            while work_off(stopped_clock + recount.WAIT):
                pass
        due, stage_due = Transaction.objects.values_list("due_at", "stage_due_at").get(pk=case.pk)
        assert {due == before[0], stage_due == before[1]} == {step == "entered"}
        days, pages, queue = _told(case, cast, signed_in, client)
        assert days == {riyadh_day(due)}
        assert [_tells(html, due) for html in pages] == [True] * len(pages)
        assert _tells(queue, stage_due)
    changed = owner.get(live, {"seen": case.stamp})
    assert changed.status_code == 200, "an open page hears of the new date by itself"


def test_each_stage_done_has_its_day_and_the_one_now_has_who_holds_it(cast, submitted):
    """A stage that was gone through twice has the day it was left last."""
    case = drive(submitted("building-permit"), cast, "under_admin_audit")
    entries = history_of(case)
    steps = progress_of(case, timezone.now(), entries).steps
    now = [step.state for step in steps].index("now")
    left = {entry.from_stage: entry.at for entry in reversed(entries) if entry.from_stage != entry.to_stage}
    codes = [stage.code for stage in case.service_type.stages_for(case.answers)]
    assert now > 0
    assert [step.at for step in steps[:now]] == [left[code] for code in codes[:now]]
    assert steps[now].at == case.stage_started_at
    assert case.held_by.name in steps[now].who
    assert {(step.state, step.at) for step in steps[now + 1 :]} == {("later", None)}
    assert all(step.who for step in steps[now:])


def test_a_stage_that_waits_for_the_applicant_says_so_and_since_when(cast, submitted):
    case = drive(submitted("building-permit"), cast, "under_admin_audit")
    case = moves.return_for_completion(case, deficiencies=[RequestedCompletion("survey-old")], by=cast.reviewer)
    case.refresh_from_db()
    waits = next(step for step in progress_of(case, timezone.now(), history_of(case)).steps if step.state == "now")
    assert (waits.at, str(waits.who)) == (case.paused_at, "مقدم الطلب")
