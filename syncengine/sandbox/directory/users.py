"""Users: list, read, and what an administrator does to them.

Source: https://learn.microsoft.com/graph/api/resources/user
"""

from __future__ import annotations

import uuid
from typing import Any

from syncengine.sandbox import odata
from syncengine.sandbox.directory import changes, listing, settings
from syncengine.sandbox.directory.kinds import USER
from syncengine.sandbox.directory.permissions import READ_USERS, WRITE_USERS
from syncengine.sandbox.directory.writes import USER_WRITES, bad_request, read_body, require
from syncengine.sandbox.kernel import Answer, Call, Json, graph
from syncengine.sandbox.odata import DIRECTORY
from syncengine.sandbox.state import Tenant


@graph.route("GET", "/users", needs=READ_USERS)
def list_users(call: Call) -> Answer:
    """One page of users."""
    return listing.list_objects(call, USER, list(call.tenant.users.values()))


@graph.route("GET", "/users/$count", needs=READ_USERS)
def count_users(call: Call) -> Answer:
    """How many users there are."""
    return listing.count_objects(call, USER, list(call.tenant.users.values()))


@graph.route("GET", "/users/{user}", needs=READ_USERS)
def get_user(call: Call, user: str) -> Answer:
    """One user, by object id or user principal name."""
    shown = listing.alone(call, USER, lambda: user_at(call, user))
    if "mailboxSettings" in shown:
        shown["mailboxSettings"] = settings.settings_of(call, user_at(call, user)["id"])
    return Answer(200, shown)


@graph.route("POST", "/users", needs=WRITE_USERS)
def create_user(call: Call) -> Answer:
    """A new user. A mailbox comes with a licence, not with the user."""
    odata.allow(call, DIRECTORY)
    written = read_body(call.body, USER, USER_WRITES)
    require(
        written,
        "accountEnabled",
        "displayName",
        "mailNickname",
        "passwordProfile",
        "userPrincipalName",
    )
    _check_name(call.tenant, written, "")
    del written["passwordProfile"]
    row = {"id": str(uuid.uuid4()), "createdDateTime": _now(call), "userType": "Member", **written}
    changes.add(call.world, call.tenant, USER, row)
    shown = USER.show(row, USER.default)
    return Answer(201, {"@odata.context": listing.context(call, "users"), **shown})


@graph.route("PATCH", "/users/{user}", needs=WRITE_USERS)
def change_user(call: Call, user: str) -> Answer:
    """Change a user. A new mail address becomes the primary one of the proxy addresses."""
    odata.allow(call, DIRECTORY)
    row, written = user_at(call, user), read_body(call.body, USER, USER_WRITES)
    _check_name(call.tenant, written, row["id"])
    written.pop("passwordProfile", None)
    if written.get("mail") and written["mail"] != row.get("mail"):
        written["proxyAddresses"] = _proxies(row.get("proxyAddresses") or [], written["mail"])
    if attributes := written.get("onPremisesExtensionAttributes"):
        before = row.get("onPremisesExtensionAttributes") or {}
        written["onPremisesExtensionAttributes"] = {**before, **attributes}
    changes.change(call.world, call.tenant, USER, row["id"], written)
    return Answer(204)


@graph.route("DELETE", "/users/{user}", needs=WRITE_USERS)
def delete_user(call: Call, user: str) -> Answer:
    """Soft-delete a user: out of all groups, the mailbox closed."""
    odata.allow(call, DIRECTORY)
    changes.remove(call.world, call.tenant, USER, user_at(call, user)["id"])
    return Answer(204)


def user_at(call: Call, user: str) -> Json:
    """The user that an address means. Raises 404."""
    row = call.world.mailbox_owner(call.tenant, user)
    if row is None:
        raise listing.missing(user)
    return row


def _check_name(tenant: Tenant, written: Json, own_id: str) -> None:
    name: Any = written.get("userPrincipalName")
    if name is None:
        return
    if "@" not in name:
        raise bad_request("Property userPrincipalName is invalid.")
    for row in tenant.users.values():
        if row["id"] != own_id and row.get("userPrincipalName", "").lower() == name.lower():
            raise bad_request(
                "Another object with the same value for property userPrincipalName already exists."
            )


def _proxies(before: list[str], mail: str) -> list[str]:
    """The proxy addresses after a change of the primary one (`SMTP:`); the old one stays, small."""
    others = [one for one in before if one.lower() != f"smtp:{mail.lower()}"]
    return [f"SMTP:{mail}", *(one.replace("SMTP:", "smtp:") for one in others)]


def _now(call: Call) -> str:
    return call.world.clock.now().isoformat()[:19] + "Z"
