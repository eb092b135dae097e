"""The whole world of the demonstration, as the file that the sandbox loads."""

from __future__ import annotations

from datetime import date, time, timedelta
from uuid import NAMESPACE_DNS, uuid5

from portal.demo.companies import COMPANIES
from portal.demo.meetings import Diary
from portal.demo.people import Company, Directory, Json, found_company

APP_ID = "7c1f4f0e-3d52-4b5c-9a51-0f6d8f2b9a10"
ROLES = (
    "User.Read.All", "GroupMember.Read.All", "OrgContact.Read.All", "Place.Read.All", "Organization.Read.All",
    "MailboxSettings.Read", "Calendars.ReadWrite", "Contacts.ReadWrite",
)  # fmt: skip


def tenant_id(company: Company) -> str:
    """The Microsoft tenant id of an invented company."""
    return str(uuid5(NAMESPACE_DNS, company.domain))


def client_secret(company: Company) -> str:
    """What our app proves itself with in that tenant: a secret of the sandbox only."""
    return f"demo-secret-of-{company.slug}"


def build_world(today: date, seed: int = 1) -> Json:
    """Three tenants with a year of calendars around `today`. Equal arguments give an equal world."""
    return {"tenants": [_tenant(company, today, seed) for company in COMPANIES]}


def _tenant(company: Company, today: date, seed: int) -> Json:
    made = found_company(company, seed)
    return {
        "id": tenant_id(company),
        "organization": {
            "id": tenant_id(company),
            "displayName": company.name,
            "verifiedDomains": [
                {
                    "name": company.domain,
                    "isDefault": True,
                    "isInitial": False,
                    "type": "Managed",
                    "capabilities": "Email",
                }
            ],
        },
        "apps": [{"id": APP_ID, "secrets": [client_secret(company)], "roles": list(ROLES)}],
        "users": made.users,
        "groups": made.groups,
        "contacts": made.contacts,
        "places": made.places,
        "mailboxes": [_mailbox(made, one, today) for one in made.users if one["id"] in made.purposes],
    }


def _mailbox(made: Directory, user: Json, today: date) -> Json:
    purpose = made.purposes[user["id"]]
    diary = Diary(made.company, made.random, today - timedelta(days=182), today + timedelta(days=183))
    match purpose:
        case "shared":
            _fill_shared(diary, user["displayName"], today)
        case "room":
            diary.scattered(160, location=user["displayName"])
            diary.weekly(
                "Standing booking", made.random.randrange(5), time(9), 60, location=user["displayName"]
            )
        case "user":
            diary.scattered(12)
            diary.weekly("Team meeting", 0, time(9, 30), 45)
    return {
        "user": user["id"],
        "settings": {"timeZone": made.company.windows_zone, "userPurpose": purpose},
        "calendars": [{"name": "Calendar", "isDefaultCalendar": True, "events": diary.events}],
        "contactFolders": [
            {"displayName": "Contacts", "_default": True, "contacts": _own_contacts(made, purpose)}
        ],
    }


def _fill_shared(diary: Diary, name: str, today: date) -> None:
    """A rota: who is on call, hand-overs, maintenance at night, holidays."""
    for week in range(-26, 26):
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=week)
        diary.whole_days(f"{name}: team {'ABC'[week % 3]}", monday, days=7)
    diary.weekly("Hand-over", 0, time(8), 30)
    diary.weekly("Night maintenance", 5, time(23), 180, interval=2)
    diary.monthly("Stock-taking", 15, time(16), 60)
    diary.scattered(60)


def _own_contacts(made: Directory, purpose: str) -> list[Json]:
    """Two people whom somebody knows privately: nothing of ours may touch them."""
    if purpose != "user":
        return []
    return [
        {
            "displayName": f"{made.random.choice(made.company.given)} (private)",
            "mobilePhone": made.company.mobile.format(made.random.randrange(10000)),
            "emailAddresses": [{"name": "private", "address": "somebody@home.example"}],
        }
        for _ in range(2)
    ]
