"""How long the handler takes to create a contact, without HTTP and batches.

`.venv/bin/python -m tests.sandbox.contacts.bench`; 38 microseconds on one core, 2026-11-21.
"""

from __future__ import annotations

import sys
import timeit

from syncengine.sandbox import contacts
from syncengine.sandbox.extended import SINGLE
from syncengine.sandbox.state import Mailbox, Tenant, World
from tests.sandbox.calls import ask
from tests.sandbox.contacts.conftest import HOME, MARK, ME

_ROUNDS = 20_000
_CARD = {
    "displayName": "Ada Lovelace",
    "givenName": "Ada",
    "surname": "Lovelace",
    "companyName": "Northwind",
    "department": "Sales",
    "jobTitle": "Clerk",
    "officeLocation": "4",
    "mobilePhone": "+1 555 0100",
    "businessPhones": ["+1 555 0101"],
    "emailAddresses": [{"name": "Ada", "address": "ada@northwind.example"}],
    "businessAddress": {"city": "Bath", "street": "1 Mill Rd"},
    SINGLE: [{"id": MARK, "value": "4711"}],
}


def main() -> None:
    """Create contacts and print the time per contact."""
    world, tenant, mailbox = World(), Tenant("t"), Mailbox(ME)
    tenant.users[ME] = {"id": ME, "userPrincipalName": "ada@northwind.example"}
    tenant.mailboxes[ME] = mailbox
    contacts.load(world, tenant, mailbox, [])

    def create() -> None:
        ask(world, tenant, "POST", f"{HOME}/contacts", _CARD, prefer='IdType="ImmutableId"')

    seconds = timeit.timeit(create, number=_ROUNDS) / _ROUNDS
    sys.stdout.write(f"{seconds * 1e6:.0f} microseconds a contact\n")


if __name__ == "__main__":
    main()
