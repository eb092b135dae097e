"""The worlds of drills: many people or many series, a few target mailboxes, and things that are not ours."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

Json = dict[str, Any]

A = "0a000000-0000-4000-8000-000000000001"
APP = "7c1f4f0e-3d52-4b5c-9a51-0f6d8f2b9a10"
SECRET = "a-secret-of-the-tests"
DOMAIN = "northwind.example"
FOLDER = "Drill"
SOURCE = 9000
"""The number of the shared mailbox whose calendar gives."""

ROLES = [
    "User.Read.All", "GroupMember.Read.All", "OrgContact.Read.All", "Organization.Read.All",
    "MailboxSettings.Read", "Calendars.ReadWrite", "Contacts.ReadWrite",
]  # fmt: skip
LICENCE = [{"skuId": "05e9a617-0261-4cee-bb44-138d3ef5d965", "disabledPlans": []}]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def user_id(number: int) -> str:
    """The object id of a person."""
    return f"{A[:8]}-0000-4000-8000-{number:012}"


def address(number: int) -> str:
    """The mail address of a person."""
    return f"u{number:04}@{DOMAIN}"


def person(number: int, **changes: Any) -> Json:
    """One licensed user."""
    return {
        "id": user_id(number),
        "displayName": f"Person {number:04}",
        "givenName": "Person",
        "surname": f"{number:04}",
        "mail": address(number),
        "mailNickname": f"u{number:04}",
        "userPrincipalName": address(number),
        "accountEnabled": True,
        "userType": "Member",
        "mobilePhone": f"+1 555 {number:04}",
        "businessPhones": [],
        "assignedLicenses": LICENCE,
        **changes,
    }


def people_world(people: int, targets: int) -> Json:
    """An address list of so many people; the first few have mailboxes and take."""
    users = [person(number) for number in range(1, people + 1)]
    return _world(users, [_target(number) for number in range(1, targets + 1)])


def series_world(series: int, targets: int) -> Json:
    """A shared calendar with so many weekly series; the first few people have mailboxes and take."""
    users = [person(number) for number in range(1, targets + 1)]
    users.append(person(SOURCE, displayName="On-call", accountEnabled=False, assignedLicenses=[]))
    giver = {
        "user": user_id(SOURCE),
        "settings": {"timeZone": "W. Europe Standard Time", "userPurpose": "shared"},
        "calendars": [
            {
                "name": "Calendar",
                "isDefaultCalendar": True,
                "events": [_series(number) for number in range(series)],
            }
        ],
    }
    return _world(users, [*(_target(number) for number in range(1, targets + 1)), giver])


def _world(users: list[Json], mailboxes: list[Json]) -> Json:
    tenant = {
        "id": A,
        "organization": {"id": A, "displayName": "Northwind"},
        "apps": [{"id": APP, "secrets": [SECRET], "roles": ROLES}],
        "users": users,
        "mailboxes": mailboxes,
    }
    return {"tenants": [tenant]}


def _target(number: int) -> Json:
    """A mailbox with things of its owner's, some of which look like ours."""
    private = {"givenName": "Person", "surname": "0002", "displayName": "Person 0002", "mobilePhone": "+1 1"}
    day = (_today() + timedelta(days=3)).isoformat()
    dentist = {
        "subject": "Series 0001",
        "start": {"dateTime": f"{day}T10:00:00", "timeZone": "UTC"},
        "end": {"dateTime": f"{day}T11:00:00", "timeZone": "UTC"},
    }
    return {
        "user": user_id(number),
        "settings": {"timeZone": "Eastern Standard Time", "userPurpose": "user"},
        "calendars": [{"name": "Calendar", "isDefaultCalendar": True, "events": [dentist]}],
        "contactFolders": [
            {"_default": True, "displayName": "Contacts", "contacts": [private]},
            {"displayName": "Friends", "contacts": [private]},
        ],
    }


def _series(number: int) -> Json:
    """A weekly series: two occurrences moved (one of them to another day), two cancelled."""
    first = _monday(weeks=-2) + timedelta(days=number % 5)
    at = datetime.combine(first, time(8 + number % 9))
    days = [first + timedelta(weeks=week) for week in range(9)]
    return {
        "subject": f"Series {number:04}",
        "body": {"contentType": "html", "content": "<p>What to bring.</p>"},
        "location": {"displayName": ""},
        "isAllDay": False,
        "showAs": "busy",
        "sensitivity": "normal",
        "start": _moment(at),
        "end": _moment(at + timedelta(minutes=45)),
        "recurrence": {
            "pattern": {
                "type": "weekly",
                "interval": 1,
                "daysOfWeek": [WEEKDAYS[first.weekday()]],
                "firstDayOfWeek": "sunday",
            },
            "range": {
                "type": "endDate",
                "startDate": first.isoformat(),
                "endDate": days[-1].isoformat(),
                "recurrenceTimeZone": "UTC",
            },
        },
        "_cancelled": [days[3].isoformat(), days[6].isoformat()],
        "_exceptions": [
            _exception(at, 4, timedelta(hours=1), f"Series {number:04}, later"),
            _exception(at, 5, timedelta(days=1 + number % 2), f"Series {number:04}, another day"),
        ],
    }


def _exception(at: datetime, week: int, by: timedelta, subject: str) -> Json:
    original = at + timedelta(weeks=week)
    return {
        "originalStart": original.replace(tzinfo=UTC).isoformat(),
        "subject": subject,
        "start": _moment(original + by),
        "end": _moment(original + by + timedelta(minutes=45)),
    }


def _moment(moment: datetime) -> Json:
    return {"dateTime": moment.isoformat(), "timeZone": "UTC"}


def _monday(weeks: int) -> date:
    return _today() - timedelta(days=_today().weekday()) + timedelta(weeks=weeks)


def _today() -> date:
    """Drills use real time: processes that are killed share no clock that could be set."""
    return datetime.now(UTC).date()  # noqa: TID251


def dumped_mailbox(world: Json, number: int) -> Json:
    """A person's mailbox in a dump."""
    return next(one for one in world["tenants"][0]["mailboxes"] if one["user"] == user_id(number))


def contact_faults(world: Json, people: int, targets: int) -> list[str]:
    """What is wrong with the copies of an address list: duplicates, absences, strangers."""
    faults: list[str] = []
    for number in range(1, targets + 1):
        folders = [
            one for one in dumped_mailbox(world, number)["contactFolders"] if one["displayName"] == FOLDER
        ]
        if len(folders) != 1:
            faults.append(f"mailbox {number} has {len(folders)} folders of ours")
        wanted = Counter(_card(person(one)) for one in range(1, people + 1) if one != number)
        held = Counter(_card(_flat(card)) for folder in folders for card in folder["contacts"])
        faults += _difference(f"mailbox {number}", wanted, held)
    return faults


def _flat(card: Json) -> Json:
    mails = [one["address"] for one in card.get("emailAddresses") or ()]
    return {**card, "mail": mails[0] if len(mails) == 1 else str(mails)}


def _card(raw: Json) -> tuple[str, ...]:
    names = ("displayName", "givenName", "surname", "mail", "mobilePhone")
    return tuple(str(raw.get(name)) for name in names)


def _difference(where: str, wanted: Counter[Any], held: Counter[Any]) -> list[str]:
    return [
        *(f"{where}: {count} too few of {what}" for what, count in (wanted - held).items()),
        *(f"{where}: {count} too many of {what}" for what, count in (held - wanted).items()),
    ]


def view_faults(where: str, source: list[Json], target: list[Json]) -> list[str]:
    """What two calendar views do not agree on, occurrence by occurrence."""
    return _difference(where, Counter(map(_occurrence, source)), Counter(map(_occurrence, target)))


def _occurrence(raw: Json) -> tuple[str, str, str]:
    return raw["subject"], raw["start"]["dateTime"], raw["end"]["dateTime"]


def foreign(world: Json) -> Json:
    """All that no tunnel may touch: everything but the folders and calendars of ours."""
    return {
        one["user"]: {
            "calendars": [_known(each) for each in one["calendars"] if each.get("name") != FOLDER],
            "contactFolders": [
                _known(each) for each in one["contactFolders"] if each.get("displayName") != FOLDER
            ],
        }
        for one in world["tenants"][0]["mailboxes"]
    }


def _known(folder: Json) -> Json:
    """A folder without the counters that every write to its mailbox moves."""
    return {name: value for name, value in folder.items() if not name.startswith("_generation")}


def view_bounds() -> tuple[str, str]:
    """A span that holds all occurrences of all series."""
    first, last = _monday(weeks=-3), _monday(weeks=12)
    return f"{first.isoformat()}T00:00:00Z", f"{last.isoformat()}T00:00:00Z"


def series_faults(world: Json, targets: int) -> list[str]:
    """What is wrong with the copies of a calendar, as far as series and marks go."""
    faults: list[str] = []
    given = dumped_mailbox(world, SOURCE)["calendars"][0]["events"]
    for number in range(1, targets + 1):
        mine = [one for one in dumped_mailbox(world, number)["calendars"] if one["name"] == FOLDER]
        if len(mine) != 1:
            faults.append(f"mailbox {number} has {len(mine)} calendars of ours")
        held = [event for calendar in mine for event in calendar["events"]]
        where = f"mailbox {number}"
        faults += _difference(where, Counter(map(_rhythm, given)), Counter(map(_rhythm, held)))
        faults += [f"{where}: a copy invites" for event in held if event.get("attendees")]
    return faults


def _rhythm(event: Json) -> tuple[str, str, str]:
    recurrence = event.get("recurrence") or {}
    return event["subject"], event["start"]["dateTime"], str(recurrence.get("range", {}).get("endDate"))
