"""Applications, my requests and the office workspace: axe, narrow screens, twice the size."""

from __future__ import annotations

import pytest

from .axe import violations
from .looks import LOOKS
from .pages import OTHERS, build, session_of, show
from .test_face import CONTRAST, STICKS_OUT, WIDTHS

pytestmark = pytest.mark.embedded

MINE = [shown for shown in OTHERS if not shown.name.startswith("staff")]
# All rules where the page is narrow, colours in every look.
READ_IN = {
    "ar": ((360, "light", ()), (1280, "dark", CONTRAST), (1280, "forced", CONTRAST)),
    "en": ((1280, "light", ()), (360, "dark", CONTRAST), (360, "forced", CONTRAST)),
}


@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_page_behind_the_sign_in_is_readable_for_everyone(language, browser, live_server, cast, submitted):
    world = build(cast, submitted)
    context = browser.new_context(base_url=live_server.url, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    found = []
    for shown in MINE:
        cookies = {"language": language, "sessionid": session_of(getattr(cast, shown.who)) if shown.who else ""}
        context.clear_cookies()
        context.add_cookies(
            [{"name": name, "value": value, "url": live_server.url} for name, value in cookies.items() if value]
        )
        page = context.new_page()
        show(page, shown, world)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if out := page.evaluate(STICKS_OUT):
                found.append(f"{shown.name}: at {width} px it sticks out by {out} px")
        for width, look, rules in READ_IN[language]:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(**LOOKS[look])
            found += [f"{shown.name} {width} {look}: {said}" for said in violations(page, *rules)]
        page.close()
    context.close()
    assert found == [], "\n".join(found)
