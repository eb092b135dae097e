"""Mail contacts of the organisation: read-only through Graph.

Source: https://learn.microsoft.com/graph/api/resources/orgcontact
"""

from __future__ import annotations

from typing import Any

from syncengine.sandbox import odata
from syncengine.sandbox.directory import changes, listing
from syncengine.sandbox.directory.kinds import KINDS, ORG_CONTACT
from syncengine.sandbox.directory.permissions import READ_CONTACTS, READ_USERS
from syncengine.sandbox.kernel import Answer, Call, Json, Refusal, graph
from syncengine.sandbox.odata import DIRECTORY
from syncengine.sandbox.state import Tenant, World

_MOST_IDS = 1000
_TYPES = {kind.name.rpartition(".")[2]: kind for kind in KINDS}


@graph.route("GET", "/contacts", needs=READ_CONTACTS)
def list_contacts(call: Call) -> Answer:
    """One page of mail contacts."""
    return listing.list_objects(call, ORG_CONTACT, list(call.tenant.org_contacts.values()))


@graph.route("GET", "/contacts/$count", needs=READ_CONTACTS)
def count_contacts(call: Call) -> Answer:
    """How many mail contacts there are."""
    return listing.count_objects(call, ORG_CONTACT, list(call.tenant.org_contacts.values()))


@graph.route("GET", "/contacts/{contact}", needs=READ_CONTACTS)
def get_contact(call: Call, contact: str) -> Answer:
    """One mail contact."""

    def find() -> Json:
        if contact not in call.tenant.org_contacts:
            raise listing.missing(contact)
        return call.tenant.org_contacts[contact]

    return Answer(200, listing.alone(call, ORG_CONTACT, find))


@graph.route("POST", "/directoryObjects/getByIds", needs=READ_USERS)
def get_by_ids(call: Call) -> Answer:
    """The objects with these ids, a thousand at most; ids of nothing are passed over."""
    odata.allow(call, DIRECTORY, "$select")
    known = frozenset[str]().union(*(kind.properties for kind in KINDS))
    names = odata.selected(call, DIRECTORY, "microsoft.graph.directoryObject", known, ())
    body: Any = call.body if isinstance(call.body, dict) else {}
    ids, types = body.get("ids"), body.get("types") or list(_TYPES)
    if not isinstance(ids, list) or not 1 <= len(ids) <= _MOST_IDS:
        raise Refusal(400, "Request_BadRequest", "ids must name between 1 and 1000 objects.")
    shown = []
    for kind in (_TYPES[name] for name in types if name in _TYPES):
        rows = kind.rows(call.tenant)
        shown += [kind.show_typed(rows[one], names) for one in ids if one in rows]
    return Answer(200, {"@odata.context": f"{call.base}/$metadata#directoryObjects", "value": shown})


def change_org_contact(world: World, tenant: Tenant, object_id: str, **written: Any) -> Json:
    """Create or change a mail contact, as an administrator does in Exchange; answers it whole."""
    if unknown := written.keys() - ORG_CONTACT.properties:
        raise ValueError(f"a mail contact has no {', '.join(sorted(unknown))}")
    if object_id not in tenant.org_contacts:
        changes.add(world, tenant, ORG_CONTACT, {"id": object_id, **written})
    changes.change(world, tenant, ORG_CONTACT, object_id, written)
    return tenant.org_contacts[object_id]


def remove_org_contact(world: World, tenant: Tenant, object_id: str) -> None:
    """Delete a mail contact, as an administrator does in Exchange."""
    changes.remove(world, tenant, ORG_CONTACT, object_id)
