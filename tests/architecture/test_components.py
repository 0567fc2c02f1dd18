"""Each component says what it is given, a line an argument; it reads nothing else, and is given nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = Path(settings.BASE_DIR) / "templates"
COMPONENTS = sorted((TEMPLATES / "components").glob("*.html"))
# A component that extends another template may have nothing but {# #} before that.
HEADER = re.compile(r"{% comment %}.+?{% endcomment %}|(?:{#.+?#}\s*)+", re.DOTALL)
ARGUMENT = re.compile(r"^(?:{# )?- (\w+): \S", re.MULTILINE)
INCLUDE = re.compile(r'{% include "(components/[^"]+)"(?: with ([^%]*?))?(?: only)? %}')
NAME = r"(?<![\w.|:=])([a-zA-Z_]\w*)"
EVERYWHERE = {"forloop", "block", "True", "False", "None", "and", "or", "not", "in", "is"}


def arguments(component: Path) -> set[str]:
    header = HEADER.match(component.read_text(encoding="utf-8"))
    assert header, "a component begins with what it is and what it is given"
    found = ARGUMENT.findall(header[0])
    assert found or "Arguments: none." in header[0]
    return set(found)


def read(component: Path) -> set[str]:
    """Names a component prints, asks or goes through, but for those it gives itself."""
    text = component.read_text(encoding="utf-8")
    body = text.removeprefix(HEADER.match(text)[0])
    asked = [re.sub(r'"[^"]*"', "", one) for one in re.findall(r"{% (?:if|elif) (.*?) %}", body)]
    names = {name for one in asked for name in re.findall(NAME, one)}
    names.update(re.findall(r"{{ *([a-zA-Z_]\w*)", body), re.findall(r"{% for .*? in ([a-zA-Z_]\w*)", body))
    own = {*re.findall(r"(?: as|asvar) (\w+)", body), *re.findall(r"(\w+)=", body)}
    own.update(name for each in re.findall(r"{% for (.*?) in ", body) for name in re.findall(r"\w+", each))
    return names - own - EVERYWHERE


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda path: path.name)
def test_a_component_reads_what_its_header_names(component):
    assert read(component) - arguments(component) == set()


def test_a_component_is_given_what_its_header_names():
    takes = {f"components/{path.name}": arguments(path) for path in COMPONENTS}
    wrong = [
        f"{path.relative_to(TEMPLATES)} gives {name} {sorted(unknown)}"
        for path in sorted(TEMPLATES.rglob("*.html"))
        for name, given in INCLUDE.findall(path.read_text(encoding="utf-8"))
        if (unknown := {*re.findall(r"(\w+)=", re.sub(r'"[^"]*"', "", given))} - takes[name])
    ]
    assert wrong == []
