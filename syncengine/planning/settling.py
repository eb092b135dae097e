"""What a look into a target folder means: which of the things seen are ours, and which are a person's.

The order is the law: a linked id decides first; an attempt whose outcome is open is ours; an attempt
that a link owns is a person's paste; an attempt that came to nothing we know of is a late twin; of
attempts that nobody remembers (a restored database) the oldest is ours. All else is a person's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from syncengine.model.identity import Fingerprint, LaneId, Mark, RemoteId, RowId
from syncengine.planning.pieces import read_mark
from syncengine.ports.remembering import Link, Place
from syncengine.ports.writing import Sighting

UNKNOWN = Fingerprint("?")
"""The answer of a copy of which we do not know what it was told to say: every sighting of it is drift."""


@dataclass(frozen=True, slots=True)
class Known:
    """What we remember that tells what is seen. `owners` are the links of ids that were seen,
    `links` those of rows that marks name, `rows` their ids by mark, `attempts` the fates of the
    attempts that were seen (the copy each was settled with, None where it never was).
    """

    installation: str
    lane: LaneId
    owners: Mapping[RemoteId, Link]
    links: Mapping[Place, Link]
    rows: Mapping[str, RowId]
    attempts: Mapping[str, RemoteId | None]


@dataclass(frozen=True, slots=True)
class Settled:
    """A look, understood. `strays` bear our mark for a row that the register does not know (yet)."""

    confirmed: Mapping[RemoteId, tuple[str, Fingerprint]] = field(default_factory=dict)
    drifted: Mapping[Place, Sighting] = field(default_factory=dict)
    missing: frozenset[Place] = frozenset()
    adopted: Mapping[Place, Sighting] = field(default_factory=dict)
    twins: tuple[tuple[RowId, Sighting], ...] = ()
    foreign: frozenset[RemoteId] = frozenset()
    strays: frozenset[RemoteId] = frozenset()

    @property
    def rows(self) -> frozenset[RowId]:
        """Rows that must be planned again because of what was seen."""
        return frozenset(row for row, _ in (*self.drifted, *self.missing, *self.adopted))


def settle(seen: Mapping[RemoteId, Sighting | None], known: Known) -> Settled:
    """What the ids that were read are to us; None: the id is certainly not there."""
    confirmed, drifted, missing = _settle_linked(seen, known)
    adopted: dict[Place, Sighting] = {}
    twins: list[tuple[RowId, Sighting]] = []
    apart: dict[str, set[RemoteId]] = {"foreign": set(), "stray": set()}
    for verdict, place, sighting in _judged(seen, known):
        if verdict in apart:
            apart[verdict].add(sighting.remote_id)
            continue
        lives = _has_copy(known.links.get(place)) and place not in missing
        if verdict == "twin" or lives or place in adopted:
            twins.append((place[0], sighting))
        else:
            adopted[place] = sighting
    return Settled(
        confirmed=confirmed,
        drifted=drifted,
        missing=frozenset(missing - adopted.keys()),
        adopted=adopted,
        twins=tuple(twins),
        foreign=frozenset(apart["foreign"]),
        strays=frozenset(apart["stray"]),
    )


def _settle_linked(
    seen: Mapping[RemoteId, Sighting | None], known: Known
) -> tuple[dict[RemoteId, tuple[str, Fingerprint]], dict[Place, Sighting], set[Place]]:
    confirmed, drifted, missing = {}, {}, set()
    for remote_id, link in known.owners.items():
        sighting = seen.get(remote_id)
        place = (link.row, link.occurrence)
        if sighting is None:
            missing.add(place)
        elif link.intent:
            continue  # It will be written in full, whatever it says now.
        elif link.answer in ("", sighting.answer):
            confirmed[remote_id] = (sighting.etag, sighting.answer)
        else:
            drifted[place] = sighting
    return confirmed, drifted, missing


Verdict = Literal["open", "forgotten", "twin", "foreign", "stray"]


def _judged(seen: Mapping[RemoteId, Sighting | None], known: Known) -> list[tuple[Verdict, Place, Sighting]]:
    """What each unlinked sighting is, and where it would belong; open intents first, then by age."""
    groups: dict[Mark | None, list[Sighting]] = defaultdict(list)
    for remote_id, sighting in seen.items():
        if sighting and remote_id not in known.owners:
            groups[sighting.mark].append(sighting)
    judged: list[tuple[Verdict, Place, Sighting]] = []
    for mark, group in groups.items():
        oldest, *others = sorted(group, key=_age)
        judged.append((*_verdict(mark, oldest, known), oldest))
        judged += [("foreign", _NOWHERE, other) for other in others]
    return sorted(judged, key=lambda one: (one[0] != "open", *_age(one[2])))


_NOWHERE: Place = (RowId(0), "")


def _verdict(mark: Mark | None, oldest: Sighting, known: Known) -> tuple[Verdict, Place]:
    """The law, for the oldest of those that bear the same mark."""
    if mark is None or (mark.installation, mark.lane) != (known.installation, known.lane):
        return "foreign", _NOWHERE
    row, occurrence = read_mark(mark.row)
    place = (known.rows.get(row, RowId(0)), occurrence)
    link = known.links.get(place)
    if link and link.attempt == mark.attempt:
        return "foreign" if _has_copy(link) else "open", place
    if mark.attempt in known.attempts:
        is_late = known.attempts[mark.attempt] in (None, oldest.remote_id)
        return "twin" if is_late else "foreign", place
    return "forgotten" if row in known.rows else "stray", place


def _has_copy(link: Link | None) -> bool:
    return link is not None and link.remote_id is not None


def _age(sighting: Sighting) -> tuple[str, RemoteId]:
    return sighting.created, sighting.remote_id
