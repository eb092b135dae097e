"""Copies by fingerprint: stored once, decoded once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping

import orjson

from syncengine.model.codec import copy_from_json, copy_to_json
from syncengine.model.copies import Copy
from syncengine.model.identity import Fingerprint
from tunnels.bookkeeping.hot import hot_cursor

KEPT = 8_000
"""Decoded copies that a worker keeps: many lanes ask for the same ones, and memory stays flat."""


class Bodies:
    """The table of bodies with a small memory in front of it. One per worker slice."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept, self._limit = OrderedDict[str, Copy](), kept

    def load(self, fingerprints: Iterable[str]) -> Mapping[str, Copy]:
        """The copies with these fingerprints; unknown ones are absent."""
        wanted = {one for one in fingerprints if one}
        found = {one: self._kept[one] for one in wanted if one in self._kept}
        if missing := wanted - found.keys():
            found.update(self._read(missing))
        return found

    def store(self, copies: Mapping[Fingerprint, Copy]) -> None:
        """Make sure that they can be loaded."""
        new = {mark: copy for mark, copy in copies.items() if mark not in self._kept}
        if not new:
            return
        contents = [orjson.dumps(copy_to_json(copy)) for copy in new.values()]
        with hot_cursor() as cursor:
            cursor.execute(
                "INSERT INTO tunnels_body (fingerprint, content)"
                " SELECT * FROM unnest(%b::text[], %b::bytea[]) ORDER BY 1 ON CONFLICT DO NOTHING",
                [list(new), contents],
            )
        self._keep(new)

    def _read(self, fingerprints: Iterable[str]) -> Mapping[str, Copy]:
        with hot_cursor() as cursor:
            cursor.execute(
                "SELECT fingerprint, content FROM tunnels_body WHERE fingerprint = ANY(%b)",
                [list(fingerprints)],
            )
            read = {mark: copy_from_json(orjson.loads(content)) for mark, content in cursor.fetchall()}
        self._keep(read)
        return read

    def _keep(self, copies: Mapping[str, Copy] | Mapping[Fingerprint, Copy]) -> None:
        for mark, copy in copies.items():
            self._kept[mark] = copy
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)
