"""Items as read from a source: events and people, never a provider's JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from syncengine.model.identity import ItemKey, RemoteId
from syncengine.model.recurrence import Recurrence
from syncengine.model.time import When

ShowAs = Literal["free", "tentative", "busy", "oof", "workingElsewhere", "unknown"]
Sensitivity = Literal["normal", "personal", "private", "confidential"]
Response = Literal["none", "organizer", "accepted", "tentativelyAccepted", "declined", "notResponded"]


@dataclass(frozen=True, slots=True)
class Details:
    """What one event, or one moved or edited occurrence of a series, says."""

    when: When
    subject: str = ""
    body: str = ""
    body_is_html: bool = False
    location: str = ""
    show_as: ShowAs = "busy"
    sensitivity: Sensitivity = "normal"
    response: Response = "none"
    is_cancelled: bool = False
    categories: tuple[str, ...] = ()
    join_url: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """A single event or a whole series, as its mailbox shows it.

    `exceptions` and `cancelled` name occurrences by their original date in the series' zone.
    `people` are the lower-case addresses of the organiser and of all attendees.
    """

    key: ItemKey
    remote_id: RemoteId
    details: Details
    recurrence: Recurrence | None = None
    exceptions: tuple[tuple[date, Details], ...] = ()
    cancelled: tuple[date, ...] = ()
    people: tuple[str, ...] = ()
    etag: str = ""
    bears_mark: bool = False
    """It is a copy that Culvert wrote, or a person's paste of one: no tunnel carries it on."""


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; every part may be empty."""

    street: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


PersonKind = Literal["user", "shared", "room", "equipment", "guest", "org_contact"]


@dataclass(frozen=True, slots=True)
class Person:
    """An entry of the Global Address List: a user, a room, a mail contact of the tenant.

    `hidden`: True where the directory says that address lists do not show it; None: not said.
    `synced`: an on-premises directory is where the account is kept.
    """

    key: ItemKey
    kind: PersonKind
    display_name: str
    given_name: str = ""
    surname: str = ""
    mail: str = ""
    addresses: tuple[str, ...] = ()
    user_principal_name: str = ""
    business_phones: tuple[str, ...] = ()
    mobile_phone: str = ""
    job_title: str = ""
    department: str = ""
    company: str = ""
    office: str = ""
    address: Address = Address()
    yomi_given_name: str = ""
    yomi_surname: str = ""
    enabled: bool = True
    licensed: bool = False
    hidden: bool | None = None
    synced: bool = False


Item = Event | Person
