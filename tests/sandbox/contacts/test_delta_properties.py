"""Whatever happens between the pages, who follows the links ends with the folder as it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syncengine.sandbox import contacts
from syncengine.sandbox.state import Mailbox, Tenant, World
from tests.sandbox.calls import ask
from tests.sandbox.contacts.conftest import HOME, ME

FORMS = {"plain": {}, "immutable": {"prefer": 'IdType="ImmutableId",odata.maxpagesize=2'}}
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(1, 4)),
        st.tuples(st.just("make"), st.integers(0, 1)),
        st.tuples(st.just("name"), st.integers(0, 9)),
        st.tuples(st.just("drop"), st.integers(0, 9)),
        st.tuples(st.just("move"), st.integers(0, 9)),
    ),
    max_size=50,
)


class Mirror:
    """What a client knows that follows one chain of deltas."""

    def __init__(self, world: World, tenant: Tenant, headers: dict[str, str]) -> None:
        self.world, self.tenant, self.headers = world, tenant, headers
        self.url = f"{HOME}/contacts/delta"
        self.known: dict[str, str] = {}

    def read(self) -> bool:
        """Read one page; answers whether it was the last of its round."""
        body = ask(self.world, self.tenant, "GET", self.url, **self.headers).body
        for row in body["value"]:
            if "@removed" in row:
                self.known.pop(row["id"], None)
            else:
                self.known[row["id"]] = row["changeKey"]
        self.url = body.get("@odata.nextLink") or body["@odata.deltaLink"]
        return "@odata.deltaLink" in body


@given(deeds=DEEDS, form=st.sampled_from(sorted(FORMS)), replays=st.booleans())
def test_a_chain_of_deltas_ends_with_the_folder_as_it_is(deeds, form, replays):
    world, tenant, mailbox = World(), Tenant("t"), Mailbox(ME)
    world.switches.delta_replays = replays
    tenant.users[ME] = {"id": ME, "userPrincipalName": "ada@northwind.example"}
    tenant.mailboxes[ME] = mailbox
    rows = [{"id": "default", "_default": True}, {"id": "other", "displayName": "Other"}]
    contacts.load(world, tenant, mailbox, rows)
    mirror = Mirror(world, tenant, FORMS[form])
    for deed, number in deeds:
        here = [one["id"] for one in mailbox.contacts.values()]
        if deed == "read":
            for _ in range(number):
                mirror.read()
        elif deed == "make":
            folder = ("default", "other")[number]
            ask(world, tenant, "POST", f"{HOME}/contactFolders/{folder}/contacts", {"title": "x"})
        elif here:
            change(world, tenant, mailbox, deed, here[number % len(here)])
    for _ in range(2):
        while not mirror.read():
            pass
    listed = ask(world, tenant, "GET", f"{HOME}/contacts?$top=100", **FORMS[form]).body["value"]
    assert mirror.known == {row["id"]: row["changeKey"] for row in listed}


def change(world: World, tenant: Tenant, mailbox: Mailbox, deed: str, identity: str) -> None:
    """One deed of the mailbox's owner."""
    if deed == "name":
        ask(world, tenant, "PATCH", f"{HOME}/contacts/{identity}", {"jobTitle": "y"})
    elif deed == "drop":
        ask(world, tenant, "DELETE", f"{HOME}/contacts/{identity}")
    else:
        at = ask(world, tenant, "GET", f"{HOME}/contacts/{identity}").body["parentFolderId"]
        contacts.move(world, tenant, mailbox, identity, "other" if at == "default" else "default")
