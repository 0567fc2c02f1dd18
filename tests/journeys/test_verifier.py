"""The stand-alone verifier, opened as a file: no server, no network, both languages."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from journal import verifier
from journal.entry import GENESIS, body_of, link, second_of
from journal.node_list import ListedChain, NodeList

from ..conftest import NOW
from .axe import violations

KEYS = {name: Ed25519PrivateKey.generate() for name in ("C1A", "B7A", "B8ABCDF")}
URL = "https://portal.example/verify/"


def listed(name, **changed):
    return ListedChain(
        name, base64.b64encode(KEYS[name].public_key().public_bytes_raw()).decode(), "2026-01-01T00:00:00Z", **changed
    )


CHAINS = [listed("C1A"), listed("B7A", ended="2026-11-01T00:00:00Z", reason="stolen"), listed("B8ABCDF")]
CONTENT = NodeList(3, second_of(timezone.now()), {one.chain: one for one in CHAINS})


def packed(name, key=None, **facts):
    body = body_of(kind="issued", subject="C1A-1448-000001-X", facts={"number": "1448/17", "plot": "٤١٥/٢٧"} | facts,
                   node=name[:2], incarnation=name[2:], seq=5, at=NOW)  # fmt: skip
    return GENESIS + (key or KEYS[name]).sign(link(GENESIS, body)) + body


def recoded(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def token(name, key=None, **facts):
    return recoded(packed(name, key, **facts))


def tampered(place):
    raw = bytearray(packed("C1A"))
    raw[place] ^= 1
    return recoded(bytes(raw))


@pytest.fixture
def page(browser, tmp_path):
    file = tmp_path / "verifier.html"
    file.write_text(verifier.build(CONTENT, URL), encoding="utf-8")
    context = browser.new_context(viewport={"width": 360, "height": 780}, offline=True)
    asked = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.goto(file.as_uri())
    yield page
    assert asked == [file.as_uri()], "it asks nobody"
    context.close()


def check(page, text):
    page.locator("#code").fill(text)
    page.locator("#form [type=submit]").click()
    page.locator("#result").wait_for()
    return page.locator("#outcome").get_attribute("class").split("--")[1], page.locator("#outcome-title").inner_text()


GOOD, BAD = ("success", "Our signature is good"), ("error", "We did not sign this")
UNREADABLE = ("warning", "We cannot read this")


def wrapped(text):
    return "\n> ".join(re.findall(".{1,60}", text))


@pytest.mark.browser
def test_papers_are_told_apart_without_a_network(page):
    assert page.locator("html").get_attribute("lang") == "ar"
    page.locator("#other").click()
    good = token("C1A")
    cases = {
        good: GOOD,
        f"{URL}{good}/": GOOD,
        f"  {URL}?code={good}&x=1 ": GOOD,
        f"رمز الوثيقة:\u200f\n{good[:70]}\n{good[70:]}": GOOD,
        "\n".join(re.findall(".{1,60}", good)): GOOD,
        token("B8ABCDF", note="«فيلا» 🏠"): GOOD,
        token("B7A"): ("error", "This document cannot be trusted"),
        token("C1A", KEYS["B7A"]): BAD,
        tampered(3): BAD,
        tampered(40): BAD,
        recoded(packed("C1A").replace(b"1448/17", b"1448/18")): BAD,
        good[:-9]: UNREADABLE,
        "C1A-1448-000001-X": UNREADABLE,
        "<img src=x onerror=alert(1)>": UNREADABLE,
        "   ": ("warning", "There is nothing to check"),
    }
    KEYS["Z9A"] = Ed25519PrivateKey.generate()
    cases[token("Z9A")] = ("warning", "We do not know who signed this")
    assert {text: check(page, text) for text in cases} == cases
    assert check(page, good) == GOOD
    facts = page.locator("#facts").inner_text()
    assert all(part in facts for part in ("C1A-1448-000001-X", "1448/17", "٤١٥/٢٧", "Issued document", "C1A"))
    assert URL in page.locator("#not-known").inner_text()
    check(page, token("C1A", KEYS["B7A"]))
    assert page.locator("#facts").inner_text() == "", "what we did not sign is not repeated"
    page.locator("#other").click()
    assert page.locator("#outcome-title").inner_text() == "لم نوقّع هذا"


@pytest.mark.browser
@pytest.mark.parametrize("text", ["C1A", "B7A"])
def test_it_is_readable_by_everybody(page, text):
    for _language in range(2):
        check(page, token(text))
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.locator("#other").click()


@pytest.mark.browser
def test_it_says_when_it_has_grown_old(browser, tmp_path):
    for days, hidden in ((verifier.OLD_AFTER_DAYS - 1, True), (verifier.OLD_AFTER_DAYS + 1, False)):
        issued = second_of(timezone.now() - timedelta(days=days))
        file = tmp_path / "verifier.html"
        file.write_text(verifier.build(replace(CONTENT, issued_at=issued), URL), encoding="utf-8")
        page = browser.new_page()
        page.goto(file.as_uri())
        assert page.locator("#old").is_hidden() == hidden
        page.close()
