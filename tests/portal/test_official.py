"""That the site is official is said only where it is; emblem and contact are those of the settings."""

from __future__ import annotations

import os

import pytest
from django.core.cache import caches
from django.core.checks import run_checks
from django.test import Client

from core import built, emblem

pytestmark = pytest.mark.django_db
NUMBER = "20260117345"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><script>alert(1)</script><path d="M0 0h4v4z"/></svg>'


@pytest.fixture(autouse=True)
def fresh():
    """Pages keep their frame rendered, and a process its emblem."""
    emblem.emblem.cache_clear()
    caches["local"].clear()
    yield
    emblem.emblem.cache_clear()
    caches["local"].clear()


def faults() -> set[str]:
    return {message.id for message in run_checks() if message.id in ("portal.E021", "portal.E022")}


def page(path: str = "/help/", **headers: str) -> str:
    return Client(headers=headers).get(path).content.decode()


@pytest.mark.parametrize("path", ["/", "/help/", "/nowhere/"])
def test_the_bar_is_shown_by_its_setting_alone(path, settings, city):
    settings.DEMO, settings.OFFICIAL_REGISTRATION = False, ""
    assert "gov.sa" not in page(path)
    settings.OFFICIAL_REGISTRATION = NUMBER
    shown = page(path)
    assert NUMBER in shown
    assert "gov.sa" in shown
    assert "تجريبية" not in shown.partition("</aside>")[0]


def test_a_demonstration_says_that_it_is_one_whatever_is_set(settings, city):
    settings.DEMO, settings.OFFICIAL_REGISTRATION = True, NUMBER
    shown = page()
    assert NUMBER not in shown
    assert "نسخة تجريبية، ليست موقعًا رسميًا" in shown


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("https://eservices.jeddah.gov.sa", True),
        ("https://gov.sa.example", False),
        ("https://jeddahgov.sa", False),
        ("http://eservices.jeddah.gov.sa", False),
        ("https://eservices.jeddah.example", False),
    ],
)
def test_a_site_on_another_address_may_not_call_itself_official(address, good, settings):
    settings.DEMO, settings.OFFICIAL_REGISTRATION, settings.PORTAL_URL = False, NUMBER, address
    assert ("portal.E022" not in faults()) == good


def test_the_emblem_of_the_municipality_is_served_and_can_do_nothing(settings, tmp_path, city):
    file = tmp_path / "شعار.svg"
    file.write_bytes(SVG)
    settings.EMBLEM_FILE = str(file)
    assert faults() == set()
    place = f"/emblem?v={emblem.emblem().version}"
    assert f'src="{place}"' in page()
    answer = Client().get(place)
    assert (answer.content, answer["Content-Type"]) == (SVG, "image/svg+xml")
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "sandbox" in answer["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("name", "content"), [("e.gif", b"GIF89a"), ("e.svg", b""), ("e.png", b"x" * 40_001), ("none.svg", None)]
)
def test_an_emblem_that_cannot_be_shown_is_reported_and_our_mark_stands(name, content, settings, tmp_path, city):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    settings.EMBLEM_FILE = str(tmp_path / name)
    assert faults() == {"portal.E021"}
    assert "img/mark.svg" in page()
    assert Client().get("/emblem").status_code == 404


def test_the_last_update_is_the_day_the_pages_were_put_together(settings, tmp_path, city):
    settings.STATIC_ROOT = str(tmp_path)
    built.built_on.cache_clear()
    assert "آخر تحديث للموقع" not in page()
    (tmp_path / built.MANIFEST).write_text("{}")
    os.utime(tmp_path / built.MANIFEST, times=(1_764_198_000, 1_764_198_000))  # 26 November 2025, 23:00 UTC
    built.built_on.cache_clear()
    caches["local"].clear()
    shown = page().partition("آخر تحديث للموقع")[2]
    assert 'datetime="2025-11-27"' in shown, "of the day in Jeddah"
    built.built_on.cache_clear()


@pytest.mark.parametrize(
    ("phone", "mail"), [("920001234", ""), ("", "ask@jeddah.example"), ("920001234", "ask@jeddah.example"), ("", "")]
)
def test_contact_is_what_the_settings_say(phone, mail, settings, city):
    settings.CONTACT_PHONE, settings.CONTACT_EMAIL = phone, mail
    for path in ("/help/", "/contact/"):
        shown = page(path)
        assert (f"tel:{phone}" in shown) == bool(phone)
        assert (f"mailto:{mail}" in shown) == bool(mail)
        assert '"tel:"' not in shown
        assert '"mailto:"' not in shown
