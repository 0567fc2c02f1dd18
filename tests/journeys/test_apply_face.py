"""Applications, my requests and the office workspace: axe, narrow screens, twice the size."""

from __future__ import annotations

import pytest

from .pages import OTHERS
from .reading import CONTRAST, read
from .world import build

pytestmark = pytest.mark.embedded

MINE = [shown for shown in OTHERS if not shown.name.startswith("staff")]
# All rules where the page is narrow, colours in every look.
READ_IN = {
    "ar": ((360, "light", ()), (1280, "dark", CONTRAST), (1280, "forced", CONTRAST)),
    "en": ((1280, "light", ()),),
}


@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_page_behind_the_sign_in_is_readable_for_everyone(language, browser, live_server, cast, submitted):
    world = build(cast, submitted)
    found = read(browser, live_server.url, MINE, READ_IN[language], language=language, cast=cast, world=world)
    assert found == [], "\n".join(found)
