"""What a body is told of a request: JSON with sorted keys, and the same for a letter."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from transactions.answers.summary import answer_in_words
from transactions.models import Transaction

from .models import Referral


def message_of(referral: Referral) -> dict[str, Any]:
    """Everything but the person. Questions and answers are in Arabic, and as programs read them."""
    case = referral.transaction
    declared = referral.declared
    asked = set(declared.answers) if declared else set()
    with translation.override("ar"):
        answers = [
            {
                "name": spec.name,
                "question": str(spec.label),
                "answer": case.answers[spec.name],
                "words": str(answer_in_words(spec, case.answers[spec.name])),
            }
            for spec in case.service_type.fields()
            if spec.name in asked and case.answers.get(spec.name) not in (None, "", [])
        ]
    return {
        "message": str(referral.key),
        "matter": referral.code,
        "reference": case.reference,
        "service": case.service,
        "since": referral.created_at.isoformat(),
        "answers": answers,
        "papers": [_paper(issued.kind, issued.number, issued.token) for issued in case.issued_documents.order_by("pk")],
        "outcomes": [outcome.code for outcome in declared.outcomes] if declared else [],
    }


def _paper(kind: str, number: str, token: str) -> dict[str, str]:
    """Whoever holds this can verify the paper with us."""
    return {
        "kind": kind,
        "number": number,
        "verify": settings.PORTAL_URL + reverse("journal:verify_token", args=[token]),
    }


def person_of(case: Transaction) -> dict[str, str]:
    """Who asks, for the body that has to reach them."""
    return {
        "name": case.applicant.full_name,
        "national_id": case.applicant.national_id,
        "mobile": case.applicant.phone,
    }


def canonical(content: dict[str, Any]) -> bytes:
    """The bytes that are signed and sent: the same content gives the same bytes."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
