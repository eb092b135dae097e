"""What a body may write into a directory object: known properties, of their types.

Source: https://learn.microsoft.com/graph/api/user-update
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from syncengine.sandbox.directory.kinds import Kind
from syncengine.sandbox.kernel import Json, Refusal, Unknown


@dataclass(frozen=True, slots=True)
class Writable:
    """The properties of a kind that can be written through Graph, by their type."""

    texts: frozenset[str]
    flags: frozenset[str]
    lists: frozenset[str]
    structures: frozenset[str] = frozenset()


_USER_TEXTS = """city companyName country department displayName employeeId employeeType faxNumber
    givenName jobTitle mail mailNickname mobilePhone officeLocation postalCode preferredLanguage
    state streetAddress surname usageLocation userPrincipalName userType"""
USER_WRITES = Writable(
    frozenset(_USER_TEXTS.split()),
    frozenset({"accountEnabled", "showInAddressList"}),
    frozenset({"businessPhones", "otherMails"}),
    frozenset({"onPremisesExtensionAttributes", "passwordProfile"}),
)
GROUP_WRITES = Writable(
    frozenset({"description", "displayName", "mailNickname", "visibility", "membershipRule"}),
    frozenset({"mailEnabled", "securityEnabled"}),
    frozenset({"groupTypes"}),
)

_LONGEST = {"mobilePhone": 64}
_MOST = {"businessPhones": 1}


def read_body(body: Any, kind: Kind, writable: Writable) -> Json:
    """The properties in a body, checked. 400 for unknown, unwritable and mistyped ones."""
    if not isinstance(body, Mapping):
        raise bad_request("The body must be a JSON object.")
    return {
        name: _checked(name, value, kind, writable)
        for name, value in body.items()
        if "@odata." not in name or name.endswith(".bind")
    }


def require(written: Json, *names: str) -> None:
    """400 unless all these are there."""
    for name in names:
        if written.get(name) is None:
            raise bad_request(f"A value is required for property '{name}' of the resource.")


def bad_request(message: str) -> Refusal:
    """The directory's word for a body that it does not take."""
    return Refusal(400, "Request_BadRequest", message)


def _checked(name: str, value: Any, kind: Kind, writable: Writable) -> Any:
    fits = _form_of(name, writable)
    if fits is None:
        if "@odata.bind" in name:
            raise Unknown(f"how to write {name}")
        if name in kind.properties:
            raise bad_request(f"Property '{name}' is read-only and cannot be set.")
        message = f"Property '{name}' does not exist on type '{kind.name}'."
        raise bad_request(message)
    if not fits(value):
        raise bad_request(f"Invalid value specified for property '{name}' of the resource.")
    if isinstance(value, str | list) and _is_too_long(name, value):
        raise bad_request(f"The value of property '{name}' exceeds its limit.")
    return value


def _form_of(name: str, writable: Writable) -> Callable[[Any], bool] | None:
    if name in writable.texts:
        return lambda value: value is None or isinstance(value, str)
    if name in writable.flags:
        return lambda value: value is None or isinstance(value, bool)
    if name in writable.lists:
        return lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value)
    if name in writable.structures:
        return lambda value: isinstance(value, Mapping)
    return None


def _is_too_long(name: str, value: str | list[str]) -> bool:
    limit = _LONGEST.get(name) if isinstance(value, str) else _MOST.get(name)
    return limit is not None and len(value) > limit
