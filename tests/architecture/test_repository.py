"""What a newcomer reads first holds together: decisions, version, subjects of commits."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import commit_subject
import polib
import pytest
from django.conf import settings
from drf_spectacular.generators import SchemaGenerator
from PIL import Image

from core.units import MIB
from jeddah_portal import __version__
from transactions.domain.limits import MAX_BODY_BYTES, MAX_FILE_BYTES

from ..journeys.pictures import FOLDER, MAX_BYTES, PICTURES

ROOT = Path(settings.BASE_DIR)
ADRS = {int(path.name[:4]): path for path in (ROOT / "docs" / "adr").glob("*.md")}


def test_every_decision_has_a_number_of_its_own():
    numbers = Counter(path.name[:4] for path in (ROOT / "docs" / "adr").glob("*.md"))
    assert [number for number, times in numbers.items() if times > 1] == []
    assert {number: path.read_text(encoding="utf-8").split(".")[0] for number, path in ADRS.items()} == {
        number: f"# {number}" for number in ADRS
    }


def test_every_decision_that_is_named_exists():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    named = {
        int(number)
        for name in listed.splitlines()
        if name.endswith((".py", ".md", ".css", ".js", ".yml", ".toml")) and (ROOT / name).exists()
        for number in re.findall(r"\bADR (\d+)", (ROOT / name).read_text(encoding="utf-8"))
    }
    assert named - set(ADRS) == set()


def test_the_version_stands_in_one_place():
    asked = subprocess.run([sys.executable, "manage.py", "version"], cwd=ROOT, capture_output=True, text=True)
    assert asked.stdout == f"{__version__}\n"


def test_nginx_takes_the_greatest_body_that_the_portal_takes():
    asked = re.search(r"client_max_body_size (\d+)m;", (ROOT / "deploy" / "nginx.conf").read_text())
    assert int(asked[1]) * MIB == MAX_BODY_BYTES


def test_the_readme_shows_small_pictures_of_what_this_is():
    shown = re.findall(r"docs/pictures/([\w.-]+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(path.name for path in FOLDER.iterdir())
    assert sorted(shown) == sorted(f"{picture.name}.webp" for picture in PICTURES)
    for picture in PICTURES:
        file = FOLDER / f"{picture.name}.webp"
        with Image.open(file) as opened:
            assert (opened.format, opened.size) == ("WEBP", picture.size), file
        assert file.stat().st_size <= MAX_BYTES, file


@pytest.mark.parametrize(
    ("subject", "wrong"),
    [
        ("Add the version of the portal to /healthz", 0),
        ("Merge branch 'main'", 0),
        ("Let nothing run out", 1),
        ("Adding a page", 1),
        ("Fix it.", 1),
        (f"Fix {'x' * 69}", 1),
        (f"Fix {'x' * 68}", 0),
        ("", 1),
        ("y" * 80, 2),
    ],
)
def test_subjects_of_commits(subject, wrong):
    assert len(commit_subject.faults(subject)) == wrong


def test_every_sentence_tells_the_greatest_file_as_it_is():
    """Raise MAX_FILE_BYTES, and this names every sentence to change, in both languages."""
    wrong = [
        f"{catalogue.name}: {entry.msgid}"
        for catalogue in sorted((ROOT / "locale" / "ar" / "LC_MESSAGES").glob("*.po"))
        for entry in polib.pofile(str(catalogue))
        for told in re.findall(r"(\d+) (?:MB|ميغابايت)", f"{entry.msgid} {entry.msgstr}")
        if int(told) * MIB != MAX_FILE_BYTES
    ]
    assert wrong == []
    described = " ".join(str(SchemaGenerator().get_schema(request=None, public=True)).split())
    told = re.findall(r"(\d+) MB", described)
    assert told
    assert {int(number) * MIB for number in told} == {MAX_FILE_BYTES}


def test_the_lines_of_every_app_are_counted():
    written = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    apps = set(written["importlinter"]["root_packages"]) - {"simulators"}  # stands in for others in the demo
    assert set(written["coverage"]["run"]["source"]) == apps
