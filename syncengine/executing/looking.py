"""Looking into a target folder, and settling what is seen there with what we remember."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from syncengine.executing.asking import Asking, ask, ask_all
from syncengine.model.identity import Cursor, LaneId, RemoteId
from syncengine.model.time import Window
from syncengine.planning.pieces import read_mark
from syncengine.planning.plan import adoption
from syncengine.planning.settling import UNKNOWN, Known, Settled, settle
from syncengine.ports.remembering import Book, Intent, Link, Register, Result, Row
from syncengine.ports.writing import FolderGone, Look, Sighting, Target, Written

READ = 100
"""Ids that are read by one errand."""


@dataclass(frozen=True, slots=True)
class Looker:
    """Looks for one lane. What it finds of ours is confirmed or adopted before it is reported."""

    installation: str
    lane: LaneId
    target: Target
    book: Book
    register: Register

    def look(
        self, folder: str, window: Window, cursor: Cursor | None
    ) -> Asking[tuple[Settled, Cursor] | None]:
        """What the folder shows since `cursor`, settled, and the next cursor; None: it is gone."""
        look: Look | FolderGone = yield from ask(lambda: self.target.look(folder, window, cursor))
        if isinstance(look, FolderGone):
            return None
        owners = self._owners(look)
        seen = yield from self._read(folder, _questions(look, owners))
        settled = settle(seen, self._known(seen, {id_: owners[id_] for id_ in seen if id_ in owners}))
        self._remember(settled)
        return settled, look.cursor

    def _owners(self, look: Look) -> Mapping[RemoteId, Link]:
        """The links that the look may say something about: after a full look, all of them."""
        if not look.complete:
            return self.book.by_remote_id(self.lane, [*look.changed, *look.removed])
        links = self.book.links(self.lane).values()
        return {link.remote_id: link for link in links if link.remote_id is not None}

    def _read(self, folder: str, ids: Iterable[RemoteId]) -> Asking[dict[RemoteId, Sighting | None]]:
        pages = iter(ids)
        reads = [
            partial(self.target.read, folder, page) for page in iter(lambda: list(islice(pages, READ)), [])
        ]
        answers = yield from ask_all(reads)
        return {remote_id: sighting for answer in answers for remote_id, sighting in answer.items()}

    def _known(self, seen: Mapping[RemoteId, Sighting | None], owners: Mapping[RemoteId, Link]) -> Known:
        marks = [sighting.mark for sighting in seen.values() if sighting and sighting.mark]
        ours = [mark for mark in marks if (mark.installation, mark.lane) == (self.installation, self.lane)]
        rows = self.register.by_mark({read_mark(mark.row)[0] for mark in ours})
        ids = {text: row.id for text, row in rows.items()}
        return Known(
            installation=self.installation,
            lane=self.lane,
            owners=owners,
            links=self.book.links(self.lane, list(ids.values())) if ids else {},
            rows=ids,
            attempts=self.book.past_attempts(self.lane, [mark.attempt for mark in ours]) if ours else {},
        )

    def _remember(self, settled: Settled) -> None:
        if settled.confirmed:
            self.book.confirm(self.lane, settled.confirmed)
        if settled.adopted:
            rows = {row.id: row for row in self.register.of([row for row, _ in settled.adopted])}
            self.book.record(
                self.lane,
                [
                    _adopted(rows[row], occurrence, sighting)
                    for (row, occurrence), sighting in settled.adopted.items()
                ],
            )


def _adopted(row: Row, occurrence: str, sighting: Sighting) -> Result:
    attempt = sighting.mark.attempt if sighting.mark else ""
    action = adoption(row, occurrence, sighting)
    # A copy that says something else is no echo and never as we left it, until it has been written.
    seen = (sighting.etag, sighting.answer) if action.fingerprint else ("", UNKNOWN)
    return Result(Intent(action, attempt), Written(sighting.remote_id, *seen))


def _questions(look: Look, owners: Mapping[RemoteId, Link]) -> list[RemoteId]:
    """Ids to be read: what is not our echo, and what of ours is said to be gone or was not shown."""
    questions = [
        id_ for id_, etag in look.changed.items() if id_ not in owners or not etag or owners[id_].etag != etag
    ]
    absent: Sequence[RemoteId] = [id_ for id_ in owners if id_ not in look.changed]
    return questions + list(absent)
