"""`manage.py audit TUNNEL --json`: source and targets read afresh and compared."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from syncengine.errors import Fault
from tunnels.management.finding import as_json, tunnel_named
from tunnels.running import auditing


class Command(BaseCommand):
    help = "Reads source and targets afresh, without anything we remember, and says what differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tunnel", help="The tunnel's name in the configuration file.")
        parser.add_argument("--json", action="store_true", help="One line of JSON.")

    def handle(self, *_: Any, **options: Any) -> None:
        tunnel = tunnel_named(options["tunnel"])
        try:
            audit = auditing.audit(tunnel)
        except Fault as fault:
            raise CommandError(f"{tunnel.slug} was not audited: {fault}") from fault
        answer = {
            "tunnel": tunnel.slug,
            "lanes": audit.lanes,
            "compared": audit.compared,
            "differences": [
                {"mailbox": one.mailbox, "kind": one.difference.kind, "what": one.difference.what}
                for one in audit.differences
            ],
            "not_understood": [{"source": one.source, "reason": one.reason} for one in audit.not_understood],
        }
        self.stdout.write(as_json(answer) if options["json"] else in_words(answer))
        if audit.differences:
            sys.exit(1)


def in_words(answer: dict[str, Any]) -> str:
    """The same for people. What was not compared is not among "of N"."""
    found, unread = answer["differences"], answer["not_understood"]
    head = f"{answer['tunnel']}: {len(found)} differences of {answer['compared']}."
    lines = [f"  {one['mailbox']}: {one['kind']}: {one['what']}" for one in found]
    lines += [f"  {one['source']}: an item was not understood: {one['reason']}" for one in unread]
    return "\n".join([head, *lines])
