"""`manage.py sync TUNNEL --wait --json`: *Run now* from the command line."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from partners.principals import Principal
from tunnels import selectors, services
from tunnels.management.finding import actor, as_json, tunnel_named
from tunnels.models import Run
from tunnels.running import waiting


class Command(BaseCommand):
    help = "Looks at source and targets, approves what it carries out, and brings every lane level."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tunnel", help="The tunnel's name in the configuration file.")
        parser.add_argument("--wait", action="store_true", help="Work here until the run is over.")
        parser.add_argument("--json", action="store_true", help="One line of JSON.")
        parser.add_argument("--timeout", type=float, default=3600.0, help="Seconds to wait at most.")

    def handle(self, *_: Any, **options: Any) -> None:
        tunnel = tunnel_named(options["tunnel"])
        principal = actor(tunnel)
        try:
            services.approve_all(principal, tunnel)
            run = services.run_now(principal, tunnel)
        except ValidationError as fault:
            raise CommandError(" ".join(fault.messages)) from fault
        if options["wait"]:
            run = waiting.until_over(run, options["timeout"])
        answer = told(principal, run)
        self.stdout.write(as_json(answer) if options["json"] else in_words(answer))
        if options["wait"] and run.state != Run.State.DONE:
            sys.exit(1)


def told(principal: Principal, run: Run) -> dict[str, Any]:
    """A run as documented in docs/cli.md."""
    progress = selectors.progress_of(principal, run)
    return {
        "tunnel": run.tunnel.slug,
        "run": run.pk,
        "state": run.state,
        "created": run.created,
        "updated": run.updated,
        "deleted": run.deleted,
        "adopted": run.adopted,
        "failed": run.failed,
        "held": run.held,
        "requests": run.requests,
        "lanes": progress.lanes,
        "level": progress.level,
        "failing": progress.failing,
        "seconds": round(progress.seconds, 1),
        "remark": run.remark,
    }


def in_words(answer: dict[str, Any]) -> str:
    """The same for people."""
    return (
        f"{answer['tunnel']}: {answer['state']}. {answer['remark']} "
        f"{answer['level']} of {answer['lanes']} mailboxes level after {answer['seconds']} s."
    )
