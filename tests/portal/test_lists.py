"""Lists longer than what is shown of them: what matters first, how much there is, the way to the rest."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import Authorisation
from municipality.models import Office
from transactions import access
from transactions.models import AuthorisationEvent, Channel, Draft, Event, Transaction
from transactions.notifications.notices import count_unread
from transactions.views.office import MAX_CHANGES, MAX_DRAFTS
from transactions.views.requests import MAX_WAITING

from ..conftest import NOW, authorised, drive
from .test_pages import queries

pytestmark = pytest.mark.django_db
OFFICE = reverse("transactions:office")
CHANGES = reverse("transactions:office_changes")
DRAFTS = reverse("transactions:drafts")
MINE = reverse("transactions:requests")
PERMIT, ELECTRICITY = "building-permit", "electricity-connection"


def written(cast, many, *, authorisation=None, code=ELECTRICITY, **kind):
    """So many drafts, the first the one touched longest ago."""
    by = cast.engineer if authorisation else cast.citizen
    rows = [
        Draft(
            service=PERMIT if authorisation else code,
            applicant=cast.citizen,
            created_by=kind.get("created_by", by),
            authorisation=authorisation,
            created_at=NOW,
            updated_at=NOW + timedelta(minutes=n),
            **{name: value for name, value in kind.items() if name != "created_by"},
        )
        for n in range(many)
    ]
    return Draft.objects.bulk_create(rows)


def ways(answer) -> str:
    return answer.content.decode()


def pages(page, url):
    """All drafts a list leads to, page after page."""
    found, number = [], 1
    while True:
        context = page.get(url, {"page": number} | ({"of": "office"} if "of=office" in url else {})).context
        found += [row["draft"] for row in context["drafts"]]
        if not context["page"].has_next():
            return found
        number += 1


def test_a_file_its_owner_gave_back_stands_first_however_many_others_there_are(cast, signed_in):
    plot = authorised(cast)
    (given_back,) = written(cast, 1, authorisation=plot, owner_note="صحّحوا المساحة")
    (with_owner,) = written(cast, 1, authorisation=plot, stage="awaiting_owner")
    Draft.objects.filter(pk=with_owner.pk).update(updated_at=NOW + timedelta(days=9))
    written(cast, MAX_DRAFTS + 6, authorisation=plot)
    page = signed_in(cast.engineer)
    answer = page.get(OFFICE)
    shown = [row["draft"] for row in answer.context["drafts"]]
    assert (len(shown), shown[0]) == (MAX_DRAFTS, given_back)
    assert answer.context["drafts_counted"] == MAX_DRAFTS + 8
    assert f'<a href="{DRAFTS}?of=office">' in ways(answer)
    everything = pages(page, DRAFTS + "?of=office")
    assert (len(everything), everything[0], everything[-1]) == (MAX_DRAFTS + 8, given_back, with_owner)


def test_a_list_that_is_whole_says_nothing_of_a_rest(cast, signed_in):
    written(cast, MAX_DRAFTS, authorisation=authorised(cast))
    assert f'href="{DRAFTS}?of=office"' not in ways(signed_in(cast.engineer).get(OFFICE))
    Draft.objects.all().delete()
    written(cast, MAX_WAITING)
    assert f'href="{DRAFTS}"' not in ways(signed_in(cast.citizen).get(MINE))


def test_a_file_to_approve_drops_off_for_no_draft(cast, signed_in):
    plot = authorised(cast)
    (waits,) = written(cast, 1, authorisation=plot, stage="awaiting_owner")
    written(cast, MAX_WAITING + 5)
    page = signed_in(cast.citizen)
    answer = page.get(MINE)
    assert list(answer.context["to_approve"]) == [waits]
    assert (len(answer.context["drafts"]), answer.context["unsent"]) == (MAX_WAITING, MAX_WAITING + 5)
    assert f'<a href="{DRAFTS}">' in ways(answer)
    everything = pages(page, DRAFTS)
    assert (len(everything), everything[0]) == (MAX_WAITING + 6, waits)


def test_many_files_to_approve_are_counted_too(cast, signed_in):
    plot = authorised(cast)
    written(cast, MAX_WAITING + 3, authorisation=plot, stage="awaiting_owner")
    answer = signed_in(cast.citizen).get(MINE)
    assert (len(answer.context["to_approve"]), answer.context["drafts"]) == (MAX_WAITING, [])
    assert f"المعروض {MAX_WAITING} من أصل {MAX_WAITING + 3}" in ways(answer)


def test_nobody_finds_the_drafts_of_another_office(cast, signed_in):
    written(cast, 3, authorisation=authorised(cast))
    for person in (cast.other_engineer, cast.other_citizen):
        assert pages(signed_in(person), DRAFTS + "?of=office") == pages(signed_in(person), DRAFTS) == []


def test_the_counter_counts_all_that_was_begun_and_pages_it(cast, signed_in):
    centre = Office.objects.get(code="SC01")
    made = written(cast, 25, created_by=cast.clerk, channel=Channel.COUNTER, centre=centre)
    page, url = signed_in(cast.clerk), reverse("staff:counter")
    first, second = page.get(url), page.get(url, {"page": 2})
    assert '<span class="count">25</span>' in ways(first)
    assert [*first.context["page"], *second.context["page"]] == made[::-1]


def test_the_counter_says_when_more_was_taken_today_than_it_shows(
    cast, submitted, signed_in, monkeypatch, stopped_clock
):
    monkeypatch.setattr("transactions.admin.counter.MAX_TAKEN", 2)
    centre = Office.objects.get(code="SC01")
    for _n in range(3):
        submitted(channel=Channel.COUNTER, centre=centre, now=stopped_clock)
    page, url = signed_in(cast.clerk), reverse("staff:counter")
    answer = page.get(url)
    assert (len(answer.context["taken"]), "المعروض 2 من أصل 3" in ways(answer)) == (2, True)
    assert len(page.get(url, {"taken": "all"}).context["taken"]) == 3


# -- since yesterday -------------------------------------------------------------------------------------------


def lines(answer) -> list:
    return [line for day in answer.context["changes"] for line in (*day["shown"], *day["more"])]


@pytest.fixture
def noon(stopped_clock):
    return lambda days_ago: stopped_clock - timedelta(days=days_ago)


def dealt(plot, kind, at, by, draft=None):
    return AuthorisationEvent.objects.create(kind=kind, authorisation=plot, draft=draft, by=by, at=at)


def test_nothing_changed_is_said(cast, submitted, signed_in, noon):
    drive(submitted("building-permit", now=noon(5)), cast, "under_admin_audit", noon(5))
    AuthorisationEvent.objects.update(at=noon(2))
    Event.objects.update(at=noon(2))
    answer = signed_in(cast.engineer).get(OFFICE)
    assert lines(answer) == []
    assert "لا جديد في معاملاتكم منذ صباح أمس" in ways(answer)


def test_what_owners_did_since_yesterday_is_shown_and_what_the_office_did_is_not(cast, signed_in, noon):
    plot = authorised(cast)
    (draft,) = written(cast, 1, authorisation=plot)
    AuthorisationEvent.objects.update(at=noon(5))
    kinds = ["authorised", "accepted", "sent", "changes", "approved", "declined", "revoked"]
    for hour, kind in enumerate(kinds):
        dealt(plot, kind, noon(1) + timedelta(minutes=hour), cast.citizen, draft if kind == "changes" else None)
    dealt(plot, "authorised", noon(2), cast.citizen)
    found = lines(signed_in(cast.engineer).get(OFFICE))
    assert [line.title for line in found] == [
        "ألغى أحد الملّاك تفويضه",
        "وافق المالك على الملف",
        "طلب المالك تعديلات",
        "فوّض أحد الملّاك مكتبكم",
    ]
    assert found[2].path == reverse("transactions:draft", args=[draft.key])
    assert lines(signed_in(cast.other_engineer).get(OFFICE)) == []


def test_two_days_stand_under_their_dates_and_the_third_is_gone(cast, submitted, signed_in, noon):
    plot = authorised(cast)
    AuthorisationEvent.objects.update(at=noon(5))
    for days in (0, 1, 2):
        dealt(plot, "revoked", noon(days) - timedelta(hours=12), cast.citizen)
    days = signed_in(cast.engineer).get(OFFICE).context["changes"]
    assert [(day["day"], len(day["shown"])) for day in days] == [(noon(0).date(), 1), (noon(1).date(), 1)]


def test_more_changes_than_are_shown_are_counted_and_lead_on(cast, submitted, signed_in, noon):
    case = drive(submitted("building-permit", now=noon(1)), cast, "under_admin_audit", noon(1))
    Event.objects.filter(transaction=case).update(at=noon(1))
    plot = Authorisation.objects.get()
    AuthorisationEvent.objects.update(at=noon(5))
    for n in range(MAX_CHANGES + 70):
        dealt(plot, "revoked", noon(1) + timedelta(seconds=n + 1), cast.citizen)
    page = signed_in(cast.engineer)
    answer = page.get(OFFICE)
    many = MAX_CHANGES + 71
    assert (len(lines(answer)), answer.context["changes_counted"]) == (MAX_CHANGES, many)
    assert f"المعروض {MAX_CHANGES} من أصل {many}" in ways(answer)
    assert f'<a href="{CHANGES}">' in ways(answer)
    first, second = lines(page.get(CHANGES)), lines(page.get(CHANGES, {"page": 2}))
    assert len(first) + len(second) == many
    assert (second[-1].reference, second[-1].more) == (case.reference, case.events.count() - 2)
    assert page.get(CHANGES).status_code == 200
    assert signed_in(cast.citizen).get(CHANGES).status_code == 404


def test_long_lists_cost_no_more_questions(cast, submitted, signed_in, noon):
    plot = authorised(cast)
    case = drive(submitted("building-permit", now=noon(1)), cast, "under_admin_audit", noon(1))
    urls = [(cast.engineer, OFFICE), (cast.engineer, CHANGES), (cast.engineer, DRAFTS + "?of=office")]
    urls += [(cast.citizen, MINE), (cast.citizen, DRAFTS), (cast.clerk, reverse("staff:counter"))]
    centre = Office.objects.get(code="SC01")

    def more(many):
        written(cast, many, authorisation=plot)
        written(cast, many, authorisation=plot, stage="awaiting_owner")
        written(cast, many)
        written(cast, many, created_by=cast.clerk, channel=Channel.COUNTER, centre=centre)
        for n in range(many):
            dealt(plot, "revoked", noon(1) + timedelta(seconds=n), cast.citizen)

    more(1)
    assert Transaction.objects.get() == case
    for user, url in urls:
        signed_in(user).get(url)
    one = [queries(signed_in(user), url) for user, url in urls]
    more(60)
    assert [queries(signed_in(user), url) for user, url in urls] == one
    assert max(one) <= 12, one


@pytest.mark.parametrize(
    ("who", "name", "asked"),
    [
        ("citizen", "transactions:requests", {"show": "all"}),
        ("citizen", "transactions:notices", {}),
        ("citizen", "transactions:drafts", {}),
        ("citizen", "accounts:authorisations", {}),
        *(("engineer", "transactions:office", {"order": order}) for order in ("due", "newest", "oldest", "owner")),
        ("engineer", "accounts:office_authorisations", {}),
        ("clerk", "staff:counter", {}),
    ],
)
def test_rows_that_are_alike_have_an_order_all_the_same(who, name, asked, cast, signed_in):
    """Without the key at the end a database may show them on two pages, or on none."""
    query = signed_in(getattr(cast, who)).get(reverse(name), asked).context["page"].paginator.object_list.query
    assert (query.order_by or query.get_meta().ordering)[-1].lstrip("-") in ("pk", "id")


def test_a_list_that_is_asked_for_what_there_is_not_says_what_it_shows(cast, signed_in):
    page = signed_in(cast.engineer).get(OFFICE, {"show": "x", "order": "y"})
    assert (page.context["show"], page.context["order"]) == ("open", "due")


def test_what_belongs_to_a_person_twice_over_is_counted_once(cast, submitted, signed_in):
    """An engineer's own request that an office of theirs made."""
    own, of_office, foreign = submitted(), submitted("building-permit"), submitted(by=cast.other_citizen)
    plot = of_office.authorisation
    Transaction.objects.filter(pk=own.pk).update(applicant=cast.engineer, authorisation=plot)
    Transaction.objects.update(status="withdrawn", closed_at=NOW, withdrawn_at=NOW)
    page = signed_in(cast.engineer)
    answer = page.get(MINE)
    assert answer.context["counts"] == {"waiting": 0, "open": 0, "done": 2, "all": 2}
    assert {row["case"].pk for row in answer.context["rows"]} == {own.pk, of_office.pk}
    assert foreign.pk not in {row["case"].pk for row in answer.context["rows"]}
    assert count_unread(cast.engineer, access.own_requests(cast.engineer), most=1) == 2, "counted no further"
    notices = page.get(reverse("transactions:notices")).context["page"].paginator.count
    assert answer.context["unread"] == notices > 0
