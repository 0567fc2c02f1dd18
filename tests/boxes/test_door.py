"""What comes to the door of the boxes costs little until a box of ours has signed it."""

from __future__ import annotations

import io

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse

from boxes import bundle, words
from boxes.centre import receiving, views
from boxes.models import Delivered
from transactions import quotas

from ..conftest import NOW
from .machine import delivery, file_frame, ready_made

pytestmark = pytest.mark.django_db
BYTES = {"content_type": "application/octet-stream"}
STRANGER, OFFICE = {"REMOTE_ADDR": "203.0.113.7"}, {"REMOTE_ADDR": "198.51.100.2"}


@pytest.fixture
def box(cast, settings, tmp_path):
    settings.BOXES_IDENTITY_FILE = str(tmp_path / "boxes.age")
    return ready_made(cast)


class Watched(io.BytesIO):
    """Remembers how much was asked for at once."""

    most = 0

    def read(self, size=-1):
        self.most = max(self.most, len(self.getbuffer()) if size is None or size < 0 else size)
        return super().read(size)


def test_a_file_nobody_asked_for_is_passed_over_piece_by_piece(box):
    strange = file_frame(b"x" * (4 * bundle.PIECE))
    stream = Watched(strange + delivery(box.take()))
    outcome = receiving.receive(stream, by_stick=False, now=NOW)
    assert outcome.refused == ["a file that no entry names"]
    assert len(outcome.complete) == 1  # what stands behind it is read
    assert stream.most <= bundle.PIECE


def test_a_file_that_is_asked_for_is_kept_piece_by_piece(box, monkeypatch):
    receipt = box.take()
    monkeypatch.setattr(bundle, "PIECE", 100)
    stream = Watched(bundle.entry_frame(receipt.text) + b"".join(map(file_frame, receipt.files)))
    assert len(receiving.receive(stream, by_stick=False, now=NOW).complete) == 1
    assert stream.most == 100
    for file in receipt.files:
        with default_storage.open(receiving.place_of(bundle.digest(file))) as kept:
            assert kept.read() == file


def test_a_file_under_the_name_of_another_is_not_kept(box):
    receipt = box.take()
    receiving.receive(io.BytesIO(bundle.entry_frame(receipt.text)), by_stick=False, now=NOW)
    true = receipt.files[0]
    other = bytes(len(true))
    named = bundle.SealedFile(bundle.digest(true), len(true))
    outcome = receiving.receive(
        io.BytesIO(b"".join(bundle.file_frame(named, io.BytesIO(other)))), by_stick=False, now=NOW
    )
    assert outcome.refused == ["a file is not the one it is called"]
    assert not default_storage.exists(receiving.place_of(named.sha256))
    assert Delivered.objects.get().files.filter(arrived_at=None).count() == len(receipt.files)


@pytest.mark.parametrize("size", [0, 1, bundle.PIECE, bundle.PIECE + 1])
def test_a_frame_of_a_file_is_as_long_as_it_says(size):
    file = bundle.SealedFile(bundle.digest(bytes(size)), size)
    frame = b"".join(bundle.file_frame(file, io.BytesIO(bytes(size))))
    assert len(frame) == bundle.length_of_frame(file)
    (read,) = bundle.read_frames(io.BytesIO(frame))
    assert (read.kind, read.size, read.sha256) == (bundle.FILE, size, file.sha256)


def test_what_is_longer_than_any_delivery_is_not_read(client, box):
    too_long = {"CONTENT_LENGTH": str(views.MAX_DELIVERY + 1)}
    answer = client.post(reverse("boxes:deliveries"), b"x", **too_long, **BYTES, **STRANGER)
    assert answer.status_code == 413
    answer = client.post(reverse("boxes:deliveries"), delivery(box.take()), **BYTES, **STRANGER)
    assert answer.status_code == 200


def test_a_network_that_sends_what_is_of_no_box_is_not_read_for_the_hour_and_others_are(client, box, monkeypatch):
    monkeypatch.setattr(quotas, "MAX_STRANGE", 4)
    name = f"{box.node}{box.letter}"
    asked = words.sign(words.ASKED, {"box": name}, name, box.key).encode()
    for door in ("boxes:deliveries", "boxes:news") * 2:
        assert client.post(reverse(door), b"nonsense", **BYTES, **STRANGER).status_code == 400
    for door, content in (("boxes:deliveries", delivery(box.take())), ("boxes:news", asked)):
        refused = client.post(reverse(door), content, **BYTES, **STRANGER)
        assert refused.status_code == 429
        assert 0 < int(refused["Retry-After"]) <= 3600
        assert client.post(reverse(door), content, **BYTES, **OFFICE).status_code == 200


def test_a_question_that_is_repeated_without_end_is_not_answered_without_end(client, box, monkeypatch):
    monkeypatch.setattr(quotas, "MAX_BOX_NEWS", 2)
    name = f"{box.node}{box.letter}"
    asked = words.sign(words.ASKED, {"box": name}, name, box.key).encode()
    answers = [client.post(reverse("boxes:news"), asked, **BYTES, **STRANGER).status_code for _again in range(3)]
    assert answers == [200, 200, 429]
    assert client.post(reverse("boxes:news"), asked, **BYTES, **OFFICE).status_code == 200
