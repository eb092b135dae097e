"""The tenant that is measured: an address list, mailboxes that take, and a calendar that gives."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

Json = dict[str, Any]

TENANT = "be000000-0000-4000-8000-000000000001"
APP = "be000000-0000-4000-8000-00000000a991"
SECRET = "only-for-measuring"  # noqa: S105  (of a sandbox that lives for minutes)
DOMAIN = "bench.example"
GIVER = 900_000
"""The number of the mailbox whose calendar gives."""

_ROLES = [
    "User.Read.All", "GroupMember.Read.All", "OrgContact.Read.All", "Organization.Read.All",
    "MailboxSettings.Read", "Calendars.ReadWrite", "Contacts.ReadWrite",
]  # fmt: skip
_LICENCE = [{"skuId": "05e9a617-0261-4cee-bb44-138d3ef5d965", "disabledPlans": []}]
_EVERY_NTH_IS_A_SERIES = 4
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def user_id(number: int) -> str:
    """The object id of a person."""
    return f"{TENANT[:8]}-0000-4000-8000-{number:012}"


def address(number: int) -> str:
    """The mail address of a person."""
    return f"p{number}@{DOMAIN}"


def build_world(people: int, mailboxes: int, events: int, today: date) -> Json:
    """So many people, of whom the first `mailboxes` have one, and a calendar of so many events.

    Every fourth event is a series with one occurrence moved and one cancelled.
    """
    users = [_person(number) for number in range(1, people + 1)]
    users.append(_person(GIVER) | {"displayName": "Plan", "accountEnabled": False, "assignedLicenses": []})
    boxes: list[Json] = [
        {"user": user_id(number), "settings": {"timeZone": "UTC", "userPurpose": "user"}}
        for number in range(1, mailboxes + 1)
    ]
    calendar = {"name": "Calendar", "isDefaultCalendar": True, "events": list(_events(events, today))}
    settings = {"timeZone": "W. Europe Standard Time", "userPurpose": "shared"}
    boxes.append({"user": user_id(GIVER), "settings": settings, "calendars": [calendar]})
    tenant = {
        "id": TENANT,
        "organization": {"id": TENANT, "displayName": "Bench"},
        "apps": [{"id": APP, "secrets": [SECRET], "roles": _ROLES}],
        "users": users,
        "mailboxes": boxes,
    }
    return {"tenants": [tenant]}


def count_series(events: int) -> int:
    """How many of so many events are series."""
    return len(range(0, events, _EVERY_NTH_IS_A_SERIES))


def _person(number: int) -> Json:
    """A card of usual size."""
    return {
        "id": user_id(number),
        "displayName": f"Given{number} Surname{number}",
        "givenName": f"Given{number}",
        "surname": f"Surname{number}",
        "mail": address(number),
        "mailNickname": f"p{number}",
        "userPrincipalName": address(number),
        "accountEnabled": True,
        "userType": "Member",
        "mobilePhone": f"+49 170 {number:07}",
        "businessPhones": [f"+49 30 {number:07}"],
        "jobTitle": "Engineer",
        "department": "Field",
        "companyName": "Bench Ltd",
        "officeLocation": "Berlin",
        "streetAddress": "Hauptstr. 1",
        "city": "Berlin",
        "postalCode": "10115",
        "country": "Germany",
        "assignedLicenses": _LICENCE,
    }


def _events(count: int, today: date) -> list[Json]:
    return [
        _series(number, today) if number % _EVERY_NTH_IS_A_SERIES == 0 else _single(number, today)
        for number in range(count)
    ]


def _single(number: int, today: date) -> Json:
    at = datetime.combine(today + timedelta(days=1 + number % 90), time(8 + number % 9))
    return _event(number, at)


def _series(number: int, today: date) -> Json:
    first = today + timedelta(days=1 + number % 5)
    at = datetime.combine(first, time(8 + number % 9))
    moved, cancelled = first + timedelta(weeks=4), first + timedelta(weeks=3)
    later = datetime.combine(moved, at.time()) + timedelta(hours=1)
    return _event(number, at) | {
        "recurrence": {
            "pattern": {
                "type": "weekly",
                "interval": 1,
                "daysOfWeek": [_WEEKDAYS[first.weekday()]],
                "firstDayOfWeek": "sunday",
            },
            "range": {
                "type": "endDate",
                "startDate": first.isoformat(),
                "endDate": (first + timedelta(weeks=12)).isoformat(),
                "recurrenceTimeZone": "UTC",
            },
        },
        "_cancelled": [cancelled.isoformat()],
        "_exceptions": [
            {
                "originalStart": datetime.combine(moved, at.time(), UTC).isoformat(),
                "subject": f"Event {number}, later",
                **_times(later),
            }
        ],
    }


def _event(number: int, at: datetime) -> Json:
    return {
        "subject": f"Event {number}",
        "body": {"contentType": "html", "content": "<p>What to bring and whom to ask.</p>"},
        "location": {"displayName": "Room 1"},
        "isAllDay": False,
        "showAs": "busy",
        "sensitivity": "normal",
        **_times(at),
    }


def _times(at: datetime) -> Json:
    return {"start": _moment(at), "end": _moment(at + timedelta(minutes=45))}


def _moment(at: datetime) -> Json:
    return {"dateTime": at.isoformat(), "timeZone": "UTC"}
