"""The configuration file of the demonstration: what an engineer would have written."""

from __future__ import annotations

from typing import Any

import yaml

from portal.demo.companies import (
    AUDITOR_EMAIL,
    COMPANIES,
    ENGINEER_EMAIL,
    HARBOUR,
    NORTHWIND,
    OWNER_EMAIL,
    PARTNER,
    RHEINWERK,
)
from portal.demo.people import Company
from portal.demo.world import APP_ID, client_secret, tenant_id

PASSWORD_NAME = "CULVERT_DEMO_PASSWORD"  # noqa: S105 - the name of a variable


def secrets() -> dict[str, str]:
    """The variables that the file names, without the password: secrets of the sandbox only."""
    return {_secret_name(company): client_secret(company) for company in COMPANIES}


def configuration() -> str:
    """The file as text."""
    wanted = {
        "partner": {
            "name": PARTNER,
            "requires_second_factor": False,
            "members": [
                _member(OWNER_EMAIL, "Olive Lock", "owner"),
                _member(ENGINEER_EMAIL, "Eddie Weir", "engineer"),
                _member(AUDITOR_EMAIL, "Aud Sluice", "auditor"),
            ],
        },
        "tenants": {company.slug: _tenant(company) for company in COMPANIES},
        "tunnels": {"address-list": _address_list(), "on-call": _on_call(), "raum-elbe": _room()},
    }
    head = "# Written anew at each start of the demonstration. docs/configuration.md explains it.\n"
    return head + yaml.safe_dump(wanted, sort_keys=False, allow_unicode=True)


def _member(email: str, name: str, role: str) -> dict[str, Any]:
    return {
        "email": email,
        "name": name,
        "role": role,
        "password": f"env:{PASSWORD_NAME}",
        "time_zone": NORTHWIND.zone,
    }


def _secret_name(company: Company) -> str:
    return f"CULVERT_DEMO_SECRET_{company.slug.upper()}"


def _tenant(company: Company) -> dict[str, Any]:
    return {
        "name": company.name,
        "microsoft_id": tenant_id(company),
        "domain": company.domain,
        "region": company.country,
        "zone": company.zone,
        "connection": {"client_id": APP_ID, "secret": f"env:{_secret_name(company)}"},
    }


def _address_list() -> dict[str, Any]:
    return {
        "name": "Northwind address list on phones",
        "kind": "contacts",
        "sources": [{"tenant": NORTHWIND.slug, "address_list": True}],
        "targets": [{"tenant": NORTHWIND.slug, "group": "Mobile Phones"}],
        "folder": "Northwind people",
        "policy": {"kinds": ["user", "shared", "org_contact"]},
        "schedule_s": 120,
    }


def _on_call() -> dict[str, Any]:
    return {
        "name": "On-call rota for the field team",
        "kind": "events",
        "sources": [{"tenant": NORTHWIND.slug, "mailbox": f"on-call@{NORTHWIND.domain}"}],
        "targets": [{"tenant": NORTHWIND.slug, "group": "Field Team"}],
        "folder": "On-call",
        "policy": {"detail": "full", "show_as": ["free", "tentative", "busy", "oof"], "days_after": 180},
        "schedule_s": 60,
    }


def _room() -> dict[str, Any]:
    return {
        "name": "Raum Elbe, seen from Sydney",
        "kind": "events",
        "sources": [{"tenant": RHEINWERK.slug, "mailbox": f"raum.elbe@{RHEINWERK.domain}"}],
        "targets": [{"tenant": HARBOUR.slug, "group": "Field Team"}],
        "folder": "Raum Elbe (Berlin)",
        "policy": {"detail": "title_place", "prefix": "[Berlin] "},
        "schedule_s": 60,
    }
