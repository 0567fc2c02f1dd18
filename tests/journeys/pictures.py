"""Not a test by itself: `bin/test --screens` takes the pictures of the README anew, into docs/pictures (SCREENS=readme:
these alone). They show a demo city on a fixed day.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import Count
from PIL import Image

from accounts.models import User
from jeddah_portal.demo.names import national_id
from jeddah_portal.demo.people import SIGN_IN
from transactions.domain.workflow import OPEN
from transactions.models import IssuedDocument, Transaction

from ..conftest import NOW
from .conftest import ROOT
from .world import session_of

FOLDER = ROOT / "docs" / "pictures"
PHONE, DESKTOP = (360, 720), (1280, 800)
MAX_BYTES = 60_000
CITY = 150


@dataclass(frozen=True)
class Picture:
    """`shows` returns the address to open and who is signed in."""

    name: str
    language: str
    size: tuple[int, int]
    shows: Callable[[], tuple[str, User | None]]


def signed_in(role: str) -> User:
    number, resident, _name = SIGN_IN[role]
    return User.objects.get(national_id=national_id(number, resident=resident))


def followed() -> tuple[str, User]:
    """The request that has come furthest, is not decided and in time."""
    going_on = Transaction.objects.filter(status__in=OPEN, due_at__gt=NOW)
    case = going_on.annotate(moves=Count("events")).order_by("-moves", "pk")[0]
    return f"/requests/{case.reference}/", case.applicant


def verified() -> tuple[str, None]:
    paper = IssuedDocument.objects.filter(transaction__service="building-permit").order_by("-pk")[0]
    return f"/verify/{paper.token}/", None


PICTURES = (
    Picture("home", "ar", DESKTOP, lambda: ("/", None)),
    Picture("request", "ar", PHONE, followed),
    Picture("desk", "en", DESKTOP, lambda: ("/staff/", signed_in("reviewer"))),
    Picture("verify", "en", PHONE, verified),
)


def as_small_as_told(png: bytes) -> bytes:
    """WebP of the best quality that fits."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for quality in range(90, 20, -5):
        out = io.BytesIO()
        picture.save(out, "WEBP", quality=quality, method=6)
        if out.tell() <= MAX_BYTES:
            return out.getvalue()
    raise AssertionError(f"more than {MAX_BYTES} bytes at any quality")


@pytest.fixture
def demo_city(settings, tmp_path, stopped_clock):
    settings.VAR = tmp_path
    call_command("seed_demo", transactions=CITY, seed=1448, today=NOW.date(), stdout=StringIO())


def test_take_the_pictures_of_the_readme(demo_city, browser, live_server):
    FOLDER.mkdir(parents=True, exist_ok=True)
    for picture in PICTURES:
        address, person = picture.shows()
        width, height = picture.size
        context = browser.new_context(
            base_url=live_server.url, reduced_motion="reduce", viewport={"width": width, "height": height}
        )
        cookies = {"language": picture.language} | ({"sessionid": session_of(person)} if person else {})
        context.add_cookies([{"name": name, "value": value, "url": live_server.url} for name, value in cookies.items()])
        page = context.new_page()
        page.goto(address, wait_until="networkidle")
        (FOLDER / f"{picture.name}.webp").write_bytes(as_small_as_told(page.screenshot()))
        context.close()
