"""The people, rooms, shared mailboxes and groups of one invented company, as Graph would say them."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Company:
    """What is particular about one invented company."""

    slug: str
    name: str
    domain: str
    country: str
    city: str
    zone: str
    """IANA: what we set for the tenant."""
    windows_zone: str
    """What Exchange calls the same zone."""
    phone: str
    """A pattern with one place for four digits, in a range that is set aside for fiction."""
    mobile: str
    size: int
    given: tuple[str, ...]
    surnames: tuple[str, ...]
    rooms: tuple[str, ...]
    shared: tuple[str, ...]
    departments: tuple[str, ...] = (
        "Sales", "Operations", "Finance", "Field Service", "Engineering", "Human Resources",
    )  # fmt: skip


@dataclass(slots=True)
class Directory:
    """A company's directory while it is being made; `number` makes ids that never change."""

    company: Company
    random: Random
    users: list[Json] = field(default_factory=list)
    groups: list[Json] = field(default_factory=list)
    contacts: list[Json] = field(default_factory=list)
    places: list[Json] = field(default_factory=list)
    purposes: dict[str, str] = field(default_factory=dict)
    """What kind of mailbox a user has, by object id; nobody without an entry has one."""

    def new_id(self) -> str:
        """The next object id: the same at every making."""
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def staff(self, department: str = "") -> list[Json]:
        """People with a mailbox of their own, of one department if asked."""
        everybody = [one for one in self.users if self.purposes.get(one["id"]) == "user"]
        return [one for one in everybody if department in ("", one["department"])]

    def by_nick(self, nick: str) -> Json:
        """The one user with this mail nickname."""
        return next(one for one in self.users if one["mailNickname"] == nick)


def found_company(company: Company, seed: int) -> Directory:
    """A directory with everything that a real one has: also the odd cases."""
    made = Directory(company, Random(f"{company.slug} {seed}"))  # noqa: S311 - not for secrets
    _hire(made)
    for name in company.shared:
        _mailbox_without_a_person(made, name, "shared")
    for name in company.rooms:
        user = _mailbox_without_a_person(made, name, "room")
        made.places.append(_room(made, user))
    _mailbox_without_a_person(made, "Projector Cart", "equipment")
    _odd_cases(made)
    _suppliers(made)
    _form_groups(made)
    return made


def _hire(made: Directory) -> None:
    taken: dict[str, int] = {}
    for _ in range(made.company.size):
        given, surname = made.random.choice(made.company.given), made.random.choice(made.company.surnames)
        nick = _nickname(f"{given}.{surname}")
        taken[nick] = taken.get(nick, 0) + 1
        if taken[nick] > 1:
            nick = f"{nick}{taken[nick]}"
        user = _person(made, given, surname, nick)
        made.users.append(user)
        made.purposes[user["id"]] = "user"


def _person(made: Directory, given: str, surname: str, nick: str) -> Json:
    company, random = made.company, made.random
    department = random.choice(company.departments)
    title = random.choice(("Specialist", "Manager", "Coordinator", "Lead", "Technician", "Analyst"))
    return {
        "id": made.new_id(),
        "displayName": f"{given} {surname}",
        "givenName": given,
        "surname": surname,
        "mailNickname": nick,
        "mail": f"{nick}@{company.domain}",
        "userPrincipalName": f"{nick}@{company.domain}",
        "proxyAddresses": [f"SMTP:{nick}@{company.domain}"],
        "businessPhones": [company.phone.format(random.randrange(10000))],
        "mobilePhone": company.mobile.format(random.randrange(10000)) if random.random() < 0.8 else None,
        "jobTitle": f"{department} {title}",
        "department": department,
        "companyName": company.name,
        "officeLocation": f"{company.city} {random.randrange(1, 9)}.{random.randrange(1, 30):02}",
        "city": company.city,
        "country": company.country,
        "usageLocation": company.country,
        "accountEnabled": True,
        "userType": "Member",
        "showInAddressList": None,
        "assignedLicenses": [_LICENCE],
    }


_LICENCE = {"disabledPlans": [], "skuId": "05e9a617-0261-4cee-bb44-138d3ef5d965"}


def _mailbox_without_a_person(made: Directory, name: str, purpose: str) -> Json:
    nick = _nickname(name.replace(" ", "."))
    user: Json = {
        "id": made.new_id(),
        "displayName": name,
        "mailNickname": nick,
        "mail": f"{nick}@{made.company.domain}",
        "userPrincipalName": f"{nick}@{made.company.domain}",
        "proxyAddresses": [f"SMTP:{nick}@{made.company.domain}"],
        "businessPhones": [made.company.phone.format(made.random.randrange(10000))],
        "department": None,
        "companyName": made.company.name,
        "accountEnabled": False,
        "userType": "Member",
        "assignedLicenses": [],
    }
    made.users.append(user)
    made.purposes[user["id"]] = purpose
    return user


def _room(made: Directory, user: Json) -> Json:
    return {
        "@odata.type": "#microsoft.graph.room",
        "id": made.new_id(),
        "displayName": user["displayName"],
        "emailAddress": user["mail"],
        "building": f"{made.company.city} House",
        "capacity": made.random.choice((4, 6, 8, 12, 20)),
        "bookingType": "standard",
    }


def _odd_cases(made: Directory) -> None:
    """A guest, somebody hidden, somebody who left, somebody without a licence, one mail that is missing."""
    domain = made.company.domain
    guest = _person(made, "Robin", "Vale", "robin.vale_partner.example#ext#")
    guest |= {"userType": "Guest", "mail": "robin.vale@partner.example", "assignedLicenses": []}
    hidden = _person(made, "Morgan", "Quill", "morgan.quill") | {"showInAddressList": False}
    gone = _person(made, "Casey", "Brook", "casey.brook") | {"accountEnabled": False}
    new = _person(made, "Sam", "Arrow", "sam.arrow") | {"assignedLicenses": []}
    silent = _person(made, "Jo", "Field", "jo.field") | {"mail": None, "proxyAddresses": []}
    silent["userPrincipalName"] = f"jo.field@{domain}"
    made.users += [guest, hidden, gone, new, silent]
    made.purposes |= {str(hidden["id"]): "user", str(gone["id"]): "user"}


def _suppliers(made: Directory) -> None:
    for trade in ("Elevator Service", "Cleaning", "Catering", "Courier", "Security Desk", "IT Hotline"):
        nick = _nickname(trade.replace(" ", "."))
        made.contacts.append(
            {
                "id": made.new_id(),
                "displayName": f"{trade} ({made.company.city})",
                "givenName": None,
                "surname": trade,
                "mail": f"{nick}@suppliers.example",
                "mailNickname": nick,
                "companyName": trade,
                "proxyAddresses": [f"SMTP:{nick}@suppliers.example"],
                "phones": [
                    {"type": "business", "number": made.company.phone.format(made.random.randrange(10000))}
                ],
                "addresses": [],
            }
        )


def _form_groups(made: Directory) -> None:
    staff = made.staff()
    field_team = made.staff("Field Service")[:12]
    phones = [*field_team, *[one for one in staff if one not in field_team][: len(staff) // 5]]
    for name, members in (
        ("Field Team", field_team),
        ("Mobile Phones", phones),
        ("Managers", [one for one in staff if one["jobTitle"].endswith("Manager")][:10]),
        ("All Staff", staff),
    ):
        made.groups.append(
            {
                "id": made.new_id(),
                "displayName": name,
                "mail": f"{_nickname(name.replace(' ', '.'))}@{made.company.domain}",
                "mailEnabled": True,
                "mailNickname": _nickname(name.replace(" ", ".")),
                "securityEnabled": True,
                "groupTypes": [],
                "members": [one["id"] for one in members],
            }
        )


_PLAIN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "ż": "z", "ł": "l", " ": "."})


def _nickname(text: str) -> str:
    return "".join(c for c in text.lower().translate(_PLAIN) if c.isascii() and (c.isalnum() or c in "._-#"))
