"""Outside the demo nothing starts with a secret that is missing, empty, short, an example, guessable or used twice."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import string
import subprocess
import sys

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeddah_portal.settings import strength

from ..production import NEEDED, ROOT, environment, seed, start, strong

# Processes that start, or do not, by the dozen.
pytestmark = pytest.mark.thorough
# Random to look at; the same in every process, as the names of tests must be.
FIXED = hashlib.sha512(b"for these tests").digest()
WEAK_KEYS = [
    "",
    " " * 60,
    "x",
    "a" * 50,
    "ab" * 30,
    "abc123" * 10,
    "A" * 44,
    "0" * 64,
    "deadbeef" * 8,
    "0123456789" * 5,
    string.ascii_letters,
    "abcdefghijklmnopqrstuvwxyz0123456789",
    "zyxwvutsrqponmlkjihgfedcba9876543210",
    "qwertyuiopasdfghjklzxcvbnm1234567890",
    "changeme-changeme-changeme-changeme-changeme",
    "please-set-this-to-something-long-and-random",
    "your-secret-key-here-0123456789abcdef0123456",
    "django-insecure-5ytoc3beUKqultpABmvL4Nwj3z13cNpL",
    "P@ssw0rd!P@ssw0rd!P@ssw0rd!P@ssw0rd!",
    "jeddah-municipality-portal-production-2026",
    "20260101202602022026030320260404",
    base64.b64encode(b"a" * 48).decode(),
    FIXED.hex()[:16],
    "مفتاح" * 12,
    "thequickbrownfoxjumpsoverthelazydogthequickbrown",
    "TheQuickBrownFoxJumpsOverTheLazyDog-thequickbrownfoxjumpsoverthelazydog",
    "the quick brown fox jumps over the lazy dog",
    "SphinxOfBlackQuartzJudgeMyVowPackMyBox",
    "FIVEDOZENLIQUORJUGSPACKMYBOXWITHTHAT",
    FIXED.hex()[:31] + "." + FIXED.hex()[:31],
    "q7Wz-Lk93!xP" * 3,
]


@pytest.mark.parametrize("weak", WEAK_KEYS)
def test_a_weak_key_is_known_whatever_its_kind(weak):
    said = strength.of_key(weak)
    assert said
    assert not weak.strip() or weak not in said


@given(st.text(min_size=1, max_size=6), st.integers(1, 30))
def test_a_short_piece_repeated_is_no_key_however_long(piece, times):
    assert strength.of_key(piece * times)


def test_what_a_generator_makes_is_taken():
    for _time in range(100):
        made_elsewhere = (base64.b32encode(secrets.token_bytes(30)).decode(), str(secrets.randbits(256)).zfill(77))
        for made in (strong(), secrets.token_hex(32), secrets.token_hex(16), seed(), *made_elsewhere):
            assert strength.of_key(made) == ""
        assert strength.of_password(secrets.token_hex(12)) == ""
        assert strength.of_seed(seed()) == ""


@pytest.mark.parametrize("number", range(8))
def test_a_key_that_happens_to_have_no_digit_is_taken(number):
    drawn = hashlib.sha512(f"draw {number}".encode()).digest()
    letters = "".join(string.ascii_uppercase[byte % 26] for byte in drawn[:48])
    assert strength.of_key(letters) == strength.of_key(letters.lower()) == ""


@pytest.mark.parametrize("words", ["onceuponatimetherewasamunicipaloffice", "الشارعالرئيسيفيحيالبلدبجوارالمسجدالكبير"])
def test_words_run_together_are_no_key_in_any_script(words):
    assert strength.of_key(words)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0" * 32,
        b"a" * 32,
        bytes(range(32)),
        bytes(range(32, 0, -1)),
        bytes(range(0, 64, 2)),
        b"\1\2" * 16,
        b"0123456789abcdef0123456789abcdef",
        b"a journal key of 32 letters, ok?",
        FIXED[:31],
        FIXED[:33],
        bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
    ],
)
def test_a_seed_that_is_not_32_random_bytes_is_known(raw):
    assert strength.of_seed(base64.b64encode(raw).decode())


@pytest.mark.parametrize("text", ["-", "not base64!", FIXED.hex()[:64]])
def test_a_seed_in_another_spelling_is_known(text):
    assert strength.of_seed(text)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://portal@db.example/portal",
        "postgresql://portal:@10.0.0.4/portal",
        "postgresql://portal:portal@postgres:5432/portal",
        "postgresql://portal:PASSWORD@postgres:5432/portal",
        "postgresql://portal:12345678901234@postgres:5432/portal",
        "postgresql://portal:a%20a%20a%20a%20a%20a%20@[2001:db8::1]/portal",
        "redis://redis:6379/0",
        "redis://:changeme@redis:6379/0",
        "rediss://user:redis@redis:6379/0",
        "sentinel://one:26379/0;sentinel://two:26379/0",
        "s3://key:short@store.example:9000/bucket",
    ],
)
def test_a_server_elsewhere_without_a_good_password_is_known(url):
    assert strength.passwords_of(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sqlite:////var/lib/portal/portal.sqlite3",
        "postgresql:///portal",
        "postgresql://portal@127.0.0.1/portal",
        "postgresql://portal@[::1]/portal",
        "postgresql://portal:x@localhost/portal",
        "postgresql://portal@%2Fvar%2Frun%2Fpostgresql/portal",
        "postgresql://portal@db.example/portal?sslmode=verify-full&sslcert=/run/portal.crt&sslkey=/run/portal.key",
        f"redis://:{FIXED.hex()[:32]}@redis:6379/0",
        "redis://127.0.0.1:6379/0",
    ],
)
def test_a_server_here_or_with_a_good_password_is_taken(url):
    assert strength.passwords_of(url) == {}


def test_a_mail_relay_may_know_us_without_a_user_and_not_by_a_bad_password():
    assert strength.passwords_of("smtp://relay.example:25", optional=True) == {}
    assert strength.passwords_of("smtp+tls://user:PASSWORD@mail.example:587", optional=True)
    assert strength.passwords_of("smtp+tls://user@mail.example:587", optional=True)


ENTRIES = {
    "gunicorn": ("-m", "gunicorn", "jeddah_portal.wsgi", "--check-config"),
    "web": ("-c", "import jeddah_portal.wsgi"),
    "worker": ("-m", "celery", "-A", "jeddah_portal", "worker", "--pool", "solo"),
    "beat": ("-m", "celery", "-A", "jeddah_portal", "beat"),
} | {name: ("manage.py", name) for name in ("work", "migrate", "check", "prepare", "runserver", "backup")}


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_stops_at_a_weak_key_by_its_name(entry, tmp_path):
    done = start(environment(tmp_path, RECEIPT_PIN_KEY="k", DATABASE_URL=f"sqlite:///{tmp_path}/d"), *ENTRIES[entry])
    assert done.returncode
    assert "RECEIPT_PIN_KEY is shorter than 32 characters" in done.stderr + done.stdout
    assert not (tmp_path / "d").exists()


SAME = strong()
PAIR = str(pyrage.x25519.Identity.generate())


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"RECEIPT_PIN_KEY": ""}, "RECEIPT_PIN_KEY"),
        ({"JOURNAL_KEY": base64.b64encode(b"k" * 32).decode()}, "JOURNAL_KEY"),
        ({"SECRET_KEY": SAME, "RECEIPT_PIN_KEY": SAME}, "RECEIPT_PIN_KEY"),
        ({"SECRET_KEY": SAME, "RECEIPT_PIN_KEY": SAME + "1"}, "RECEIPT_PIN_KEY"),
        ({"SECRET_KEY": SAME, "METRICS_TOKEN": SAME}, "METRICS_TOKEN"),
        ({"SECRET_KEY": SAME, "REDIS_URL": f"redis://:{SAME}@redis/0"}, "REDIS_URL"),
        ({"METRICS_TOKEN": "prometheus"}, "METRICS_TOKEN"),
        ({"DATABASE_URL": "postgresql://portal:portal@postgres/portal"}, "DATABASE_URL"),
        ({"REPLICA_DATABASE_URL": "postgresql://portal@copy/portal"}, "REPLICA_DATABASE_URL"),
        ({"REDIS_URL": "redis://redis:6379/0"}, "REDIS_URL"),
        ({"EMAIL_URL": "smtp://user:password@mail.example:25"}, "EMAIL_URL"),
        ({"ATTACHMENTS_URL": "s3://key:secret@store.example/attachments"}, "ATTACHMENTS_URL"),
        ({"BACKUP_RECIPIENT": "age1nobody"}, "BACKUP_RECIPIENT"),
        ({"BACKUP_RECIPIENT": PAIR}, "BACKUP_RECIPIENT"),
        ({"DEBUG": "1"}, "DEBUG"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS"),
    ],
)
def test_each_kind_stops_the_start_by_its_name_and_is_not_quoted(more, named, tmp_path):
    done = start(environment(tmp_path, **more))
    assert done.returncode
    assert f"{named} " in done.stderr.splitlines()[-1]
    assert all(len(value) < 20 or value not in done.stderr for value in more.values())


def test_all_that_is_wrong_is_named_at_once(tmp_path):
    last = start(environment(tmp_path, SECRET_KEY="", RECEIPT_PIN_KEY="aaaa", DEBUG="1")).stderr.splitlines()[-1]
    assert all(name in last for name in ("SECRET_KEY", "RECEIPT_PIN_KEY", "DEBUG"))


@pytest.mark.parametrize("left_out", [name for name in NEEDED if name != "DEMO"])
def test_a_start_without_a_needed_setting_stops_with_its_name(left_out, tmp_path):
    env = environment(tmp_path)
    assert start(env).returncode == 0
    del env[left_out]
    done = start(env)
    assert done.returncode
    assert left_out in done.stderr.splitlines()[-1]


def test_a_key_file_is_read_as_strictly(tmp_path):
    file = tmp_path / "journal.key"
    env = environment(tmp_path, JOURNAL_KEY_FILE=str(file), JOURNAL_KEY="")
    file.write_text(seed() + "\n")
    assert start(env).returncode == 0
    for content in (base64.b64encode(b"\0" * 32).decode(), "", "\u0645"):
        file.write_text(content, encoding="utf-8")
        assert "JOURNAL_KEY_FILE" in start(env).stderr.splitlines()[-1]


def test_one_password_of_the_database_and_of_its_copy_is_no_fault(tmp_path):
    env = environment(tmp_path)
    assert start(env | {"REPLICA_DATABASE_URL": env["DATABASE_URL"].replace("database", "copy")}).returncode == 0


def test_the_example_starts_nothing_as_it_is_shipped(tmp_path):
    """Read the way it would be read from .env."""
    shipped = tmp_path / ".env"
    shipped.write_text((ROOT / ".env.example").read_text(encoding="utf-8"), encoding="utf-8")
    say = f"import environ; environ.Env.read_env({str(shipped)!r}); import jeddah_portal.settings"
    env = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), "JOURNAL_KEY": seed()}
    done = subprocess.run([sys.executable, "-c", say], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode
    last = done.stderr.splitlines()[-1]
    assert all(f"{name} " in last for name in ("SECRET_KEY", "RECEIPT_PIN_KEY", "DATABASE_URL", "EMAIL_URL")), last


def test_the_demo_needs_none(tmp_path):
    env = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path)}
    done = start(env, "-c", "import json; from jeddah_portal import settings; print(json.dumps(settings.DEMO))")
    assert json.loads(done.stdout) is True
