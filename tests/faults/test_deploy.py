"""Dockerfile and compose.yml without Docker: their own steps and commands, run in a folder of their own.

The environment holds what requirements.txt pins and nothing else (linked from the one that runs this, so that nothing
is downloaded), the code is what the image would copy, the settings are those of production.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import urllib.request
import venv
from base64 import b64encode
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings as django_settings
from packaging.version import Version

from ..conftest import provision
from ..journeys.conftest import database_url
from ..signers import rsa_authority
from .stack import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.stack]
ROOT = Path(django_settings.BASE_DIR)
TOKEN = secrets.token_hex(24)
# Steps that are about the image's own system, not about us. Every other step is run.
SYSTEM = ("python -m venv ", "pip install ", "apt-get ", "useradd ")


def stages() -> list[list[tuple[str, str]]]:
    """(word, rest) of every line of the Dockerfile by stage, each from its FROM on; continued lines joined."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]
    found: list[list[tuple[str, str]]] = []
    for word, rest in lines:
        if word == "FROM":
            found.append([])
        found[-1].append((word, rest))
    return found


def instructions() -> list[tuple[str, str]]:
    """The lines of the portal's image: the stage it is built in and the last one, without the vault's between them."""
    return [line for stage in stages() if not stage[0][1].endswith(" AS vault") for line in stage]


class Image:
    """The places of the image, under one folder."""

    def __init__(self, folder: Path) -> None:
        self.places = {
            "/opt/venv": folder / "venv",
            "/srv/static": folder / "static",
            "/tmp/var": folder / "build",  # noqa: S108 – a name in the Dockerfile
            "/var/lib/portal": folder / "lib",
            "/app": folder / "app",
        }
        self.env = {"PATH": f"{self.places['/opt/venv']}/bin:/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8"}

    def here(self, text: str) -> str:
        for inside, place in self.places.items():
            text = re.sub(rf"(?<![\w.]){inside}\b", str(place), text)
        return text

    def run(self, command: str, **more: str) -> str:
        done = subprocess.run(
            ["/bin/sh", "-c", self.here(command)],
            cwd=self.places["/app"],
            env=self.env | more,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout


def link_requirements(place: Path) -> None:
    """An environment with exactly what requirements.txt pins."""
    venv.create(place, symlinks=True, with_pip=False)
    site = next((place / "lib").glob("python*")) / "site-packages"
    for name, version in re.findall(
        r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE
    ):
        found = metadata.distribution(name)
        # Compared as versions: 1.2 in a lock file and 1.002 in a wheel's own metadata are one.
        assert Version(found.version) == Version(version), f"{name} {found.version} is installed, {version} is pinned"
        for file in found.files or ():
            source, target = Path(str(found.locate_file(file))), site / file
            if not source.exists() or "__pycache__" in file.parts:
                continue
            target = Path(os.path.normpath(target))
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.parent == place / "bin":
                body = source.read_bytes().partition(b"\n")[2]
                target.write_bytes(f"#!{place}/bin/python\n".encode() + body)
                target.chmod(0o755)
            elif not target.exists():
                try:
                    os.link(source, target)
                except OSError:  # another file system: bin/test keeps its files in memory
                    shutil.copy2(source, target)


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Image:
    """Every step of the Dockerfile done, down to its last line."""
    built = Image(tmp_path_factory.mktemp("image"))
    link_requirements(built.places["/opt/venv"])
    ignored = (ROOT / ".dockerignore").read_text().split()
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    for name in listed.stdout.split():
        if (ROOT / name).exists() and not any(
            fnmatch.fnmatch(part, pattern) for pattern in ignored for part in (name, name.split("/")[0])
        ):
            target = built.places["/app"] / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
    for place in ("/srv/static", "/var/lib/portal"):
        built.places[place].mkdir()
    for word, rest in instructions():
        if word == "ENV":
            for pair in shlex.split(built.here(rest)):
                name, _equals, value = pair.partition("=")
                built.env[name] = value.replace("$PATH", built.env["PATH"])
        elif word == "RUN" and not rest.startswith(SYSTEM):
            built.run(rest)
    built.env |= {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "RECEIPT_PIN_KEY": secrets.token_urlsafe(32),
        "JOURNAL_KEY": b64encode(secrets.token_bytes(32)).decode(),
        "JOURNAL_INCARNATION": "D",
        "ALLOWED_HOSTS": "portal.example",
        "SMS_BACKEND": "accounts.sms.to_file",
        "EMAIL_URL": "filemail:",
        "METRICS_TOKEN": TOKEN,
        "WEB_DATABASE_PASSWORD": secrets.token_urlsafe(32),
        "REDIS_URL": os.environ["REDIS_URL"],
    }
    return built


def compose() -> dict[str, dict[str, object]]:
    return yaml.safe_load((ROOT / "compose.yml").read_text())["services"]


def test_the_image_builds_migrates_serves_and_works(image, run, tmp_path):
    image.env["DATABASE_URL"] = database_url()
    # Nothing but what is pinned can be imported.
    image.run("! python -c 'import pytest' 2>/dev/null")
    image.run(str(compose()["migrate"]["command"]))
    key, certificates = rsa_authority()
    papers = tmp_path / "papers.pem"
    own = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    papers.write_bytes(own + b"".join(each.public_bytes(Encoding.PEM) for each in certificates))
    gateways = f"EMAIL_URL=smtp://mail.example:25 SMS_BACKEND=gateway.send PAPER_SIGNING_FILE={papers}"
    assert "no issues" in image.run(f"{gateways} python manage.py check --deploy --fail-level WARNING")
    assert list(image.places["/srv/static"].rglob("*.css.gz"))

    command = next(json.loads(rest) for word, rest in instructions() if word == "CMD")
    port = provision.free_port()
    assert "0.0.0.0:8000" in command
    command = [part.replace("0.0.0.0:8000", f"127.0.0.1:{port}") for part in command]
    inside = {"cwd": image.places["/app"], "env": image.env, "start_new_session": True, "stderr": subprocess.DEVNULL}
    web = subprocess.Popen([image.places["/opt/venv"] / "bin" / command[0], *command[1:]], **inside)
    worker = subprocess.Popen(
        shlex.split(f"{image.places['/opt/venv']}/bin/" + str(compose()["worker"]["command"])),
        stdout=subprocess.DEVNULL,
        **inside,
    )
    try:
        health = next(json.loads(rest.partition(" CMD ")[2]) for word, rest in instructions() if word == "HEALTHCHECK")
        health = [part.replace(":8000/", f":{port}/") for part in health]

        def healthy() -> bool:
            return subprocess.run(health, env=image.env, stderr=subprocess.DEVNULL).returncode == 0

        until(healthy, 60)
        told = {"X-Forwarded-Proto": "https", "Host": "portal.example"}
        page = urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/", headers=told)).read().decode()
        style = re.search(r'href="(/static/css/base\.[0-9a-f]{12}\.css)"', page)
        assert style, "static files carry hashes in production"
        assert (
            urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}{style[1]}", headers=told)).status
            == 200
        )
        bearer = urllib.request.Request(
            f"http://127.0.0.1:{port}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}
        )
        assert 'view="healthz"' in urllib.request.urlopen(bearer).read().decode()

        ask = "celery -A jeddah_portal inspect active_queues --timeout 2 --json || true"
        queues: set[str] = set()

        def listening() -> bool:
            answer = image.run(ask).strip()
            found = json.loads(answer) if answer.startswith("{") else {}
            queues.update(queue["name"] for host in found.values() for queue in host)
            return bool(queues)

        until(listening, 60)
        assert queues == {queue.name for queue in django_settings.CELERY_TASK_QUEUES}
        assert shlex.split(str(compose()["beat"]["command"]))[:4] == ["celery", "-A", "jeddah_portal", "beat"]
    finally:
        for process in (web, worker):
            process.terminate()
            process.wait(30)


def test_the_image_of_the_vault_carries_all_that_it_imports(tmp_path):
    """Only what its stage copies, and only packages that requirements-vault.txt pins, or the interpreter's own."""
    vault = next(stage for stage in stages() if stage[0][1].endswith(" AS vault"))
    for word, rest in vault:
        *sources, target = rest.split()
        for source in sources if word == "COPY" else ():
            place = tmp_path / target / ("" if (ROOT / source).is_dir() else Path(source).name)
            copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
            place.parent.mkdir(parents=True, exist_ok=True)
            copy(ROOT / source, place)
    entry = next(json.loads(rest) for word, rest in vault if word == "ENTRYPOINT")
    assert (tmp_path / "requirements-vault.txt").exists()
    done = subprocess.run(
        [sys.executable, *entry[1:], "--help"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    for command in ("setup", "run", "verify"):
        assert command in done.stdout
