"""Has a stranger's PDF looked at for signatures, by a process of its own in the cage (examiner.py)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import IO, Any

from ..attachments import rendering

PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from transactions.signed_papers.examiner import main; main(sys.argv[2])"
)
# Of CPU, after everything is loaded; of the clock, with loading.
STEP_SECONDS, SECONDS = 3.0, 12.0
FINGERPRINT = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Signature:
    """By whose certificate (SHA-256), whether it is good for what it covers, and whether that is the whole file."""

    certificate: str
    good: bool
    whole: bool


@dataclass(frozen=True)
class Examination:
    """What was found; `wrong`: it is no PDF that can be read, or it took too long."""

    signatures: tuple[Signature, ...] = ()
    wrong: bool = False


def examine(source: IO[bytes]) -> Examination:
    """Look at a file for signatures."""
    order = {"memory": rendering.MEMORY, "seconds": int(SECONDS), "step": STEP_SECONDS}
    command = [sys.executable, "-I", "-c", PROGRAM, str(rendering.ROOT), json.dumps(order)]
    with rendering.descriptor(source) as given, tempfile.TemporaryFile() as answer:
        try:
            subprocess.run(  # noqa: S603 – our own program, with an order of ours
                command,
                stdin=given,
                stdout=answer,
                stderr=subprocess.DEVNULL,
                timeout=SECONDS,
                env=rendering.ENVIRONMENT,
                check=True,
            )
        except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
            return Examination(wrong=True)
        answer.seek(0)
        return _read(answer.readline(100_000))


def _read(line: bytes) -> Examination:
    try:
        words: dict[str, Any] = json.loads(line)
        signatures = tuple(
            Signature(str(each["certificate"]), each["good"] is True, each["whole"] is True)
            for each in words["signatures"]
        )
    except (ValueError, TypeError, KeyError):
        return Examination(wrong=True)
    return Examination(signatures, wrong=not all(FINGERPRINT.fullmatch(each.certificate) for each in signatures))
