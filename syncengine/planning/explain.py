"""Why an item is, or is not, in a mailbox: the chain of decisions about one row in one lane, for people.

The sentences hold words of policies, causes and field names; never what the item says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from syncengine.planning.difference import difference
from syncengine.planning.pieces import OWN
from syncengine.planning.plan import Skip, plan, wanted
from syncengine.ports.remembering import LaneFacts, Link, Row
from syncengine.ports.writing import Action

Decision = Literal["create", "update", "delete", "level", "left out", "refused", "unclear"]

_LANE_WORDS = {
    "own entry": "The mailbox belongs to this person, and one's own entry is left out.",
    "the owner takes part already": "The mailbox's owner takes part in it already.",
}
_WORDS: dict[Decision, str] = {
    "create": "A copy will be made.",
    "level": "The copy stands in the mailbox and agrees.",
    "left out": "So there is no copy.",
    "unclear": "The answer to our last write was lost: the lane looks before it writes again.",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is decided, and the sentences that lead to it, in order."""

    decision: Decision
    sentences: tuple[str, ...]


def explain(
    row: Row, links: Mapping[str, Link], facts: LaneFacts, because: Sequence[str] = ()
) -> Explanation:
    """The decision about a row in a lane; `links` are its own, `because` is how it was shaped."""
    todo = plan([row], {(row.id, occurrence): link for occurrence, link in links.items()}, facts)
    shall = wanted(row, facts)
    sentences = [_sentence(word) for word in because]
    if shall.copy is None and (not because or shall.reason != because[-1]):
        sentences.append(_LANE_WORDS.get(shall.cause) or _sentence(shall.reason or shall.cause))
    decision = _decide(todo.actions, todo.skips, links)
    sentences += [_WORDS[decision]] if decision in _WORDS else []
    sentences += [line for action in todo.actions for line in _words_of(action)]
    sentences += [_sentence(skip.reason) for skip in todo.skips if decision == "refused"]
    sentences += _words_about_detached(links)
    return Explanation(decision, tuple(sentences))


def _decide(actions: Sequence[Action], skips: Sequence[Skip], links: Mapping[str, Link]) -> Decision:
    if any(link.intent for link in links.values()):
        return "unclear"
    verbs = {action.verb for action in actions}
    for verb in ("delete", "create", "update"):
        if verb in verbs and (verb != "delete" or verbs == {"delete"}):
            return verb
    if skips:
        return "refused" if links else "left out"
    return "level" if links else "left out"


def _words_of(action: Action) -> Iterator[str]:
    which = f" of {action.occurrence}" if action.occurrence else ""
    match action.verb:
        case "delete":
            yield f"The copy{which} will be removed: {action.cause}."
        case "update":
            fields = ", ".join(change.field for change in difference(action.before, action.copy))
            what = fields if action.before is not None and fields else "everything it says"
            yield f"The copy{which} will be updated, {action.cause}: {what}."


def _words_about_detached(links: Mapping[str, Link]) -> Iterator[str]:
    apart = sorted(occurrence for occurrence in links if occurrence != OWN)
    if apart:
        yield (
            f"Exchange did not let the series change on {', '.join(apart)}:"
            " each stands beside it as a single appointment."
        )


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith('.') else '.'}"
