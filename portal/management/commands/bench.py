"""`manage.py bench`: how fast the engine writes, measured beside a bare loop in the same run."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from portal.bench import throughput
from portal.bench.throughput import Throughput


class Command(BaseCommand):
    help = "Measures throughput against a sandbox and a database of its own; ends both by itself."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--contacts", type=int, default=500, help="Entries of the address list.")
        parser.add_argument("--mailboxes", type=int, default=16, help="Mailboxes that get it.")
        parser.add_argument("--json", action="store_true", help="One line of JSON.")

    def handle(self, *_: Any, **options: Any) -> None:
        measured = throughput.measure(options["contacts"], options["mailboxes"])
        if options["json"]:
            self.stdout.write(json.dumps({**asdict(measured), "void": measured.is_void}))
            return
        self.stdout.write(in_words(measured))


def in_words(measured: Throughput) -> str:
    """The figure for people; a void one says so."""
    void = (
        f" VOID: the sandbox gave the loop under {throughput.LEAST_LOOP} parts/s." if measured.is_void else ""
    )
    return (
        f"{measured.contacts} contacts to {measured.mailboxes} mailboxes, medians of {measured.rounds}: "
        f"engine {measured.engine_per_s:.0f} items/s, loop {measured.loop_per_s:.0f} parts/s, "
        f"ratio {measured.ratio:.2f} (target {throughput.TARGET}); processor per item: engine "
        f"{measured.engine_cpu_us:.0f} us, PostgreSQL {measured.postgres_cpu_us:.0f} us.{void}"
    )
