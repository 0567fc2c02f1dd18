"""The workbench: axe, narrow screens, twice the size."""

from __future__ import annotations

import pytest

from .pages import LISTS, STAFF
from .reading import CONTRAST, read
from .world import build

pytestmark = pytest.mark.embedded

# Everything where it is wide or narrow, colours in every look.
READ_IN = {
    "ar": ((1280, "light", ()), (360, "dark", ("color-contrast", "target-size", "label")), (1280, "forced", CONTRAST)),
    "en": ((360, "light", ()),),
}


@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_staff_page_is_readable_for_everyone(language, browser, live_server, cast, submitted):
    """axe on wide and narrow screens in every look; nothing sticks out, in either direction."""
    world = build(cast, submitted)
    people = {"language": language, "cast": cast, "world": world}
    found = read(
        browser, live_server.url, [shown for shown in STAFF if shown not in LISTS], READ_IN[language], **people
    )
    # Django's own lists and forms are made of the same parts: in every look they are read by bin/test --screens.
    found += read(browser, live_server.url, LISTS, READ_IN[language][:1], **people)
    assert found == [], "\n".join(found)
