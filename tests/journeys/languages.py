"""Words of the other language on a page as it is read: what is said, not what people or machines wrote.

What people wrote stands in <bdi> or under dir="auto", what machines wrote in <code>, and a passage in another
language says so with lang. All else is ours to translate.
"""

from __future__ import annotations

import re

from playwright.sync_api import Page

from accounts.models import User

from ..architecture.test_words import LATIN, LATIN_KEPT, SAID_AS_IT_IS

FOREIGN = {"ar": LATIN, "en": re.compile(r"[\u0621-\u064a]+")}
# Each piece of text with what is read aloud beside it; boxes hold what people typed, so their values are theirs.
SAID = """(language) => {
  const theirs = `bdi, code, kbd, script, style, textarea, [dir=auto], [lang]:not([lang="${language}"])`;
  const written = [...document.querySelectorAll("bdi")].map((name) => name.textContent.trim()).filter(Boolean);
  written.sort((one, other) => other.length - one.length);
  const spoken = [document.title];
  const said = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    if (!texts.currentNode.parentElement.closest(theirs)) said.push(texts.currentNode.data);
  }
  for (const name of ["aria-label", "aria-description", "alt", "title", "placeholder"]) {
    for (const element of document.querySelectorAll(`[${name}]`)) {
      if (!element.closest(theirs)) spoken.push(element.getAttribute(name));
    }
  }
  // An attribute holds no <bdi>: what stands in one elsewhere on the page is no word of ours there either.
  return [...said, ...spoken.map((text) => written.reduce((rest, name) => rest.replaceAll(name, ""), text))];
}"""


def foreign_words(page: Page, language: str) -> set[str]:
    """The words a reader of this language was not meant to meet."""
    found = set()
    # A list to choose from and Django's own cells hold names without <bdi>.
    names = sorted({*SAID_AS_IT_IS, *User.objects.values_list("full_name", flat=True)}, key=len, reverse=True)
    for text in page.evaluate(SAID, language):
        plain = re.sub(r"\u2068.*?\u2069", "", text)  # isolated: a number or a name in the middle of a sentence
        plain = re.sub(r"\b\d+/\S+", "", plain)  # the number of a plan, as deeds write it
        for name in names:
            plain = plain.replace(name, "")
        found |= {
            f"{word} ({' '.join(text.split())[:60]})"
            for word in FOREIGN[language].findall(plain)
            if word not in LATIN_KEPT
        }
    return found
