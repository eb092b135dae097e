"""`manage.py apply FILE`: partner, members, tenants, connections and tunnels from a file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tunnels.configuration import applying, positions, wishes
from tunnels.configuration.environment import secret_named
from tunnels.configuration.positions import Wrong


class Command(BaseCommand):
    help = "Brings about what a configuration file wants; a second time it changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="See docs/configuration.md.")

    def handle(self, *_: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            with path.open("rb") as file:
                # One byte more tells a file that is too large, however large it is.
                document = positions.read(file.read(positions.LARGEST_BYTES + 1))
            wanted = wishes.wishes_of(document, secret_named)
            changed = applying.apply(document, wanted, self.stdout.write)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        except Wrong as fault:
            raise CommandError(f"{path}, line {fault.line}: {fault.reason} Nothing was changed.") from fault
        if not changed:
            self.stdout.write("Nothing to change.")
