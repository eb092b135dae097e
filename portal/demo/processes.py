"""The processes of a demonstration: started in order, watched, stopped in the other order."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

START_S = 90
STOP_S = 15


class DidNotStart(Exception):
    """A process of ours ended or said nothing; the sentence names its log."""


class Crew:
    """Our children. Each runs in a session of its own, so that Ctrl-C reaches us alone first."""

    def __init__(self, logs: Path, environment: Mapping[str, str]) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._logs = logs
        self._environment = {**os.environ, **environment}
        self._running: list[tuple[str, subprocess.Popen[str]]] = []

    def told(self) -> dict[str, str]:
        """What children find in their environment beyond our own."""
        return {name: value for name, value in self._environment.items() if os.environ.get(name) != value}

    def tell(self, **names: str) -> None:
        """Children started from now on find these in their environment."""
        self._environment |= names

    def start(self, name: str, arguments: Sequence[str], *, first_line: bool = False) -> dict[str, Any]:
        """Start `python ARGUMENTS`; with `first_line`, wait for the one JSON line that says it is ready."""
        with (self._logs / f"{name}.log").open("a") as log:
            child = subprocess.Popen(  # noqa: S603 - our own words, no shell
                [sys.executable, *arguments],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if first_line else log,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self._running.append((name, child))
        return self._first_line(name, child) if first_line else {}

    def _first_line(self, name: str, child: subprocess.Popen[str]) -> dict[str, Any]:
        line = child.stdout.readline() if child.stdout else ""
        if not line:
            raise DidNotStart(f"{name} did not start: see {self._logs / name}.log.")
        said: dict[str, Any] = json.loads(line)
        return said

    def run(self, arguments: Sequence[str]) -> str:
        """Run `python ARGUMENTS` to its end and return what it printed. Raises DidNotStart when it fails."""
        done = subprocess.run(  # noqa: S603 - our own words, no shell
            [sys.executable, *arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise DidNotStart(f"{' '.join(arguments)} failed:\n{done.stdout}{done.stderr}".rstrip())
        return done.stdout

    def who_has_ended(self) -> str:
        """The name of a child that is not running any more, or ""."""
        return next((name for name, child in self._running if child.poll() is not None), "")

    def stop(self) -> None:
        """End all of them, the last started first; what does not end in time is killed."""
        for _, child in reversed(self._running):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        end = time.monotonic() + STOP_S
        for _, child in reversed(self._running):
            try:
                child.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
            if child.stdout:
                child.stdout.close()
        self._running.clear()
