"""A busy machine, slow papers, cut pictures: what is said of a file is true of it, and nobody waits for another's."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from transactions import previews
from transactions.attachments import examination, render_jobs, rendering
from transactions.outbox import queue
from transactions.previews import State

from .. import papers
from ..conftest import NOW, work_off
from .test_drawings import ART, store

# Held against the renderer; its rows are those of test_drawings.py, which runs on both engines.
pytestmark = [pytest.mark.django_db, pytest.mark.embedded, pytest.mark.thorough]


@pytest.fixture(autouse=True)
def _nothing_remembered():
    examination.forget()
    render_jobs._time_used.clear()


def test_a_machine_with_too_much_to_do_says_nothing_of_the_file(cast, signed_in, monkeypatch):
    with monkeypatch.context() as busy:
        busy.setattr(rendering, "SECONDS", 0.01)
        file = store(cast.citizen, papers.of_pages(2))
        assert (file.look, file.pages) == ("", None)
        assert work_off() == 0
        assert previews.preview_state(file.key, "1") == State.MISSING
        address = reverse("transactions:without_programs", args=[file.key])
        answer = signed_in(cast.citizen).get(address)
        assert (answer.status_code, answer.context["failed"]) == (503, False)
    assert work_off(NOW + timedelta(minutes=1))
    file.refresh_from_db()
    assert (file.look, file.pages) == ("good", 2)
    assert previews.preview_state(file.key, "1") == State.THERE


def test_a_part_that_could_not_be_drawn_is_missed_and_tried_again(cast, signed_in):
    file = store(cast.citizen, papers.of_pages(1, (2384, 3370)))
    render_jobs.request_rendering(file, closely=True, now=NOW)
    assert work_off()
    rows, columns = previews.grid(file.key, 1)
    previews.store_previews(file.key, {f"1-{rows}-{columns}": b""})
    sheet = reverse("transactions:sheet", args=[file.key, 1])
    assert signed_in(cast.citizen).get(sheet, {"row": rows, "column": columns}).status_code == 404
    assert previews.grid(file.key, 1) == (rows, columns)
    default_storage.delete(f"{previews._folder(file.key)}/1-{rows}-{columns}")
    render_jobs.request_rendering(file, closely=True, now=NOW)
    assert work_off()
    assert previews.preview_state(file.key, f"1-{rows}-{columns}") == State.THERE


def test_slow_papers_of_one_sender_keep_nobody_else_waiting(cast):
    """Ten papers whose pages after the first take for ever, and one small one sent after all of them."""
    slow = papers.pikepdf.open(io.BytesIO(papers.slow()))
    paper = papers.blank(3)
    paper.pages[1] = slow.pages[0]
    for number in range(10):
        store(cast.citizen, papers.saved(paper) + b"%%%d" % number)
    small = store(cast.other_citizen, papers.of_pages(2))
    turns = 0
    while previews.preview_state(small.key, "2") != State.THERE:
        queue.process_row(queue.due_ids("draw", NOW, 1)[0], NOW)
        turns += 1
    assert turns <= 2


def test_pages_that_take_long_are_drawn_a_few_at_a_time():
    paper = papers.blank(60)
    busy = paper.make_stream(b"0 0 200 200 re f " * 5_000)
    for page in paper.pages:
        page.Contents = busy
    found = rendering.render(io.BytesIO(papers.saved(paper)), ART["pdf"], last=60)
    assert not found.wrong
    assert found.pages == 60
    assert 1 <= len(found.pictures) < 60


# -- JPEGs without their end -----------------------------------------------------------------------------------------
NOISE = Image.effect_noise((400, 300), 80).convert("RGB")
KINDS = [{}, {"progressive": True}, {"restart_marker_rows": 1}, {"subsampling": 0, "optimize": True}]
PHOTOS = [papers.picture_of(NOISE, "JPEG", **how) for how in KINDS]
PHOTOS += [papers.picture_of(Image.new(mode, (400, 300), 255), "JPEG") for mode in ("L", "CMYK")]


@pytest.mark.parametrize("photo", PHOTOS)
@pytest.mark.parametrize("lacks", [1, 2])
def test_a_jpeg_that_lacks_only_its_end_mark_is_taken_and_looks_the_same(photo, lacks):
    whole, cut = (rendering.render(io.BytesIO(data), ART["jpg"]) for data in (photo, photo[:-lacks]))
    assert (cut.look, cut.pictures) == ("good", whole.pictures)


@given(st.sampled_from(PHOTOS[:4]), st.floats(0.1, 0.97))
@settings(max_examples=12)
def test_a_jpeg_that_lacks_more_is_refused_as_cut(photo, share):
    assert rendering.render(io.BytesIO(photo[: int(len(photo) * share)]), ART["jpg"]).wrong == "cut"


@pytest.mark.parametrize("photo", PHOTOS[:4])
def test_a_jpeg_that_lacks_its_last_lines_is_refused_as_cut(photo):
    for lacks in (12, 100):
        assert rendering.render(io.BytesIO(photo[:-lacks]), ART["jpg"]).wrong == "cut"
