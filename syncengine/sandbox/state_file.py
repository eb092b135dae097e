"""The state file: the world on disk, so that a restarted sandbox goes on where it stopped."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import orjson

from syncengine.sandbox.state import World
from syncengine.sandbox.world_file import dump_world, load_world

PERIOD_S = 3.0
# Writing a big world may take at most this share of the time.
_SHARE = 0.05


class StateFile:
    """One file that holds the last state of one world."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._saved = -1

    def load(self, world: World) -> None:
        """Fill `world` from the file. Raises BadWorld, OSError, JSONDecodeError."""
        load_world(world, orjson.loads(self.path.read_bytes()))

    def save(self, world: World) -> None:
        """Write the world if it changed since the last time, whole or not at all."""
        if world.changes == self._saved:
            return
        changes = world.changes
        fresh = self.path.with_name(self.path.name + ".new")
        with fresh.open("wb") as file:
            file.write(orjson.dumps(dump_world(world)))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
        self._saved = changes

    async def keep(self, world: World) -> None:
        """Save every few seconds, for ever."""
        pause = PERIOD_S
        while True:
            await asyncio.sleep(pause)
            began = time.monotonic()
            self.save(world)
            pause = max(PERIOD_S, (time.monotonic() - began) / _SHARE)
