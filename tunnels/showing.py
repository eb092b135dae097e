"""How plans are shown: each action with a title, its cause and its fields; what waits, what is held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, QuerySet

from partners.principals import Principal
from syncengine.model.copies import ContactCopy, Copy, EventCopy
from syncengine.planning.difference import difference, in_words
from syncengine.planning.plan import Skip
from syncengine.ports.writing import Action
from tunnels import selectors
from tunnels.models import HeldAction, Lane, LanePlan, RegisterRow, Tunnel
from tunnels.plans import Planner


@dataclass(frozen=True, slots=True)
class ShownAction:
    """One action, or one thing left out, as a page shows it. `before` and `after` are copies after policy."""

    verb: str
    title: str
    cause: str
    before: Copy | None = None
    after: Copy | None = None

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """Field, before, after; only fields that differ and say something."""
        told = (
            (change.field.replace("_", " "), in_words(change.before), in_words(change.after))
            for change in difference(self.before, self.after)
        )
        return [(name, before, after) for name, before, after in told if before or after]

    def holds(self, word: str) -> bool:
        """Whether a word occurs in its title, cause or fields."""
        texts = (self.title, self.cause, *(text for change in self.changes for text in change[1:]))
        return any(word.lower() in text.lower() for text in texts)


@dataclass(frozen=True, slots=True)
class ShownPlan:
    """A lane's plan at this moment."""

    actions: Sequence[ShownAction]

    def search(self, *, words: str = "", verb: str = "") -> list[ShownAction]:
        """Those that hold every word, of one verb if asked."""
        found = [one for one in self.actions if verb in ("", one.verb)]
        return [one for one in found if all(one.holds(word) for word in words.split()[:8])]

    def count(self, verb: str) -> int:
        """How many of one verb."""
        return sum(one.verb == verb for one in self.actions)


def plan_of(lane: Lane) -> ShownPlan:
    """The plan of a lane, computed now and purely: nothing is stored, nothing is sent."""
    plan = Planner.ready().actions_of(lane)
    names = dict(
        RegisterRow.objects.filter(pk__in=[skip.row for skip in plan.skips]).values_list("pk", "about")
    )
    skips = [_skipped(skip, names) for skip in plan.skips]
    return ShownPlan([*(_action(action) for action in plan.actions), *skips])


def _action(action: Action) -> ShownAction:
    title = title_of(action.copy or action.before)
    if action.occurrence:
        title = f"{title} on {action.occurrence}"
    return ShownAction(action.verb, title, action.cause, action.before, action.copy)


def _skipped(skip: Skip, names: dict[int, str]) -> ShownAction:
    return ShownAction("skip", f"Item {skip.row}" if skip.row in names else "Item", skip.reason)


def title_of(copy: Copy | None) -> str:
    """What a person calls the copy: its subject, or its name."""
    match copy:
        case EventCopy(appointment):
            return appointment.subject or "(no subject)"
        case ContactCopy():
            return copy.display_name or "(no name)"
    return "(unknown)"


def plans_that_wait(principal: Principal, tunnel: Tunnel) -> QuerySet[LanePlan]:
    """Plans of lanes that write nothing before a person has approved them, by mailbox."""
    return selectors.plans_of(principal, tunnel).filter(lane__approved__lt=F("definition"))


def lanes_that_lag(principal: Principal, tunnel: Tunnel) -> QuerySet[Lane]:
    """Approved lanes that are not level: what the next run will do there is not stored, but computed."""
    lanes = selectors.lanes_of(principal, tunnel).filter(approved__gte=tunnel.definition)
    return lanes.filter(cursor__lt=F("cell__head")).order_by("name")


def held_by_lane(held: QuerySet[HeldAction]) -> list[dict[str, Any]]:
    """Per mailbox: how many deletions a guard holds, why, and since when."""
    grouped = held.order_by().values("lane", "lane__name", "guard", "cause")
    return [dict(row) for row in grouped.annotate(count=Count("pk")).order_by("lane__name", "cause")]
