"""How a lane's plan is shown: each action with a title, its cause and its fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from zoneinfo import ZoneInfo

from django.utils.html import strip_tags

from syncengine.model.copies import ContactCopy, Copy, EventCopy
from syncengine.model.identity import RowId
from syncengine.model.time import Timed
from syncengine.planning.difference import difference, in_words
from syncengine.planning.plan import Skip
from syncengine.ports.writing import Action
from tunnels.models import Lane, LanePlan, RegisterRow
from tunnels.plans import Planner

# Says how the text is written down, which its reader does not ask.
_TECHNICAL = "body_is_html"


@dataclass(frozen=True, slots=True)
class ShownAction:
    """One action, or one thing left out, as a page shows it. `before` and `after` are copies after policy."""

    verb: str
    title: str
    cause: str
    before: Copy | None = None
    after: Copy | None = None
    is_new: bool = False
    """It came after the plan that waits for approval."""

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """Field, before, after; only fields that differ and say something."""
        told = (
            (
                change.field.replace("_", " "),
                _said(change.field, change.before, self.before),
                _said(change.field, change.after, self.after),
            )
            for change in difference(self.before, self.after)
            if not change.field.startswith(_TECHNICAL)
        )
        return [(name, before, after) for name, before, after in told if before or after]

    def holds(self, word: str) -> bool:
        """Whether a word occurs in its title, cause or fields."""
        texts = (self.title, self.cause, *(text for change in self.changes for text in change[1:]))
        return any(word.lower() in text.lower() for text in texts)


def _said(field: str, value: object, copy: Copy | None) -> str:
    """A field's value for a reader: times in the item's own zone, an HTML text without its tags."""
    match value:
        case Timed(start, end, zone):
            here, there = (moment.astimezone(ZoneInfo(zone)) for moment in (start, end))
            until = f"{there:%H:%M}" if here.date() == there.date() else f"{there:%a %-d %b %Y, %H:%M}"
            return f"{here:%a %-d %b %Y, %H:%M} to {until} ({zone})"
        case str() if field.startswith("body") and _is_html(copy):
            return unescape(strip_tags(value)).strip()
    return in_words(value)


def _is_html(copy: Copy | None) -> bool:
    return isinstance(copy, EventCopy) and copy.appointment.body_is_html


@dataclass(frozen=True, slots=True)
class ShownPlan:
    """A lane's plan at this moment."""

    actions: Sequence[ShownAction]

    def search(self, *, words: str = "", verb: str = "") -> list[ShownAction]:
        """Those that hold every word, of one verb if asked."""
        found = [one for one in self.actions if verb in ("", one.verb)]
        return [one for one in found if all(one.holds(word) for word in words.split()[:8])]

    @property
    def counts(self) -> dict[str, int]:
        """How many of each verb that occurs, in the order in which they are carried out."""
        return dict(Counter(one.verb for one in self.actions))


def plan_of(lane: Lane) -> ShownPlan:
    """The plan of a lane, computed now and purely: nothing is stored, nothing is sent."""
    planner = Planner.ready()
    plan = planner.actions_of(lane)
    since = _planned_at(lane)
    rows = {action.row for action in plan.actions} | {skip.row for skip in plan.skips}
    known = {
        RowId(pk): (number, fingerprint)
        for pk, number, fingerprint in RegisterRow.objects.filter(pk__in=rows).values_list(
            "pk", "number", "fingerprint"
        )
    }
    copies = planner.bodies.load({known[skip.row][1] for skip in plan.skips if skip.row in known})
    actions = [_action(action, is_new=known.get(action.row, (0, ""))[0] > since) for action in plan.actions]
    skips = [_skipped(skip, copies.get(known.get(skip.row, (0, ""))[1])) for skip in plan.skips]
    return ShownPlan([*actions, *skips])


def _planned_at(lane: Lane) -> float:
    """The number of the register that the lane's waiting plan was made for; without one, beyond all."""
    stored = LanePlan.objects.filter(lane=lane, definition=lane.tunnel.definition)
    waits = lane.approved < lane.tunnel.definition
    number = stored.values_list("number", flat=True).first() if waits else None
    return float("inf") if number is None else number


def _action(action: Action, *, is_new: bool) -> ShownAction:
    title = title_of(action.copy or action.before)
    if action.occurrence:
        title = f"{title} on {action.occurrence}"
    return ShownAction(action.verb, title, action.cause, action.before, action.copy, is_new)


def _skipped(skip: Skip, copy: Copy | None) -> ShownAction:
    """What is left out has a name only where the policy lets its copy be seen."""
    title = title_of(copy) if copy else "Something that the policy leaves out"
    return ShownAction("skip", title, skip.reason)


def title_of(copy: Copy | None) -> str:
    """What a person calls the copy: its subject, or its name."""
    match copy:
        case EventCopy(appointment):
            return appointment.subject or "(no subject)"
        case ContactCopy():
            return copy.display_name or "(no name)"
    return "(unknown)"
