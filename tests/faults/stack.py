"""The whole portal as real processes on loopback: PostgreSQL, Redis, gunicorn, a Celery worker, beat.

The stack starts them, breaks them by their ids, and plays the supervisor of a real host: whatever process of the
portal died is started again a second later. What the portal mends, it mends by itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from .checker import Picture, read

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bin"))
import provision  # noqa: E402

QUEUES = {"route": "routing", "notify": "notifications", "sweep": "upkeep"}
DAY = timedelta(days=1)
RECOVERY = 30.0
"""Seconds within which everything must be well again without hands (the issue's promise)."""
PATIENCE = 60.0
"""Where nothing is promised: how long a machine that has other things to do may take."""
UNLIMITED = provision.UNLIMITED | {"CHECKLISTS_BIND": "0"}


class InvalidRun(AssertionError):
    """The fault did not happen, so nothing was shown."""


class Proc:
    """One process with its command line, so that it can be started again as it was."""

    def __init__(
        self,
        name: str,
        command: list[str],
        env: dict[str, str],
        log: Path,
        user: str | None = None,
        supervised: bool = True,
        tree: Path = ROOT,
    ) -> None:
        self.name, self.command, self.env, self.log, self.user = name, command, env, log, user
        self.supervised, self.cwd = supervised, Path("/") if user else tree
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                self.command,
                cwd=self.cwd,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                user=self.user,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def children(self) -> list[int]:
        try:
            return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]
        except FileNotFoundError:
            return []

    def send(self, number: signal.Signals) -> None:
        """To the process alone."""
        os.kill(self.pid, number)

    def send_all(self, number: signal.Signals) -> None:
        """To the process and its children."""
        os.killpg(self.pid, number)

    def kill(self) -> None:
        """SIGKILL to it and all its children, and wait for the end."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.send_all(signal.SIGKILL)
        self._process.wait()

    def stop(self, number: signal.Signals = signal.SIGTERM, patience: float = 10) -> None:
        if self._process is None:
            return
        if self.alive():
            self.send(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        self.kill()


class Stack:
    """Use as a context manager. `folder` must be reachable for the user PostgreSQL runs as."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.faults = folder, folder / "faults"
        for name in ("armed", "hit"):
            (self.faults / name).mkdir(parents=True)
        self.port = provision.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._stopping = threading.Event()
        self.extra: list[Proc] = []

    def __enter__(self) -> Stack:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for name in ("supervisor", "web", "worker", "beat", "cache", "database"):
            member = getattr(self, name, None)
            if isinstance(member, threading.Thread):
                member.join()
            elif isinstance(member, Proc):
                member.kill()
        for proc in self.extra:
            proc.kill()

    # -- starting ------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        family = provision.Family()
        log = self.folder / "servers.log"
        try:
            self.database_url = provision.start_postgres(family, self.folder / "postgres", log=log)
            self.redis_url = provision.start_redis(family, self.folder / "redis", log=log)
            user = provision.postgres_user()
            (_, database, _), (_, cache, _) = family.members
            self.database = Proc("PostgreSQL", database.args, dict(os.environ), log, user, supervised=False)
            self.database._process = database
            self.cache = Proc("Redis", cache.args, dict(os.environ), log, supervised=False)
            self.cache._process = cache
        except BaseException:
            family.end()
            raise
        self._speak_tls()
        self.env = provision.environment(
            DJANGO_SETTINGS_MODULE="tests.faults.inject.settings",
            FAULTS_DIR=str(self.faults),
            VAR_DIR=str(self.folder),
            MEDIA_ROOT=str(self.folder / "files"),  # whichever test came first; its witness belongs to the database
            DATABASE_URL=self.database_url,
            REDIS_URL=self.redis_url,
            STATIC_STORAGE="django.contrib.staticfiles.storage.StaticFilesStorage",
            DEMO="1",
            LOG_LEVEL="WARNING",
            **UNLIMITED,
        )
        tokens = self.folder / "tokens.json"
        subprocess.run([sys.executable, "-m", "tests.faults.seed", tokens], cwd=ROOT, env=self.env, check=True)
        self.tokens: dict[str, str] = json.loads(tokens.read_text())
        self.web = self.gunicorn(self.port)
        self.worker, self.beat = self.celery("worker"), self.celery("beat")
        for proc in (self.web, self.worker, self.beat):
            proc.start()
        self.supervisor = threading.Thread(target=self._supervise, daemon=True)
        self.supervisor.start()
        until(lambda: answers(f"{self.url}/readyz"), 60, "the portal is ready")

    def _speak_tls(self) -> None:
        """Let PostgreSQL accept TLS too: only there does a client notice that a piece of the stream came twice."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        today = datetime.now(UTC)
        builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        made = builder.not_valid_before(today - DAY).not_valid_after(today + DAY).sign(key, hashes.SHA256())
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        for file, content in (("server.key", secret), ("server.crt", made.public_bytes(Encoding.PEM))):
            path = self.folder / "postgres" / "data" / file
            path.write_bytes(content)
            path.chmod(0o600)
            if self.database.user:
                shutil.chown(path, self.database.user)
        self.sql("ALTER SYSTEM SET ssl = on")
        self.sql("SELECT pg_reload_conf()")

    def gunicorn(self, port: int, workers: int = 2, tree: Path = ROOT, **env: str) -> Proc:
        """Web processes of the code in `tree`."""
        command = [sys.executable, "-m", "gunicorn", "jeddah_portal.wsgi", "--bind", f"127.0.0.1:{port}", "--threads",
                   "4", "--workers", str(workers), "--no-control-socket"]  # fmt: skip
        return Proc("gunicorn", command, self.env | {"FAULTS_ROLE": "web"} | env, self.folder / "web.log", tree=tree)

    def celery(self, role: str, tree: Path = ROOT) -> Proc:
        """The worker, or beat, of the code in `tree`."""
        more = {"worker": ["--concurrency", "2"], "beat": ["--pidfile="]}[role]
        command = [sys.executable, "-m", "celery", "-A", "jeddah_portal", role, *more]
        return Proc(role, command, self.env | {"FAULTS_ROLE": role}, self.folder / f"{role}.log", tree=tree)

    def second_web(self, **env: str) -> tuple[Proc, str]:
        """Another web process of the same portal with other settings, for instance behind a proxy that fails."""
        port = provision.free_port()
        proc = self.gunicorn(port, workers=1, **env)
        proc.start()
        self.extra.append(proc)
        until(lambda: answers(f"http://127.0.0.1:{port}/healthz"), PATIENCE, "the second web process answers")
        return proc, f"http://127.0.0.1:{port}"

    def _supervise(self) -> None:
        """What systemd or a container's restart policy does."""
        while not self._stopping.wait(0.25):
            for proc in (self.web, self.worker, self.beat):
                if not proc.alive() and proc.supervised:
                    self._stopping.wait(1)
                    if not self._stopping.is_set():
                        proc.kill()
                        proc.start()

    # -- crash points --------------------------------------------------------------------------------------------

    def arm(self, point: str, action: str = "kill", times: int = 1) -> None:
        from .inject.points import POINTS

        assert point in POINTS
        (self.faults / "armed" / point).write_text(action)

    def await_strike(self, point: str, seconds: float = 20) -> None:
        armed = self.faults / "armed" / point
        end = time.monotonic() + seconds
        while armed.exists():
            if time.monotonic() > end:
                armed.unlink(missing_ok=True)
                raise InvalidRun(f"nothing came to the point “{point}”: the fault did not happen")
            time.sleep(0.02)

    def release(self, point: str) -> None:
        """Whoever is held at the point goes on."""
        for hit in (self.faults / "hit").glob(f"{point}.*"):
            hit.unlink()

    def bend_clock(self, role: str, seconds: float) -> None:
        """Put the clock of web or worker ahead (or back) from now on; 0 puts it right."""
        bent = self.faults / f"clock-{role}"
        fresh = bent.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.rename(bent)

    # -- looking in ----------------------------------------------------------------------------------------------

    def connect(self, **more: Any) -> Any:
        connection = psycopg2.connect(self.database_url, connect_timeout=5, **more)
        connection.autocommit = True
        return connection

    def sql(self, query: str, *values: Any) -> list[Any]:
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(query, values)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(self.redis_url, socket_timeout=5)

    def picture(self) -> Picture:
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                return read(cursor)
        finally:
            connection.close()

    def sms(self) -> list[dict[str, Any]]:
        log = self.faults / "sms.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def unfinished(self) -> int:
        return int(self.sql("SELECT count(*) FROM transactions_outbox WHERE state IN ('owed', 'claimed')")[0][0])

    def settle(self, seconds: float = RECOVERY) -> float:
        """Wait until no work is owed any more; seconds it took. Fails after `seconds`."""
        began = time.monotonic()
        try:
            until(lambda: self.unfinished() == 0, seconds, "no work is owed any more")
        except AssertionError as error:
            rows = self.sql(
                "SELECT id, kind, state, attempts, not_before - now(), lease_until - now(), last_error"
                " FROM transactions_outbox WHERE state IN ('owed', 'claimed') ORDER BY id LIMIT 5"
            )
            raise AssertionError(f"{error}: {[tuple(map(str, row)) for row in rows]}") from None
        return time.monotonic() - began

    def wake_workers(self, kind: str) -> None:
        """The message any web process would send."""
        from celery import Celery

        app = Celery(broker=self.redis_url)
        app.send_task(f"transactions.tasks.{kind}", queue=QUEUES[kind])
        app.close()

    def forget_leases(self) -> None:
        """What twenty seconds of waiting would do. Only where waiting itself is not what is shown."""
        self.sql("UPDATE transactions_outbox SET lease_until = now() - interval '1 s' WHERE state = 'claimed'")

    # -- faults --------------------------------------------------------------------------------------------------

    def kill_a_child(self, proc: Proc) -> int:
        children = proc.children()
        if not children:
            raise InvalidRun(f"{proc.name} has no child to kill")
        os.kill(children[0], signal.SIGKILL)
        return children[0]

    @contextlib.contextmanager
    def hung(self, proc: Proc) -> Iterator[None]:
        """SIGSTOP for a while: there, but not answering."""
        pids = [*proc.children(), proc.pid]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in reversed(pids):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    @contextlib.contextmanager
    def gone(self, proc: Proc, how: signal.Signals = signal.SIGKILL) -> Iterator[None]:
        """Stopped for a while, then started again as it was."""
        proc.stop(how)
        if proc.alive():
            raise InvalidRun(f"{proc.name} did not stop")
        try:
            yield
        finally:
            proc.start()
            self._await_servers(proc)

    def empty_cache_disk(self) -> None:
        """While Redis is stopped: what a new disk looks like."""
        for path in (self.folder / "redis").iterdir():
            if path.name != "redis.conf":
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _await_servers(self, back: Proc) -> None:
        def there() -> bool:
            if not back.alive():
                back.start()  # PostgreSQL refuses to start while a process of the one that was killed is still ending
            with contextlib.suppress(psycopg2.OperationalError, redis.RedisError):
                self.connect().close()
                return bool(self.redis().ping())
            return False

        until(there, PATIENCE, "PostgreSQL and Redis are back")


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:
            return answer.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def until(true: Callable[[], bool], seconds: float, what: str = "") -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(psycopg2.OperationalError):
            if true():
                return
        time.sleep(0.05)
    raise AssertionError(f"still not so after {seconds:.0f} s: {what}")
