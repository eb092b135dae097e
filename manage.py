#!/usr/bin/env python
"""The command line: `./manage.py help` lists what it can do."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

from portal import postgres


def main(arguments: list[str]) -> None:
    """Carry out one command, with a database at hand for the commands that need one."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    with postgres.at_hand_for(arguments):
        execute_from_command_line(arguments)


if __name__ == "__main__":
    main(sys.argv)
