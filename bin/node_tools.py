"""The linters of style sheets and scripts: packages of Node.js, as package-lock.json pins them."""

from __future__ import annotations

import shutil
import subprocess

from provision import ROOT, VENV, say


def install() -> None:
    """With the Node.js of the virtual environment; nothing when they are there."""
    lock, installed = ROOT / "package-lock.json", ROOT / "node_modules" / "installed.json"
    if installed.exists() and installed.read_bytes() == lock.read_bytes():
        return
    say("installing package-lock.json")
    if subprocess.run([VENV / "bin" / "npm", "ci", "--silent"], cwd=ROOT).returncode:
        raise SystemExit("The linters of style sheets and scripts could not be installed: see .venv/bin/npm ci.")
    shutil.copyfile(lock, installed)
