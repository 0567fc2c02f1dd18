"""What was typed is put back into the boxes of a page, and nothing else of the page changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.forms.refill import refill

from ..page_forms import forms_of

PAGE = """<!doctype html><html lang="ar"><head><title>a &amp; b</title><script>if (1 < 2) {}</script></head><body>
<form method="post" action="/language/"><input name="text" value="other form"></form>
<form method="post" action="/here/">
<input type="hidden" name="csrfmiddlewaretoken" value="token"><input type="hidden" name="version_seen" value="new">
<input name="text" value="" class="wide"><input name="row"><input name="row">
<input type="password" name="password"><input type="checkbox" name="yes"><input type="checkbox" name="no" checked>
<input type="radio" name="way" value="a" checked><input type="radio" name="way" value="b">
<select name="pick"><option value="1" selected>one</option><option value="2">two</option></select>
<textarea name="long">&lt;old&gt;</textarea><!-- note --><button>Send&hellip;</button></form></body></html>"""
TYPED = {
    "text": ['a "quote" & <tag>'],
    "row": ["first", "second"],
    "yes": ["on"],
    "way": ["b"],
    "pick": ["2"],
    "long": ["line 1\nline <2>"],
    "version_seen": ["as opened"],
    "password": ["never"],
    "csrfmiddlewaretoken": ["stale"],
}


def test_every_kind_of_box_is_filled_and_no_other_form():
    other, mine = forms_of(refill(PAGE, "/here/", "/here/", TYPED))
    assert other.data == {"text": ["other form"]}
    assert mine.data == {
        "csrfmiddlewaretoken": ["token"],
        "version_seen": ["as opened"],
        "text": ['a "quote" & <tag>'],
        "row": ["first", "second"],
        "password": [""],
        "yes": ["on"],
        "way": ["b"],
        "pick": ["2"],
        "long": ["line 1\nline <2>"],
    }


def test_the_rest_of_the_page_is_as_it_was():
    filled = refill(PAGE, "/here/", "/here/", {"text": ["x"], "no": ["on"]})
    kept = ("<!doctype html>", "a &amp; b", "if (1 < 2) {}", "<!-- note -->", "Send&hellip;", "&lt;old&gt;</textarea>")
    assert [part for part in kept if part not in filled] == []


@pytest.mark.parametrize("target", ["/elsewhere/", "/here/more/"])
def test_a_page_without_that_form_is_not_touched(target):
    assert refill(PAGE, "/here/", target, TYPED) is None


def test_a_form_without_an_address_posts_to_its_page():
    page = '<form method="post"><input name="text"></form>'
    assert forms_of(refill(page, "/here/", "/here/", {"text": ["x"]}))[0].data == {"text": ["x"]}


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40))
def test_any_text_comes_back_letter_by_letter(text):
    form = forms_of(refill(PAGE, "/here/", "/here/", {"text": [text], "long": [text]}))[1]
    assert (form.data["text"], form.data["long"]) == ([text], [text])
