"""The store of attachments: how the setting is read, and what people are told when the store is away."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse

from jeddah_portal import stores
from jeddah_portal.checks import attachments_can_be_reached
from journal import standing
from transactions.domain import service_types
from transactions.intake import drafts
from transactions.models import Attachment

from ..conftest import drive, provision, upload
from ..production import environment, start

GOOD = "s3://key:a%2Fb%2Bc@store.example:9000/papers?region=me-1"


def test_the_address_of_a_store_is_read_with_tls_unless_told_otherwise():
    options = stores.of_attachments(GOOD)["OPTIONS"]
    assert options == {
        "access_key": "key",
        "secret_key": "a/b+c",
        "bucket_name": "papers",
        "endpoint_url": "https://store.example:9000",
        "region_name": "me-1",
    }
    assert stores.of_attachments(f"{GOOD}&tls=0")["OPTIONS"]["endpoint_url"] == "http://store.example:9000"


@pytest.mark.parametrize(
    "url",
    [
        "https://key:secret@store.example/papers",
        "s3://store.example/papers",
        "s3://key:secret@store.example",
        "s3://key:secret@store.example/papers/below",
        "s3://key:se/cret@store.example/papers",
        "s3://key:se#cret@store.example/papers",
        "s3://key:secret@store.example/papers?tls=no",
        "s3://key:secret@store.example/papers?regoin=me-1",
        "s3://key:secret@store.example/papers?tls",
    ],
)
def test_an_address_that_does_not_read_stops_the_start_and_keeps_the_secret_to_itself(url):
    with pytest.raises(ImproperlyConfigured, match="ATTACHMENTS_URL must read") as caught:
        stores.of_attachments(url)
    assert "se/cret" not in repr(caught.value)
    assert caught.value.__suppress_context__


def test_both_kinds_keep_the_same_promises(wherever_files_lie):
    assert default_storage.listdir("up/1") == ([], [])
    assert default_storage.save("aa/name", ContentFile(b"one")) == "aa/name"
    assert default_storage.save("aa/name", ContentFile(b"two")) == "aa/name"
    assert default_storage.open("aa/name").read() == b"two"
    default_storage.delete("aa/name")
    default_storage.delete("aa/name")
    with pytest.raises(FileNotFoundError):
        default_storage.open("aa/name")
    assert default_storage.listdir("unfinished") == ([], [])


@pytest.fixture
def nobody_answers(settings):
    def away() -> None:
        url = f"s3://key:secret@127.0.0.1:{provision.free_port()}/papers?tls=0"
        settings.STORAGES = settings.STORAGES | {"default": stores.of_attachments(url)}

    return away


@pytest.mark.parametrize("wherever_files_lie", ["s3"], indirect=True)
def test_check_deploy_asks_the_store(wherever_files_lie, nobody_answers, settings):
    assert attachments_can_be_reached(None) == []
    settings.STORAGES = settings.STORAGES | {
        "default": stores.of_attachments(wherever_files_lie.replace("/attachments?", "/no-such-bucket?"))
    }
    (missing,) = attachments_can_be_reached(None)
    assert "NoSuchBucket" in missing.msg
    nobody_answers()
    assert [error.id for error in attachments_can_be_reached(None)] == ["portal.E004"]


@pytest.mark.django_db
def test_a_store_that_is_away_is_told_in_words_and_nothing_is_half_kept(
    cast, signed_in, submitted, nobody_answers, monkeypatch
):
    # That the witness lies there too, and is asked now and then, is another matter.
    monkeypatch.setattr(standing, "RECHECK_SECONDS", 3600)
    standing.clear_cache()
    case = drive(submitted(), cast, "under_study")
    draft = drafts.start_draft(service_types.get("land-subdivision"), by=cast.citizen)
    before = Attachment.objects.count()
    nobody_answers()
    page = signed_in(cast.citizen)
    answer = page.post(reverse("transactions:documents", args=[draft.key]), {"deed": upload()})
    assert answer.status_code == 422
    assert "تعذّر حفظ الملف الآن" in answer.content.decode()
    piece = {"Content-Range": "bytes 0-99/1000"}
    url = reverse("transactions:add_document", args=[draft.key, "deed"])
    # By script, which tries again by itself and then offers it.
    for sent, size in (({"headers": piece}, 100), ({}, None)):
        answer = page.post(url, {"file": upload("a.pdf", upload().read()[:size])}, **sent)
        assert answer.status_code == 503
    assert Attachment.objects.count() == before
    # The page of a case goes on without its pictures.
    assert signed_in(cast.reviewer).get(reverse("staff:case", args=[case.reference])).status_code == 200
    page.raise_request_exception = False
    answer = page.get(reverse("transactions:file", args=[case.attachments.first().key]))
    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert re.search("الخدمة متوقفة", answer.content.decode())


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_nobody_else_reads_what_lies_on_the_disk(settings, umask):
    before = os.umask(umask)
    try:
        Path(settings.MEDIA_ROOT).mkdir(mode=0o755)
        for name in ("ab/cdef", "up/1/part", "seen/ab/page-1.png"):
            default_storage.save(name, ContentFile(b"x"))
    finally:
        os.umask(before)
    root = Path(settings.MEDIA_ROOT)
    assert [path for path in (root, *root.rglob("*")) if path.stat().st_mode & 0o077 and path.is_file()] == []
    assert root.stat().st_mode & 0o777 == 0o700


def test_outside_the_demo_whatever_is_written_is_for_its_own_user_alone(tmp_path):
    say = f"import jeddah_portal.settings; open({str(tmp_path / 'x')!r}, 'w').close()"
    assert start(environment(tmp_path), "-c", say).returncode == 0
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o600
