"""Rules that may hold a plan: mass deletion, lanes leaving, an emptied source.

They count over 24 hours, not per plan, so that a landslide in small slices is held, too.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from syncengine.planning.plan import removes
from syncengine.ports.remembering import Census, Place
from syncengine.ports.writing import Action

NOT_COUNTED = frozenset({"left the window", "late twin", "lane leaves", "tunnel removed"})
"""Causes of deletes that guards let pass: time, our own repairs, and what leaving lanes are counted by."""


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """How much is too much. A guard holds where both its number and its share are exceeded."""

    copies: int = 10
    copies_percent: int = 20
    lanes: int = 3
    lanes_percent: int = 20
    source_items: int = 10


@dataclass(frozen=True, slots=True)
class Judgement:
    """Which removals may be carried out, which wait for a person, and why."""

    clear: tuple[Action, ...] = ()
    held: tuple[Action, ...] = ()
    reason: str = ""


def counted(action: Action) -> int:
    """How many deletions the guards see in an action."""
    return 0 if action.cause in NOT_COUNTED or not action.remote_id else removes(action)


def judge_lane(
    removals: Sequence[Action],
    census: Census,
    settings: GuardSettings,
    released: Collection[Place] = (),
) -> Judgement:
    """Hold a lane's deletions when they and those of the last 24 hours are too many.

    `released` are places that a person let go. What guards do not count is never held.
    """
    weighed = [
        action for action in removals if counted(action) and (action.row, action.occurrence) not in released
    ]
    number = census.deleted + sum(map(counted, weighed))
    if not weighed or not _is_too_much(
        number, census.copies + census.deleted, settings.copies, settings.copies_percent
    ):
        return Judgement(clear=tuple(removals))
    held = {id(action) for action in weighed}
    return Judgement(
        clear=tuple(action for action in removals if id(action) not in held),
        held=tuple(weighed),
        reason=f"{number} of {census.copies + census.deleted} copies would be deleted within 24 hours.",
    )


def judge_leaving(leaving: int, left: int, lanes: int, settings: GuardSettings) -> str:
    """Why these lanes may not leave without a person; "" where they may.

    `left` of the tunnel's lanes began to leave within the last 24 hours; `lanes` are those that
    stand, the `leaving` ones among them.
    """
    if not leaving or not _is_too_much(leaving + left, lanes + left, settings.lanes, settings.lanes_percent):
        return ""
    return f"{leaving + left} of {lanes + left} mailboxes would leave the tunnel within 24 hours."


def judge_source(held: int, shown: int, settings: GuardSettings) -> str:
    """Why a full look at a source is not to be believed; "" where it is."""
    if shown or held <= settings.source_items:
        return ""
    return f"The source held {held} items and shows none."


def _is_too_much(number: int, of: int, most: int, percent: int) -> bool:
    return number > most and number * 100 > of * percent
