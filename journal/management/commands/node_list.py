"""Keep the list of nodes and keys that papers are checked with.

node_list show                          the list in use: version, chains, keys, ends
node_list draft [--end CHAIN REASON]    the next version, unsigned: with new chains of this database, and these ends
node_list sign DRAFT --key-file FILE    sign a draft; needs no database, so it can be done where the key is kept
node_list take SIGNED                   use a signed list from now on
node_list export                        the signed list in use, to be carried elsewhere

REASON is retired, stolen or cloned. A file named - is standard input.
"""

from __future__ import annotations

import base64
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from journal import keys, node_list, nodes
from journal.entry import second_of
from journal.node_list import ListRefused, NodeList


class Command(BaseCommand):
    # A list is signed where there is no database, and shown where it may not be written.
    requires_system_checks: list[str] = []
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        for name in ("show", "export"):
            actions.add_parser(name)
        draft = actions.add_parser("draft")
        draft.add_argument("--end", nargs=2, action="append", default=[], metavar=("CHAIN", "REASON"))
        draft.add_argument("--at", type=datetime.fromisoformat, help="when the chains ended (default: now)")
        sign = actions.add_parser("sign")
        sign.add_argument("file")
        sign.add_argument("--key-file", required=True, help="32 random bytes, base64: head -c 32 /dev/urandom | base64")
        actions.add_parser("take").add_argument("file")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            self.stdout.write(getattr(self, f"_{action}")(options), ending="")
        except (ListRefused, ImproperlyConfigured, OSError) as error:
            raise CommandError(str(error)) from error

    def _show(self, options: dict[str, Any]) -> str:
        current = nodes.current()
        if current is None:
            raise CommandError("There is no node list here.")
        return _in_words(current)

    def _export(self, options: dict[str, Any]) -> str:
        text = nodes.current_signed()
        if text is None:
            raise CommandError("There is no node list here.")
        return text

    def _draft(self, options: dict[str, Any]) -> str:
        now = timezone.now()
        ended = second_of(_aware(options["at"] or now))
        content = nodes.draft(now)
        for name, reason in options["end"]:
            if name not in content.chains:
                raise ListRefused(f"{name} is not on the list; it has {', '.join(sorted(content.chains)) or 'none'}")
            changed = replace(content.chains[name], ended=ended, reason=reason)
            content = replace(content, chains={**content.chains, name: changed})
        return node_list.decode(content.encode()).encode().decode() + "\n"

    def _sign(self, options: dict[str, Any]) -> str:
        key = keys.load("", options["key_file"], False)
        content = node_list.decode(_read(options["file"]).encode())
        self.stderr.write(f"signed with the key whose public half is {_public(key)}")
        return node_list.sign(content, key)

    def _take(self, options: dict[str, Any]) -> str:
        return _in_words(nodes.take(_read(options["file"]), timezone.now()))


def _public(key: Any) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def _aware(moment: datetime) -> datetime:
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


def _read(name: str) -> str:
    return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")


def _in_words(content: NodeList) -> str:
    lines = [f"version {content.version}, issued {content.issued_at}"]
    for name in sorted(content.chains):
        chain = content.chains[name]
        end = f", {chain.reason} {chain.ended}" if chain.ended else ""
        lines.append(f"{name}  {chain.public_key}  since {chain.since}{end}")
    return "\n".join(lines) + "\n"
