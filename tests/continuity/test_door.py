"""The vault's door: things go in, nothing comes out, nothing is changed; and nobody else is believed."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import urllib.error
import urllib.request
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from continuity import door
from continuity.vault import store
from continuity.vault.record import AnotherPast, Record
from journal.entry import body_of, link
from journal.verify import GENESIS, Line, write

from ..conftest import NOW

NAME = f"files/{'a' * 64}"


def put(vault, path, content, token=None, method="PUT"):
    """(status, what it said)."""
    token = vault.shared.token if token is None else token
    base = vault.url.partition("@")[2]
    headers = {"Authorization": f"Bearer {token}"}
    asked = urllib.request.Request(f"http://{base}{path}", content, headers, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def sha(content):
    return hashlib.sha256(content).hexdigest()


def temporary(tmp_path, content):
    path = tmp_path / sha(content)
    path.write_bytes(content)
    return path.open("rb")


def test_what_is_handed_in_is_kept_and_signed_for(vault, tmp_path):
    with temporary(tmp_path, b"sealed") as content:
        taken = door.vault().put(NAME, content)
    (kept,) = store.versions(vault.folder, NAME)
    assert kept.read_bytes() == b"sealed"
    assert taken.sha256 == kept.name == sha(b"sealed")


def test_nothing_is_written_over(vault, tmp_path):
    """Something else under the same name lies beside the first; the same again is the same."""
    for content in (b"one", b"two", b"one"):
        with temporary(tmp_path, content) as file:
            door.vault().put(NAME, file)
    assert {path.read_bytes() for path in store.versions(vault.folder, NAME)} == {b"one", b"two"}
    assert put(vault, f"/v1/{NAME}/{sha(b'one')}", b"three")[0] == 200  # it has that one, and keeps it
    assert {path.read_bytes() for path in store.versions(vault.folder, NAME)} == {b"one", b"two"}


@pytest.mark.parametrize("method", ["GET", "DELETE", "POST", "PATCH", "HEAD", "OPTIONS", "MOVE"])
def test_the_centres_token_reads_and_deletes_nothing(method, vault, tmp_path):
    with temporary(tmp_path, b"sealed") as content:
        door.vault().put(NAME, content)
    for path in (f"/v1/{NAME}/{sha(b'sealed')}", f"/v1/{NAME}", "/v1/files", "/v1/journal", "/", "/v1/../vault.key"):
        status, said = put(vault, path, None, method=method)
        assert status in (404, 501)
        assert b"sealed" not in (said if isinstance(said, bytes) else b"")
    assert len(store.versions(vault.folder, NAME)) == 1


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (f"/v1/{NAME}/{'0' * 64}", b"not this"),
        (f"/v1/files/../../etc/{sha(b'x')}", b"x"),
        (f"/v1/files/{'A' * 64}/{sha(b'x')}", b"x"),
        (f"/v1/config.json/{sha(b'x')}", b"x"),
        (f"/v1/copies/C1A-1/{sha(b'x')}", b"x"),
        ("/v1/journal", b"no export"),
        ("/v1/journal", b""),
    ],
)
def test_what_is_not_what_it_says_is_refused(path, content, vault):
    before = sorted(str(one) for one in vault.folder.rglob("*") if one.is_file())
    assert put(vault, path, content)[0] == 400
    assert [one for one in vault.folder.rglob("*") if one.is_file() and ".lock" not in one.name] == before


def test_a_stranger_is_refused(vault):
    for token in ("", "x", vault.shared.token[:-1], vault.shared.token + "x"):
        assert put(vault, f"/v1/{NAME}/{sha(b'x')}", b"x", token=token)[0] == 401
    assert store.versions(vault.folder, NAME) == []


def test_a_full_vault_says_so(vault, tmp_path):
    vault.shared.room = 1 << 62
    with temporary(tmp_path, b"sealed") as content, pytest.raises(door.Refused, match="507"):
        door.vault().put(NAME, content)


def test_nobody_else_is_believed(vault, settings, tmp_path):
    """Whoever stands in the vault's place has not its key."""
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    settings.VAULT_PUBLIC_KEY = base64.b64encode(other).decode()
    with temporary(tmp_path, b"sealed") as content, pytest.raises(door.Disbelieved):
        door.vault().put(NAME, content)


def test_what_ends_early_is_not_kept(tmp_path):
    with pytest.raises(store.NotTaken):
        store.keep(tmp_path, NAME, sha(b"whole"), io.BytesIO(b"who"), 5)
    assert not [one for one in tmp_path.rglob("*") if one.is_file()]


# -- the record of the journal ---------------------------------------------------------------------------------

KEY = Ed25519PrivateKey.generate()


def chained(many, *, start=(0, GENESIS), mark="", key=KEY):
    """Good entries of one chain, from `start` on."""
    seq, previous = start
    lines = []
    for number in range(seq + 1, seq + many + 1):
        body = body_of(
            kind="received", subject=f"ref{mark}{number}", facts={}, node="C1", incarnation="A", seq=number, at=NOW
        )
        digest = link(previous, body)
        public = key.public_key().public_bytes_raw()
        lines.append(Line("C1A", public, number, previous, digest, key.sign(digest), body))
        previous = digest
    return lines


def exported(lines):
    return "".join(f"{write(line)}\n" for line in lines).encode()


def test_heads_that_follow_are_co_signed(vault):
    lines = chained(5)
    assert door.vault().journal(exported(lines[:2])).seq == 2
    assert door.vault().journal(exported(lines[1:])).seq == 5  # shown twice is shown once
    assert [line.seq for line in Record(vault.folder).lines("C1A")] == [1, 2, 3, 4, 5]


def test_an_older_head_is_answered_with_the_last(vault):
    lines = chained(5)
    door.vault().journal(exported(lines))
    assert door.vault().journal(exported(lines[:2])).seq == 5


@pytest.mark.parametrize("what", ["fork", "gap", "rewritten", "another key", "a bad signature"])
def test_another_past_is_refused_and_the_record_stays(what, vault):
    lines = chained(4)
    door.vault().journal(exported(lines))
    forked = chained(2, start=(3, lines[2].hash), mark="-other-")
    shown = {
        "fork": forked,
        "gap": chained(2, start=(5, lines[3].hash)),
        "rewritten": chained(5, mark="-other-"),
        "another key": chained(1, start=(4, lines[3].hash), key=Ed25519PrivateKey.generate()),
        "a bad signature": [replace(chained(1, start=(4, lines[3].hash))[0], signature=bytes(64))],
    }[what]
    with pytest.raises(door.Refused) as refused:
        door.vault().journal(exported(shown))
    assert refused.value.answer["error"] == "another past"
    assert [line.hash for line in Record(vault.folder).lines("C1A")] == [line.hash for line in lines]
    assert (vault.folder / "journal" / "refused.jsonl").exists()


def test_a_torn_write_is_taken_back(tmp_path):
    """The machine died while the record was written: what was never acknowledged is written again."""
    record, lines = Record(tmp_path), chained(3)
    record.take(exported(lines[:2]))
    with (tmp_path / "journal" / "C1A.jsonl").open("ab") as out:
        out.write(exported(lines[2:])[:50])
    assert record.heads()["C1A"].seq == 2
    assert record.take(exported(lines[2:])).seq == 3
    assert [line.hash for line in record.lines("C1A")] == [line.hash for line in lines]


def test_two_chains_at_once_are_no_export(tmp_path):
    with pytest.raises(ValueError, match="one chain"):
        Record(tmp_path).take(
            exported(chained(1)) + exported([Line("C1B", *list(chained(1)[0].__dict__.values())[1:])])
        )
    with pytest.raises(AnotherPast):
        Record(tmp_path).take(exported(chained(2)[1:]))
    assert os.listdir(tmp_path / "journal") != []


def test_an_ended_chain_is_taken_no_more_and_others_are(vault):
    """Its centre comes back after another place was made the portal: nothing it takes is confirmed."""
    lines = chained(3)
    door.vault().journal(exported(lines[:2]))
    Record(vault.folder).fence("C1A")
    with pytest.raises(door.Refused) as refused:
        door.vault().journal(exported(lines[2:]))
    assert refused.value.answer["error"] == "another past"
    assert Record(vault.folder).heads()["C1A"].seq == 2
