"""A process that has loaded the product and forks: each child does one deed and may be killed.

`python -m tests.drills.nursery` reads a line of JSON for each request and answers with one. A child
is there within milliseconds, as django-q's workers are, which are forked too. (multiprocessing's fork
server would load pytest into each child again.)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.drills.place import Place
from tests.sandbox_process import ROOT

PATIENCE_S = 240.0
NAP_S = 0.003


class Child:
    """A deed in a process of its own."""

    def __init__(self, nursery: Nursery, pid: int, said: Path) -> None:
        self._nursery, self.pid, self._said = nursery, pid, said

    def kill(self) -> bool:
        """End it as a power cut would; whether it was still at work."""
        os.kill(self.pid, 9)
        return self._nursery.wait(self.pid) == -9

    @property
    def is_over(self) -> bool:
        """Whether it has ended by itself."""
        return self._said.exists()

    def answer(self) -> Any:
        """What it came to. Fails the test when it failed."""
        status = self._nursery.wait(self.pid)
        told = json.loads(self._said.read_text()) if self._said.exists() else {"error": f"it ended: {status}"}
        assert "error" not in told, told["error"]
        return told["answer"]


class Nursery:
    """The process, seen from the test; a context manager that ends it."""

    def __init__(self) -> None:
        self._answers = Path(tempfile.mkdtemp(prefix="culvert-drill-"))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.drills.nursery"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._count = 0

    def __enter__(self) -> Nursery:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate(timeout=20)
        for said in self._answers.iterdir():
            said.unlink()
        self._answers.rmdir()

    def begin(self, place: Place, deed: str, *arguments: Any) -> Child:
        """A child that does it."""
        self._count += 1
        said = self._answers / str(self._count)
        told = self._ask(deed=deed, place=asdict(place), arguments=arguments, said=str(said))
        return Child(self, told["pid"], said)

    def wait(self, pid: int) -> int:
        """How a child ended: 0, or less than 0 for a signal. Fails the test when it does not end."""
        status = self._ask(wait=pid)["status"]
        assert status is not None, "a child does not end"
        return int(status)

    def _ask(self, **request: Any) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{json.dumps(request)}\n")
        self._process.stdin.flush()
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        return told


def main() -> None:
    """Fork, and wait for what was forked, until nobody asks any more."""
    from tests.drills import deeds

    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            told = {"status": _ended(request["wait"])}
        elif (pid := os.fork()) == 0:
            with _ending():
                _grow_up()
                place = Place(**request["place"])
                _say(Path(request["said"]), deeds.done(place, request["deed"], request["arguments"]))
        else:
            told = {"pid": pid}
        sys.stdout.write(f"{json.dumps(told)}\n")
        sys.stdout.flush()


@contextmanager
def _ending() -> Iterator[None]:
    """A child never comes back into its parent's loop."""
    status = 1
    try:
        yield
        status = 0
    finally:
        sys.stderr.flush()
        os._exit(status)


def _grow_up() -> None:
    """Nothing of the conversation between test and nursery is for a child."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(2, 1)


def _say(said: Path, told: dict[str, Any]) -> None:
    draft = said.with_suffix(".draft")
    draft.write_text(json.dumps(told))
    draft.rename(said)


def _ended(pid: int) -> int | None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(NAP_S)
    return None


if __name__ == "__main__":
    main()
