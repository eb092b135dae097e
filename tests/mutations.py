"""Whether the tests would notice: small mistakes are made one by one, and the tests that should fail are run.

    python -m tests.mutations [WORDS of a mutant's name]

Nothing is changed on disk: the mistaken file is compiled instead of the true one, in a process of
its own, by this module as a plugin of pytest. The status is 1 when a mutant survives, when a change
no longer applies, or when the tests fail without any.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType

from tests.mutants import MUTANTS, Mutant

ROOT = Path(__file__).parents[1]
WHICH = "CULVERT_MUTANT"
TESTS_FAILED = 1
"""pytest's status; any other but 0 means that the tests did not run."""
TIMEOUT_S = 900


def mutated(mutant: Mutant) -> str:
    """The mistaken text of its file. Raises ValueError where the change does not apply exactly once."""
    text = (ROOT / mutant.path).read_text()
    if text.count(mutant.old) != 1 or mutant.old == mutant.new:
        raise ValueError(f"{mutant.name}: stands {text.count(mutant.old)} times in {mutant.path}, not once.")
    changed = text.replace(mutant.old, mutant.new)
    compile(changed, mutant.path, "exec", dont_inherit=True)
    return changed


def install(mutant: Mutant) -> None:
    """From here on, whoever imports the file gets the mistaken one."""
    path, text, original = str(ROOT / mutant.path), mutated(mutant), SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
        if self.path == path:
            return compile(text, path, "exec", dont_inherit=True)
        return original(self, fullname)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign, assignment]


def notices(tests: str, name: str = "") -> bool:
    """Whether these tests fail, with this mutant or with none. Raises RuntimeError if they do not run."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "tests.mutations", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "--reuse-db", "--no-header", *tests.split()],
        cwd=ROOT, env={**os.environ, WHICH: name}, timeout=TIMEOUT_S, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode not in (0, TESTS_FAILED):
        raise RuntimeError(f"The tests did not run:\n{done.stdout[-3000:]}{done.stderr[-2000:]}")
    return done.returncode == TESTS_FAILED


@contextmanager
def one_server() -> Iterator[None]:
    """A PostgreSQL for all the processes, whose test database is made once."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    from portal import postgres

    if "DATABASE_URL" in os.environ:
        yield
        return
    with (
        tempfile.TemporaryDirectory(prefix="culvert-mutants-") as var,
        postgres.passing_server(Path(var)) as address,
    ):
        os.environ["DATABASE_URL"] = address
        yield


def main(words: Sequence[str]) -> int:
    """Try the mutants whose names hold these words; the status."""
    chosen = [one for one in MUTANTS if " ".join(words) in one.name]
    for one in chosen:
        mutated(one)
    survivors: list[str] = []
    with one_server():
        everything = " ".join(dict.fromkeys(test for one in chosen for test in one.tests.split()))
        if notices(everything):
            print("The tests fail without any mutant.")  # noqa: T201
            return 1
        for one in chosen:
            began = time.monotonic()
            is_noticed = notices(one.tests, one.name)
            survivors += [] if is_noticed else [one.name]
            verdict = "noticed " if is_noticed else "SURVIVED"
            print(f"{verdict} {time.monotonic() - began:5.1f} s  {one.name}", flush=True)  # noqa: T201
    print(f"{len(survivors)} of {len(chosen)} mutants survived.", *survivors, sep="\n  ")  # noqa: T201
    return 1 if survivors else 0


if os.environ.get(WHICH):
    install(next(one for one in MUTANTS if one.name == os.environ[WHICH]))

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
