"""The runbook for people is two sheets of paper in each language."""

from __future__ import annotations

import pypdfium2
import pytest

from continuity import runbook

from ..conftest import NOW


@pytest.mark.parametrize("language", runbook.LANGUAGES)
def test_it_is_two_sheets_of_paper(browser, tmp_path, language):
    file = tmp_path / "runbook.html"
    file.write_text(runbook.build(language, NOW, "1.0.0"), encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    pdf = page.pdf(prefer_css_page_size=True)
    page.close()
    assert len(pypdfium2.PdfDocument(pdf)) == 2
