"""Finding the folder that bears our mark, or making it: calendars and contact folders alike.

Sources: https://learn.microsoft.com/graph/api/user-post-calendars,
https://learn.microsoft.com/graph/api/user-post-contactfolders
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from syncengine.connectors.graph.marks import EXPAND_MARK, mark_from, mark_to
from syncengine.connectors.graph.paths import segment, with_query
from syncengine.connectors.graph.steps import Json, ask, outcome_of, tell
from syncengine.model.identity import Mark
from syncengine.ports.writing import (
    Failed,
    Fine,
    FolderReady,
    NotThere,
    Open,
    Part,
    Preparing,
    Refused,
    Reply,
)

Finding = Generator[tuple[Part, ...], tuple[Reply, ...], str | Failed | Open | None]

_NAMES = 20


@dataclass(frozen=True, slots=True)
class Folders:
    """All folders of one kind in one mailbox: `path` lists them, `name_field` holds their names."""

    mailbox: str
    path: str
    name_field: str

    def prepare(self, folder: str, name: str, mark: Mark) -> Preparing:
        """The known folder if it is still there, else the one with our mark, else a new one."""
        if folder:
            url = with_query(f"{self.path}/{segment(folder)}", select="id")
            reply = yield from ask(tell("GET", url, self.mailbox))
            if isinstance(reply, Fine):
                return FolderReady(folder)
            if not isinstance(reply, NotThere):
                return outcome_of(reply)
        found = yield from self.find(mark)
        if isinstance(found, Failed | Open):
            return found
        if found is not None:
            return FolderReady(found)
        return (yield from self._make(name, mark))

    def find(self, mark: Mark) -> Finding:
        """The id of the folder that bears the mark of this lane, whatever its name is now."""
        select = f"id,{self.name_field}"
        link: str | None = with_query(self.path, select=select, expand=EXPAND_MARK, top="100")
        while link is not None:
            reply = yield from ask(tell("GET", link, self.mailbox))
            if not isinstance(reply, Fine):
                return outcome_of(reply)
            for raw in reply.body.get("value") or ():
                if _is_ours(raw, mark):
                    return str(raw["id"])
            following = reply.body.get("@odata.nextLink")
            link = following if following != link else None
        return None

    def _make(self, name: str, mark: Mark) -> Preparing:
        """A new folder; a number is added to a name that a person has given to one of their own."""
        for number in range(1, _NAMES):
            named = name if number == 1 else f"{name} ({number})"
            body = {self.name_field: named, "singleValueExtendedProperties": mark_to(mark)}
            reply = yield from ask(tell("POST", self.path, self.mailbox, body))
            match reply:
                case Fine(body=made):
                    return (yield from self._made(str(made["id"]), mark))
                case Refused(reason="ErrorFolderExists"):
                    continue
                case _:
                    return outcome_of(reply)
        return Failed("name taken", "Every name for the folder is taken.", "Choose another name for it.")

    def _made(self, answered: str, mark: Mark) -> Preparing:
        """The id that a new folder really has: the one in the answer may change shortly after.

        Source: https://github.com/microsoftgraph/microsoft-graph-docs/issues/5580
        """
        found = yield from self.find(mark)
        if isinstance(found, Failed | Open):
            return found
        return FolderReady(found or answered, created=True)


def _is_ours(raw: Json, mark: Mark) -> bool:
    found = mark_from(raw)
    return found is not None and (found.installation, found.lane) == (mark.installation, mark.lane)
