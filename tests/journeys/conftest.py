"""A real Chromium against the live portal, with the work that is owed done beside it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection, connections
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from accounts.models import User
from transactions.domain import service_types
from transactions.domain.service_types import Document
from transactions.management.commands import work
from transactions.models import Transaction

from ..conftest import ANSWERS, PASSWORD, pdf, picture
from .world import session_of

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs in this thread; the ORM is used between calls
ROOT = Path(django_settings.BASE_DIR)
# How long anything may take on a machine that has other things to do: nothing asserts less.
PATIENCE = 15_000
expect.set_options(timeout=PATIENCE)
# What differs between the engines lies under the pages: all four ways on SQLite; on PostgreSQL each width, and scripts
# or none, once.
ALL_WAYS = [(360, True), (1280, True), (360, False), (1280, False)]
VARIANTS = ALL_WAYS if connection.vendor == "sqlite" else [(360, False), (1280, True)]
NAMES = {True: "scripts", False: "no scripts"}


def database_url() -> str:
    place = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{place['NAME']}"
    return f"postgresql://{place['USER']}:{place['PASSWORD']}@{place['HOST']}:{place['PORT']}/{place['NAME']}"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM_PATH")
    if not path:
        pytest.fail("MISSING: Chromium. Run bin/test, or set CHROMIUM_PATH (on Debian: apt-get install chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """What `manage.py work` does, beside the test and no longer: nothing of it is left when the database is emptied."""
    stop, command = threading.Event(), work.Command()

    def until_stopped(does: Callable[[threading.Event], None]) -> None:
        try:
            does(stop)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=until_stopped, args=[does]) for does in (command.work, command.draw)]
    for thread in threads:
        thread.start()
    yield
    stop.set()
    for thread in threads:
        thread.join()


@pytest.fixture
def papers(tmp_path: Path) -> dict[str, Path]:
    """Files as people have them on their phones."""
    found = {"paper": tmp_path / "صك الملكية.pdf", "photo": tmp_path / "واجهة.jpg", "photo2": tmp_path / "جانب.png"}
    for name, content in (("paper", pdf()), ("photo", picture("JPEG")), ("photo2", picture())):
        found[name].write_bytes(content)
    return found


@pytest.fixture(params=VARIANTS, ids=lambda variant: f"{variant[0]}-{NAMES[variant[1]]}")
def open_page(
    request: pytest.FixtureRequest, browser: Browser, live_server: Any, worker: None
) -> Iterator[Callable[..., Page]]:
    """Open a page of the variant's width, for nobody or for a person who is signed in already."""
    width, scripts = request.param
    contexts = []

    def make(user: User | None = None) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 800}, java_script_enabled=scripts, base_url=live_server.url
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        if user is not None:
            context.add_cookies([{"name": "sessionid", "value": session_of(user), "url": live_server.url}])
        page = context.new_page()
        page.on("response", lambda answer: failures.append(answer.url) if answer.status >= 500 else None)
        page.on("console", lambda said: failures.append(said.text) if "Content Security" in said.text else None)
        return page

    failures: list[str] = []
    yield make
    for context in contexts:
        context.close()
    assert failures == []


def required(code: str) -> list[Document]:
    """The documents that nobody who gives ANSWERS may leave out."""
    return [document for document in service_types.get(code).documents_for(ANSWERS[code]) if document.least]


def fits(page: Page) -> None:
    """Arabic, right to left, and nothing sticks out sideways."""
    assert page.locator("html").get_attribute("dir") == "rtl"
    assert page.locator("html").get_attribute("lang") == "ar"
    box = page.locator("main, #container").first.bounding_box()
    assert box is not None
    assert box["width"] <= page.viewport_size["width"]


def follow(link: Locator) -> None:
    """Press what leads to another page, and wait until that page and its scripts are there."""
    with link.page.expect_navigation():
        link.click()


def sign_in(page: Page, user: User) -> None:
    page.fill("[name=login]", user.national_id)
    page.fill("[name=password]", PASSWORD)
    follow(page.locator("main button[type=submit]"))


def fill(page: Page, typed: dict[str, Any]) -> None:
    """Fill a page of questions by the names of its controls."""
    for name, value in typed.items():
        control = page.locator(f"main [name='{name}']")
        kind = control.first.get_attribute("type")
        if kind == "radio":
            page.locator(f"main [name='{name}'][value='{value}']").check()
        elif kind == "checkbox":
            control.set_checked(bool(value))
        else:
            control.fill(str(value))
    follow(page.get_by_role("button", name="حفظ ومتابعة").last)
    fits(page)


def attach(page: Page, files: dict[str, Any]) -> None:
    """Attach files: with scripts each is sent as it is chosen, without them all by the button."""
    page.locator("input[type=file]:not([capture])").first.wait_for(state="attached")
    page.wait_for_load_state()  # the button is there or not as soon as the scripts are
    for name, paths in files.items():
        page.locator(f"input[type=file]:not([capture])[name='{name}']").set_input_files(paths)
    button = page.get_by_role("button", name="إرفاق", exact=True).first
    if button.is_visible():
        button.click()
    count = sum(len(paths) if isinstance(paths, list) else 1 for paths in files.values())
    page.locator(".files .file").nth(count - 1).wait_for()


def move(page: Page, reference: str, name: str, **typed: Any) -> None:
    """Make one move on the staff page of a case."""
    page.goto(f"/staff/cases/{reference}/")
    fits(page)
    details = page.locator(f"details:has(form[action$='/{name}/'])")
    if details.get_attribute("open") is None:
        details.locator("summary").click()
    for field, value in typed.items():
        if value is True:
            details.locator(f"[value='{field}']").check()
        else:
            details.locator(f"[name='{field}']").fill(value)
    follow(details.locator("button[type=submit]"))
    page.locator(".messagelist .success").wait_for()


def arrived(case: Transaction, seconds: int = 60) -> Transaction:
    """The case once the worker has routed it."""
    for _ in range(seconds * 10):
        case.refresh_from_db()
        if case.held_by_id:
            return case
        time.sleep(0.1)
    raise AssertionError(f"{case.reference} was never routed")


def until(page: Page, text: str, seconds: int = 60) -> None:
    """Reload until something shows: another process does it meanwhile."""
    for _ in range(seconds * 4):
        if page.get_by_text(text).count():
            return
        page.wait_for_timeout(250)
        page.reload()
    raise AssertionError(f"{text!r} never showed on {page.url}")
