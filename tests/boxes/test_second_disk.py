"""The box's second disk: every receipt is there, as it was written, and what is not there is said."""

from __future__ import annotations

import base64
import io
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import translation

from boxes import bundle, words
from boxes.centre import secrets
from boxes.models import Outgoing, Word
from boxes.office import delivery, outgoing, place, state
from continuity.worth import Worth
from journal import keys
from journal.models import Entry
from transactions.domain.errors import DomainError

from ..conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def disk(settings, tmp_path):
    """What a box has: its enrolment and the folder on its second disk."""
    settings.BOXES_IDENTITY_FILE = str(tmp_path / "boxes.age")
    settings.OFFICE_FILE = tmp_path / "office.json"
    settings.OFFICE_FILE.write_text(json.dumps({"centre_recipient": secrets.recipient(), "node": "C1", "letter": "A"}))
    settings.OFFICE_SECOND_MEDIUM = str(tmp_path / "second")
    (tmp_path / "second").mkdir()
    return tmp_path / "second"


def entries():
    return Entry.objects.count()


def test_what_is_missing_there_is_written_and_what_was_looked_at_is_not_looked_at_again(
    disk, submitted, django_assert_max_num_queries
):
    submitted()
    last = outgoing.store_missing(NOW)
    assert Outgoing.objects.exclude(stored_at=None).count() == entries() == len(list((disk / "entries").iterdir()))
    with django_assert_max_num_queries(3):
        assert outgoing.store_missing(NOW, last) == last
    with django_assert_max_num_queries(3):  # after a start everything is looked at once, at one question
        assert outgoing.store_missing(NOW) == last
    submitted()
    assert outgoing.store_missing(NOW, last) > last
    assert Outgoing.objects.exclude(stored_at=None).count() == entries()


def test_what_lies_there_is_signed_and_opens_at_the_centre_alone(disk, submitted):
    case = submitted()
    outgoing.store_missing(NOW)
    entry = next(each for each in map(_read, outgoing.unconfirmed()) if each.body["kind"] == "received")
    assert entry.is_signed_by(keys.public_bytes())
    assert case.applicant.national_id.encode() not in entry.text
    content = json.loads(bundle.unseal(entry.content, secrets.identity()))
    assert content["visitor"]["national_id"] == case.applicant.national_id
    sealed = {file.sha256 for file in entry.files}
    assert sealed == {path.name for path in (disk / "files").iterdir()}
    assert len(sealed) == case.attachments.count() == len(content["files"])


def _read(path):
    return bundle.read_entry(path.read_bytes())


@translation.override("en")
def test_a_receipt_that_is_on_one_disk_only_says_so(disk, submitted):
    case = submitted()
    assert "two disks" in place.in_words(Worth.PROVISIONAL)
    (disk / "entries").write_bytes(b"no folder can be made here")
    outgoing._write_now(case.reference)
    assert outgoing.on_one_disk()
    assert "one disk" in place.in_words(Worth.PROVISIONAL)
    assert "one disk" not in place.in_words(Worth.CONFIRMED)
    (disk / "entries").unlink()
    outgoing.store_missing(NOW)
    assert not outgoing.on_one_disk()
    assert "two disks" in place.in_words(Worth.PROVISIONAL)


def test_a_receipt_whose_file_is_lost_is_named_and_holds_up_none_behind_it(disk, submitted):
    case, other = submitted(), submitted()
    default_storage.delete(case.attachments.order_by("pk")[0].stored_as)
    outgoing.store_missing(NOW)
    there = {entry.body["ref"] for entry in map(_read, outgoing.unconfirmed()) if entry.body["kind"] == "received"}
    assert there == {other.reference}  # not delivered without it
    assert outgoing.lost() == [case.reference]
    assert outgoing.on_one_disk()


def test_a_file_lost_on_the_second_disk_is_sealed_anew(disk, submitted):
    submitted()
    outgoing.store_missing(NOW)
    path = next(path for path in outgoing.unconfirmed() if _read(path).body["kind"] == "received")
    before = _read(path)
    outgoing.file_of(before.files[0].sha256).unlink()
    assert outgoing.rewrite_damaged(path, NOW)
    after = _read(path)
    assert after.line == before.line
    assert after.is_signed_by(keys.public_bytes())
    assert len(after.files) == len(before.files)
    assert all(outgoing.file_of(file.sha256).exists() for file in after.files)
    assert not outgoing.rewrite_damaged(path, NOW)
    assert not outgoing.on_one_disk()


def test_lost_on_both_disks_it_is_named_and_not_forgotten(disk, submitted):
    case = submitted()
    outgoing.store_missing(NOW)
    path = next(path for path in outgoing.unconfirmed() if _read(path).body["kind"] == "received")
    outgoing.file_of(_read(path).files[0].sha256).unlink()
    for file in case.attachments.all():
        default_storage.delete(file.stored_as)
    with pytest.raises(outgoing.Lost):
        outgoing.rewrite_damaged(path, NOW)
    assert outgoing.lost() == [case.reference]


def test_a_centre_that_lost_what_it_confirmed_can_have_it_again(disk, submitted, tmp_path):
    submitted()
    outgoing.store_missing(NOW)
    written = {path: path.read_bytes() for path in outgoing.unconfirmed()}
    Outgoing.objects.update(confirmed_at=NOW)
    for more, many in (([], 0), (["--all"], len(written))):
        stick = tmp_path / f"stick{many}"
        stick.mkdir()
        call_command("office_stick", str(stick), *more, stdout=io.StringIO())
        content = b"".join(path.read_bytes() for path in stick.iterdir())
        texts = [frame.whole() for frame in bundle.read_frames(io.BytesIO(content)) if frame.kind == bundle.ENTRY]
        assert texts == list(written.values())[:many]


@pytest.mark.parametrize("damage", [lambda text: text[:-40], lambda text: text.replace(b'"files"', b'"filed"')])
def test_an_entry_damaged_there_is_written_anew(disk, submitted, damage):
    submitted()
    outgoing.store_missing(NOW)
    path = next(path for path in outgoing.unconfirmed() if _read(path).body["kind"] == "received")
    before = path.read_bytes()
    assert not outgoing.rewrite_damaged(path, NOW)
    assert path.read_bytes() == before
    path.write_bytes(damage(before))
    assert outgoing.rewrite_damaged(path, NOW)
    assert _read(path).is_signed_by(keys.public_bytes())
    assert _read(path).line == bundle.read_entry(before).line
    assert path.with_suffix(".damaged").exists()


class Centre(BaseHTTPRequestHandler):
    """Answers as the centre does: 400 to what it cannot read, its signed word to the rest."""

    asked = 0

    def do_POST(self):
        type(self).asked += 1
        content = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            entries = [bundle.read_entry(frame.whole()) for frame in bundle.read_frames(io.BytesIO(content))]
        except bundle.BadBundle:
            self.send_error(400)
            return
        body = {"box": "C1A", "seq": 1, "at": "2026-11-24T07:00:00Z", "state": "active", "wanted": [], "refused": []}
        body["kept"] = [entry.line.hash.hex() for entry in entries]
        answer = words.sign(words.ACKNOWLEDGED, body, "C1A", keys.signing_key()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments):
        """Nothing on the screen."""


@pytest.fixture
def centre(disk, settings):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Centre)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Centre.asked = 0
    content = json.loads(settings.OFFICE_FILE.read_text())
    content |= {"centre": f"http://127.0.0.1:{server.server_port}", "node_list_key": ""}
    content["centre_keys"] = {"C1A": base64.b64encode(keys.public_bytes()).decode()}
    settings.OFFICE_FILE = settings.OFFICE_FILE.with_name("with-centre.json")
    settings.OFFICE_FILE.write_text(json.dumps(content))
    yield
    server.shutdown()
    server.server_close()


def test_an_entry_the_centre_does_not_take_holds_up_none_behind_it(centre, submitted):
    submitted()
    submitted()
    outgoing.store_missing(NOW)
    waiting = list(outgoing.unconfirmed())
    waiting[0].write_bytes(b"{}")
    with pytest.raises(delivery.CentreUnavailable):  # so that the box rests before it tries again
        delivery.deliver(NOW)
    assert Centre.asked == len(waiting)
    assert list(outgoing.unconfirmed()) == waiting[:1]
    assert delivery.deliver(NOW) == 1  # it was written anew meanwhile
    assert not list(outgoing.unconfirmed())


def test_where_nobody_answers_everything_stays_unconfirmed(centre, submitted, settings):
    submitted()
    outgoing.store_missing(NOW)
    content = json.loads(settings.OFFICE_FILE.read_text()) | {"centre": "http://127.0.0.1:1"}
    settings.OFFICE_FILE = settings.OFFICE_FILE.with_name("nobody.json")
    settings.OFFICE_FILE.write_text(json.dumps(content))
    waiting = list(outgoing.unconfirmed())
    with pytest.raises(delivery.CentreUnavailable):
        delivery.deliver(NOW)
    assert list(outgoing.unconfirmed()) == waiting


def test_a_box_without_news_for_too_long_gives_no_receipt(disk):
    Word.objects.create(
        kind=words.NEWS, body={"at": "2020-01-01T00:00:00Z", "valid_until": "2020-03-31T00:00:00Z"}, at=NOW
    )
    with pytest.raises(DomainError) as refused:
        place.facts()
    assert refused.value.code == "news_too_old"
    Word.objects.update(body={"at": "2020-01-01T00:00:00Z", "valid_until": "2999-01-01T00:00:00Z"})
    assert place.facts() == {"heard": "2020-01-01T00:00:00Z"}
    assert not state.is_news_too_old(NOW)
