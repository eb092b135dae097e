"""Whatever happens between the pages, who follows the links ends with the directory as it is."""

from __future__ import annotations

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from syncengine.sandbox import directory
from syncengine.sandbox.directory import changes, deltas
from syncengine.sandbox.directory.kinds import GROUP, USER
from syncengine.sandbox.state import Tenant, World
from tests.sandbox.calls import ask

USERS, GROUPS = [f"u{n}" for n in range(7)], [f"g{n}" for n in range(3)]
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(1, 4)),
        st.tuples(st.just("name"), st.sampled_from(USERS), st.sampled_from("abc")),
        st.tuples(st.just("hire"), st.sampled_from(USERS)),
        st.tuples(st.just("fire"), st.sampled_from(USERS)),
        st.tuples(st.just("found"), st.sampled_from(GROUPS)),
        st.tuples(st.just("dissolve"), st.sampled_from(GROUPS)),
        st.tuples(st.just("flip"), st.sampled_from(GROUPS), st.sampled_from(USERS)),
    ),
    max_size=40,
)


class Mirror:
    """What a client knows that follows one chain of deltas and merges by id."""

    def __init__(self, world: World, tenant: Tenant, url: str) -> None:
        self.world, self.tenant, self.url = world, tenant, url
        self.names: dict[str, str | None] = {}
        self.members: dict[str, set[str]] = {}

    def read(self) -> bool:
        """Read one page; answers whether it was the last of its round."""
        body = ask(self.world, self.tenant, "GET", self.url).body
        for row in body["value"]:
            if "@removed" in row:
                self.names.pop(row["id"], None)
                self.members.pop(row["id"], None)
                continue
            self.names[row["id"]] = row.get("displayName")
            known = self.members.setdefault(row["id"], set())
            for member in row.get("members@delta", ()):
                (known.discard if "@removed" in member else known.add)(member["id"])
        self.url = body.get("@odata.nextLink") or body["@odata.deltaLink"]
        return "@odata.deltaLink" in body

    def catch_up(self) -> None:
        """Read to the end of this round, and one round more."""
        for _ in range(2):
            while not self.read():
                pass


def do(world: World, tenant: Tenant, deed: tuple[str, ...]) -> None:
    """One deed of an administrator, where it makes sense."""
    match deed:
        case "name", who, letter if who in tenant.users:
            changes.change(world, tenant, USER, who, {"displayName": letter})
        case "hire", who if who not in tenant.users:
            changes.add(world, tenant, USER, {"id": who, "displayName": "new"})
        case "fire", who if who in tenant.users:
            changes.remove(world, tenant, USER, who)
        case "found", group if group not in tenant.groups:
            changes.add(world, tenant, GROUP, {"id": group, "displayName": "new"})
        case "dissolve", group if group in tenant.groups:
            changes.remove(world, tenant, GROUP, group)
        case "flip", group, who if group in tenant.groups and who in tenant.users:
            is_member = who in tenant.members[group]
            (changes.leave if is_member else changes.join)(world, tenant, group, who)


@given(deeds=DEEDS, replays=st.booleans())
@example(deeds=[("read", 1), ("dissolve", "g0"), ("found", "g0")], replays=False)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_chain_of_deltas_ends_with_the_directory_as_it_is(deeds, replays, monkeypatch):
    monkeypatch.setattr(deltas, "PAGE", 2)
    world, tenant = World(), Tenant("t")
    world.switches.delta_replays = replays
    people = [{"id": one, "displayName": "old"} for one in USERS[:4]]
    groups = [{"id": one, "displayName": "old", "members": USERS[:3]} for one in GROUPS[:2]]
    directory.load(world, tenant, {"users": people, "groups": groups})
    users = Mirror(world, tenant, "/users/delta?$select=displayName")
    teams = Mirror(world, tenant, "/groups/delta?$select=displayName,members")
    for deed in deeds:
        if deed[0] == "read":
            for _ in range(deed[1]):
                users.read()
                teams.read()
        else:
            do(world, tenant, deed)
    users.catch_up()
    teams.catch_up()
    assert users.names == {one: row["displayName"] for one, row in tenant.users.items()}
    assert teams.names == {one: row["displayName"] for one, row in tenant.groups.items()}
    assert teams.members == {one: set(ids) for one, ids in tenant.members.items()}
