"""The centre is gone for good; its standby becomes the portal, with another letter, and gives no number twice."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

from ..conftest import provision
from ..portal.installation import Installation
from .test_rebuild_sqlite import REFERENCES, said, unset

pytestmark = [pytest.mark.stack, pytest.mark.thorough]


def test_a_standby_becomes_the_portal(tmp_path):
    home = Path(tempfile.mkdtemp(prefix="jeddah-promote-", dir="/var/tmp"))
    home.chmod(0o711)
    family = provision.Family()
    try:
        url = provision.start_postgres(family, home / "centre", log=home / "log", durable=False)
        server = family.members[-1][1]
        centre = Installation(home / "one", more={"DATABASE_URL": url})
        centre.prepare()
        before = centre.submit(2)
        copy = provision.start_replica(family, home / "copy", url, log=home / "log")
        # Files of both places lie in one store, or are put back from the vault.
        site = centre.copy(home / "two", "files")
        site.more["DATABASE_URL"] = copy
        status, out = centre.manage("promote")
        assert status != 0
        assert "no standby" in out
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        family.members = [member for member in family.members if member[1] is not server]
        site.letter, site.key = "", "B"
        status, out = site.manage("promote")
        assert status == 0, out
        assert "C1B" in out
        assert sorted(said(site, REFERENCES).split()) == before
        assert Installation(site.folder, "A", "A", site.more).refusal()
        after = unset(site).submit(2)
        assert not set(after) & set(before)
        assert all(reference.startswith("C1B") for reference in after)
    finally:
        with contextlib.suppress(ProcessLookupError):
            family.end()
        shutil.rmtree(home, ignore_errors=True)
