"""An applicant is reminded of what a request waits for: by one or by many, told as of the return, not too often."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from transactions.domain.errors import DomainError
from transactions.models import Event, Notification
from transactions.notifications.messages import sms_text, write_message
from transactions.transitions import bulk, moves, reminding
from transactions.transitions.moves import RequestedCompletion

from ..conftest import NOW, drive, work_off

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def returned(cast, submitted):
    def make():
        case = drive(submitted(), cast, "under_study")
        asked = [RequestedCompletion("", "أرفقوا صورة أوضح للواجهة.", opens=("facade_photo",))]
        return moves.return_for_completion(case, deficiencies=asked, by=cast.reviewer, now=NOW + DAY)

    return make


def test_a_reminder_tells_the_applicant_what_is_missing_and_moves_nothing(cast, returned):
    case = returned()
    before = (case.status, case.stage, case.paused_at, case.due_at, case.assignee_id)
    done = reminding.remind(case, by=cast.supervisor, now=NOW + 5 * DAY)
    assert (done.status, done.stage, done.paused_at, done.due_at, done.assignee_id) == before
    notice = Notification.objects.get(event__move="remind", recipient=case.applicant)
    message = write_message(notice, with_points=True)
    assert message.points
    assert "أوضح" in sms_text(message)
    assert case.reference in sms_text(message)


@pytest.mark.parametrize("days", [0, 1, 2])
def test_nobody_is_reminded_within_three_days_of_being_told(cast, returned, days):
    case = returned()
    with pytest.raises(DomainError) as refused:
        reminding.remind(case, by=cast.supervisor, now=NOW + DAY + days * DAY)
    assert refused.value.code == "reminded_lately"
    reminding.remind(case, by=cast.supervisor, now=NOW + 4 * DAY)
    with pytest.raises(DomainError):
        reminding.remind(case, by=cast.supervisor, now=NOW + 4 * DAY + days * DAY)
    reminding.remind(case, by=cast.supervisor, now=NOW + 7 * DAY)
    assert Event.objects.filter(move="remind").count() == 2


def test_only_what_waits_for_the_applicant_is_reminded_of_and_only_by_those_who_work_on_it(cast, returned, submitted):
    studied = drive(submitted(), cast, "under_study")
    for case, by in ((studied, cast.supervisor), (returned(), cast.central_supervisor), (returned(), cast.citizen)):
        with pytest.raises(DomainError) as refused:
            reminding.remind(case, by=by, now=NOW + 9 * DAY)
        assert refused.value.code == "move_not_allowed"


def test_many_are_reminded_at_once_each_once_and_those_told_lately_are_named(cast, returned, submitted, signed_in):
    cases = [returned(), returned()]
    reminding.remind(cases[1], by=cast.supervisor, now=NOW + 8 * DAY)
    studied = drive(submitted(), cast, "under_study")
    now = NOW + 9 * DAY
    job = bulk.look([*cases, studied], "remind", by=cast.supervisor, now=now)
    states = dict(job.items.values_list("transaction_id", "state"))
    assert states == {cases[0].pk: "waiting", cases[1].pk: "cannot", studied.pk: "cannot"}
    bulk.start(job, now=now)
    for _twice in range(2):
        bulk.work_on(job.pk, now)
    assert Event.objects.filter(move="remind", transaction=cases[0]).count() == 1
    work_off(now)
    assert Notification.objects.filter(event__move="remind", recipient=cast.citizen).count() == 2
    assert not bulk.inverse_of("remind"), "what was said cannot be unsaid"
    page = signed_in(cast.supervisor).get(reverse("staff:bulk", args=[job.key]))
    assert page.status_code == 200


def test_the_answer_that_was_being_written_goes_in_after_a_reminder(cast, returned):
    case = returned()
    reminding.remind(case, by=cast.supervisor, now=NOW + 5 * DAY)
    item = case.deficiencies.get()
    done = moves.answer(case, answers={item.pk: "هذه صورة أوضح."}, by=cast.citizen, now=NOW + 6 * DAY)
    assert done.status == "under_study"


def test_a_look_at_many_reminders_asks_once_for_all(cast, returned, django_assert_max_num_queries):
    cases = [returned() for _ in range(3)]
    with django_assert_max_num_queries(14):
        bulk.look(cases, "remind", by=cast.supervisor, now=NOW + 9 * DAY)
