"""axe-core on a page as it stands: no violations of WCAG 2.2 A and AA, nor of axe's best practices."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

# axe skips the contrast of joined Arabic letters without a word: its own test takes a run of them for a picture.
# A canary in test_face.py fails if this should no longer help.
CONFIGURE = """() => axe.configure({rules: [{id: "color-contrast", matches: (node) =>
  !node.closest("[disabled], [aria-disabled=true], .hide") &&
  [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim().length > 1)}]})"""
RUN = """async (rules) => {
  const only = rules ? {runOnly: {type: "rule", values: rules}} : {};
  const options = {resultTypes: ["violations"], preload: false, ...only};
  const found = await axe.run(document, options);
  return found.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.target.join(" ") + " " +
    n.any.concat(n.all, n.none).map((c) => c.message).join("; ")).join(" | ")}`);
}"""


@cache
def _source() -> str:
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page, *rules: str) -> list[str]:
    """What axe finds on the page, all rules or only these."""
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(_source())
        page.evaluate(CONFIGURE)
    found: Any = page.evaluate(RUN, list(rules) or None)
    return list(found)
