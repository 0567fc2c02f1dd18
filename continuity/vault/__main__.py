"""bin/vault: set a vault up, run it, look after it, and rebuild from it.

bin/vault new-key FILE                      make the identity that opens everything; keep it away from the vault
bin/vault setup FOLDER --recipient age1…    a vault from nothing; prints the settings of the centre
bin/vault run FOLDER                        the door, Barman's receiver, sealing, retention, exports
bin/vault verify FOLDER                     is everything there, and as it was handed in?
bin/vault export FOLDER TARGET              everything in one file, to be carried away
bin/vault end FOLDER CHAIN                  take nothing of a chain (C1A) any more: another place is the portal now
"""

from __future__ import annotations

import argparse
import base64
import logging
import os
import pwd
import secrets
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyrage
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from . import barman, keeping
from .layout import Config, write_private
from .record import Record

TEN_YEARS = timedelta(days=3650)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="bin/vault", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("new-key").add_argument("file", type=Path)
    for name in ("setup", "run", "verify", "export", "end"):
        commands.add_parser(name).add_argument("folder", type=Path)
    made = commands.choices["setup"]
    made.add_argument("--recipient", required=True, help="whom the content is encrypted for (new-key prints it)")
    made.add_argument("--listen", default="127.0.0.1:8443", metavar="HOST:PORT", help="its door (%(default)s)")
    made.add_argument("--name", default="", help="the name in its certificate; without it the door has no TLS")
    made.add_argument("--database", default="", metavar="CONNINFO", help="the centre's PostgreSQL")
    made.add_argument("--export-to", default="", metavar="FOLDER", help="where the weekly export goes")
    made.add_argument("--user", default="", help="whose it is, when root sets it up")
    commands.choices["export"].add_argument("target", type=Path)
    commands.choices["end"].add_argument("chain")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    return DO[options.command](options)


def new_key(options: argparse.Namespace) -> int:
    identity = pyrage.x25519.Identity.generate()
    try:
        handle = os.open(options.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        sys.stderr.write(f"{options.file} exists; an identity is never written over\n")
        return 1
    with os.fdopen(handle, "w") as out:
        out.write(f"{identity}\n")
    sys.stdout.write(f"VAULT_RECIPIENT={identity.to_public()}\n")
    sys.stderr.write(f"Keep {options.file} away from centre and vault: it opens everything, and nothing else does.\n")
    return 0


def setup(options: argparse.Namespace) -> int:
    folder: Path = options.folder.resolve()
    if folder.exists() and any(folder.iterdir()):
        sys.stderr.write(f"{folder} is not empty; a vault is set up from nothing\n")
        return 1
    pyrage.x25519.Recipient.from_str(options.recipient)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    if options.user:
        become(options.user, folder)
    host, _colon, port = options.listen.rpartition(":")
    database = barman.without_password(folder, options.database) if options.database else ""
    token = secrets.token_urlsafe(32)
    config = Config(options.recipient, token, host, int(port), database, export_to=options.export_to)
    config.write(folder)
    key = Ed25519PrivateKey.generate()
    write_private(folder / "vault.key", base64.b64encode(key.private_bytes_raw()))
    if options.name:
        certificate(folder, options.name)
    if options.database:
        barman.configure(folder, config)
    scheme, place = ("https", options.name) if options.name else ("http", host)
    sys.stdout.write(f"VAULT_URL={scheme}://portal:{config.token}@{place}:{port}\n")
    sys.stdout.write(f"VAULT_PUBLIC_KEY={base64.b64encode(key.public_key().public_bytes_raw()).decode()}\n")
    sys.stdout.write(f"VAULT_RECIPIENT={options.recipient}\n")
    if options.name:
        sys.stdout.write(f"# VAULT_CA_FILE: a copy of {folder}/tls.pem\n")
    return 0


def become(user: str, folder: Path) -> None:
    """From here on this process is the vault's user, and the folder is theirs."""
    known = pwd.getpwnam(user)
    os.chown(folder, known.pw_uid, known.pw_gid)
    os.setgroups([])
    os.setgid(known.pw_gid)
    os.setuid(known.pw_uid)


def certificate(folder: Path, name: str) -> None:
    """Signed by itself: the centre is given it as VAULT_CA_FILE, and believes no other."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + TEN_YEARS)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(folder / "tls.key", private)
    write_private(folder / "tls.pem", made.public_bytes(serialization.Encoding.PEM))


def run(options: argparse.Namespace) -> int:
    if os.geteuid() == 0 and options.folder.stat().st_uid:
        become(pwd.getpwuid(options.folder.stat().st_uid).pw_name, options.folder)
    keeping.Keeper(options.folder.resolve()).run()
    return 0


def verify(options: argparse.Namespace) -> int:
    wrong = keeping.verify(options.folder.resolve())
    for said in wrong:
        sys.stdout.write(f"WRONG: {said}\n")
    for chain, head in Record(options.folder.resolve()).heads().items():
        sys.stdout.write(f"chain {chain}: {head.seq} entries, head {head.hash.hex()}\n")
    sys.stdout.write("good\n" if not wrong else f"{len(wrong)} faults\n")
    return bool(wrong)


def export(options: argparse.Namespace) -> int:
    folder = options.folder.resolve()
    sys.stdout.write(f"{keeping.export(folder, options.target.resolve(), Config.read(folder).recipient)}\n")
    return 0


def end(options: argparse.Namespace) -> int:
    folder = options.folder.resolve()
    if os.geteuid() == 0 and folder.stat().st_uid:
        become(pwd.getpwuid(folder.stat().st_uid).pw_name, folder)
    Record(folder).fence(options.chain)
    sys.stdout.write(f"nothing of chain {options.chain} is taken here any more\n")
    return 0


DO = {"new-key": new_key, "setup": setup, "run": run, "verify": verify, "export": export, "end": end}

if __name__ == "__main__":
    sys.exit(main())
