"""Whatever comes to the door of the boxes is read, or refused with a reason; nothing of it makes the centre fail."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boxes import bundle
from boxes.bundle import BadBundle
from boxes.centre import receiving
from boxes.models import Box, Delivered

from ..conftest import NOW
from .machine import delivery, ready_made

pytestmark = pytest.mark.django_db


@pytest.fixture
def box(cast, settings, tmp_path):
    settings.BOXES_IDENTITY_FILE = str(tmp_path / "boxes.age")
    return ready_made(cast)


def receive(text):
    return receiving.receive(io.BytesIO(bundle.entry_frame(text)), by_stick=False, now=NOW)


def changed(text, *path, to):
    """An entry with one value of its JSON put in by a stranger."""
    item = json.loads(text)
    part = item
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = to
    return json.dumps(item).encode()


BODY_THAT_IS_NONE = "bm8ganNvbg=="  # base64 of what is no JSON


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("line", "body"), BODY_THAT_IS_NONE),
        (("line", "body"), ""),
        (("line", "chain"), "B0\0"),
        (("line", "chain"), "\ud800\ud800A"),
        (("line", "chain"), "B0A" * 1000),
        (("line", "seq"), 0),
        (("line", "seq"), -1),
        (("line", "seq"), 1 << 70),
        (("line", "seq"), float("inf")),
        (("line", "seq"), None),
        (("files", 0, "bytes"), float("inf")),
        (("files", 0, "bytes"), float("nan")),
        (("files", 0, "bytes"), 1 << 70),
        (("files", 0, "sha256"), "../../keys/boxes.age"),
        (("files", 0, "sha256"), "A" * 64),
        (("files",), {"sha256": 1}),
        (("content",), "é"),
        (("content",), 7),
        (("line",), []),
        (("signature",), ""),
    ],
)
def test_a_strangers_entry_is_refused_and_reaches_no_table(box, path, to):
    outcome = receive(changed(box.take().text, *path, to=to))
    assert len(outcome.refused) == 1
    assert not Delivered.objects.exists()
    assert Box.objects.get().seen_at is None


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"null", b"1e999", b"[" * 100_000, b"\xff\xfe", '"x"'.encode("utf-16"), b'{"line": 1}', b"\0" * 99],
)
def test_what_is_no_entry_is_refused(box, text):
    with pytest.raises(BadBundle):
        bundle.read_entry(text)
    assert receive(text).refused


@given(st.binary(max_size=300))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused(content):
    with pytest.raises(BadBundle):
        bundle.read_entry(content)
    receiving.receive(io.BytesIO(content), by_stick=False, now=NOW)


def test_a_file_named_twice_is_nothing_of_ours(box):
    item = json.loads(box.take().text)
    item["files"].append(item["files"][0])
    with pytest.raises(BadBundle):
        bundle.read_entry(json.dumps(item).encode())


def test_what_a_stranger_adds_to_a_signed_entry_is_not_kept(box):
    receipt = box.take()
    item = json.loads(receipt.text) | {"note": "x" * 10_000}
    for text in (json.dumps(item).encode(), receipt.text):
        receive(text)
    assert Delivered.objects.get().document.encode() == receipt.text


def test_the_same_entry_in_another_encoding_is_refused(box):
    text = box.take().text.decode()
    for encoding in ("utf-16", "utf-32", "utf-8-sig"):
        assert receive(text.encode(encoding)).refused
    assert not Delivered.objects.exists()


def test_who_sends_nothing_of_ours_is_not_read_to_the_end(box):
    nonsense = bundle.entry_frame(b"{}") * 5000
    stream = io.BytesIO(nonsense + delivery(box.take()))
    outcome = receiving.receive(stream, by_stick=False, now=NOW)
    assert len(outcome.refused) == receiving.MAX_REFUSALS
    assert stream.tell() < len(nonsense)


@pytest.mark.parametrize(
    "head", [b"jeddah-portal box 1 file 999999999 %s\n" % (b"0" * 64), b"jeddah-portal box 1 entry 3000000\n"]
)
def test_a_frame_that_says_it_is_too_long_is_not_read(box, head):
    stream = io.BytesIO(head + b"x" * 1000)
    assert "too long" in receiving.receive(stream, by_stick=False, now=NOW).refused[0]
    assert stream.tell() == len(head)
