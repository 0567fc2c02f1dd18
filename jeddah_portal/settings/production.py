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
from .sign_on import SIGN_ON_APP_ID, SIGN_ON_APP_KEY, SIGN_ON_ISSUER, SIGN_ON_URL

URLS = (
    "DATABASE_URL",
    "REPLICA_DATABASE_URL",
    "REDIS_URL",
    "EMAIL_URL",
    "ATTACHMENTS_URL",
    "VAULT_URL",
    "ELECTRICITY_URL",
    "NOTARY_URL",
    "SURVEY_URL",
    "SMS_GATEWAY_URL",
)
# A copy of the same server knows us by the same password.
TWINS = {"DATABASE_URL", "REPLICA_DATABASE_URL"}


def faults() -> dict[str, str]:
    """What is wrong, by the name of the variable."""
    problems: dict[str, str] = {}
    for name, value in KEYS.items():
        problems[name] = strength.of_key(value)
    seed_name, seed = _seed()
    problems[seed_name] = strength.of_seed(seed)
    for name in URLS:
        wrong = strength.passwords_of(env.str(name, default=""), optional=name == "EMAIL_URL")
        problems[name] = "; ".join(wrong.values())
    if BACKUP_RECIPIENT:
        problems["BACKUP_RECIPIENT"] = strength.of_recipient(BACKUP_RECIPIENT)
    if VAULT_RECIPIENT and VAULT_RECIPIENT != BACKUP_RECIPIENT:
        problems["VAULT_RECIPIENT"] = strength.of_recipient(VAULT_RECIPIENT)
    if token := env.str("METRICS_TOKEN", default=""):
        problems["METRICS_TOKEN"] = strength.of_key(token)
    problems |= _sign_on()
    if DEBUG:
        problems["DEBUG"] = "shows code and settings to anyone who meets an error; set it to 0, or DEMO to 1"
    if any(host.strip() in ("", "*", ".") for host in ALLOWED_HOSTS):
        problems["ALLOWED_HOSTS"] = "takes any host; name those it is served under"
    return _alike(seed) | {name: problem for name, problem in problems.items() if problem}


def _sign_on() -> dict[str, str]:
    """A provider is asked over TLS, as somebody, and its word is known by who signs it."""
    if not SIGN_ON_URL:
        return {}
    address = "" if SIGN_ON_URL.startswith("https://") else "has to begin with https://"
    named = {"SIGN_ON_APP_ID": SIGN_ON_APP_ID, "SIGN_ON_ISSUER": SIGN_ON_ISSUER}
    missing = {name: "is empty; the provider gave it to you" for name, value in named.items() if not value}
    return {"SIGN_ON_URL": address, "SIGN_ON_APP_KEY": strength.of_password(SIGN_ON_APP_KEY), **missing}


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
        for (other, first), (name, second) in combinations([pair for pair in known if pair[1]], 2)
        if name != other and {name, other} != TWINS and _one_holds_the_other(first, second)
    }


def _one_holds_the_other(first: str, second: str) -> bool:
    """Short ones may stand in others by chance."""
    shorter, longer = sorted((first, second), key=len)
    return shorter == longer or (len(shorter) >= strength.PASSWORD_LENGTH and shorter in longer)


def refuse() -> None:
    """ImproperlyConfigured, naming every variable that would make this start unsafe."""
    if DEMO:
        return
    if wrong := faults():
        message = "; ".join(f"{name} {fault}" for name, fault in sorted(wrong.items()))
        # One line: what starts us often shows the last one only.
        raise ImproperlyConfigured(f"Not started: {message}. .env.example says how to make each.")
