"""Barman as the engine: it streams WAL and takes base backups. It is set up here and called, never changed.

Its receiver acknowledges in real time only when the centre names it in synchronous_standby_names; no commit waits for
it all the same, because the centre commits locally (manage.py vault_role).
"""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from pathlib import Path

from .layout import SERVER, SLOT, Config, barman_home, write_private

PATIENCE = 600


def configure(folder: Path, config: Config) -> None:
    """Write barman.conf."""
    home = barman_home(folder)
    home.mkdir(mode=0o700, exist_ok=True)
    write_private(
        folder / "barman.conf",
        f"""[barman]
barman_user = {pwd.getpwuid(os.geteuid()).pw_name}
barman_home = {home}
barman_lock_directory = {home}
log_file = {folder}/barman.log
log_level = INFO
[{SERVER}]
description = the portal's centre
conninfo = {config.database}
streaming_conninfo = {config.database}
backup_method = postgres
streaming_archiver = on
slot_name = {SLOT}
create_slot = auto
path_prefix = {programs()}
minimum_redundancy = 0
retention_policy =
""".encode(),
    )


def programs() -> Path:
    """The folder of the newest pg_receivewal and pg_basebackup of this host."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    return folders[-1] if folders else Path("/usr/bin")


def command(folder: Path, *arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("barman")), "-c", str(folder / "barman.conf"), *arguments]


def run(folder: Path, *arguments: str) -> tuple[bool, str]:
    """(did it succeed, what it said). Bounded: Barman waits for a server that hangs."""
    try:
        done = subprocess.run(  # noqa: S603 – ours
            command(folder, *arguments), capture_output=True, text=True, timeout=PATIENCE, env=_environment(folder)
        )
    except subprocess.TimeoutExpired:
        return False, f"barman {arguments[0]} did not end within {PATIENCE} s"
    return done.returncode == 0, (done.stdout + done.stderr).strip()


def receive(folder: Path) -> subprocess.Popen[bytes]:
    """The receiver of WAL, for as long as the connection lasts; whoever started it starts it again."""
    run(folder, "receive-wal", "--create-slot", "--if-not-exists", SERVER)
    log = (folder / "receiver.log").open("ab")
    try:
        return subprocess.Popen(  # noqa: S603
            command(folder, "receive-wal", SERVER),
            env=_environment(folder),
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )
    finally:
        log.close()


def _environment(folder: Path) -> dict[str, str]:
    said = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(folder), "LANG": "C.UTF-8"}
    return said | {"PGPASSFILE": str(password_file(folder))}


def password_file(folder: Path) -> Path:
    """For libpq, so that no list of processes shows the password."""
    return folder / "pgpass"


def without_password(folder: Path, conninfo: str) -> str:
    """Take the password out of libpq's words into a file of its own; returns the rest of them."""
    from psycopg2.extensions import make_dsn, parse_dsn

    said = parse_dsn(conninfo)
    password = str(said.pop("password", "")).replace("\\", "\\\\").replace(":", "\\:")
    write_private(password_file(folder), f"*:*:*:*:{password}\n".encode())
    return str(make_dsn(**said))
