"""A portal to measure: PostgreSQL, Redis, a demo city, gunicorn with two workers, and a bare Django beside it."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import struct
import subprocess
import urllib.parse
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import provision
from provision import PYTHON, ROOT, Family, say

CELERY = [PYTHON, "-m", "celery", "-A", "jeddah_portal"]
TICKS = os.sysconf("SC_CLK_TCK")
DOCUMENTS = {"facade_photo": 2, "croquis": 1, "id_copy": 1, "ownership_doc": 1}


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


# One white dot.
PNG = (
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(b"\x00\xff\xff\xff"))
    + chunk(b"IEND", b"")
)
# One empty page.
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
# A person may have 200 files that belong to no request yet; each submission brings five.
EACH_PERSON = 30


class Server:
    """One gunicorn with two workers of `threads` each, and a keep-alive connection to it."""

    def __init__(self, family: Family, module: str, env: dict[str, str], log: Path, threads: int) -> None:
        self.port = provision.free_port()
        command = [PYTHON, "-m", "gunicorn", module, "--bind", f"127.0.0.1:{self.port}", "--workers", "2"]
        command += ["--threads", str(threads), "--keep-alive", "75"]
        more = ["--no-control-socket", "--pythonpath", str(ROOT / "bin")]
        self.master = family.start(module, [*command, *more], env=env, log=log).pid
        provision.wait_for_port(self.port, family)
        self.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        self.line.request(method, path, body or None, headers or {})
        answer = self.line.getresponse()
        return answer.status, answer.read()

    def cpu(self) -> float:
        """CPU seconds used so far by the master and its workers."""
        return cpu_of([self.master, *children(self.master)])


def cpu_of(pids: Iterable[int]) -> float:
    """CPU seconds used so far by these processes."""
    seconds = 0.0
    for pid in pids:
        parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        seconds += (int(parts[11]) + int(parts[12])) / TICKS
    return seconds


def children(pid: int) -> list[int]:
    return [int(part) for part in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


LETTERS = iter("BCDEFGHIJKLMNOPQRSTUVWXYZ")


@dataclass
class World:
    """What every part of a run is given."""

    family: Family
    var: Path
    log: Path
    env: dict[str, str]
    rounds: int
    threads: int
    demo: dict[str, dict[str, dict[str, str]]]

    @property
    def sample(self) -> dict[str, str]:
        return self.demo["samples"]["under_study"]

    def portal(self) -> Server:
        return Server(self.family, "jeddah_portal.wsgi", self.env, self.log, self.threads)

    def bare(self) -> Server:
        settings = {"DJANGO_SETTINGS_MODULE": "benching.bare.settings"}
        return Server(self.family, "jeddah_portal.wsgi", self.env | settings, self.log, self.threads)

    def token(self, role: str = "resident") -> str:
        """A token of the API for a person of the demo."""
        code = (
            "from accounts.api_tokens import create_api_token; from accounts.models import User;"
            f"print(create_api_token(User.objects.get(national_id='{self.demo['accounts'][role]['national_id']}')))"
        )
        return self.shell(code).split()[-1]

    def tokens(self, many: int) -> list[str]:
        """Tokens of the API for as many people made for this."""
        code = (
            "from accounts.api_tokens import create_api_token; from accounts.models import User\n"
            "from django.utils import timezone\n"
            "from jeddah_portal.demo.names import national_id\n"
            "first = User.objects.count()\n"
            f"for n in range(first, first + {many}):\n"
            "    user = User.objects.create_user(national_id(7_000_000 + n), None, full_name='bench',\n"
            "        phone=f'+9665{n:08d}', identity_verified_at=timezone.now())\n"
            "    print(create_api_token(user))"
        )
        return self.shell(code).split()[-many:]

    def shell(self, code: str) -> str:
        """Run Python in the portal; what it printed."""
        command = [PYTHON, ROOT / "manage.py", "shell", "--no-imports", "-c", code]
        done = subprocess.run(command, env=self.env, cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stderr)
        return done.stdout

    def sql(self, text: str) -> str:
        """Run SQL; what it returned, one row a line."""
        psql = provision.binary(["psql"], "postgresql-client")
        command = [psql, self.env["DATABASE_URL"], "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", text]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stderr)
        return done.stdout.strip()

    def copy(self, name: str, **env: str) -> World:
        """The same world on a copy of its database and files as they are now; whoever is connected is cut off."""
        self.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
        base, _slash, of = self.env["DATABASE_URL"].rpartition("/")
        elsewhere = replace(self, env=self.env | {"DATABASE_URL": f"{base}/template1"})
        elsewhere.sql(f"CREATE DATABASE {name} TEMPLATE {of}")
        # A copy gives numbers of its own, as every database that has a twin; its witness lies with its files.
        files = self.var / f"files-{name}"
        shutil.copytree(self.var / "files", files)
        own = {"DATABASE_URL": f"{base}/{name}", "JOURNAL_INCARNATION": next(LETTERS), "MEDIA_ROOT": str(files)}
        return replace(self, env=self.env | own | env)


def build(family: Family, var: Path, transactions: int, rounds: int, threads: int) -> World:
    log = var / "log"
    # Its own files, whatever the environment says of others': copies of this world take them along.
    own = {"VAR_DIR": str(var), "MEDIA_ROOT": str(var / "files")}
    env = provision.environment(**own, DEMO="1", LOG_LEVEL="INFO", CHECKLISTS_BIND="0", **provision.UNLIMITED)
    env["DATABASE_URL"] = provision.start_postgres(family, var / "postgres", log=log)
    env["REDIS_URL"] = provision.start_redis(family, var / "redis", log=log)
    say(f"building a city of {transactions} transactions")
    provision.manage("prepare", env=env)
    provision.manage("seed_demo", "--transactions", str(transactions), env=env)
    return World(family, var, log, env, rounds, threads, provision.read_json(var / "demo.json"))  # type: ignore[arg-type]


def inquiry_form(portal: Server, sample: dict[str, str]) -> tuple[bytes, dict[str, str]]:
    """(body, headers) of the inquiry as a browser posts it."""
    portal.line.request("GET", "/inquiry/")
    page = portal.line.getresponse()
    cookie = page.headers["Set-Cookie"].split(";")[0]
    hidden = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page.read())
    if hidden is None:
        raise SystemExit("the inquiry page has no form")
    form = urllib.parse.urlencode({**sample, "csrfmiddlewaretoken": hidden[1].decode()}).encode()
    return form, {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}


def upload(portal: Server, token: str, document: str) -> str:
    content, name = (PNG, "a.png") if document == "facade_photo" else (PDF, "a.pdf")
    edge = "----bench"
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="document"\r\n\r\n{document}\r\n'.encode(),
        f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode(),
        content,
        f"\r\n--{edge}--\r\n".encode(),
    ]
    headers = {"Content-Type": f"multipart/form-data; boundary={edge}", "Authorization": f"Token {token}"}
    status, answer = portal.ask("POST", "/api/v1/attachments/", b"".join(parts), headers)
    if status != 201:
        raise SystemExit(f"upload: {status} {answer[:300]!r}")
    return str(json.loads(answer)["key"])


def submission(portal: Server, token: str) -> bytes:
    answers = {
        "request_kind": "new", "ownership": "none", "load_kva": "25", "meters": "1", "district": "SHR-01",
        "street": "شارع حائل", "lived_in": True, "not_in_wadi": True, "not_state_land": True, "not_disputed": True,
        "not_in_breach": True, "no_ownership": True,
    }  # fmt: skip
    files = {code: [upload(portal, token, code) for _ in range(many)] for code, many in DOCUMENTS.items()}
    return json.dumps({"service": "electricity-connection", "answers": answers, "attachments": files}).encode()


def submissions(world: World, portal: Server, many: int) -> list[tuple[str, bytes]]:
    """(token, body) of as many submissions with files of their own, which lie there already."""
    tokens = world.tokens(-(-many // EACH_PERSON))
    say(f"uploading the files of {many} submissions of {len(tokens)} people")
    senders = [tokens[number // EACH_PERSON] for number in range(many)]
    return [(token, submission(portal, token)) for token in senders]


def send(portal: Server, token: str, body: bytes, key: str) -> tuple[int, bytes]:
    headers = {"Content-Type": "application/json", "Authorization": f"Token {token}", "Idempotency-Key": key}
    return portal.ask("POST", "/api/v1/transactions/", body, headers)
