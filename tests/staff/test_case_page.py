"""The case page: what a move will do, why another is not open, nothing typed is lost, papers looked at in the page."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urljoin

import pytest
from django.urls import reverse
from django.utils import timezone

from municipality.models import Office
from permits.models import Tariff
from transactions.admin.case import ACTIONS, ELSEWHERE
from transactions.admin.move_forms import OUTSIDE, closed_moves, open_moves
from transactions.domain.workflow import BY_NAME, Obstacle, find_obstacle
from transactions.queues import queue_of
from transactions.transitions import moves, notes

from ..conftest import NOW, PASSWORD, drive
from ..page_forms import flat

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(cast, submitted):
    return drive(submitted(), cast, "under_study")


def pages_pdf(count: int) -> bytes:
    kids = " ".join(f"{3 + n} 0 R" for n in range(count))
    sheets = b"".join(
        f"{3 + n} 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\n".encode() for n in range(count)
    )
    tree = f"2 0 obj<</Type/Pages/Kids[{kids}]/Count {count}>>endobj\n".encode()
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n" + tree + sheets + b"trailer<</Root 1 0 R>>\n%%EOF\n"
    )


def test_every_move_of_the_table_is_a_form_or_is_nobodys_on_the_staff():
    assert set(ACTIONS) | ELSEWHERE == set(BY_NAME)
    assert not set(ACTIONS) & ELSEWHERE
    assert {"inspect"} == ELSEWHERE - OUTSIDE  # it has a page (test_inspections)


def said(case, user, move):
    form = next(form for form in open_moves(case, user) if form.name == move)
    return [str(sentence) for sentence in form.consequences]


def test_a_move_says_what_follows_from_it_for_this_file(cast, case, submitted):
    passed_on = " ".join(said(case, cast.reviewer, "recommend"))
    assert "تدقيق إدارة المناطق العشوائية" in passed_on
    assert "خلال 5 أيام عمل" in passed_on
    assert any("يُبلَّغ مقدم الطلب" in line for line in said(case, cast.reviewer, "refer"))
    assert not any("يُبلَّغ" in line for line in said(case, cast.reviewer, "take"))
    permit = drive(submitted("building-permit"), cast, "awaiting_supervisor")
    approving = " ".join(said(permit, cast.supervisor, "approve"))
    assert "1,741.50" in approving
    done = moves.approve(permit, by=cast.supervisor, now=NOW + timedelta(days=1))
    assert f"{done.fee.amount:,.2f}" in approving


def test_what_is_not_possible_says_why(cast, case):
    reasons = " ".join(closed_moves(case, cast.reviewer))
    assert "«رفض» من عمل: المشرف، لدى بلدية الشرفية" in reasons
    assert "«إصدار»" not in reasons, "neither the reviewer's nor anyone's now"
    waiting = closed_moves(case, cast.supervisor)
    assert any("«اعتماد» لمعاملة حالتها «بانتظار اعتماد المشرف»" in reason for reason in waiting)


@pytest.mark.parametrize(
    ("status", "finish", "holds", "expected"),
    [
        ("under_study", "recommend", {"reviewer"}, None),
        ("under_study", "recommend", {"registry_clerk"}, Obstacle.ROLE),
        ("returned", "recommend", {"reviewer"}, Obstacle.STATUS),
        ("under_study", "issue", {"reviewer"}, Obstacle.STAGE),
    ],
)
def test_an_obstacle_is_named(status, finish, holds, expected):
    move = BY_NAME["recommend"]
    assert find_obstacle(move, status=status, stage_finish=finish, stage_role="reviewer", holds=holds) is expected


def test_nobody_decides_their_own_request(cast, submitted, signed_in):
    own = drive(submitted(by=cast.second_reviewer), cast, "under_study")
    page = signed_in(cast.second_reviewer)
    assert own not in queue_of(cast.second_reviewer)
    assert own in queue_of(cast.reviewer)
    html = page.get(reverse("staff:case", args=[own.reference])).content.decode()
    assert "هذا طلبك أنت" in html
    for move in ("take", "recommend", "return", "refer"):
        answer = page.post(
            reverse("staff:move", args=[own.reference, move]),
            {"version": own.version, "reason": "x", "deficiency": ["id-unreadable"], "to": "CTR"},
        )
        assert answer.status_code == 409, move
    assert page.post(reverse("staff:take_next")).url == reverse("staff:index")
    own.refresh_from_db()
    assert (own.version, own.assignee) == (3, None)


def test_of_two_reviewers_the_slower_is_told_and_keeps_what_she_wrote(cast, case, signed_in):
    slower = {"version": case.version, "reason": "المخطط لا يطابق الصك في الحد الشمالي"}
    faster = signed_in(cast.reviewer).post(
        reverse("staff:move", args=[case.reference, "recommend"]), {"version": case.version}
    )
    assert faster.status_code == 302
    answer = signed_in(cast.second_reviewer).post(reverse("staff:move", args=[case.reference, "recommend"]), slower)
    assert answer.status_code == 409
    html = answer.content.decode()
    assert "تغيّرت المعاملة بعد أن فتحتها" in html
    assert slower["reason"] in html
    case.refresh_from_db()
    assert case.stage == "informal"


def test_whoever_was_overtaken_by_a_referral_reads_what_they_wrote(cast, case, signed_in):
    """The file is another office's now: nothing of it is shown, and the answer is that for a file there never was."""
    typed = {"version": case.version, "reason": "المخطط لا يطابق الصك", "text": "راجعوا الحدود"}
    moves.refer(case, to=Office.objects.get(code="MTR"), reason="الحي يتبعكم", by=cast.reviewer, now=NOW)
    page = signed_in(cast.second_reviewer)
    for reference in (case.reference, "C1A-1448-999999-X"):
        answer = page.post(reverse("staff:move", args=[reference, "recommend"]), typed)
        assert answer.status_code == 404
        html = answer.content.decode()
        assert typed["reason"] in html
        assert "أحالها زميل" in html
        assert typed["text"] in page.post(reverse("staff:note", args=[reference]), typed).content.decode()
        assert page.post(reverse("staff:move", args=[reference, "take"]), {"version": "1"}).status_code == 404


def test_what_one_form_was_refused_with_stands_in_no_other(cast, case, signed_in):
    """A colleague chosen for the file is not whom the next note is for, nor the other way round."""
    page, chosen = signed_in(cast.supervisor), f'value="{cast.second_reviewer.pk}" selected'
    for name, data, form in (
        ("staff:note", {"text": " ", "to": cast.second_reviewer.pk}, "note-to"),
        ("staff:move", {"version": case.version - 1, "to": cast.second_reviewer.pk}, "to-reassign"),
    ):
        args = [case.reference] if name == "staff:note" else [case.reference, "reassign"]
        answer = page.post(reverse(name, args=args), data)
        assert answer.status_code in (409, 422)
        html = flat(answer)
        lists = {one: html.split(f'id="{one}"')[1].split("</select>")[0] for one in ("note-to", "to-reassign")}
        assert [one for one, options in lists.items() if chosen in options] == [form]


def test_the_documents_of_a_refused_page_and_its_address_lead_to_the_case(cast, case, signed_in):
    """It is drawn at the address of the move: what is asked for there by GET is the case."""
    page, url = signed_in(cast.reviewer), reverse("staff:case", args=[case.reference])
    move, note = reverse("staff:move", args=[case.reference, "return"]), reverse("staff:note", args=[case.reference])
    for address, data in ((move, {"version": case.version}), (note, {"text": " "})):
        html = page.post(address, data).content.decode()
        links = re.findall(r'href="([^"]*[?]file=[^"]*)"', html)
        assert links
        for link in links:
            assert page.get(urljoin(address, unescape(link))).status_code == 200
    for address in (move, note, reverse("staff:notes_read", args=[case.reference])):
        assert page.get(address).url == url
    assert page.get(reverse("staff:take_next")).url == reverse("staff:index")


def sign_in_again(client, address, person):
    address = client.get(address, follow=True).redirect_chain[-1][0]
    return client.post(address, {"login": person.national_id, "password": PASSWORD}, follow=True)


def test_what_was_typed_to_a_case_outlives_the_session(cast, case, client):
    reason, note = "المخطط لا يطابق الصك", "راجعوا الحدود قبل الاعتماد"
    move = reverse("staff:move", args=[case.reference, "reject"])
    answer = client.post(move, {"version": case.version, "reason": reason})
    back = sign_in_again(client, answer.url, cast.supervisor)
    assert back.status_code == 200
    html = back.content.decode()
    assert f">{reason}</textarea>" in html
    assert "لم يضع منه شيء" in html
    assert client.get(move).url == reverse("staff:case", args=[case.reference]), "shown once"
    client.logout()
    typed = {"text": note, "to": cast.reviewer.pk}
    answer = client.post(reverse("staff:note", args=[case.reference]), typed)
    back = sign_in_again(client, answer.url, cast.supervisor)
    assert f">{note}</textarea>" in back.content.decode()
    assert f'value="{cast.reviewer.pk}" selected' in flat(back)
    client.logout()
    login = client.post(reverse("staff:take_next")).url
    assert sign_in_again(client, login, cast.supervisor).redirect_chain[-1][0] == reverse("staff:index")
    case.refresh_from_db()
    assert (case.status, case.notes.count(), case.assignee) == ("under_study", 0, None), "we press nothing for them"


def test_what_was_typed_to_a_case_is_given_back_though_the_file_has_left_meanwhile(cast, case, client):
    reason = "المخطط لا يطابق الصك"
    move = reverse("staff:move", args=[case.reference, "recommend"])
    answer = client.post(move, {"version": case.version, "reason": reason})
    moves.refer(case, to=Office.objects.get(code="MTR"), reason="الحي يتبعكم", by=cast.reviewer, now=NOW)
    back = sign_in_again(client, answer.url, cast.second_reviewer)
    assert back.status_code == 404
    assert reason in back.content.decode()


def test_a_deficiency_goes_out_as_the_reviewer_worded_it(cast, case, signed_in):
    own = "صورة الهوية مقصوصة من الأعلى، أرفق صورة كاملة."
    signed_in(cast.reviewer).post(
        reverse("staff:move", args=[case.reference, "return"]),
        {"version": case.version, "deficiency": ["id-unreadable", "photo-dark"], "sentence-id-unreadable": own},
    )
    asked = dict(case.deficiencies.values_list("code", "sentence"))
    assert asked["id-unreadable"] == own
    assert asked["photo-dark"] == "الصور معتمة ولا يظهر فيها المبنى."
    assert own in signed_in(cast.citizen).get(reverse("transactions:answer", args=[case.reference])).content.decode()


def test_a_deficiency_reaches_the_applicant_in_the_applicants_language_whatever_the_reviewer_reads(cast, case):
    from django.utils import translation

    with translation.override("en"):
        moves.return_for_completion(
            case,
            deficiencies=[moves.RequestedCompletion("id-unreadable")],
            by=cast.reviewer,
            now=NOW,
            version=case.version,
        )
    assert case.deficiencies.get().sentence == "صورة الهوية غير مقروءة."


def test_a_refused_return_comes_back_with_its_boxes_ticked_and_its_words(cast, case, signed_in):
    moves.recommend(case, by=cast.reviewer, now=NOW)
    answer = signed_in(cast.second_reviewer).post(
        reverse("staff:move", args=[case.reference, "return"]),
        {"version": case.version, "deficiency": ["id-unreadable"], "sentence-id-unreadable": "كلمات كُتبت"},
    )
    assert answer.status_code == 409
    assert "كلمات كُتبت" in answer.content.decode()
    answer = signed_in(cast.informal).post(
        reverse("staff:move", args=[case.reference, "return"]), {"version": case.version + 1}
    )
    assert answer.status_code == 422
    assert answer.context["open_move"] == "return"


def test_the_history_names_who_did_what_and_why_the_file_came_here(cast, case, signed_in):
    moves.recommend(case, by=cast.reviewer, note="مطابق للكروكي", now=NOW)
    html = signed_in(cast.supervisor).get(reverse("staff:case", args=[case.reference])).content.decode()
    assert cast.reviewer.full_name in html
    assert "مطابق للكروكي" in html
    assert "بحسب الحي" in html
    citizen = signed_in(cast.citizen).get(reverse("transactions:request", args=[case.reference])).content.decode()
    assert cast.reviewer.full_name not in citizen
    assert "مطابق للكروكي" not in citizen


def test_the_page_asks_the_database_at_most_twelve_times_however_long_the_file_has_lived(
    cast, submitted, signed_in, django_assert_max_num_queries
):
    permit = drive(submitted("building-permit"), cast, "under_study")
    for round_ in range(3):
        now = NOW + timedelta(days=2 + round_)
        codes = [moves.RequestedCompletion(entry.code) for entry in permit.service_type.deficiencies[:3]]
        permit = moves.return_for_completion(permit, deficiencies=codes, by=cast.reviewer, now=now)
        waiting = permit.deficiencies.filter(answered_at=None)
        permit = moves.answer(permit, answers={item.pk: "نعم" for item in waiting}, by=cast.citizen, now=now)
        notes.write_note(permit, text="ملاحظة", by=cast.reviewer, to=cast.supervisor, now=now)
    issued = drive(permit, cast, "issued", timezone.now())
    for one, person in ((permit, cast.reviewer), (issued, cast.supervisor)):
        page, url = signed_in(person), reverse("staff:case", args=[one.reference])
        page.get(url)
        with django_assert_max_num_queries(12):
            assert page.get(url).status_code == 200


def test_without_a_tariff_the_page_says_so_where_the_fee_would_stand(cast, submitted, signed_in):
    case = drive(submitted("building-permit"), cast, "awaiting_supervisor")
    Tariff.objects.all().delete()
    answer = signed_in(cast.supervisor).get(reverse("staff:case", args=[case.reference]))
    assert answer.status_code == 200
    assert "لا تعرفة سارية" in answer.content.decode()


def test_a_fee_worked_out_before_is_the_one_shown(cast, submitted, signed_in):
    case = drive(submitted("building-permit"), cast, "awaiting_payment")
    case = moves.withdraw(case, reason="غيرت رأيي", by=cast.citizen, now=NOW)
    case = moves.reopen(case, reason="طلب المالك", by=cast.supervisor, now=NOW)
    Tariff.objects.update(rate=50)
    while case.status != "awaiting_supervisor":
        case = moves.recommend(case, by=cast.reviewer, now=NOW)
    assert "1,741.50" in signed_in(cast.supervisor).get(reverse("staff:case", args=[case.reference])).content.decode()


def test_a_press_that_comes_twice_is_no_colleagues_doing(cast, submitted, signed_in):
    case = drive(submitted("building-permit"), cast, "under_admin_audit")
    url = reverse("staff:move", args=[case.reference, "recommend"])
    typed = {"version": case.version, "reason": "مكتمل"}
    assert signed_in(cast.reviewer).post(url, typed).status_code == 302
    html = signed_in(cast.reviewer).post(url, typed).content.decode()
    assert "سُجّل مرة واحدة" in html
    case.refresh_from_db()
    assert case.events.filter(move="recommend").count() == 1
