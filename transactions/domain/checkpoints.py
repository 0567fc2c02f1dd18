"""The checklist of a service: what whoever studies a case looks at, at which stage and for which answers. Pure.

A point is data in the service's catalogue file, as its deficiencies are. What was looked at is a row of
models.Check, which bears the words as they were then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .conditions import Answers, Condition

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MAX_CODE_LENGTH = 30


@dataclass(frozen=True)
class CheckPoint:
    """One thing to look at, in `words`. It is asked at `stages`, for the answers that meet `when`.

    `deficiency` is the code of what is asked of the applicant where the point is not met; without one it is asked in
    the point's own words. `about` names the questions and documents looked at: when one of them changes, the point
    has to be looked at again. `flags` are codes of advisory flags that are shown beside it.
    """

    code: str
    words: StrOrPromise
    stages: tuple[str, ...]
    about: tuple[str, ...] = ()
    when: Condition | None = None
    deficiency: str = ""
    flags: tuple[str, ...] = ()

    def asked_at(self, stage: str, answers: Answers) -> bool:
        """Does it belong to this stage, for these answers?"""
        return stage in self.stages and (self.when is None or self.when(answers))

    def seen(self, answers: Answers, files: Iterable[tuple[str, str]]) -> str:
        """A mark of what the point is about as it is now: 32 hexadecimal digits. `files` are (document, SHA-256) of
        those in force. A point about nothing in particular bears the same mark always.
        """
        looked_at = {
            "answers": {name: answers[name] for name in sorted(self.about) if name in answers},
            "files": sorted([document, sha256] for document, sha256 in files if document in self.about),
        }
        text = json.dumps(looked_at, ensure_ascii=False, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:32]
