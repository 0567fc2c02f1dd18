"""Whose signatures count is said by a signed list, not by the database that may be gone or changed."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from journal import node_list, nodes, receipts
from journal.entry import GENESIS, body_of, link
from journal.models import Chain, Entry, NodeListVersion
from journal.node_list import EMPTY, ListedChain, ListRefused, NodeList

from ..conftest import NOW, drive

VERIFY = Path(__file__).parents[2] / "journal" / "verify.py"
LIST_KEY = Ed25519PrivateKey.generate()
DAY = "2026-11-01T00:00:00Z"


def public(key) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def chain(name, key=None, **changed):
    return ListedChain(name, public(key or Ed25519PrivateKey.generate()), DAY, **changed)


def listed(*chains, version=1):
    return NodeList(version, DAY, {one.chain: one for one in chains})


@pytest.fixture
def trusted(settings, tmp_path):
    settings.NODE_LIST_KEY = public(LIST_KEY)
    settings.NODE_LIST_FILE = tmp_path / "nodes.json"


@pytest.fixture
def english(client):
    client.cookies["language"] = "en"
    return client


def take(content):
    return nodes.take(node_list.sign(content, LIST_KEY), NOW)


def forged(key, *, node="C1", incarnation="A", seq=4711):
    """A token in our own form, signed with this key."""
    facts = {"number": "F-1"}
    body = body_of(kind="issued", subject="C1A-1448-000001-X", facts=facts, node=node, incarnation=incarnation,
                   seq=seq, at=NOW)  # fmt: skip
    packed = GENESIS + key.sign(link(GENESIS, body)) + body
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


# -- the signed file -------------------------------------------------------------------------------------------

names = st.from_regex(node_list.CHAIN, fullmatch=True)


@given(st.sets(names, max_size=5), st.integers(1, 10**6))
def test_a_list_is_read_as_it_was_signed(chosen, version):
    content = listed(*map(chain, chosen), version=version)
    assert node_list.read_signed(node_list.sign(content, LIST_KEY), LIST_KEY.public_key().public_bytes_raw()) == content


@given(st.data())
def test_a_changed_byte_is_refused(data):
    text = node_list.sign(listed(chain("C1A"), chain("B7A")), LIST_KEY)
    item = json.loads(text)
    part = data.draw(st.sampled_from(["list", "signature"]))
    raw = bytearray(base64.b64decode(item[part]))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    item[part] = base64.b64encode(bytes(raw)).decode()
    with pytest.raises(ListRefused):
        node_list.read_signed(json.dumps(item), LIST_KEY.public_key().public_bytes_raw())


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"list": 1}', "x" * 2_000_000, "[" * 100_000])
def test_what_is_no_list_is_refused_in_words(text):
    with pytest.raises(ListRefused):
        node_list.read_signed(text, bytes(32))


@pytest.mark.parametrize(
    "row",
    [
        {"chain": "c1a"}, {"chain": "C1A-"}, {"public_key": "AAAA"}, {"since": "yesterday"}, {"reason": "stolen"},
        {"ended": DAY}, {"ended": DAY, "reason": "lost"}, {"unknown": 1},
    ],
)  # fmt: skip
def test_a_bad_row_is_refused(row):
    good = {"chain": "C1A", "public_key": public(LIST_KEY), "since": DAY, "ended": "", "reason": ""}
    content = {"v": 1, "version": 1, "issued_at": DAY, "chains": [good | row]}
    with pytest.raises(ListRefused):
        node_list.decode(json.dumps(content).encode())


@pytest.mark.parametrize("version", [0, -1, True, "2", 1.5, None])
def test_a_version_is_a_whole_number_from_one(version):
    with pytest.raises(ListRefused):
        node_list.decode(json.dumps({"v": 1, "version": version, "issued_at": DAY, "chains": []}).encode())


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda rows: rows.pop("C1A"), "missing"),
        (lambda rows: rows.update(C1A=chain("C1A")), "another key"),
        (lambda rows: rows.update(B7A=replace(rows["B7A"], ended="", reason="")), "stays so"),
        (lambda rows: rows.update(B8A=replace(rows["B8A"], reason="retired")), "stays so"),
    ],
)
def test_nothing_listed_is_forgotten_and_no_ended_key_comes_back(change, why):
    old = listed(
        chain("C1A"), chain("B7A", ended=DAY, reason="retired"), chain("B8A", ended=DAY, reason="stolen"), version=7
    )
    rows = dict(old.chains)
    change(rows)
    with pytest.raises(ListRefused, match=why):
        node_list.refuse_unless_follows(NodeList(8, DAY, rows), old)


def test_a_key_retired_may_be_found_stolen_later():
    old = listed(chain("B7A", ended=DAY, reason="retired"))
    new = old.next_version([replace(old.chains["B7A"], reason="stolen")], NOW)
    node_list.refuse_unless_follows(new, old)


# -- in this installation --------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_older_list_and_one_of_somebody_else_are_refused(trusted):
    first = listed(chain("C1A"))
    assert take(first) == take(first) == nodes.current(), "the same again changes nothing"
    second = first.next_version([chain("B7A")], NOW)
    take(second)
    for text in (node_list.sign(first, LIST_KEY), node_list.sign(listed(version=9), Ed25519PrivateKey.generate())):
        with pytest.raises(ListRefused):
            nodes.take(text, NOW)
    assert nodes.current() == second
    assert NodeListVersion.objects.count() == 2


@pytest.mark.django_db
def test_the_newer_of_database_and_carried_file_counts_and_a_bad_one_is_left_aside(trusted, settings):
    first = take(listed(chain("C1A")))
    second = first.next_version([chain("B7A")], NOW)
    Path(settings.NODE_LIST_FILE).write_text(node_list.sign(second, LIST_KEY))
    assert nodes.current() == second
    NodeListVersion.objects.all().delete()
    assert nodes.current() == second, "after a wipe the file is what is left"
    Path(settings.NODE_LIST_FILE).write_text(node_list.sign(second, Ed25519PrivateKey.generate()))
    assert nodes.current() is None
    settings.NODE_LIST_KEY = ""
    settings.DEMO = False
    assert nodes.current() is None


@pytest.mark.django_db
def test_a_paper_whose_chain_the_database_lost_still_has_our_signature(trusted, cast, submitted, english):
    token = receipts.encode_token(Entry.objects.get(subject=submitted().reference))
    take(nodes.draft(NOW))
    Chain.objects.update(node="Z9")
    check = receipts.check_token(token)
    assert (check.signature_good, check.in_journal) == (True, False)
    page = english.get(reverse("journal:verify_token", args=[token]))
    assert "The signature is ours, but this journal has no such entry" in page.content.decode()


@pytest.mark.django_db
def test_a_key_put_into_the_table_signs_nothing(trusted, cast, submitted):
    """Whoever owns the database can put a key of theirs into the chain; the list names ours."""
    submitted()
    take(nodes.draft(NOW))
    theirs = Ed25519PrivateKey.generate()
    assert not receipts.check_token(forged(theirs)).signature_good
    Chain.objects.update(public_key=theirs.public_key().public_bytes_raw())
    assert not receipts.check_token(forged(theirs)).signature_good
    with pytest.raises(CommandError, match="the key in the database is not its key"):
        call_command("verify_journal", stdout=StringIO())


@pytest.mark.django_db
def test_a_stolen_key_is_said_and_what_our_journal_has_stays_genuine(trusted, cast, submitted, english):
    box = Ed25519PrivateKey.generate()
    case = submitted()
    drafted = nodes.draft(NOW)
    stolen = [chain("B7A", box, ended=DAY, reason="stolen")]
    ours = [replace(one, ended=DAY, reason="cloned") for one in drafted.chains.values()]
    take(EMPTY.next_version([*stolen, *ours], NOW))
    token = forged(box, node="B7")
    page = english.get(reverse("journal:verify_token", args=[token])).content.decode()
    assert "This document cannot be trusted" in page
    assert "1 November 2026" in page
    kept = receipts.encode_token(Entry.objects.get(subject=case.reference))
    page = english.get(reverse("journal:verify_token", args=[kept])).content.decode()
    assert "This is a genuine document of Jeddah Municipality" in page
    assert "key list no. 1" in page


@pytest.mark.django_db
def test_the_list_is_published_as_it_was_signed(trusted, client):
    assert client.get(reverse("journal:node_list")).status_code == 404
    text = node_list.sign(listed(chain("C1A")), LIST_KEY)
    nodes.take(text, NOW)
    answer = client.get(reverse("journal:node_list"))
    assert (answer.content.decode(), answer["Content-Type"]) == (text, "application/json")


@pytest.mark.django_db
def test_the_verifier_is_there_to_be_kept_once_there_is_a_list(trusted, english, tmp_path):
    link, offline = "Download a page", reverse("journal:offline_verifier")
    assert link not in english.get(reverse("journal:verify")).content.decode()
    assert english.get(offline).status_code == 404
    take(listed(chain("C1A")))
    assert link in english.get(reverse("journal:verify")).content.decode()
    answer = english.get(offline)
    assert "attachment" in answer["Content-Disposition"]
    assert "http://testserver/verify/" in answer.content.decode()
    call_command("build_verifier", str(tmp_path / "v.html"), verify_url="http://testserver/verify/", stdout=StringIO())
    assert (tmp_path / "v.html").read_text() == answer.content.decode()


@pytest.mark.django_db
def test_a_demo_signs_its_own_list_once(settings, tmp_path, cast, submitted):
    settings.NODE_LIST_KEY, settings.NODE_LIST_DEMO_KEY_FILE = "", tmp_path / "keys" / "nodes.key"
    submitted()
    assert nodes.publish_for_demo(NOW) == nodes.publish_for_demo(NOW) == nodes.current()
    assert list(nodes.current().chains) == ["C1A"]


# -- the command, and the checker that stands alone -------------------------------------------------------------


def run(*arguments) -> str:
    out = StringIO()
    call_command("node_list", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.fixture
def key_file(tmp_path):
    file = tmp_path / "list.key"
    file.write_text(base64.b64encode(LIST_KEY.private_bytes_raw()).decode())
    return file


@pytest.mark.django_db
def test_a_list_is_drafted_here_signed_elsewhere_and_taken(trusted, tmp_path, key_file, cast, submitted):
    drive(submitted(), cast, "completed")
    draft, signed = tmp_path / "draft.json", tmp_path / "signed.json"
    draft.write_text(run("draft"))
    signed.write_text(run("sign", str(draft), "--key-file", str(key_file)))
    assert run("take", str(signed)) == run("show")
    assert run("export") == signed.read_text()
    assert list(nodes.current().chains) == ["C1A"]
    draft.write_text(run("draft", "--end", "C1A", "stolen", "--at", "2026-11-02T03:00:00+03:00"))
    signed.write_text(run("sign", str(draft), "--key-file", str(key_file)))
    assert "stolen 2026-11-02T00:00:00Z" in run("take", str(signed))
    for wrong in (["draft", "--end", "Z9A", "stolen"], ["draft", "--end", "C1A", "bored"], ["take", str(draft)]):
        with pytest.raises(CommandError):
            run(*wrong)


def test_signing_needs_no_database(tmp_path, key_file):
    draft = tmp_path / "draft.json"
    draft.write_text(listed(chain("C1A")).encode().decode())
    signed = run("sign", str(draft), "--key-file", str(key_file))
    assert node_list.read_signed(signed, LIST_KEY.public_key().public_bytes_raw()).version == 1
    with pytest.raises(CommandError):
        run("sign", str(draft), "--key-file", str(tmp_path / "none.key"))


@pytest.mark.django_db
def test_the_checker_holds_an_export_to_the_keys_of_the_list(trusted, tmp_path, cast, submitted):
    drive(submitted(), cast, "completed")
    export, file = tmp_path / "export.jsonl", tmp_path / "list.json"
    out = StringIO()
    call_command("export_journal", stdout=out)
    export.write_text(out.getvalue())

    def checked(content, key=LIST_KEY):
        file.write_text(node_list.sign(content, key))
        command = [
            sys.executable,
            "-I",
            str(VERIFY),
            str(export),
            "--nodes",
            str(file),
            "--nodes-key",
            public(LIST_KEY),
        ]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env={"PATH": os.environ["PATH"]})
        return done.returncode, done.stdout + done.stderr

    good = nodes.draft(NOW)
    assert checked(good)[0] == 0
    ended = {name: replace(one, ended=DAY, reason="retired") for name, one in good.chains.items()}
    assert "key retired" in checked(replace(good, chains=ended))[1]
    assert checked(good, Ed25519PrivateKey.generate())[0] == 2
    assert checked(replace(good, chains={"C1A": chain("C1A")})) == (
        1,
        "BAD: chain C1A, entry 1: is signed under another key\n",
    )
    assert checked(replace(good, chains={}))[0] == 1
