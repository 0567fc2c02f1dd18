"""Two web hosts behind nginx, all of them and the worker behind PgBouncer: one portal; its files in an S3 store."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import tempfile
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from knox.models import AuthToken
from redis.sentinel import MasterNotFoundError, Sentinel

from jeddah_portal import stores
from journal import export
from journal.verify import verify
from transactions.attachments import services as attachments
from transactions.domain import references, service_types
from transactions.models import Attachment, Event, Heartbeat, Outbox, Transaction

from ..conftest import ANSWERS, files_for, pdf, picture, provision, upload
from ..journeys.conftest import database_url
from .stack import PATIENCE, until
from .test_processes import body_for, post

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.stack]


@pytest.fixture
def family():
    found = provision.Family()
    yield found
    found.end()


def test_two_hosts_behind_nginx_and_pgbouncer_are_one_portal(cast, web, run, family):
    # PgBouncer runs as another user, for whom pytest's own folders are closed.
    home = Path(tempfile.mkdtemp(prefix="jeddah-scale-", dir=os.environ["VAR_DIR"]))
    home.chmod(0o711)
    log = home / "servers.log"
    pooled = {
        "DATABASE_URL": provision.start_pgbouncer(family, home / "pgbouncer", database_url(), log=log),
        "DATABASE_POOLED": "1",
        "MEDIA_ROOT": str(django_settings.MEDIA_ROOT),
        "TRUSTED_PROXIES": "1",
    }
    hosts = [web(**pooled) for _ in range(2)]
    url = provision.start_nginx(family, home / "nginx", [urlsplit(host).netloc for host in hosts], log=log)

    token = AuthToken.objects.create(cast.citizen)[1]
    service = service_types.get("electricity-connection")
    answers = ANSWERS[service.code]
    bodies = []
    for _ in range(24):
        keys = files_for(service, answers, cast.citizen)
        files = {code: [str(key) for key in found] for code, found in keys.items()}
        bodies.append(json.dumps({"service": service.code, "answers": answers, "attachments": files}).encode())

    def send(number: int) -> str:
        headers = {
            "Authorization": f"Token {token}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"s-{number}",
        }
        asked = urllib.request.Request(f"{url}/api/v1/transactions/", bodies[number], headers)
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.load(answer)["reference"]

    with ThreadPoolExecutor(6) as pool:
        given = list(pool.map(send, range(12)))
        # One host is lost; the proxy leaves it out, and what it had not answered is asked again under the same key.
        os.killpg(run.begun[0].pid, signal.SIGKILL)
        given += list(pool.map(send, range(12, 24)))
        again = list(pool.map(send, range(24)))
    assert again == given
    assert sorted(references.parse(reference).serial for reference in given) == list(range(1, 25))
    heads, bad = verify(export.lines())
    assert (bad, [head.seq for head in heads.values()]) == (None, [24])

    worker = run("manage.py", "work", **pooled)
    until(lambda: not Transaction.objects.filter(status="submitted").exists(), 60)
    until(lambda: not Outbox.objects.exclude(state="done").exists(), 60)
    assert worker.poll() is None


def redis_server(family, home, *more):
    """A Redis server of its own with these further settings; returns its port and process."""
    port, folder = provision.free_port(), home / f"redis-{len(family.members)}"
    folder.mkdir()
    config = folder / "redis.conf"
    config.write_text(f"bind 127.0.0.1\nport {port}\ndir {folder}\n" + "\n".join(more) + "\n")
    server = provision.binary(["redis-server"], "redis-server")
    sentinel = ["--sentinel"] if any(line.startswith("sentinel") for line in more) else []
    process = family.start(f"Redis {port}", [server, config, *sentinel], log=home / "servers.log")
    provision.wait_for_port(port, family)
    return port, process


def test_work_goes_on_when_sentinel_makes_another_redis_the_master(cast, web, run, family, tmp_path):
    master, process = redis_server(family, tmp_path)
    replica, _process = redis_server(family, tmp_path, f"replicaof 127.0.0.1 {master}")
    watch = ["down-after-milliseconds portal 1000", "failover-timeout portal 5000"]
    watch = [f"sentinel monitor portal 127.0.0.1 {master} 1", *(f"sentinel {line}" for line in watch)]
    sentinel, _process = redis_server(family, tmp_path, *watch)
    broker = {"REDIS_URL": f"sentinel://127.0.0.1:{sentinel}/0", "REDIS_SENTINEL_MASTER": "portal"}
    run("-m", "celery", "-A", "jeddah_portal", "worker", "--pool", "solo", **broker)
    url = web(**broker)
    until(lambda: Heartbeat.objects.exists(), 120)
    assert json.load(urllib.request.urlopen(f"{url}/readyz"))["checks"] == {
        "database": True,
        "writes": True,
        "worker": True,
        "broker": True,
    }
    asked = Sentinel([("127.0.0.1", sentinel)])
    until(lambda: asked.discover_slaves("portal"), PATIENCE)

    family.members = [member for member in family.members if member[1] is not process]
    process.kill()
    process.wait()

    def follows() -> bool:
        with contextlib.suppress(MasterNotFoundError):
            return asked.discover_master("portal")[1] == replica
        return False

    until(follows, 60)
    token = AuthToken.objects.create(cast.citizen)[1]
    end = time.monotonic() + 120
    sent = 0
    # A message nobody took is sent again after a while; the worker that takes it processes all that is pending.
    while sent == 0 or Transaction.objects.filter(status="submitted").exists():
        assert time.monotonic() < end, "nothing is routed through the new master"
        post(f"{url}/api/v1/transactions/", body_for(cast), token, **{"Idempotency-Key": f"sentinel-{sent}"})
        sent += 1
        time.sleep(3)
    assert Event.objects.filter(move="route").count() == sent


def ask(url, content=None, document="id_copy", **headers):
    """Status and body of what is answered; content is sent as a file of a document."""
    body = None
    if content is not None:
        edge = "edge-of-a-part"
        start = f'--{edge}\r\nContent-Disposition: form-data; name="'
        body = f'{start}document"\r\n\r\n{document}\r\n{start}file"; filename="a.pdf"\r\n\r\n'.encode()
        body += content + f"\r\n--{edge}--\r\n".encode()
        headers["Content-Type"] = f"multipart/form-data; boundary={edge}"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_attachments_lie_in_an_s3_store_that_may_be_lost_and_come_back(cast, web, family, signed_in, tmp_path):
    log = tmp_path / "s3.log"
    store = provision.start_s3(family, log=log)
    files = tmp_path / "nothing"
    plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
    url = web(ATTACHMENTS_URL=store, MEDIA_ROOT=str(files), STATIC_STORAGE=plain)
    token = {"Authorization": f"Token {AuthToken.objects.create(cast.citizen)[1]}"}
    owner, stranger = (
        {"Cookie": f"sessionid={signed_in(person).cookies['sessionid'].value}"}
        for person in (cast.citizen, cast.other_citizen)
    )

    service = service_types.get("electricity-connection")
    answers, sent = ANSWERS[service.code], {}
    keys: dict[str, list[str]] = {}
    for document in service.documents_for(answers):
        for number in range(document.least):
            # The first is so large that it goes into the store in parts.
            photo = "application/pdf" not in document.accepts
            content = picture("JPEG") if photo else pdf(0 if sent else 9 * 1024 * 1024 + number)
            status, said = ask(f"{url}/api/v1/attachments/", content, document.code, **token)
            assert status == 201, said
            keys.setdefault(document.code, []).append(json.loads(said)["key"])
            sent[keys[document.code][-1]] = content
    body = {"service": service.code, "answers": answers, "attachments": keys}
    bearer = token["Authorization"].removeprefix("Token ")
    assert post(f"{url}/api/v1/transactions/", body, bearer, **{"Idempotency-Key": "in-a-store"})["reference"]
    for key, content in sent.items():
        assert ask(f"{url}/files/{key}/", **owner) == (200, content)
        assert ask(f"{url}/files/{key}/", **stranger)[0] == 404
        status, shown = ask(f"{url}/files/{key}/preview/", **owner)
        assert status == 200
        assert shown.startswith((b"\x89PNG", b"\xff\xd8\xff"))
    beside = {path.parent.name for path in files.rglob("*") if path.is_file()}
    assert beside <= {"witness"}, "pictures too lie in the store; of the journal's witness there is a copy"

    _name, process, _stop = family.members.pop()
    process.kill()
    process.wait()
    status, said = ask(f"{url}/api/v1/attachments/", pdf(), **{**token, "Accept-Language": "en"})
    assert (status, json.loads(said)["code"]) == (503, "no_room")
    assert "None of it was kept" in json.loads(said)["detail"]
    status, said = ask(f"{url}/files/{key}/", **owner)
    assert status == 503
    assert "الخدمة متوقفة" in said.decode()
    assert Attachment.objects.count() == len(sent)

    provision.start_s3(family, log=log, port=int(urlsplit(store).port))
    status, said = ask(f"{url}/api/v1/attachments/", pdf(), **token)
    assert status == 201
    assert ask(f"{url}/files/{json.loads(said)['key']}/", **owner) == (200, pdf())
    # The new store is empty: a file that is lost is not handed out as something else.
    assert ask(f"{url}/files/{key}/", **owner)[0] == 410


def test_a_store_that_hangs_is_given_up_before_a_person_is(cast, settings):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.listen(5)
        url = f"s3://portal:secret@127.0.0.1:{silent.getsockname()[1]}/attachments?tls=0"
        settings.STORAGES = settings.STORAGES | {"default": stores.of_attachments(url)}
        began = time.monotonic()
        with pytest.raises(attachments.StorageFull):
            attachments.store(upload(), document="deed", by=cast.citizen)
        # Twice two seconds; the rest is for a busy machine. Without our time-outs it would be minutes.
        assert 2 < time.monotonic() - began < 30
    assert not Attachment.objects.exists()
