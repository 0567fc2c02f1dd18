"""My queue: order, counts, filters, empty and a thousand long."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from transactions.domain.deadlines import Deadline
from transactions.models import Transaction
from transactions.text.deadline_status import Mark, deadline_status
from transactions.transitions import moves

from ..conftest import NOW, drive

pytestmark = pytest.mark.django_db
INDEX = "/staff/"


def copies(case: Transaction, count: int) -> None:
    """More rows like this one, due an hour apart."""
    rows = []
    for number in range(count):
        row = Transaction.objects.get(pk=case.pk) if not rows else rows[0].__class__(**values(rows[0]))
        row.pk = None
        row.reference = f"C1A-1448-{900_000 + number:06d}-X"
        row.stage_due_at = case.stage_due_at + timedelta(hours=number)
        rows.append(row)
    Transaction.objects.bulk_create(rows)


def values(row: Transaction) -> dict:
    return {field.attname: getattr(row, field.attname) for field in Transaction._meta.concrete_fields}


def test_an_empty_queue_says_when_something_will_be_there(cast, signed_in):
    answer = signed_in(cast.reviewer).get(INDEX)
    assert "ظهرت في هذه القائمة" in answer.content.decode()
    nothing = signed_in(cast.reviewer).get(INDEX, {"q": "xyz"}).content.decode()
    assert "لا معاملة من معاملاتك تطابق البحث" in nothing


def test_whoever_works_on_no_case_begins_with_the_reference_data(cast, signed_in):
    assert signed_in(cast.administrator).get(INDEX).url == reverse("staff:reference")


def test_every_filter_shows_as_many_as_it_counts(cast, submitted, signed_in):
    now = timezone.now() - timedelta(hours=6)  # the clock of the page is the real one
    ago = now - timedelta(days=40)
    mine = drive(submitted(now=now), cast, "under_study", now)
    free = drive(submitted("land-subdivision", now=now), cast, "under_tech_audit", now)
    late = drive(submitted(now=ago), cast, "under_study", ago)
    moves.take(mine, by=cast.reviewer)
    moves.take(late, by=cast.second_reviewer)
    page = signed_in(cast.reviewer)
    shows = {name: count for name, _label, count in page.get(INDEX).context["shows"]}
    expected = {"all": {mine, free, late}, "mine": {mine}, "free": {free}, "late": {late}}
    for name, cases in expected.items():
        answer = page.get(INDEX, {"show": name})
        assert {case.pk for case, _standing in answer.context["rows"]} == {case.pk for case in cases}, name
        assert shows[name] == len(cases), name
    only = page.get(INDEX, {"service": "land-subdivision"})
    assert [case.pk for case, _standing in only.context["rows"]] == [free.pk]
    assert page.get(INDEX, {"show": "no-such"}).context["show"] == "all"


def test_a_number_a_name_or_an_incoming_number_finds_the_file(cast, submitted, signed_in):
    case = drive(submitted(), cast, "under_study")
    drive(submitted(by=cast.other_citizen), cast, "under_study")
    page, line = signed_in(cast.reviewer), case.movements.get()
    assert page.get(INDEX, {"q": case.reference}).url == reverse("staff:case", args=[case.reference])
    for query in (case.reference[-8:], cast.citizen.national_id, str(line.number)):
        found = page.get(INDEX, {"q": query}).context["rows"]
        assert case.pk in [row.pk for row, _standing in found], query
    assert len(page.get(INDEX, {"q": "other citizen"}).context["rows"]) == 1


def test_late_is_said_in_a_word_and_by_how_much(cast, submitted):
    case = drive(submitted(), cast, "under_study")
    stage, whole = (lambda now, d=d: deadline_status(case, now, d) for d in (Deadline.STAGE, Deadline.WHOLE))
    before = stage(NOW)
    assert (before.mark, before.word, before.detail) == (Mark.FINE, "ضمن المدة", "بقي 5 أيام عمل")
    assert whole(NOW).detail == "بقي 14 يوم عمل"
    on_the_day = stage(case.stage_due_at - timedelta(hours=1))
    assert (on_the_day.mark, on_the_day.word) == (Mark.SOON, "موعده اليوم")
    after = case.stage_due_at + timedelta(days=1)
    assert (stage(after).mark, stage(after).word, stage(after).detail) == (
        Mark.LATE,
        "المرحلة متأخرة",
        "منذ يوم عمل واحد",
    )
    assert (whole(after).mark, whole(after).word) == (Mark.FINE, "ضمن المدة")
    long_after = case.due_at + timedelta(days=7)
    assert (whole(long_after).mark, whole(long_after).word, whole(long_after).detail) == (
        Mark.LATE,
        "متأخر",
        "منذ 5 أيام عمل",
    )
    assert stage(long_after).word == "المرحلة متأخرة"
    case = moves.return_for_completion(
        case, deficiencies=[moves.RequestedCompletion("id-unreadable")], by=cast.reviewer, now=NOW
    )
    for deadline in Deadline:
        stopped = deadline_status(case, NOW + timedelta(days=99), deadline)
        assert (stopped.mark, stopped.word) == (Mark.FINE, "المدة متوقفة")


def test_every_column_says_its_own_date_and_every_count_is_that_of_its_list(cast, submitted, signed_in, stopped_clock):
    """Four files: in time, late in their stage, late in all, late in both. No tag stands under the other's heading."""
    late, soon = stopped_clock - timedelta(days=8), stopped_clock + timedelta(days=8)
    pairs = {"fine": (soon, soon), "stage": (soon, late), "whole": (late, soon), "both": (late, late)}
    cases = {}
    for name, (due, stage_due) in pairs.items():
        cases[name] = drive(submitted(), cast, "under_study")
        Transaction.objects.filter(pk=cases[name].pk).update(due_at=due, stage_due_at=stage_due)
    lists = {"late": {"whole", "both"}, "stage_late": {"stage", "both"}, "all": set(pairs)}
    names = {case.pk: name for name, case in cases.items()}
    reader, supervisor = signed_in(cast.reviewer), signed_in(cast.supervisor)
    ledger = reverse("staff:transactions_transaction_changelist")
    for show, expected in lists.items():
        queue = reader.get(INDEX, {"show": show}).context
        assert {names[row[0].pk] for row in queue["rows"]} == expected
        assert {name: count for name, _label, count in queue["shows"]}[show] == len(expected)
        seen = supervisor.get(reverse("staff:supervision"), {"show": show}).context
        assert {names[row[0].pk] for row in seen["rows"]} == expected
        assert seen["figures"]["open" if show == "all" else show] == len(expected)
        assert seen["offices"][0]["open" if show == "all" else show] == len(expected)
        for case, standings, *_rest in [*queue["rows"], *seen["rows"]]:
            assert (standings.whole.mark is Mark.LATE) == (names[case.pk] in lists["late"])
            assert (standings.stage.mark is Mark.LATE) == (names[case.pk] in lists["stage_late"])
    for value, show in (("whole", "late"), ("stage", "stage_late")):
        rows = reader.get(ledger, {"late": value}).context["cl"].result_list
        assert {names[case.pk] for case in rows} == lists[show]
    html = reader.get(INDEX).content.decode()
    dues = {}
    for name, case in cases.items():
        row = next(row for row in html.split("<tr") if case.reference in row)
        dues[name] = next(cell for cell in row.split("<td") if 'data-label="موعد الإنجاز"' in cell)
    # One date a row: the whole one once that is late, otherwise the stage's.
    assert {name for name, cell in dues.items() if "المرحلة متأخرة" in cell} == {"stage"}
    assert {name for name, cell in dues.items() if "> متأخر<" in cell or ">متأخر<" in cell} == {"whole", "both"}
    assert all(cell.count("<time") == 1 for cell in dues.values())


def test_a_thousand_files_take_as_many_questions_as_one_and_at_most_twelve(
    cast, submitted, signed_in, django_assert_max_num_queries
):
    copies(drive(submitted(), cast, "under_study"), 1000)
    page = signed_in(cast.reviewer)
    page.get(INDEX)
    with django_assert_max_num_queries(12):
        answer = page.get(INDEX)
    assert answer.context["page"].paginator.count == 1001
    assert len(answer.context["rows"]) == 40
    dues = [case.stage_due_at for case, _standing in answer.context["rows"]]
    assert dues == sorted(dues)
    with django_assert_max_num_queries(12):
        last = page.get(INDEX, {"page": "26"})
    assert len(last.context["rows"]) == 1
    supervisor = signed_in(cast.supervisor)
    supervisor.get(reverse("staff:supervision"))
    with django_assert_max_num_queries(12):
        assert supervisor.get(reverse("staff:supervision")).status_code == 200
    with django_assert_max_num_queries(12):
        assert page.get(reverse("staff:transactions_transaction_changelist")).status_code == 200
