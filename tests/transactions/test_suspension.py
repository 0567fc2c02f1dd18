"""An office is suspended: what comes, what lies there, who is told; previewed with counts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from municipality.models import Office
from municipality.services import clear_caches
from transactions import access
from transactions.models import Movement, Notification, Transaction
from transactions.transitions import moves
from transactions.transitions.suspension import replacement_office

from ..conftest import NOW, drive, work_off

pytestmark = pytest.mark.django_db
AFTER = timedelta(minutes=1)


def _press(page, office, **typed):
    """Save the office's form as the administrator does: the question first, then yes. Returns (question, answer)."""
    url = reverse("staff:municipality_office_change", args=[office.pk])
    form = page.get(url).context["adminform"].form
    sent = {name: form[name].value() for name in form.fields}
    sent = {name: value for name, value in sent.items() if value not in (None, False)} | typed
    asked = page.post(url, sent)
    if asked.status_code != 200 or "sentences" not in asked.context:
        return None, asked
    yes = dict(asked.context["sent"]) | {"_confirmed": asked.context["confirmed"]}
    return [str(line) for line in asked.context["sentences"]], page.post(url, yes)


@pytest.fixture
def files(cast, submitted):
    """One of each kind that lies at an office: incoming, studied, returned, elsewhere, unpaid; and one done."""
    incoming = submitted()
    studied = moves.take(drive(submitted(), cast, "under_study"), by=cast.reviewer, now=NOW)
    returned = drive(submitted(), cast, "under_study")
    code = returned.service_type.deficiencies[0].code
    returned = moves.return_for_completion(
        returned, deficiencies=[moves.RequestedCompletion(code)], by=cast.reviewer, now=NOW
    )
    elsewhere = drive(submitted(), cast, "under_tech_audit")
    unpaid = drive(submitted("building-permit"), cast, "awaiting_payment")
    done = drive(submitted(), cast, "completed")
    assert elsewhere.held_by.code == "INF"
    return {
        "incoming": incoming,
        "studied": studied,
        "returned": returned,
        "elsewhere": elsewhere,
        "unpaid": unpaid,
        "done": done,
    }


def _states(files):
    return {
        name: Transaction.objects.values_list("status", "stage", "due_at", "stage_due_at").get(pk=case.pk)
        for name, case in files.items()
    }


def test_what_lies_there_is_handed_over_as_it_is(cast, files, submitted, signed_in):
    office, to = Office.objects.get(code="SHR"), Office.objects.get(code="MTR")
    Office.objects.filter(pk=office.pk).update(fallback=to)
    clear_caches()
    before = _states(files)
    Notification.objects.all().delete()
    asked, answer = _press(signed_in(cast.administrator), office, suspended="on", hand_over="on")
    assert any("تنتقل 5 معاملات" in line for line in asked)
    assert any(to.name_ar in line for line in asked)
    assert answer.status_code == 302
    assert Transaction.objects.filter(branch=office).count() == 6, "nothing is moved by the press itself"
    for _twice in range(2):
        while work_off(timezone.now() + AFTER):
            pass
    assert _states(files) == before
    for name, case in files.items():
        case.refresh_from_db()
        events = case.events.filter(move="hand_over")
        if name == "done":
            assert (case.branch.code, events.count()) == ("SHR", 0)
            continue
        assert (case.branch.code, events.count(), case.assignee) == ("MTR", 1, None)
        assert case.held_by.code == ("INF" if name == "elsewhere" else "MTR")
        assert (events.get().office, events.get().facts["sent_by"], events.get().facts["to"]) == (None, "SHR", "MTR")
        told = Notification.objects.filter(event=events.get()).values_list("recipient", flat=True)
        assert case.applicant_id in told
    lines = Movement.objects.filter(office=to, direction="in", counterpart=office)
    assert lines.count() == 3, "what was registered before is entered anew; what was not, waits for it"
    assert access.cases_of_staff(cast.other_reviewer).filter(pk=files["studied"].pk).exists()
    new = submitted()
    assert (new.branch.code, new.events.get(move="route").facts["suspended"]) == ("MTR", "SHR")


def test_what_lies_there_may_stay_and_its_applicants_are_told_once(cast, files, signed_in):
    office = Office.objects.get(code="SHR")
    before = _states(files)
    asked, _answer = _press(signed_in(cast.administrator), office, suspended="on")
    assert any("تبقى لديها 5 معاملات" in line for line in asked)
    for _twice in range(2):
        while work_off(timezone.now() + AFTER):
            pass
    assert _states(files) == before
    for name, case in files.items():
        assert case.events.filter(move="stay").count() == (0 if name == "done" else 1)
    page = signed_in(cast.citizen).get(reverse("transactions:request", args=[files["studied"].reference]))
    assert "مغلقة مؤقتًا" in page.content.decode()


def test_the_staff_of_both_offices_read_it_and_nobody_else(cast, signed_in):
    Office.objects.filter(code="SHR").update(
        suspended=True, suspended_reason="انقطاع الكهرباء", fallback=Office.objects.get(code="MTR")
    )
    clear_caches()
    for reader, reads in ((cast.reviewer, True), (cast.other_reviewer, True), (cast.central_reviewer, False)):
        html = signed_in(reader).get(reverse("staff:index")).content.decode()
        assert ("انقطاع الكهرباء" in html) is reads


def test_files_of_a_centre_go_to_its_neighbour(cast, submitted, signed_in):
    case = drive(submitted("building-permit"), cast, "awaiting_payment")
    centre = case.centre
    to = replacement_office(centre)
    assert (to.parent_id, to.pk != centre.pk) == (centre.parent_id, True)
    _press(signed_in(cast.administrator), centre, suspended="on", hand_over="on")
    while work_off(timezone.now() + AFTER):
        pass
    case.refresh_from_db()
    assert (case.centre, case.branch.code, case.held_by.code) == (to, "SHR", "SHR")


def test_where_nobody_stands_in_nothing_is_handed_over(cast, files, signed_in):
    for code in ("INF", "CTR"):
        assert replacement_office(Office.objects.get(code=code)) is None
    _press(signed_in(cast.administrator), Office.objects.get(code="INF"), suspended="on", hand_over="on")
    while work_off(timezone.now() + AFTER):
        pass
    files["elsewhere"].refresh_from_db()
    assert files["elsewhere"].held_by.code == "INF"
    assert files["elsewhere"].events.filter(move="stay").count() == 1


def test_a_suspension_lifted_before_the_work_moves_nothing(cast, files, signed_in):
    office = Office.objects.get(code="SHR")
    _press(signed_in(cast.administrator), office, suspended="on", hand_over="on")
    Office.objects.filter(pk=office.pk).update(suspended=False)
    while work_off(timezone.now() + AFTER):
        pass
    files["studied"].refresh_from_db()
    assert files["studied"].branch.code == "SHR"


def test_files_are_handed_over_from_a_suspended_office_only(cast, files, signed_in):
    _asked, answer = _press(signed_in(cast.administrator), Office.objects.get(code="SHR"), hand_over="on")
    assert "لا تُنقل المعاملات إلا من جهة موقوفة" in answer.content.decode()
