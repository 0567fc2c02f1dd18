"""The status site: from the database or from a notice alone; signed; it says itself when it has grown old."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from jeddah_portal.status_site import document, pages, publish
from jeddah_portal.status_site.places import Folder, find_place
from journal import keys
from transactions.models import IncidentNotice

from ..conftest import provision
from .world import an_incident

BIN = Path(django_settings.BASE_DIR) / "bin"
NOTICE = {
    "text_ar": "تعطّلت الشبكة المركزية.",
    "text_en": "The central <b>network</b> is down.",
    "starts_at": "2026-11-24T09:00+03:00",
    "next_update_at": "2026-11-24T12:00+03:00",
    "operations": ["intake"],
}


def site(folder, name="index.html"):
    return (folder / name).read_text(encoding="utf-8")


def test_a_notice_alone_makes_the_site_where_there_is_no_database(tmp_path):
    """In a process of its own, whose database is not there: Arabic first, both languages, JSON and Atom."""
    (tmp_path / "notice.json").write_text(json.dumps(NOTICE), encoding="utf-8")
    env = {"DATABASE_URL": "postgres://nobody:x@127.0.0.1:1/none", "DEMO": "1", "VAR_DIR": str(tmp_path / "var")}
    done = subprocess.run(
        [sys.executable, BIN.parent / "manage.py", "build_status", "--to", "site", "--from", "notice.json"],
        cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "site"
    assert 'lang="ar" dir="rtl"' in site(folder)
    assert NOTICE["text_ar"] in site(folder)
    assert "The central &lt;b&gt;network&lt;/b&gt; is down." in site(folder, "en.html")
    said = json.loads(site(folder, "status.json"))
    assert {row["operation"]: row["state"] for row in said["components"]}["intake"] == "closed"
    assert {row["state"] for row in said["components"]} == {"closed", "unknown"}  # nothing is called working unprobed
    feed = ElementTree.fromstring(site(folder, "atom.xml"))  # noqa: S314 – our own file
    entries = feed.findall("{http://www.w3.org/2005/Atom}entry")
    assert len(entries) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"text_ar": ""},
        {"next_update_at": ""},
        {"starts_at": "2026-11-24T09:00"},
        {"starts_at": "yesterday"},
        {"operations": ["flying"]},
    ],
)
def test_a_notice_that_lacks_something_is_refused_by_name(tmp_path, wrong):
    path = tmp_path / "notice.json"
    path.write_text(json.dumps(NOTICE | wrong), encoding="utf-8")
    with pytest.raises(CommandError) as refused:
        call_command("build_status", "--to", str(tmp_path / "site"), "--from", str(path))
    assert "notice.json" in str(refused.value)
    assert not (tmp_path / "site").exists()


def test_a_notice_by_hand_keeps_the_history_that_was_there(tmp_path):
    path = tmp_path / "notice.json"
    for text in ("One.", "Two."):
        path.write_text(json.dumps(NOTICE | {"text_en": text}), encoding="utf-8")
        call_command("build_status", "--to", str(tmp_path / "site"), "--from", str(path), stdout=sys.stderr)
    said = json.loads(site(tmp_path / "site", "status.json"))
    assert [row["text_en"] for row in said["incidents"]] == ["Two."]
    assert [row["text_en"] for row in said["history"]] == ["One."]


def test_what_is_overdue_is_said_by_the_page_itself(tmp_path):
    """The moments stand in the page for its script, and in words for those without."""
    made = document.from_notice(NOTICE, timezone.now(), None)
    pages.write(made, Folder(tmp_path))
    html = site(tmp_path)
    due = re.findall(r'data-due="([^"]+)"', html)
    assert due == [made["newer_by"], "2026-11-24T09:00:00Z"]
    assert "status.js" in html
    assert "<script>" not in html
    assert "style=" not in html
    assert "now > Date.parse(warning.dataset.due)" in site(tmp_path, "status.js")
    assert "هذه الصفحة قديمة" in html


@pytest.mark.django_db
def test_the_document_is_signed_and_what_is_changed_in_it_is_seen(cast):
    an_incident(timezone.now(), by=cast.administrator)
    made = document.signed(document.from_database(timezone.now(), []))
    assert document.is_genuine(made, keys.public_bytes())
    for name, other in (("as_of", "2030-01-01T00:00:00Z"), ("incidents", []), ("signature", "AAAA")):
        assert not document.is_genuine(made | {name: other}, keys.public_bytes())


@pytest.mark.django_db
def test_nothing_is_shown_as_working_without_a_young_probe(cast, tmp_path):
    now = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)

    def states(*probes):
        made = document.from_database(now, list(probes))
        return {row["operation"]: row["state"] for row in made["components"]}

    def probe(name, minutes, ok=True):
        return {"name": name, "ok": ok, "at": (now - timedelta(minutes=minutes)).isoformat()}

    assert set(states().values()) == {"unknown"}
    fresh = [probe(name, 1) for name in ("inquiry", "writes", "worker")]
    assert set(states(*fresh).values()) == {"open"}
    assert states(*[probe(name, 6) for name in ("inquiry", "writes", "worker")])["inquiry"] == "unknown"
    failing = states(probe("inquiry", 1, ok=False), *fresh[1:])
    assert (failing["inquiry"], failing["intake"]) == ("closed", "open")


@pytest.mark.django_db
def test_a_worker_writes_it_with_its_sign_of_life(cast, tmp_path, settings):
    settings.STATUS_DIR = str(tmp_path / "site")
    an_incident(timezone.now(), by=cast.administrator)
    publish.publish(timezone.now())
    notice = IncidentNotice.objects.get()
    assert notice.text_ar in site(tmp_path / "site")
    (tmp_path / "file").write_text("")
    settings.STATUS_DIR = str(tmp_path / "file")  # a folder there cannot be: the worker goes on
    publish.publish(timezone.now())


def test_a_bucket_of_another_provider_holds_the_same_site(tmp_path, s3_server):
    """Also from a machine without a database; what was announced before goes on in the history."""
    (tmp_path / "notice.json").write_text(json.dumps(NOTICE), encoding="utf-8")
    for _time in range(2):
        call_command("build_status", "--to", s3_server, "--from", str(tmp_path / "notice.json"))
    place = find_place(s3_server)
    assert NOTICE["text_ar"] in place.get("index.html")
    assert len(json.loads(place.get("status.json"))["history"]) == 1
    stored = place.store.bucket.Object("index.html").get()
    assert (stored["ContentType"], stored["CacheControl"]) == ("text/html", "max-age=15")


@pytest.mark.parametrize("place", ["s3://key:se/cret@store.example/status", "s3://store.example/status"])
def test_the_address_of_a_bucket_that_does_not_read_keeps_its_secret(place):
    with pytest.raises(ImproperlyConfigured, match="STATUS_DIR must read") as caught:
        find_place(place)
    assert "se/cret" not in repr(caught.value)


def test_a_bucket_that_is_away_is_said_in_a_sentence(tmp_path):
    (tmp_path / "notice.json").write_text(json.dumps(NOTICE), encoding="utf-8")
    away = f"s3://key:secret@127.0.0.1:{provision.free_port()}/status?tls=0"
    with pytest.raises(CommandError, match=r"127\.0\.0\.1") as caught:
        call_command("build_status", "--to", away, "--from", str(tmp_path / "notice.json"))
    assert "secret" not in str(caught.value)


spans = st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 500)), max_size=6)


@given(spans)
def test_lost_time_counts_overlaps_once(found):
    start = datetime(2026, 10, 31, 12, tzinfo=UTC)
    notices = [
        IncidentNotice(
            incident_id=number, seq=1, operations=["intake"], starts_at=start + timedelta(minutes=begins),
            ended_at=start + timedelta(minutes=begins + lasts),
        )
        for number, (begins, lasts) in enumerate(found)
    ]  # fmt: skip
    lost = document.lost_time(notices, start + timedelta(days=30))
    minutes = {begins + n for begins, lasts in found for n in range(lasts)}
    assert sum(row["minutes"] for row in lost) == len(minutes)
    assert {row["operation"] for row in lost} <= {"intake"}


def test_a_probe_notes_that_nobody_answers(tmp_path):
    for _ in range(2):
        subprocess.run(
            [sys.executable, BIN / "probe", "http://127.0.0.1:1", "--to", tmp_path / "probes.jsonl"],
            check=True, timeout=60,
        )  # fmt: skip
    rows = document.read_probes(tmp_path / "probes.jsonl")
    assert [(row["name"], row["ok"]) for row in rows] == [
        (name, False) for name in ("inquiry", "writes", "worker", "inquiry", "writes", "worker")
    ]
    (tmp_path / "probes.jsonl").write_text("not json\n", encoding="utf-8")
    assert document.read_probes(tmp_path / "probes.jsonl") == []
