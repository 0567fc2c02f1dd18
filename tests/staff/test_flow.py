"""From file to file of a list: order, next and previous, saved filters, who has it open, colleagues' files, answers."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from transactions import presence
from transactions.domain import references
from transactions.incidents import memory
from transactions.models import CasePresence, GateSwitch, SavedFilter, Transaction
from transactions.selectors.case_lists import SORTS, Order, Place, read_list, read_order
from transactions.transitions import moves

from ..conftest import NOW, drive

pytestmark = pytest.mark.django_db
INDEX = "/staff/"


@pytest.fixture
def files(cast, submitted):
    """Seven files of one queue: assigned to two people and to nobody, two without a due date, two due alike."""
    made = [drive(submitted(by=by), cast, "under_study") for by in (cast.citizen, cast.other_citizen)]
    first = Transaction.objects.get(pk=made[0].pk)
    values = {field.attname: getattr(first, field.attname) for field in Transaction._meta.concrete_fields}
    number = references.parse(first.reference)
    for serial in range(900_000, 900_005):  # alike in all but their numbers
        own = {"id": None, "reference": str(replace(number, serial=serial))}
        made.append(Transaction.objects.create(**values | own))
    for number, case in enumerate(made):
        due = None if number in (2, 5) else NOW + timedelta(days=(5, 1, 0, 3, 3, 0, 9)[number])
        assignee = (cast.reviewer, None, cast.second_reviewer)[number % 3]
        Transaction.objects.filter(pk=case.pk).update(stage_due_at=due, due_at=due, assignee=assignee)
    return made


def walk(listed, first, back=False):
    """From file to file until there is none."""
    seen = [first]
    while (case := listed.neighbour(seen[-1], back=back)) is not None:
        assert len(seen) < 20, "round and round"
        seen.append(case)
    return [case.pk for case in seen]


def test_next_and_previous_go_through_the_list_as_it_is_shown_in_every_order(cast, files):
    """Rows that are alike and rows without a value among them."""
    for sort in [*SORTS, *(f"-{name}" for name in SORTS)]:
        listed = read_list(Place.QUEUE, QueryDict(f"sort={sort}"), cast.reviewer, NOW)
        shown = list(listed.rows)
        assert {case.pk for case in shown} == {case.pk for case in files}
        assert walk(listed, shown[0]) == [case.pk for case in shown], sort
        assert walk(listed, shown[-1], back=True) == [case.pk for case in reversed(shown)], sort


def test_a_heading_sorts_and_sorts_the_other_way_and_its_links_lead_into_that_order(cast, files, signed_in):
    page = signed_in(cast.reviewer)
    first = page.get(INDEX)
    heading = next(heading for heading in first.context["headings"] if heading.column == "number")
    assert heading.sorted == ""
    sorted_page = page.get(INDEX + heading.url)
    numbers = [case.reference for case, _due in sorted_page.context["rows"]]
    assert numbers == sorted(numbers)
    again = next(heading for heading in sorted_page.context["headings"] if heading.column == "number")
    assert again.sorted == "ascending"
    other_way = page.get(INDEX + again.url)
    assert [case.reference for case, _due in other_way.context["rows"]] == numbers[::-1]
    assert urlencode({"from": INDEX + again.url}) in other_way.content.decode().replace("&amp;", "&")


@given(text=st.text(max_size=12))
def test_an_order_nobody_knows_is_the_usual_one(text):
    order = read_order(text)
    assert isinstance(order, Order)
    assert order.column in SORTS


def test_two_windows_each_go_on_in_their_own_list(cast, files, signed_in):
    """One person, one session: what one window shows changes nothing for the other."""
    page = signed_in(cast.reviewer)
    mine, late = f"{INDEX}?show=mine&sort=-number", f"{INDEX}?sort=due"
    own = [case for case, _due in page.get(mine).context["rows"]]
    every = [case for case, _due in page.get(late).context["rows"]]
    one = own[0]
    other, after = next(pair for pair in itertools.pairwise(every) if one not in pair)
    opened = ((one, mine, own[1]), (other, late, after))
    for case, left, _following in opened:
        page.get(reverse("staff:case", args=[case.reference]), {"from": left})
    for case, left, following in opened:
        case.refresh_from_db()
        sent = {"version": case.version, "from": left}
        answer = page.post(reverse("staff:move", args=[case.reference, "recommend"]), sent)
        expected = reverse("staff:case", args=[following.reference], query={"from": left})
        assert answer.url == expected


def test_at_the_end_of_a_list_one_is_back_before_it(cast, files, signed_in):
    page = signed_in(cast.reviewer)
    left = f"{INDEX}?sort=-number"
    last = [case for case, _due in page.get(left).context["rows"]][-1]
    step = page.get(reverse("staff:next_case", args=[last.reference]), {"from": left})
    assert step.url == left
    done = page.post(reverse("staff:move", args=[last.reference, "recommend"]), {"version": last.version, "from": left})
    assert done.url == left


def test_taking_and_correcting_stay_with_the_file(cast, files, signed_in):
    case = next(case for case in files if Transaction.objects.get(pk=case.pk).assignee is None)
    left = f"{INDEX}?show=free"
    done = signed_in(cast.reviewer).post(
        reverse("staff:move", args=[case.reference, "take"]), {"version": case.version, "from": left}
    )
    assert done.url == reverse("staff:case", args=[case.reference], query={"from": left})


def test_nobody_walks_into_files_that_are_not_theirs(cast, files, signed_in):
    for person in (cast.other_reviewer, cast.administrator):
        for name in ("staff:next_case", "staff:previous_case"):
            assert signed_in(person).get(reverse(name, args=[files[0].reference])).status_code == 404
    stranger = signed_in(cast.reviewer)
    answer = stranger.get(
        reverse("staff:next_case", args=[files[0].reference]), {"from": "/staff/supervision/?show=all"}
    )
    assert answer.url == "/staff/supervision/?show=all", "a list that is not theirs has no next file"


# -- who has it open -----------------------------------------------------------------------------------------------


def test_whoever_opens_a_file_somebody_has_open_reads_who_until_they_leave_or_are_silent(cast, files, signed_in):
    url = reverse("staff:case", args=[files[1].reference])
    first, second = signed_in(cast.reviewer), signed_in(cast.second_reviewer)
    assert first.get(url).context["others"] == []
    assert second.get(url).context["others"] == [cast.reviewer]
    assert first.get(url).context["others"] == [cast.second_reviewer]
    assert cast.reviewer.full_name in second.get(url).content.decode(), "without a script, as the page comes"
    beat = reverse("staff:presence", args=[files[1].reference])
    assert cast.second_reviewer.full_name in first.post(beat).content.decode()
    assert second.post(beat, {"left": "1"}).status_code == 204
    assert first.get(url).context["others"] == []
    second.get(url)
    CasePresence.objects.filter(user=cast.second_reviewer).update(seen_at=timezone.now() - presence.LASTS)
    assert first.get(url).context["others"] == []
    assert presence.forget_old(timezone.now()) == 1


def test_a_look_ahead_by_the_browser_opens_nothing_and_strangers_are_told_nothing(cast, files, signed_in):
    url, beat = (reverse(name, args=[files[1].reference]) for name in ("staff:case", "staff:presence"))
    signed_in(cast.reviewer).get(url, headers={"Sec-Purpose": "prefetch"})
    signed_in(cast.reviewer).head(url)
    assert not CasePresence.objects.exists()
    assert signed_in(cast.other_reviewer).post(beat).status_code == 404
    assert signed_in(cast.citizen).post(beat).status_code in (302, 404)
    assert not CasePresence.objects.exists()


def test_whoever_decides_a_colleagues_file_is_warned_before(cast, files, signed_in):
    theirs, mine, free = (
        next(case for case in files if Transaction.objects.get(pk=case.pk).assignee == who)
        for who in (cast.second_reviewer, cast.reviewer, None)
    )
    page = signed_in(cast.reviewer)
    warned = page.get(reverse("staff:case", args=[theirs.reference])).content.decode()
    assert "موزّعة على <bdi>second reviewer</bdi>" in warned
    assert 'name="colleague" required' in warned
    for case in (mine, free):
        html = page.get(reverse("staff:case", args=[case.reference])).content.decode()
        assert "موزّعة على" not in html
        assert 'name="colleague"' not in html


# -- answers that came in ------------------------------------------------------------------------------------------


def test_answers_that_came_in_are_marked_until_somebody_acts_on_them(cast, submitted, signed_in):
    case = moves.take(drive(submitted(), cast, "under_study"), by=cast.reviewer, now=NOW)
    code = case.service_type.deficiencies[0].code
    case = moves.return_for_completion(case, deficiencies=[moves.RequestedCompletion(code)], by=cast.reviewer, now=NOW)
    page = signed_in(cast.reviewer)
    assert page.get(INDEX, {"show": "answered"}).context["page"].paginator.count == 0
    item = case.deficiencies.get()
    case = moves.answer(case, answers={item.pk: "مرفق"}, by=cast.citizen, now=NOW + timedelta(hours=1))
    assert case.answered_at == NOW + timedelta(hours=1)
    shown = page.get(INDEX, {"show": "answered"})
    assert [row.pk for row, _due in shown.context["rows"]] == [case.pk]
    assert "ردود جديدة" in shown.content.decode()
    assert signed_in(cast.supervisor).get("/staff/supervision/").context["figures"]["answered"] == 1
    case = moves.recommend(case, by=cast.reviewer, now=NOW + timedelta(hours=2))
    assert case.answered_at is None
    assert Transaction.objects.get(pk=case.pk).answered_at is None


# -- saved filters -------------------------------------------------------------------------------------------------


def test_a_filter_is_saved_found_again_replaced_and_deleted(cast, files, signed_in):
    page = signed_in(cast.reviewer)
    left = f"{INDEX}?{urlencode({'show': 'mine', 'sort': '-number', 'page': '1'})}"
    page.post(reverse("staff:save_filter"), {"name": "  ملفاتي  ", "from": left})
    row = SavedFilter.objects.get()
    assert (row.name, row.owner, row.office, row.query) == ("ملفاتي", cast.reviewer, None, "show=mine&sort=-number")
    saved = page.get(INDEX).context["saved"]
    assert [(kept.name, url) for kept, url, _now in saved] == [("ملفاتي", f"{INDEX}?show=mine&sort=-number")]
    assert page.get(saved[0][1]).context["saved_shown"] == "ملفاتي"
    page.post(reverse("staff:save_filter"), {"name": "ملفاتي", "from": f"{INDEX}?show=late"})
    assert SavedFilter.objects.get().query == "show=late"
    assert signed_in(cast.second_reviewer).get(INDEX).context["saved"] == []
    signed_in(cast.second_reviewer).post(reverse("staff:delete_filter", args=[row.pk]))
    assert SavedFilter.objects.exists(), "somebody else's"
    page.post(reverse("staff:delete_filter", args=[row.pk]))
    assert not SavedFilter.objects.exists()


def test_a_shared_filter_is_for_its_office_and_only_for_an_office_of_ones_own(cast, files, signed_in):
    page = signed_in(cast.reviewer)
    mine, theirs = (user.posts.get().office for user in (cast.reviewer, cast.other_reviewer))
    page.post(reverse("staff:save_filter"), {"name": "x", "office": theirs.pk, "from": INDEX})
    assert not SavedFilter.objects.exists()
    page.post(reverse("staff:save_filter"), {"name": "متأخرة", "office": mine.pk, "from": f"{INDEX}?show=late"})
    assert [row.name for row, *_rest in signed_in(cast.second_reviewer).get(INDEX).context["saved"]] == ["متأخرة"]
    assert signed_in(cast.other_reviewer).get(INDEX).context["saved"] == []
    assert signed_in(cast.supervisor).get("/staff/supervision/").context["saved"] == [], "of another list"


@pytest.mark.parametrize("sent", [{"name": ""}, {"name": " \u200f "}, {"name": "x", "from": f"{INDEX}?q={'ا' * 600}"}])
def test_a_filter_without_a_name_or_too_long_to_keep_is_refused(sent, cast, signed_in):
    answer = signed_in(cast.reviewer).post(reverse("staff:save_filter"), {"from": INDEX} | sent)
    assert answer.status_code == 302
    assert not SavedFilter.objects.exists()


# -- closed by an incident -----------------------------------------------------------------------------------------


def test_no_button_is_offered_for_a_move_a_gate_keeps_closed_and_the_page_says_why(cast, files, signed_in):
    url = reverse("staff:case", args=[files[1].reference])
    page = signed_in(cast.reviewer)
    assert {"recommend", "return"} <= {move.name for move in page.get(url).context["moves"]}
    GateSwitch.objects.create(
        state="intake", at=timezone.now(), operation="processing", reason_ar="عطل في الشبكة.", reason_en="Network down."
    )
    memory.forget()
    closed = page.get(url)
    assert [move.name for move in closed.context["moves"]] == []
    assert any("عطل في الشبكة" in sentence for sentence in closed.context["closed_moves"])


# -- every figure leads to its files -------------------------------------------------------------------------------


def test_every_figure_of_supervision_counts_the_list_it_leads_to(cast, files, submitted, signed_in):
    ago = timezone.now() - timedelta(days=40)
    drive(submitted(now=ago), cast, "under_study", ago)
    page = signed_in(cast.supervisor)
    html = page.get("/staff/supervision/").content.decode()
    links = re.findall(r'<a class="stat stat--link" href="([^"]+)">\s*<span[^>]*><bdi>(\d+)</bdi>', html)
    links += re.findall(r'<a class="count-link[^"]*" href="([^"]+)">\s*<bdi>(\d+)</bdi>', html)
    links += re.findall(r'<li>\s*<a href="(\?show[^"]+)">[^<]*</a><span class="count">(\d+)</span>', html)
    assert len(links) > 15
    for url, number in links:
        shown = page.get("/staff/supervision/" + unescape(url).partition("#")[0]).context["page"].paginator.count
        assert shown == int(number), url
