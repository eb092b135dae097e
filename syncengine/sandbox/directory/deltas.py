"""users/delta, groups/delta and contacts/delta: what changed in the directory.

A round is a list of rows (object, member): an object's own properties are the row with no
member. Pages are cut anywhere, so a large group comes on several pages with parts of its
members; and what the caller did not select drops out of a page after it was cut, so a page
can be empty though more follow.
Source: https://learn.microsoft.com/graph/delta-query-overview
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from syncengine.sandbox import odata
from syncengine.sandbox.directory import changes, listing
from syncengine.sandbox.directory.kinds import GROUP, ORG_CONTACT, USER, Kind, kind_of
from syncengine.sandbox.directory.permissions import READ_CONTACTS, READ_GROUPS, READ_USERS
from syncengine.sandbox.kernel import Answer, Call, Json, Refusal, graph
from syncengine.sandbox.odata import DIRECTORY
from syncengine.sandbox.state import Tenant

PAGE = 100
LIFE = timedelta(days=7)
_MOST_IDS = 50

Row = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Round:
    """Where a caller stands: after change `since` (None: at the beginning), at row `after`."""

    since: int | None
    until: int
    select: Sequence[str] | None
    ids: Sequence[str]
    after: Sequence[str] = ("", "")
    pause: bool = False
    """Whether the next page is an empty one."""


@graph.route("GET", "/users/delta", needs=READ_USERS)
def users_delta(call: Call) -> Answer:
    """The users that changed."""
    return _answer(call, USER)


@graph.route("GET", "/groups/delta", needs=READ_GROUPS)
def groups_delta(call: Call) -> Answer:
    """The groups that changed, with members who came and went."""
    return _answer(call, GROUP)


@graph.route("GET", "/contacts/delta", needs=READ_CONTACTS)
def contacts_delta(call: Call) -> Answer:
    """The organisation's mail contacts that changed."""
    return _answer(call, ORG_CONTACT)


def _answer(call: Call, kind: Kind) -> Answer:
    asked = _asked(call, kind)
    body: Json = {"@odata.context": f"{call.base}/$metadata#{kind.collection}"}
    if call.query.get("$deltatoken") == "latest":
        return Answer(200, {**body, "@odata.deltaLink": _link(call, kind, asked, True), "value": []})
    if asked.pause:
        link = _link(call, kind, replace(asked, pause=False), False)
        return Answer(200, {**body, "@odata.nextLink": link, "value": []})
    rows = _rows(call, kind, asked)
    page, rest = rows[:PAGE], rows[PAGE:]
    if rest:
        first = list(asked.after) == ["", ""]
        following = replace(asked, after=page[-1], pause=first)
        body["@odata.nextLink"] = _link(call, kind, following, False)
    else:
        body["@odata.deltaLink"] = _link(call, kind, asked, True)
    body["value"] = _Page(call, kind, asked).objects(page)
    minimal = call.prefers("return") == "minimal"
    return Answer(200, body, {"Preference-Applied": "return=minimal"} if minimal else {})


def _asked(call: Call, kind: Kind) -> Round:
    cursor = call.query.get("$skiptoken") or call.query.get("$deltatoken")
    if cursor is None or cursor == "latest":
        return _first(call, kind)
    odata.allow(call, DIRECTORY, "$skiptoken", "$deltatoken")
    held = odata.unseal(cursor)
    if held is None or held.get("kind") != kind.collection:
        raise Refusal(400, "InvalidDeltaToken", "The delta token is not valid.")
    born = datetime.fromisoformat(held["at"])
    if held["epoch"] != changes.epoch(call.tenant) or call.world.clock.now() - born > LIFE:
        raise _lost(call, held["select"])
    asked = Round(**held["round"], select=held["select"])
    if not held["done"]:
        return asked
    return replace(asked, since=asked.until, until=changes.latest(call.tenant), after=("", ""))


def _first(call: Call, kind: Kind) -> Round:
    odata.allow(call, DIRECTORY, "$select", "$filter", "$deltatoken")
    known = kind.properties | ({"members"} if kind is GROUP else set())
    names = odata.selected(call, DIRECTORY, kind.name, known, ())
    if kind.alone.intersection(names):
        raise listing.only_alone()
    return Round(None, changes.latest(call.tenant), list(names) or None, _ids(call))


def _ids(call: Call) -> list[str]:
    """The objects that `$filter` names: `id eq 'x' or id eq 'y'`, fifty at most."""
    text = call.query.get("$filter")
    if text is None:
        return []
    found = odata.parse_filter(text, DIRECTORY)
    ids = [part.partition("'")[2].rpartition("'")[0] for part in text.split(" or ")]
    if found.paths != {"id"} or not found.operators <= {"eq", "or"} or len(ids) > _MOST_IDS:
        message = "Delta filters by id only, with eq and or, for at most 50 objects."
        raise Refusal(400, "Request_UnsupportedQuery", message)
    return ids


def _lost(call: Call, select: Sequence[str] | None) -> Refusal:
    query = {"$select": ",".join(select)} if select else {}
    return Refusal(
        410,
        "syncStateNotFound",
        "The sync state is not found or has expired. Start a new round.",
        headers={"Location": odata.link(call, query)},
    )


def _link(call: Call, kind: Kind, asked: Round, done: bool) -> str:
    held = asdict(asked)
    select = held.pop("select")
    token = odata.seal(
        {
            "kind": kind.collection,
            "epoch": changes.epoch(call.tenant),
            "at": call.world.clock.now().isoformat(),
            "done": done,
            "select": select,
            "round": held,
        }
    )
    return odata.link(call, {"$deltatoken" if done else "$skiptoken": token})


def _rows(call: Call, kind: Kind, asked: Round) -> list[Row]:
    """The rows of the round that are still to be told; by switch the last one told once more."""
    tenant, rows = call.tenant, set[Row]()
    wants_members = kind is GROUP and (asked.select is None or "members" in asked.select)
    for entry in _entries(tenant, kind, asked):
        member = entry.get("member", "")
        if member and not wants_members:
            rows.add((entry["id"], ""))
            continue
        rows |= {(entry["id"], ""), (entry["id"], member)}
    if asked.since is None:
        for one in kind.rows(tenant):
            members = tenant.members.get(one, ()) if wants_members else ()
            rows |= {(one, ""), *((one, member) for member in members)}
    kept = sorted(row for row in rows if not asked.ids or row[0] in asked.ids)
    after = tuple(asked.after)
    if call.world.switches.delta_replays and after != ("", ""):
        return [row for row in kept if row >= after]
    return [row for row in kept if row > after]


def _entries(tenant: Tenant, kind: Kind, asked: Round) -> list[Json]:
    """The log of this round. A first round tells of what has gone, too."""
    if asked.since is None:
        found = tenant.directory_log[: asked.until + 1]
        return [one for one in found if one["kind"] == kind.collection and "removed" in one]
    found = tenant.directory_log[asked.since + 1 : asked.until + 1]
    return [one for one in found if one["kind"] == kind.collection]


class _Page:
    """Makes objects of a page's rows."""

    def __init__(self, call: Call, kind: Kind, asked: Round) -> None:
        self._tenant, self._kind, self._asked = call.tenant, kind, asked
        self._minimal = call.prefers("return") == "minimal"
        self._changed: dict[str, set[str]] = {}
        self._removed: dict[str, str] = {}
        self._types: dict[str, str] = {}
        for entry in _entries(call.tenant, kind, asked):
            self._changed.setdefault(entry["id"], set()).update(entry["properties"])
            if "removed" in entry:
                self._removed[entry["id"]] = entry["removed"]
            if "member" in entry:
                self._types[entry["member"]] = entry["type"]

    def objects(self, page: Sequence[Row]) -> list[Json]:
        """The objects of the page, each once, with the members that the page has of it."""
        members: dict[str, list[str]] = {}
        for one, member in page:
            members.setdefault(one, []).append(member)
        shown = (self._object(one, [m for m in ids if m]) for one, ids in members.items())
        return [found for found in shown if found is not None]

    def _object(self, identity: str, members: Sequence[str]) -> Json | None:
        row = self._kind.rows(self._tenant).get(identity)
        if row is None:
            reason = self._removed.get(identity)
            return {"id": identity, "@removed": {"reason": reason}} if reason else None
        tracked = set(self._asked.select or self._kind.default)
        changed = self._changed.get(identity, set()) & tracked
        if self._asked.since is not None and not changed and not members:
            return None
        wanted = changed if self._minimal and self._asked.since is not None else tracked
        shown = {name: row[name] for name in sorted(wanted) if name in row}
        shown["id"] = identity
        if members:
            shown["members@delta"] = [self._member(identity, one) for one in members]
        return shown

    def _member(self, group: str, member: str) -> Json:
        kind = kind_of(self._tenant, member)
        type_name = f"#{kind.name}" if kind else self._types.get(member)
        shown: Json = {"@odata.type": type_name, "id": member}
        if member not in self._tenant.members.get(group, ()):
            shown["@removed"] = {"reason": "deleted"}
        return shown
