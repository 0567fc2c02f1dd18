"""Outside bodies on the workbench: how each stands, letters and answers on paper, lists; and the applicant's page."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone, translation

from core import outside_http
from core.outside_registry import OutsideBody, register
from municipality.services import current_calendar
from outside.models import BodyMessage, Contact, Exchange, Referral
from outside.status import body_statuses, late_by_body
from outside.words import shown, shown_referrals
from transactions.models import Event
from transactions.outbox import queue
from transactions.transitions import moves

from ..conftest import NOW, drive, work_off
from .servers import listening, saying

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent_out(submitted, cast):
    return drive(submitted(), cast, "completed")


@pytest.fixture
def english():
    with translation.override("en"):
        yield


def record(client, referral, **typed):
    typed = {"kind": "acknowledged", "day": "2026-11-25", "number": "E-1", "key": str(uuid4())} | typed
    return client.post(reverse("staff:outside_record", args=[referral.key]), typed)


def test_a_letter_and_an_answer_on_paper_are_recorded_by_who_holds_the_file(sent_out, cast, signed_in, english):
    referral, client = Referral.objects.get(), signed_in(cast.registry)
    assert record(client, referral, kind="sent", number="").status_code == 302
    translation.activate("en")  # a request leaves its own language behind
    (line,) = shown_referrals(sent_out, NOW + timedelta(days=3))
    assert line.sentences[0].startswith("Sent by letter to: The electricity company")
    assert line.sentences[1] == "It has not acknowledged it yet."
    key = str(uuid4())
    for _twice in range(2):
        assert record(client, referral, key=key).status_code == 302
    referral.refresh_from_db()
    assert (referral.state, referral.number, BodyMessage.objects.count()) == ("acknowledged", "E-1", 2)
    assert BodyMessage.objects.get(kind="acknowledged").by == cast.registry


@pytest.mark.parametrize("who", ["reviewer", "other_registry", "administrator", "clerk", "citizen"])
def test_nobody_else_records(sent_out, cast, signed_in, who):
    answer = record(signed_in(getattr(cast, who)), Referral.objects.get())
    assert answer.status_code in (302, 404)
    assert not BodyMessage.objects.exists()


@pytest.mark.parametrize(
    ("typed", "box"),
    [
        ({"kind": ""}, "kind"), ({"kind": "given"}, "kind"), ({"day": ""}, "day"), ({"day": "yesterday"}, "day"),
        ({"day": "2076-01-01"}, "day"), ({"day": "2016-11-25"}, "day"), ({"number": ""}, "number"),
        ({"number": "x" * 61}, "number"), ({"kind": "refused"}, "reason"), ({"kind": "connected"}, "given"),
        ({"kind": "connected", "given": "\n".join(map(str, range(51)))}, "given"),
    ],
)  # fmt: skip
def test_what_cannot_be_comes_back_with_the_box_it_is_about(sent_out, cast, signed_in, typed, box):
    answer = record(signed_in(cast.registry), Referral.objects.get(), **typed)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [box]
    assert not BodyMessage.objects.exists()


@pytest.mark.parametrize("day", ["1448/06/15", "١٤٤٨/٠٦/١٥", "25/11/2026"])
def test_a_day_in_either_calendar(sent_out, cast, signed_in, day):
    assert record(signed_in(cast.registry), Referral.objects.get(), day=day).status_code == 302
    assert timezone.localdate(BodyMessage.objects.get().happened_at).isoformat() == "2026-11-25"


def upload(client, text, body="electricity", **more):
    content = text if isinstance(text, bytes) else text.encode()
    url = reverse("staff:outside_list", args=[body])
    return client.post(url, {"file": SimpleUploadedFile("list.csv", content)} | more)


HEAD = "reference,event,at,number,given,reason\n"


def test_a_list_is_shown_first_and_recorded_once(submitted, cast, signed_in):
    here = [drive(submitted(), cast, "completed") for _ in range(2)]
    rows = [f"{here[0].reference},connected,2026-11-25,E-1,M-1,", f"{here[1].reference},refused,1448/06/15,E-2,,بعيد"]
    rows += [rows[0], "C1A-1448-999999-1,connected,2026-11-25,,M,", f"{here[0].reference},exploded,2026-11-25,,,"]
    rows += [f"{here[0].reference},sent,2026-11-25,,,", f"{here[0].reference},refused,2026-11-25,,,"]
    client, text = signed_in(cast.registry), HEAD + "\n".join(rows)
    page = upload(client, text)
    assert [(line.number, line.ready, line.known) for line in page.context["lines"]] == [
        (2, True, False), (3, True, False), (4, False, True), *((number, False, False) for number in (5, 6, 7, 8)),
    ]  # fmt: skip
    assert not BodyMessage.objects.exists()
    done = client.post(reverse("staff:outside_list", args=["electricity"]), {"list": page.context["list"]})
    assert [line.number for line in done.context["lines"]] == [5, 6, 7, 8]
    assert sorted(Referral.objects.values_list("outcome", flat=True)) == ["connected", "refused"]
    assert Event.objects.filter(move="outside_answer").count() == 2
    again = client.post(reverse("staff:outside_list", args=["electricity"]), {"list": page.context["list"]})
    assert BodyMessage.objects.count() == 2
    assert again.status_code == 200


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\x00\x01", b"hello", b"reference,event\nx,y", b"\xff\xfe\x00", HEAD.encode() + b'"open',
        (HEAD + "x,y,z\n" * 1001).encode(), b"a" * (512 * 1024 + 1), b"reference,event,at,at\n",
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_list_is_refused_in_words(city, cast, signed_in, content):
    page = upload(signed_in(cast.registry), content)
    assert page.status_code in (200, 422)
    if page.status_code == 422:
        assert page.context["refusal"]
    assert not BodyMessage.objects.exists()


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_lists_as_spreadsheets_here_write_them(sent_out, cast, signed_in, delimiter):
    row = delimiter.join(["Reference", "EVENT", "at", "reason"]) + "\r\n"
    row += delimiter.join([sent_out.reference.lower(), "Refused", "25/11/2026", "لا توجد شبكة"]) + "\r\n"
    page = upload(signed_in(cast.registry), row.encode("cp1256"))
    (line,) = page.context["lines"]
    assert (line.ready, line.facts["reason"]) == (True, "لا توجد شبكة")


def test_rows_of_another_office_are_left_to_it(sent_out, cast, signed_in):
    text = HEAD + f"{sent_out.reference},connected,2026-11-25,E-1,M-1,"
    (line,) = upload(signed_in(cast.other_registry), text).context["lines"]
    assert line.problem
    assert not line.ready


def test_only_clerks_and_supervisors_upload(city, cast, signed_in):
    for who in ("reviewer", "administrator", "clerk"):
        assert signed_in(getattr(cast, who)).get(reverse("staff:outside_list", args=["electricity"])).status_code == 404
    assert signed_in(cast.supervisor).get(reverse("staff:outside_list", args=["electricity"])).status_code == 200
    assert signed_in(cast.supervisor).get(reverse("staff:outside_list", args=["nobody"])).status_code == 404


def test_the_page_says_how_each_body_stands(sent_out, cast, signed_in, settings, english):
    client = signed_in(cast.supervisor)
    client.cookies["language"] = "en"
    page = client.get(reverse("staff:outside_bodies"))
    translation.activate("en")
    by_name = {each.body.name: each for each in page.context["statuses"]}
    assert {"electricity", "notary", "survey"} <= by_name.keys()
    assert (by_name["electricity"].tag.label, by_name["electricity"].waiting) == ("No address set", 1)
    assert by_name["electricity"].fallback_in_force
    settings.OUTSIDE_BODIES = settings.OUTSIDE_BODIES | {"electricity": ("http://127.0.0.1:9", "secret")}
    assert stands("electricity") == (None, "Not asked yet")
    with listening(saying(b"", "500 Oops")) as url:
        ask(url)
        assert stands("electricity") == (False, "The last try failed")
        for _ in range(outside_http.MAX_FAILURES):
            ask(url)
    assert stands("electricity") == (False, "Does not answer; it is left alone for a while")
    assert Contact.objects.get().failure == "unreachable"
    assert Exchange.objects.count() == outside_http.MAX_FAILURES


def ask(url):
    with pytest.raises(outside_http.Unreachable):
        outside_http.ask("electricity", "try", url, understand=lambda answer: answer)


def stands(name):
    status = next(each for each in body_statuses(timezone.now()) if each.body.name == name)
    return status.works, status.tag.label


def test_an_administrator_has_it_asked_again_at_once(city, cast, signed_in):
    with listening(saying(b"", "500 Oops")) as url:
        for _ in range(outside_http.MAX_FAILURES):
            ask(url)
    again = reverse("staff:outside_again", args=["electricity"])
    assert signed_in(cast.supervisor).post(again).status_code == 404
    assert outside_http.open_circuit("electricity")
    assert signed_in(cast.administrator).post(again).status_code == 302
    assert outside_http.open_circuit("electricity") is None


def test_a_body_that_another_room_registers_is_there_too(city, cast, signed_in, monkeypatch):
    monkeypatch.setattr("core.outside_registry._bodies", {})
    register(OutsideBody("bank", "The bank", "Payments go on at the counter.", is_set=lambda: True, waiting=lambda: 7))
    (status,) = signed_in(cast.supervisor).get(reverse("staff:outside_bodies")).context["statuses"]
    assert (status.body.title, status.waiting) == ("The bank", 7)


def test_forty_working_days_are_counted_and_shown(sent_out, cast, signed_in, english):
    referral = Referral.objects.get()
    record(signed_in(cast.registry), referral, day="2026-11-25")
    translation.activate("en")
    since = BodyMessage.objects.get().happened_at
    due = current_calendar().add_working_days(since, 40)
    fresh = Referral.objects.prefetch_related("messages").get()
    assert shown(fresh, since + timedelta(days=1)).clock.label.startswith("Working day 1 of its 40")
    assert shown(fresh, due).clock.kind == ""
    late = shown(fresh, due + timedelta(days=7)).clock
    assert late.kind == "error"
    assert late.label.endswith("working days ago")
    assert late_by_body(due) == {}
    assert late_by_body(due + timedelta(days=1)) == {"electricity": 1}


def test_what_ended_before_it_was_sent_is_dropped_and_taken_up_again(submitted, cast, settings):
    settings.OUTSIDE_BODIES = settings.OUTSIDE_BODIES | {"survey": ("http://127.0.0.1:9", "secret")}
    case = drive(submitted("land-subdivision"), cast, "under_tech_audit")
    case = moves.reject(case, by=cast.supervisor, reason="لا", now=NOW + timedelta(hours=9))
    work_off(NOW + timedelta(days=1))  # nothing is asked: nobody listens there, and it would fail
    assert not Exchange.objects.exists()
    with translation.override("en"):
        assert shown_referrals(case, NOW)[0].tag.label == "No longer needed"
    moves.reopen(case, by=cast.supervisor, reason="جديد", now=NOW + timedelta(days=2))
    work_off(NOW + timedelta(days=3))
    assert Exchange.objects.filter(body="survey").exists()


@pytest.mark.parametrize("language", ["ar", "en"])
def test_the_applicant_and_the_staff_see_it(sent_out, cast, signed_in, language):
    with translation.override(language):
        client = signed_in(cast.citizen)
        client.cookies["language"] = language
        page = client.get(reverse("transactions:request", args=[sent_out.reference])).content.decode()
        assert ("Not sent yet" if language == "en" else "لم يُرسل بعد") in page
        assert "outside/referral" not in page
        staff = signed_in(cast.registry).get(reverse("staff:case", args=[sent_out.reference])).content.decode()
    assert reverse("staff:outside_record", args=[Referral.objects.get().key]) in staff


def test_the_list_of_matters_shows_those_of_ones_own_files(sent_out, cast, signed_in):
    url = reverse("staff:outside_referral_changelist")
    assert sent_out.reference in signed_in(cast.registry).get(url).content.decode()
    assert sent_out.reference not in signed_in(cast.other_registry).get(url).content.decode()
    for query in ({"q": sent_out.reference}, {"body": "electricity"}, {"state__exact": "waiting"}):
        assert sent_out.reference in signed_in(cast.supervisor).get(url, query).content.decode()
    row = Referral.objects.get()
    answer = signed_in(cast.registry).get(reverse("staff:outside_referral_change", args=[row.pk]))
    assert answer.url == reverse("staff:case", args=[sent_out.reference])


def test_what_waits_for_the_mail_server_is_counted_for_it_and_what_may_go_either_way_for_both():
    for number, kind in enumerate(("notify", "tell_subscriber", "confirm_email", "route")):
        queue.enqueue(kind, 1, dedupe=f"{kind}:{number}", now=NOW)
    by_name = {status.body.name: status for status in body_statuses(NOW)}
    assert (by_name["sms"].waiting, by_name["mail"].waiting) == (1, 3)
