"""The oracles: what must stand in a target, said by the source and by nobody of the product."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from tests.scenarios.stage import Stage
from tests.tunnels.world import NOW

Json = dict[str, Any]
Shown = tuple[str, str, bool, str, str, str, str]
Policy = Callable[[Json], Json | None]

MIDNIGHT = NOW.replace(hour=0, minute=0)
WINDOW = (MIDNIGHT - timedelta(days=30), MIDNIGHT + timedelta(days=181))
"""What the default policy keeps in step: 30 days back, 180 ahead."""


def titles(event: Json) -> Json | None:
    """The default policy: the title of what is not free, nothing else."""
    if event["showAs"] in ("free", "unknown") or event["isCancelled"]:
        return None
    if event["sensitivity"] in ("private", "confidential"):
        return {"subject": "Private appointment"}
    return {"subject": event["subject"]}


def shown(event: Json, said: Json) -> Shown:
    """What an observer sees of an event."""
    return (
        event["start"]["dateTime"],
        event["end"]["dateTime"],
        event["isAllDay"],
        event["showAs"],
        said.get("subject") or "",
        said.get("location", ""),
        said.get("body", ""),
    )


def wanted(
    stage: Stage, source: tuple[str, int], policy: Policy = titles, window: tuple[datetime, datetime] = WINDOW
) -> Counter[Shown]:
    """What the source's view says a target must show."""
    rows = [(event, policy(event)) for event in stage.view(*source, window)]
    return Counter(shown(event, said) for event, said in rows if said is not None)


def found(
    stage: Stage, target: tuple[str, int], name: str, window: tuple[datetime, datetime] = WINDOW
) -> Counter[Shown]:
    """What a target shows."""
    return Counter(
        shown(
            event,
            {
                "subject": event["subject"],
                "location": event["location"].get("displayName", ""),
                "body": event["bodyPreview"],
            },
        )
        for event in stage.view(*target, window, name)
    )


def assert_calendar(
    stage: Stage,
    source: tuple[str, int],
    target: tuple[str, int],
    name: str,
    policy: Policy = titles,
    window: tuple[datetime, datetime] = WINDOW,
) -> None:
    """The calendar oracle: the target shows exactly what the policy makes of the source's view."""
    expected, seen = wanted(stage, source, policy, window), found(stage, target, name, window)
    assert seen == expected, f"missing {expected - seen}, too many {seen - expected}"


def assert_contacts(
    stage: Stage, source: str, target: tuple[str, int], name: str, people: Iterable[str]
) -> None:
    """The contact oracle: the folder holds a contact for each of these object ids and nobody else."""
    listed = {
        one["id"]: one for one in stage.act_in(source, "GET", "users?$top=999&$select=" + ",".join(FIELDS))
    }
    listed |= {one["id"]: one for one in stage.act_in(source, "GET", "contacts?$top=999")}
    expected = sorted(_said(listed[one]) for one in people)
    assert sorted(_written(one) for one in stage.contacts(*target, name)) == expected


FIELDS = (
    "id", "displayName", "givenName", "surname", "mail", "mobilePhone", "businessPhones", "jobTitle",
    "department", "companyName", "officeLocation",
)  # fmt: skip
_PLAIN = ("givenName", "surname", "jobTitle", "department", "companyName", "officeLocation")


def _said(entry: Json) -> tuple[str, ...]:
    """An entry of the directory, as a contact must show it."""
    phones = entry.get("phones") or ()
    mobiles = [one["number"] for one in phones if one["type"] == "mobile"]
    return (
        nfc(entry["displayName"]),
        *(nfc(entry.get(name) or "") for name in _PLAIN),
        entry.get("mail") or "",
        entry.get("mobilePhone") or "".join(mobiles),
        ",".join(
            entry.get("businessPhones") or [one["number"] for one in phones if one["type"] == "business"]
        ),
    )


def _written(contact: Json) -> tuple[str, ...]:
    """A contact in a folder, in the same words."""
    return (
        nfc(contact["displayName"]),
        *(nfc(contact.get(name) or "") for name in _PLAIN),
        ",".join(one["address"] for one in contact["emailAddresses"]),
        contact["mobilePhone"] or "",
        ",".join(contact["businessPhones"]),
    )


def nfc(text: str) -> str:
    """Composed: the same letters to a person are the same text."""
    return unicodedata.normalize("NFC", text)
