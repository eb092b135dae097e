"""`manage.py demo`: three believable tenants, and all of Culvert at work on them."""

from __future__ import annotations

import json
import signal
import sys
import time
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from partners import clock
from portal import postgres
from portal.demo.companies import AUDITOR_EMAIL, ENGINEER_EMAIL, OWNER_EMAIL
from portal.demo.processes import DidNotStart
from portal.demo.stage import Stage
from tunnels.models import Lane, LedgerEntry


class Command(BaseCommand):
    help = "A demonstration on this machine: a local Microsoft 365, web and workers. Ctrl-C ends it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="Run everything once, audit it, and end.")
        parser.add_argument("--json", action="store_true", help="With --once: one line of JSON at the end.")
        parser.add_argument("--web", default="127.0.0.1:8000", help="Where the portal answers.")

    def handle(self, *_: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, _as_ctrl_c)
        try:
            with self._stage(quiet=options["json"]) as stage:
                stage.open()
                if options["once"]:
                    sys.exit(self._once(stage, as_json=options["json"]))
                self._stay(stage, options["web"])
        except DidNotStart as fault:
            raise CommandError(str(fault)) from fault
        except KeyboardInterrupt:
            self.stdout.write("\nEnded. A second start finds everything as it was.")

    def _stage(self, *, quiet: bool) -> Stage:
        return Stage(
            settings.CULVERT_VAR,
            database=postgres.as_address(settings.DATABASES["default"]),
            today=clock.today,
            say=(lambda _: None) if quiet else self.stdout.write,
        )

    def _once(self, stage: Stage, *, as_json: bool) -> int:
        """The whole way, and what came of it; the exit status."""
        began, before = time.monotonic(), stage.control.requests()
        stage.work()
        runs = stage.sync()
        requests = stage.control.requests() - before
        seconds = time.monotonic() - began
        differences = [one for audit in stage.audit() for one in audit["differences"]]
        unlevel = [f"{run['tunnel']}: {run['remark']}" for run in runs if run["level"] < run["lanes"]]
        totals = {
            "tunnels": len(runs),
            "lanes": Lane.objects.standing().count(),
            "items": sum(Lane.objects.standing().values_list("copies", flat=True)),
            "writes": LedgerEntry.objects.filter(outcome="written").count(),
            "requests": requests,
            "seconds": round(seconds, 1),
            "outbox": stage.control.mails(),
            "differences": differences + unlevel,
        }
        self.stdout.write(json.dumps(totals) if as_json else _in_words(totals))
        return 1 if totals["differences"] or totals["outbox"] else 0

    def _stay(self, stage: Stage, web: str) -> None:
        stage.work(web=web)
        for run in stage.sync():
            if run["level"] < run["lanes"] or not run["lanes"]:
                self.stdout.write(f"{run['tunnel']} is not level yet: {run['remark']}")
        self.stdout.write(
            f"\nThe portal is at http://{web}/\n"
            f"Sign in as {OWNER_EMAIL} (owner), {ENGINEER_EMAIL} (engineer) or {AUDITOR_EMAIL} (auditor)\n"
            f"with the password {stage.password}\n"
            f"For manage.py in another shell: source {stage.environment}\n"
            "Ctrl-C ends everything; a second start finds it as it was.\n"
        )
        raise CommandError(f"{stage.watch()} has ended by itself: see {settings.CULVERT_VAR}/demo/logs.")


def _as_ctrl_c(signal_number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    raise KeyboardInterrupt


def _in_words(totals: dict[str, Any]) -> str:
    return (
        f"{totals['items']} copies in {totals['lanes']} mailboxes by {totals['tunnels']} tunnels, "
        f"{totals['requests']} requests, {totals['seconds']} s. "
        f"{len(totals['differences'])} differences, {totals['outbox']} mails."
    )
