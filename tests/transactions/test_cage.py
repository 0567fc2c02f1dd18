"""The cage: what a process that opens strangers' files cannot do, and how little of what it says is believed."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from collections import Counter

from django.core.files.storage import default_storage

from transactions import previews
from transactions.attachments import rendering
from transactions.attachments.renderer import cage
from transactions.models import Attachment

from .. import papers

PRISONER = """
import sys
sys.path.insert(0, sys.argv[1])
import errno, json, os, socket, subprocess, time
from transactions.attachments.renderer import cage
cage.drop_privileges(2**30, 5)
tried = {
    "read a file": lambda: open("/etc/hostname"),
    "write a file": lambda: open("/tmp/written-by-a-prisoner", "w"),
    "list": lambda: os.listdir("/"),
    "socket": lambda: socket.socket(),
    "local socket": lambda: socket.socket(socket.AF_UNIX),
    "process": lambda: subprocess.run(["/bin/true"]),
    "fork": lambda: os.fork(),
    "execute": lambda: os.execv("/bin/true", ["true"]),
    "signal": lambda: os.kill(os.getppid(), 0),
    "remove": lambda: os.unlink("/tmp/x"),
    "limits": lambda: __import__("resource").setrlimit(__import__("resource").RLIMIT_NOFILE, (10, 10)),
}
got = {}
for name, call in tried.items():
    try:
        call()
        got[name] = "done"
    except (OSError, ValueError) as error:
        got[name] = "refused"
print(json.dumps({"got": got, "uid": os.getuid()}))
"""


def test_who_draws_can_open_nothing_start_nothing_and_speak_to_nobody():
    assert cage.filter_of_calls() is not None, "install libseccomp2"
    done = subprocess.run(
        [sys.executable, "-c", PRISONER, str(rendering.ROOT)], capture_output=True, text=True, timeout=20, check=True
    )
    said = json.loads(done.stdout)
    assert Counter(said["got"].values()) == {"refused": len(said["got"])}, said
    assert said["uid"] != 0


def test_a_slow_paper_is_given_up_after_two_seconds_of_work():
    began = time.process_time(), time.monotonic()
    found = rendering.render(io.BytesIO(papers.slow()), "application/pdf")
    assert found.wrong in rendering.UNDRAWN
    assert time.monotonic() - began[1] < rendering.SECONDS + 1


def test_what_the_drawing_process_says_is_taken_from_lists_of_ours():
    lie = b'{"pages": 99999999, "marks": ["fonts", "<script>"]}\n{"wrong": "<b>", "figures": {}}\nnonsense'
    found = rendering._read(io.BytesIO(lie))
    assert (found.pages, found.marks, found.wrong) == (rendering.MAX_PAGES, {"fonts"}, "")
    previews.store_previews(Attachment().key, {"../../escape": b"x", "1/2": b"x"})
    assert not default_storage.exists("escape")
