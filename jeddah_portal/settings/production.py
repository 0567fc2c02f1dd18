"""What stops every start outside the demo, whoever starts: web, worker, beat, a command. All faults are named at once.

It stands in the settings and not among Django's checks because gunicorn, Celery and most commands run no checks.
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from . import strength
from .base import ALLOWED_HOSTS, DEBUG
from .continuity import VAULT_RECIPIENT
from .environment import DEMO, KEYS, env
from .journal import BACKUP_RECIPIENT, JOURNAL_KEY, JOURNAL_KEY_FILE

URLS = ("DATABASE_URL", "REPLICA_DATABASE_URL", "REDIS_URL", "EMAIL_URL", "ATTACHMENTS_URL", "VAULT_URL")
# A copy of the same server knows us by the same password.
TWINS = {"DATABASE_URL", "REPLICA_DATABASE_URL"}


def faults() -> dict[str, str]:
    """What is wrong, by the name of the variable."""
    found: dict[str, str] = {}
    for name, value in KEYS.items():
        found[name] = strength.of_key(value)
    seed_name, seed = _seed()
    found[seed_name] = strength.of_seed(seed)
    for name in URLS:
        wrong = strength.passwords_of(env.str(name, default=""), optional=name == "EMAIL_URL")
        found[name] = "; ".join(wrong.values())
    if BACKUP_RECIPIENT:
        found["BACKUP_RECIPIENT"] = strength.of_recipient(BACKUP_RECIPIENT)
    if VAULT_RECIPIENT and VAULT_RECIPIENT != BACKUP_RECIPIENT:
        found["VAULT_RECIPIENT"] = strength.of_recipient(VAULT_RECIPIENT)
    if token := env.str("METRICS_TOKEN", default=""):
        found["METRICS_TOKEN"] = strength.of_key(token)
    if DEBUG:
        found["DEBUG"] = "shows code and settings to anyone who meets an error; set it to 0, or DEMO to 1"
    if any(host.strip() in ("", "*", ".") for host in ALLOWED_HOSTS):
        found["ALLOWED_HOSTS"] = "takes any host; name those it is served under"
    return _alike(seed) | {name: said for name, said in found.items() if said}


def _seed() -> tuple[str, str]:
    if JOURNAL_KEY:
        return "JOURNAL_KEY", JOURNAL_KEY
    try:
        return "JOURNAL_KEY_FILE", Path(JOURNAL_KEY_FILE).read_text(encoding="ascii")
    except UnicodeDecodeError:
        return "JOURNAL_KEY_FILE", "?"


def _alike(seed: str) -> dict[str, str]:
    """Secrets that stand for each other: who learns one has the other."""
    known = [*KEYS.items(), ("JOURNAL_KEY", seed.strip()), ("METRICS_TOKEN", env.str("METRICS_TOKEN", default=""))]
    known += [(name, secret) for name in URLS for secret in strength.password_in(env.str(name, default=""))]
    return {
        name: f"is the same as {other}, or holds it; each needs a secret of its own"
        for (other, one), (name, two) in combinations([pair for pair in known if pair[1]], 2)
        if name != other and {name, other} != TWINS and _one_holds_the_other(one, two)
    }


def _one_holds_the_other(one: str, two: str) -> bool:
    """Short ones may stand in others by chance."""
    shorter, longer = sorted((one, two), key=len)
    return shorter == longer or (len(shorter) >= strength.PASSWORD_LENGTH and shorter in longer)


def refuse() -> None:
    """ImproperlyConfigured, naming every variable that would make this start unsafe."""
    if DEMO:
        return
    if wrong := faults():
        said = "; ".join(f"{name} {fault}" for name, fault in sorted(wrong.items()))
        # One line: what starts us often shows the last one only.
        raise ImproperlyConfigured(f"Not started: {said}. .env.example says how to make each.")
