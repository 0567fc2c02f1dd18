"""What the scripts beside this file share: the virtual environment, private PostgreSQL and Redis, a browser.

Standard library only, since it runs before anything is installed. Whatever is missing is installed when that is
allowed (Debian, as root); otherwise `Missing` says how to get it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)
# The few people of a measure or a test do what a city does; what one person may is tested apart.
UNLIMITED = dict.fromkeys(("QUOTA_REQUESTS", "QUOTA_DRAFTS", "QUOTA_UPLOAD_MB", "QUOTA_SMS_PHONE", "QUOTA_SMS"), "0")


class Missing(SystemExit):
    """Something this machine lacks; the message says how to get it."""

    def __init__(self, message: str) -> None:
        super().__init__(f"MISSING: {message}")


def say(message: str) -> None:
    print(f"· {message}", flush=True)


# -- packages of the system -------------------------------------------------------------------------------------


def apt_install(*packages: str, why: str) -> bool:
    """Install Debian packages when we may. False when this is not Debian or we are not root."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    say(f"installing {' '.join(packages)} ({why})")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], env=env, stdout=subprocess.DEVNULL)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    return subprocess.run(install, env=env, stdout=subprocess.DEVNULL).returncode == 0


def binary(names: Sequence[str], package: str, folders: Callable[[], Sequence[Path]] = tuple) -> Path:
    """The first of these programs that is there, after installing its Debian package if need be."""
    for attempt in range(2):
        for name in names:
            for folder in folders():
                if (folder / name).exists():
                    return folder / name
            if path := shutil.which(name):
                return Path(path)
        if attempt == 0 and not apt_install(package, why=f"{names[0]} is not here"):
            break
    raise Missing(f"{names[0]}. Install it (on Debian, as root: apt-get install {package}) and run this again.")


# -- Python -----------------------------------------------------------------------------------------------------


def virtual_environment(requirements: str = "requirements.txt", venv: Path = VENV, *, whole: bool = False) -> None:
    """Make .venv and install the pinned requirements; does nothing when they are there. `whole`: the file names all of
    them, and what packages ask for besides is not looked for.
    """
    if sys.version_info < OLDEST:
        raise Missing(f"Python {OLDEST[0]}.{OLDEST[1]} or newer (this is {sys.version.split()[0]}).")
    python = venv / "bin" / "python"
    if not python.exists():
        _make_venv(venv)
    wanted = hashlib.sha256((ROOT / requirements).read_bytes() + sys.version.encode()).hexdigest()
    stamp = venv / f"installed-{requirements}"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say(f"installing {requirements}")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    pip += ["--no-deps"] if whole else []
    if subprocess.run([*pip, "-r", ROOT / requirements]).returncode:
        raise SystemExit("The requirements could not be installed; the lines above say why. Nothing was started.")
    stamp.write_text(wanted)


def _make_venv(venv: Path) -> None:
    say(f"making {venv.name}")
    if importable("venv") and importable("ensurepip"):
        pass
    elif not apt_install("python3-venv", why="Debian keeps Python's venv module in a package of its own"):
        raise Missing("Python's venv module. On Debian, as root: apt-get install python3-venv")
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)


def importable(module: str) -> bool:
    return subprocess.run([sys.executable, "-c", f"import {module}"], stderr=subprocess.DEVNULL).returncode == 0


def environment(**more: str) -> dict[str, str]:
    """Ours for a child: compiled modules are kept, so that the next start is quick."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {**env, "PYTHONUNBUFFERED": "1", **more}


def manage(*arguments: str, env: Mapping[str, str]) -> None:
    """Run a management command; its failure ends us."""
    if code := subprocess.run([PYTHON, ROOT / "manage.py", *arguments], cwd=ROOT, env=env).returncode:
        raise SystemExit(code)


def gunicorn(port: int, *more: str) -> list[str | Path]:
    """The portal's web processes on a loopback port."""
    return [PYTHON, "-m", "gunicorn", "jeddah_portal.wsgi", "--bind", f"127.0.0.1:{port}", *more]


# -- processes --------------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Family:
    """The processes we began, each the head of a group of its own, ended in reverse order."""

    def __init__(self) -> None:
        self.members: list[tuple[str, subprocess.Popen[bytes], signal.Signals]] = []

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        log: Path | None = None,
        stop: signal.Signals = signal.SIGTERM,
    ) -> subprocess.Popen[bytes]:
        with contextlib.ExitStack() as stack:
            out = stack.enter_context(log.open("ab")) if log else None
            process = subprocess.Popen(
                [str(part) for part in command],
                cwd="/" if user else ROOT,
                env=dict(env or environment()),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                user=user,
                start_new_session=True,
            )
        self.members.append((name, process, stop))
        return process

    def dead(self) -> str | None:
        """The name of a member that ended by itself."""
        return next((name for name, process, _stop in self.members if process.poll() is not None), None)

    def end(self, patience: float = 15) -> None:
        for _name, process, stop in reversed(self.members):
            if process.poll() is None:
                process.send_signal(stop)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(patience)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.members.clear()


def wait_for(ready: str, family: Family, seconds: float = 60) -> None:
    """Until http://127.0.0.1:port/path answers 200; a dead member or the end of patience is an error."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if name := family.dead():
            raise SystemExit(f"{name} ended by itself; its log says why.")
        with (
            contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError),
            urllib.request.urlopen(ready, timeout=2) as answer,
        ):
            if answer.status == 200:
                return
        time.sleep(0.05)
    raise SystemExit(f"{ready} did not become ready in {seconds:.0f} s; the logs say why.")


# -- PostgreSQL and Redis of our own ----------------------------------------------------------------------------


def postgres_user() -> str | None:
    """PostgreSQL refuses to run as root: its package's user then, or nobody."""
    if os.geteuid() != 0:
        return None
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def postgres_program(name: str) -> Path:
    """One of PostgreSQL's own programs, from the folder in which the newest server lies."""

    def servers() -> list[Path]:
        folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
        return sorted(folders, key=lambda path: float(path.parent.name), reverse=True)

    return binary([name], "postgresql", servers)


def run_as(user: str | None, command: Sequence[str | Path]) -> None:
    """Run a program to its end, as another user where there is one; what it says when it fails is ours to say."""
    done = subprocess.run(command, user=user, cwd="/", capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{Path(command[0]).name} failed:\n{done.stderr}")


LOOPBACK = ("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=60")


def start_postgres(family: Family, home: Path, *, log: Path, durable: bool = True, port: int = 0) -> str:
    """A private PostgreSQL on a free loopback port or this one, its files under `home`; returns its DATABASE_URL."""
    initdb, user = postgres_program("initdb"), postgres_user()
    data, secret = home / "data", home / "password"
    home.mkdir(parents=True, exist_ok=True)
    if user:
        home.chmod(0o711)
    if not (data / "PG_VERSION").exists():
        data.mkdir(exist_ok=True)
        secret.write_text(secrets.token_hex(16))
        for path in (data, secret):
            path.chmod(0o700 if path is data else 0o600)
            if user:
                shutil.chown(path, user)
        made = ["-D", data, "-U", "portal", "--pwfile", secret, "-A", "scram-sha-256", "-E", "UTF8", "--no-locale"]
        run_as(user, [initdb, *made])
    port = port or free_port()
    fast = () if durable else ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
    command = [initdb.with_name("postgres"), "-D", data, "-p", str(port), *LOOPBACK, *fast]
    family.start("PostgreSQL", command, user=user, log=log, stop=signal.SIGINT)
    wait_for_port(port, family)
    return f"postgresql://portal:{secret.read_text()}@127.0.0.1:{port}/postgres"


def start_replica(family: Family, home: Path, server: str, *, log: Path, minutes_late: float = 0) -> str:
    """A new streaming replica of the PostgreSQL at this URL, by a role that may; applies `minutes_late`; its URL."""
    copy = postgres_program("pg_basebackup")
    place, user, data = urllib.parse.urlsplit(server), postgres_user(), home / "data"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True, mode=0o700)
    if user:
        home.chmod(0o711)
        shutil.chown(data, user)
    run_as(user, [copy, "-D", data, "-R", "-X", "stream", "-c", "fast", "-d", place._replace(path="").geturl()])
    port = free_port()
    late = ("-c", f"recovery_min_apply_delay={minutes_late * 60:.0f}s")
    command = [copy.with_name("postgres"), "-D", data, "-p", str(port), *LOOPBACK, *late]
    family.start("PostgreSQL's replica", command, user=user, log=log, stop=signal.SIGINT)
    # It takes connections before it answers them.
    ready = [copy.with_name("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    end = time.monotonic() + 60
    while subprocess.run(ready).returncode:
        if time.monotonic() > end:
            raise SystemExit(f"the replica does not answer; see {log}")
        time.sleep(0.1)
    return place._replace(netloc=f"{place.username}:{place.password}@127.0.0.1:{port}").geturl()


def start_redis(family: Family, home: Path, *, log: Path) -> str:
    """A private Redis on a free loopback port, its files under `home`; returns its REDIS_URL."""
    server = binary(["redis-server"], "redis-server")
    home.mkdir(parents=True, exist_ok=True)
    port, password = free_port(), secrets.token_hex(16)
    config = home / "redis.conf"
    config.touch(mode=0o600)
    config.write_text(f"bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir {home}\nappendonly yes\n")
    family.start("Redis", [server, config], log=log)
    wait_for_port(port, family)
    return f"redis://:{password}@127.0.0.1:{port}/0"


def start_s3(family: Family, *, log: Path, port: int = 0) -> str:
    """An S3 server of our own, in memory, on a loopback port, with one bucket; returns its ATTACHMENTS_URL."""
    port = port or free_port()
    place = f"127.0.0.1:{port}"
    family.start("S3", [PYTHON, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)], log=log)
    wait_for(f"http://{place}/", family)
    urllib.request.urlopen(urllib.request.Request(f"http://{place}/attachments", method="PUT"), timeout=5).close()
    return f"s3://portal:{secrets.token_hex(16)}@{place}/attachments?tls=0"


def start_pgbouncer(family: Family, home: Path, server: str, *, log: Path) -> str:
    """PgBouncer in transaction mode before the PostgreSQL at this URL; returns the URL that leads through it."""
    place = urllib.parse.urlsplit(server)
    port = free_port()
    home.mkdir(parents=True, exist_ok=True)
    users, config = home / "users.txt", home / "pgbouncer.ini"
    users.write_text(f'"{place.username}" "{place.password}"\n')
    config.write_text(
        f"[databases]\n* = host={place.hostname} port={place.port}\n[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = scram-sha-256\n"
        f"auth_file = {users}\npool_mode = transaction\ndefault_pool_size = 8\nmax_client_conn = 200\n"
        "ignore_startup_parameters = extra_float_digits,options\n"
    )
    user = postgres_user()
    for path in (home, users, config):
        path.chmod(0o700 if path is home else 0o600)
        if user:
            shutil.chown(path, user)
    family.start("PgBouncer", [binary(["pgbouncer"], "pgbouncer"), config], user=user, log=log)
    wait_for_port(port, family)
    return place._replace(netloc=f"{place.username}:{place.password}@127.0.0.1:{port}").geturl()


def start_nginx(family: Family, home: Path, upstreams: Sequence[str], *, log: Path) -> str:
    """nginx before these hosts ("127.0.0.1:8001"), leaving out those that do not answer; returns its base URL."""
    port = free_port()
    home.mkdir(parents=True, exist_ok=True)
    places = "".join(
        f"{kind}_temp_path {home}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = home / "nginx.conf"
    words = (ROOT / "deploy" / "nginx.conf").read_text().split()
    limit = f"client_max_body_size {words[words.index('client_max_body_size') + 1]}"
    write_upstreams(home, upstreams)
    config.write_text(
        f"daemon off; pid {home}/pid; error_log stderr; worker_processes 1; events {{}}\n"
        f"http {{ access_log off; {places} {limit}\n"
        f"upstream portal {{ include {home}/upstreams; }}\n"
        f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://portal; proxy_connect_timeout 1s;\n"
        "proxy_set_header Host $host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n"
        "proxy_set_header X-Forwarded-Proto $scheme; proxy_next_upstream error timeout non_idempotent; } } }\n"
    )
    family.start("nginx", [binary(["nginx"], "nginx-light"), "-e", "stderr", "-c", config], log=log)
    wait_for_port(port, family)
    return f"http://127.0.0.1:{port}"


def write_upstreams(home: Path, upstreams: Sequence[str]) -> None:
    """The hosts the nginx in `home` passes requests to, from its start or its next SIGHUP on."""
    (home / "upstreams").write_text(
        "".join(f"server {address} max_fails=1 fail_timeout=5s;\n" for address in upstreams)
    )


def wait_for_port(port: int, family: Family, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if name := family.dead():
            raise SystemExit(f"{name} ended by itself; its log says why.")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise SystemExit(f"Nothing listens on port {port} after {seconds:.0f} s; the log says why.")


def private_home(wanted: Path) -> Path:
    """Where a private server keeps its files: the place wanted, or, as root, one where its own user may go."""
    if os.geteuid() != 0:
        return wanted
    mark = hashlib.sha256(str(wanted.parent).encode()).hexdigest()[:12]
    return Path("/var/tmp") / f"jeddah-portal-{mark}" / wanted.name


def chromium() -> Path:
    """A Chromium for the browser journeys: best the one without windows, which takes half the time."""
    if chosen := os.environ.get("CHROMIUM_PATH"):
        return Path(chosen)
    shell = "chromium-headless-shell"
    if shutil.which(shell) or apt_install(shell, why="the browser journeys take half the time in it"):
        return Path(shutil.which(shell) or shell)
    return binary(["chromium", "chromium-browser", "google-chrome"], "chromium")


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM ends us the same way Ctrl-C does; a shell that started us in the background had Ctrl-C ignored."""
    ways = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(way, signal.default_int_handler) for way in ways]
    try:
        yield
    finally:
        for way, handler in zip(ways, before, strict=True):
            signal.signal(way, handler)


def read_json(path: Path) -> dict[str, object]:
    content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return content if isinstance(content, dict) else {}
