"""A checker that is not ours calls every kind of document valid, and nothing that was changed."""

from __future__ import annotations

import os
import shutil
import subprocess
from random import Random

import pytest

from transactions.domain import service_types
from transactions.models import PaperContent
from transactions.papers import papers
from transactions.transitions import endings, moves

from ..conftest import NOW, STEP, drive, ends_as
from .test_signed_papers import bytes_of, made

# What a PDF holds does not depend on the engine.
pytestmark = [pytest.mark.django_db, pytest.mark.embedded, pytest.mark.thorough]
VALID = "Signature is Valid."
FLIPS = 20


@pytest.fixture
def pdfsig(tmp_path):
    """What pdfsig says of a signature; of its certificate nothing, since it knows no authority of the demonstration."""
    program = os.environ.get("PDFSIG_PATH") or shutil.which("pdfsig")
    if not program:
        pytest.fail("MISSING: pdfsig. Run bin/test, or install it (on Debian: apt-get install poppler-utils).")
    path = tmp_path / "paper.pdf"

    def check(content):
        path.write_bytes(content)
        alone = {**os.environ, "HOME": str(tmp_path), "LC_ALL": "C"}  # no authorities of whoever runs the tests
        asked = [program, "-nocert", path]
        return subprocess.run(asked, capture_output=True, text=True, timeout=30, errors="replace", env=alone).stdout

    return check


def issued(code):
    service = service_types.get(code)
    return lambda submitted, cast: drive(submitted(code), cast, ends_as(service)).issued_documents.get().content


def refused(submitted, cast):
    case = drive(submitted("land-subdivision"), cast, "awaiting_supervisor")
    moves.reject(case, reason="عرض الشارع أقل من المطلوب", by=cast.supervisor, now=NOW + 9 * STEP)
    return PaperContent.objects.get(transaction=case, what="rejected")


def received(submitted, cast):
    return papers.order_receipt(submitted("building-permit"), NOW + STEP)


def replaced(submitted, cast):
    case = drive(submitted("building-permit"), cast, "issued")
    case = endings.propose(case, reason="بيانات خاطئة", by=cast.registry, now=NOW + 40 * STEP)
    case = endings.replace(case, reason="تصحيح الاسم", by=cast.supervisor, now=NOW + 41 * STEP)
    return case.issued_documents.get(ended_at=None).content


KINDS = {service.code: issued(service.code) for service in service_types.offered_services()}
KINDS |= {"refusal": refused, "receipt": received, "replacement": replaced}


@pytest.mark.parametrize("kind", KINDS)
def test_a_checker_that_is_not_ours_calls_every_kind_valid(kind, pdfsig, submitted, cast):
    content = bytes_of(made(KINDS[kind](submitted, cast)))
    words = pdfsig(content)
    assert (words.count("Signature #"), words.count(VALID)) == (1, 1), words
    assert "Total document signed" in words
    assert "Not total document signed" not in words
    assert "ETSI.CAdES.detached" in words


def test_it_calls_nothing_valid_that_was_changed(pdfsig, submitted, cast):
    content = bytes_of(made(received(submitted, cast)))
    assert VALID in pdfsig(content)
    begin, chance = content.index(b"/Contents <"), Random(1448)
    for place in chance.sample(range(20, begin), FLIPS):
        changed = bytearray(content)
        changed[place] ^= 1 << chance.randrange(8)
        words = pdfsig(bytes(changed))
        assert VALID not in words, place
    longer = pdfsig(content + b"\n% more\n")
    assert "Not total document signed" in longer or VALID not in longer
