"""The rules we gave the linters see what they are there to see."""

from __future__ import annotations

import json
import subprocess

import node_tools

from ..conftest import provision

SHEETS = {
    "a { margin-left: 1px; }": "property-layout-mappings",
    "a { left: 0; }": "property-layout-mappings",
    "a { border-top-left-radius: 3px; }": "property-layout-mappings",
    "a { text-align: right; }": "value-keyword-layout-mappings",
    "a { float: left; }": "value-keyword-layout-mappings",
    "a { margin: 0 1px 0 2px; }": "declaration-property-value-disallowed-list",
    "a { padding: 1px 2px 3px 4px; }": "declaration-property-value-disallowed-list",
    "a { inset: 0 auto 0 calc(1px + 2px); }": "declaration-property-value-disallowed-list",
    '[dir="rtl"] a { color: red; }': "selector-disallowed-list",
    "a { margin: 0 1px; inset-inline-start: 0; text-align: start; } /* left: */": "",
    "a { padding: 0 calc(1px + 2px) 0 calc(1px + 2px); }": "",
    'a:dir(rtl), input[dir="rtl"] { color: red; }': "",
}


def test_a_style_sheet_that_names_left_or_right_is_refused(tmp_path):
    """The portal is read in both directions."""
    node_tools.install()
    for number, sheet in enumerate(SHEETS):
        (tmp_path / f"{number:02}.css").write_text(sheet + "\n", encoding="utf-8")
    stylelint = ["node_modules/stylelint/bin/stylelint.mjs", "--config", "stylelint.config.mjs", "--formatter", "json"]
    node = provision.VENV / "bin" / "node"
    run = subprocess.run([node, *stylelint, f"{tmp_path}/*.css"], cwd=provision.ROOT, capture_output=True, text=True)
    found = {one["source"]: [warning["rule"] for warning in one["warnings"]] for one in json.loads(run.stderr)}
    told = [found[f"{tmp_path}/{number:02}.css"] for number in range(len(SHEETS))]
    assert dict(zip(SHEETS, told, strict=True)) == {sheet: [rule] if rule else [] for sheet, rule in SHEETS.items()}


TEMPLATES = {
    '<p style="color: red">x</p>': {"P001"},
    '<p onclick="x()">x</p>': {"P001"},
    "<style>p {}</style>": {"P001"},
    "<script>x()</script>": {"P001"},
    '<a href="javascript:x()">x</a>': {"P001"},
    '<form method="post">{% include "components/field.html" with field=x only %}</form>': {"P002"},
    '<form method="post">\n<p>x</p>\n{% include "components/form_fields.html" %}\n</form>': {"P002"},
    "<p>‹ back</p>": {"P003"},
    "<span>▲</span>": {"P003"},
    '<script type="module" src="x.js"></script>': set(),
    '<form novalidate method="post">{% include "components/field.html" %}</form>': set(),
    '<form><p>x</p></form><form novalidate>{% include "components/field.html" %}</form>': set(),
    '<span class="x" aria-hidden="true">›</span>': set(),
    "{# › #}": set(),
}


def test_a_template_of_inline_code_or_unsaid_shapes_is_refused(tmp_path):
    for number, template in enumerate(TEMPLATES):
        (tmp_path / f"{number:02}.html").write_text(template + "\n", encoding="utf-8")
    told = [
        provision.VENV / "bin" / "djlint", tmp_path, "--lint", "--quiet", "--profile", "django",
        "--rules", provision.ROOT / ".djlint_rules.yaml", "--linter-output-format", "{filename} {code}",
    ]  # fmt: skip
    lines = subprocess.run(told, capture_output=True, text=True).stdout.splitlines()
    codes = [{line.split()[-1] for line in lines if f"{number:02}.html" in line} for number in range(len(TEMPLATES))]
    ours = [{code for code in found if code.startswith("P")} for found in codes]
    assert dict(zip(TEMPLATES, ours, strict=True)) == TEMPLATES
