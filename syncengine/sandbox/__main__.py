"""`python -m syncengine.sandbox --port N [--world FILE] [--state FILE]`: run the sandbox.

Prints one JSON line when it is ready: the addresses of Graph, sign-in and control, and
the file with the authority's certificate.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import orjson

from syncengine.sandbox import certificates
from syncengine.sandbox.app import make_app
from syncengine.sandbox.server import Server, listen
from syncengine.sandbox.state import World
from syncengine.sandbox.state_file import StateFile
from syncengine.sandbox.world_file import BadWorld, load_world


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; the exit status is 2 for a file that cannot be loaded."""
    options = _options(arguments)
    world, state = World(), StateFile(options.state) if options.state else None
    try:
        if state and state.path.exists():
            state.load(world)
        elif options.world:
            load_world(world, orjson.loads(options.world.read_bytes()))
    except (BadWorld, OSError, orjson.JSONDecodeError) as error:
        sys.stderr.write(f"The world cannot be loaded: {error}\n")
        return 2
    world.latency_s = options.latency_ms / 1000
    with tempfile.TemporaryDirectory(prefix="culvert-sandbox-") as private:
        _serve(world, state, options, Path(private))
    return 0


def _serve(world: World, state: StateFile | None, options: argparse.Namespace, private: Path) -> None:
    listener = listen(options.port)
    base = f"https://127.0.0.1:{listener.getsockname()[1]}"
    ca = state.path.with_name("sandbox-ca.pem") if state else private / "ca.pem"
    issued = certificates.issue(ca, private)
    server = Server(make_app(world, base, options.seed), issued.server_context())
    ready = {
        "graph": f"{base}/v1.0",
        "login": base,
        "ca": str(ca.resolve()),
        "control": f"{base}/_sandbox",
    }
    # The socket listens already: whoever connects now is served as soon as the loop runs.
    sys.stdout.write(orjson.dumps(ready).decode() + "\n")
    sys.stdout.flush()
    server.run_on(listener, *([state.keep(world)] if state else ()))
    if state:
        state.save(world)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m syncengine.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 chooses a free one")
    parser.add_argument("--world", type=Path, help="a world to begin with")
    parser.add_argument("--state", type=Path, help="kept up to date; loaded instead if it exists")
    parser.add_argument("--seed", type=int, help="makes shuffles and token lifetimes repeatable")
    parser.add_argument("--latency-ms", type=float, default=0, help="how long each call takes")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
