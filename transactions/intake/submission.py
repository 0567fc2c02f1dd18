"""What is sent in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from accounts.models import Authorisation, Delegation, User
from municipality.models import Office

from ..domain.service_types import ServiceType
from ..models import Channel, Slip


@dataclass(frozen=True)
class Submission:
    """What is sent in. `attachments` maps a document code to the keys of files uploaded before.

    `draft` is the key of the row it was written in: it takes the files that lie there and no others. Without a draft
    it takes files that its sender uploaded for a request to come. `delegation` is the document by which its sender says
    they file for the applicant, where they say by which.
    """

    service: ServiceType
    applicant: User
    answers: Mapping[str, Any]
    attachments: Mapping[str, Sequence[UUID]] = field(default_factory=dict)
    authorisation: Authorisation | None = None
    channel: Channel = Channel.ONLINE
    centre: Office | None = None
    language: str = "ar"
    draft: int | None = None
    delegation: Delegation | None = None
    # On which a request was written that comes in on paper.
    slip: Slip | None = None

    def body_hash(self) -> str:
        """Two submissions with this hash ask for the same thing."""
        body = {
            "service": self.service.code,
            "applicant": self.applicant.pk,
            "answers": self.answers,
            "attachments": {code: sorted(map(str, keys)) for code, keys in self.attachments.items() if keys},
            "authorisation": self.authorisation.pk if self.authorisation else None,
        }
        packed = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(packed.encode()).hexdigest()
