"""The verify page reads what people paste and type: tokens in any dress, numbers of papers, and says what it cannot."""

from __future__ import annotations

import quopri
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journal import receipts
from journal.pasted import find_tokens
from transactions.models import Intake, IssuedDocument, Movement

from ..conftest import NOW, drive

pytestmark = pytest.mark.django_db
VERIFY = "/verify/"
NEVER, CANNOT, GENUINE = "هذه وثيقة لم نوقّعها", "لم نتمكن من قراءة هذا", "هذه وثيقة صحيحة"


@pytest.fixture
def token(cast, submitted):
    submitted()
    return Intake.objects.get().token


def said(client, text):
    return client.get(VERIFY, {"code": text}).content.decode()


def dresses(token):
    url = f"https://portal.example/verify/{token}/"
    lines = "\n".join(token[at : at + 60] for at in range(0, len(token), 60))
    mail = quopri.encodestring(f"Your receipt: {url}\nKeep it.\n".encode()).decode()
    return {
        "bare": token, "address": url, "without its stroke": url[:-1], "query": f"https://x/verify/?code={token}&a=b",
        "lines": lines, "windows lines": lines.replace("\n", "\r\n"), "quoted": "> " + lines.replace("\n", "\n> "),
        "spaces": token[:30] + " " + token[30:90] + "\u00a0\t" + token[90:],
        "marks": "\u200f" + token[:50] + "\u200b\ufeff" + token[50:] + "\u2069",
        "quoted-printable": mail, "soft breaks": "=\n".join(token[at : at + 75] for at in range(0, len(token), 75)),
        "3D": f"https://x/verify/?code=3D{token}", "sentence": f"تحقق من هذا: {url} وشكرًا", "brackets": f"<{url}>",
        "fragment": f"{url}#top", "campaign": f"{url}?utm_source=mail", "dashes": token.replace("-", "\u2011"),
        "long dashes": token.replace("--", "\u2014"), "upper case scheme": url.replace("https", "HTTPS"),
    }  # fmt: skip


def test_a_token_is_read_in_any_dress(token, client):
    for name, text in dresses(token).items():
        assert receipts.check_token(text).signature_good, name
        assert GENUINE in said(client, text), name


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(st.data())
def test_breaks_and_marks_anywhere_do_no_harm(token, data):
    noise = st.sampled_from(["\n", "\r\n", " ", "\u200f", "\u200b", "=\n", "\n> ", "\ufeff", "\u00ad"])
    places = sorted(data.draw(st.lists(st.integers(1, len(token) - 1), max_size=8)), reverse=True)
    text = token
    for place in places:
        text = text[:place] + data.draw(noise) + text[place:]
    assert receipts.check_token(text).signature_good


def test_only_a_whole_token_of_ours_with_another_signature_was_never_signed(token, client):
    for place in (5, 60, 100, 125):
        forged = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert NEVER in said(client, forged), place
    for cut in (token[:-20], token[:100], token[10:90], token[: len(token) // 2]):
        html = said(client, cut)
        assert NEVER not in html
        assert CANNOT in html
    for junk in ("abc", "1448", "hello world", "🏠", "%00", "<script>", "A" * 500, "9" * 30, "https://portal.example/"):
        html = said(client, junk)
        assert NEVER not in html, junk
        assert CANNOT in html, junk
        assert "notice--error" not in html


@given(st.text(max_size=300))
def test_whatever_is_pasted_is_no_crash(text):
    assert all(re.fullmatch("[A-Za-z0-9_-]+", one) for one in find_tokens(text))


AFTER = ["Regards", "شكرا", "Regards,\nAhmad 2026", "x", "ab", "abc", "{}", '{"a": 1}', "=", "==", "…"]


@pytest.mark.parametrize("more", AFTER)
@pytest.mark.parametrize("between", ["\n", " ", ""])
def test_a_token_in_pieces_with_words_behind_it_is_ours(token, client, more, between):
    pieces = "\n".join(token[at : at + 60] for at in range(0, len(token), 60))
    assert receipts.check_token(pieces + between + more).signature_good


def test_a_token_pasted_twice_is_ours_and_a_forged_one_with_words_is_not(token, client):
    assert receipts.check_token(token + token).signature_good
    assert receipts.extract_token(token + token)
    forged = ("A" if token[60] != "A" else "B").join((token[:60], token[61:]))
    assert NEVER in said(client, forged + "\nRegards")


@pytest.mark.parametrize(
    "around", ["No. {}", "رقم {}", "permit {} issued", "رخصة رقم: {}، صادرة", "({})", "«{}»", "Number:{}"]
)
def test_a_papers_number_among_words_is_looked_up(around, cast, submitted, client):
    case = drive(submitted("building-permit"), cast, "issued")
    number = IssuedDocument.objects.get().number
    for typed in (number, number.replace("-", " - "), number.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))):
        assert "أصدرنا وثيقة بهذا الرقم" in said(client, around.format(typed)), typed
    assert "هذا رقم معاملة" in said(client, around.format(case.reference))
    for wrong in ("No. SHR 1448 999", "XYZ-1448-000001"):
        assert "لم نُصدر" not in said(client, wrong)


def test_a_papers_number_is_looked_up(cast, submitted, client):
    drive(submitted("building-permit"), cast, "issued")
    number = IssuedDocument.objects.get().number
    office, year, line = number.split("-")
    eastern = number.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    for typed in (number, number.lower(), eastern, number.replace("-", ""), f"{office} / {year} / {int(line)}",
                  f"\u200f{number}\u200f", number.replace("-", "\u2013")):  # fmt: skip
        html = said(client, typed)
        assert "أصدرنا وثيقة بهذا الرقم" in html, typed
        assert number in html
        assert cast.citizen.full_name not in html
    unknown = said(client, f"{office}-{year}-999999")
    assert "لم نُصدر وثيقة بهذا الرقم" in unknown
    assert NEVER not in unknown


def test_an_expired_paper_is_said_to_be_expired(cast, submitted, client):
    drive(submitted("building-permit"), cast, "issued")
    paper = IssuedDocument.objects.get()
    assert "سارية حتى" in said(client, paper.number)
    paper.valid_until = (NOW - timedelta(days=400)).date()
    paper.save()
    assert "انتهت في" in said(client, paper.number)


def test_a_reference_and_a_register_number_lead_to_the_inquiry(cast, submitted, client):
    case = drive(submitted(), cast, "under_study")
    html = said(client, case.reference.replace("-", " ").lower())
    assert "هذا رقم معاملة" in html
    assert reverse("transactions:inquiry") in html
    other = "0" if case.reference[-1] != "0" else "1"
    assert "فيه خانة غير صحيحة" in said(client, case.reference[:-1] + other)
    line = Movement.objects.first()
    for typed in (f"{line.number}/{line.hijri_year}", f"{line.hijri_year}/{line.number}", "٣٨/١٤٤٨"):
        html = said(client, typed)
        assert "رقم في سجل" in html
        assert "?by=incoming" in html
