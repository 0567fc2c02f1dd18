"""The other places on this machine, for `bin/run --full --places`: vault, second site, status site. Each is a group of
processes with a folder of its own.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import urllib.parse
from collections.abc import Mapping
from pathlib import Path

import provision
from provision import PYTHON, ROOT, Family, say

MINUTES_LATE = 5
"""What is applied to the second site's late copy was said so long ago; its guard stops it when the centre is wiped."""
SYSTEM = Path("/usr/bin/python3")


def kept_port(path: Path) -> int:
    """The port of the last start, which the vault knows the database by; another when there was none."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(provision.free_port()))
    return int(path.read_text())


def start_vault(family: Family, home: Path, database: str, env: Mapping[str, str]) -> dict[str, str]:
    """A vault that streams from the database at this URL; returns the settings it gives the centre.

    Its identity, which opens everything, lies beside it, since there is no safe on one machine.
    """
    say("setting up the vault")
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o711)  # as root it is another user's who goes through here
    python = SYSTEM if os.geteuid() == 0 and SYSTEM.exists() else Path(sys.executable)
    own = provision.environment(VAULT_VENV=str(home / "venv"), PYTHONDONTWRITEBYTECODE="1")
    folder, settings = home / "vault", home / "centre.env"
    if not settings.exists():
        shutil.rmtree(folder, ignore_errors=True)
        password = secrets.token_hex(24)
        provision.manage("vault_role", env={**env, "VAULT_DATABASE_PASSWORD": password})
        identity = home / "identity.txt"
        identity.unlink(missing_ok=True)
        recipient = _vault(python, own, "new-key", identity).strip().rpartition("=")[2]
        door = f"127.0.0.1:{provision.free_port()}"
        setup = ["setup", folder, "--recipient", recipient, "--listen", door]
        setup += ["--user", "nobody"] if os.geteuid() == 0 else []
        printed = _vault(python, own, *setup, "--database", _conninfo(database, "portal_vault", password))
        settings.touch(mode=0o600)
        settings.write_text("\n".join(line for line in printed.splitlines() if line.startswith("VAULT_")))
    family.start("vault", [python, ROOT / "bin" / "vault", "run", folder], env=own, log=home / "vault.log")
    return dict(line.split("=", 1) for line in settings.read_text().splitlines())


def _conninfo(url: str, user: str, password: str) -> str:
    place = urllib.parse.urlsplit(url)
    return f"host={place.hostname} port={place.port} user={user} dbname={place.path[1:]} password={password}"


def _vault(python: Path, env: Mapping[str, str], *arguments: object) -> str:
    command = [python, ROOT / "bin" / "vault", *map(str, arguments)]
    done = subprocess.run(command, env=dict(env), capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"the vault could not be set up:\n{done.stdout}{done.stderr}")
    return "".join(line for line in done.stdout.splitlines(keepends=True) if not line.startswith("·"))


def start_second_site(family: Family, home: Path, database: str, env: Mapping[str, str]) -> str:
    """Two copies of the database, web processes on them and the guard; returns its address."""
    say("starting the second site")
    home.mkdir(parents=True, exist_ok=True)
    log, port = home / "site.log", provision.free_port()
    hot = provision.start_replica(family, provision.private_home(home / "hot"), database, log=log)
    late = provision.start_replica(
        family, provision.private_home(home / "late"), database, log=log, minutes_late=MINUTES_LATE
    )
    # The secrets that open receipts are at both places.
    for secret in Path(env["VAR_DIR"]).glob("*_key.json"):
        shutil.copy(secret, home / secret.name)
    url = f"http://127.0.0.1:{port}"
    own = {"STATIC_ROOT": str(Path(env["VAR_DIR"]) / "static")}  # styles and scripts come with the code
    own |= {"VAR_DIR": str(home), "DATABASE_URL": late, "REPLICA_DATABASE_URL": hot, "PORTAL_URL": url}
    site = {name: value for name, value in env.items() if not name.startswith("VAULT_")} | own | {"SECOND_SITE": "1"}
    provision.manage("compile_translations", env=site)
    family.start("second site", provision.gunicorn(port, "--workers", "1"), env=site, log=home / "web.log")
    family.start("guard", [PYTHON, ROOT / "manage.py", "guard_copy"], env=site, log=home / "guard.log")
    provision.wait_for(f"{url}/readyz", family)
    return url


def start_status_site(family: Family, home: Path) -> tuple[str, dict[str, str]]:
    """The folder that workers write, served by nothing of ours; its address and settings."""
    folder, port, probes = home / "site", provision.free_port(), home / "probes.jsonl"
    folder.mkdir(parents=True, exist_ok=True)
    url = f"http://127.0.0.1:{port}/"
    serve = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory", folder, str(port)]
    family.start("status site", serve, log=home / "web.log")
    return url, {"STATUS_DIR": str(folder), "STATUS_URL": url, "STATUS_PROBES": str(probes)}


def start_probe(family: Family, probes: str, portal: str) -> None:
    """Ask the portal every minute, as a machine outside the centre would."""
    family.start("probe", [sys.executable, ROOT / "bin" / "probe", portal, "--to", probes, "--every", "60"])
