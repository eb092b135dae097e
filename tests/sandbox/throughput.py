"""How many batch parts a second the sandbox carries: `python -m tests.sandbox.throughput`.

Eight connections, each with mailboxes of its own, post ready batches of twenty parts over
HTTPS: creates of contacts, creates of events, reads by id. Printed are the rate that was
seen, and the rate that one whole core of the sandbox would give.
"""

from __future__ import annotations

import http.client
import json
import os
import ssl
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tests.sandbox_process import SandboxProcess

TENANT, APP = "0a1de000-0000-4000-8000-000000000001", "a9900000-0000-4000-8000-000000000001"
CONNECTIONS, SECONDS = 8, 4.0
ROLES = ["Contacts.ReadWrite", "Calendars.ReadWrite"]
MARK = "String {6f9a1c1e-0b51-4b7e-9d0c-2f6f6d3f5a11} Name CulvertMark"


def world() -> dict[str, Any]:
    """One tenant with a mailbox for each connection."""
    users = [
        {
            "id": f"5e400000-0000-4000-8000-{n:012}",
            "displayName": f"P {n}",
            "userPrincipalName": f"p{n}@x.example",
        }
        for n in range(CONNECTIONS)
    ]
    tenant = {
        "id": TENANT,
        "organization": {"id": TENANT},
        "apps": [{"id": APP, "secrets": ["s"], "roles": ROLES}],
        "users": users,
        "mailboxes": [{"user": user["id"]} for user in users],
    }
    return {"tenants": [tenant]}


def contact(number: int) -> dict[str, Any]:
    """A card of usual size, with a mark."""
    return {
        "givenName": f"Given {number}",
        "surname": "Surname",
        "displayName": f"Given {number} Surname",
        "companyName": "Alder Ltd",
        "jobTitle": "Engineer",
        "department": "Field",
        "businessPhones": ["+49 30 1234567"],
        "mobilePhone": "+49 170 1234567",
        "emailAddresses": [{"name": f"Given {number}", "address": f"g{number}@alder.example"}],
        "businessAddress": {"street": "Hauptstr. 1", "city": "Berlin", "postalCode": "10115"},
        "singleValueExtendedProperties": [{"id": MARK, "value": f"mark-{number}"}],
    }


def event(number: int) -> dict[str, Any]:
    """A single appointment of usual size, with a mark."""
    day = 1 + number % 28
    return {
        "subject": f"Appointment {number}",
        "body": {"contentType": "html", "content": "<p>" + "Some words. " * 20 + "</p>"},
        "start": {"dateTime": f"2026-03-{day:02}T10:00:00", "timeZone": "W. Europe Standard Time"},
        "end": {"dateTime": f"2026-03-{day:02}T11:00:00", "timeZone": "W. Europe Standard Time"},
        "location": {"displayName": "Room 1"},
        "showAs": "busy",
        "isReminderOn": False,
        "transactionId": f"t-{number}-{time.monotonic_ns()}",
        "singleValueExtendedProperties": [{"id": MARK, "value": f"mark-{number}"}],
    }


class Client:
    """One connection that posts batches for one mailbox and counts what succeeded."""

    def __init__(self, sandbox: SandboxProcess, token: str, number: int) -> None:
        host = sandbox.login.removeprefix("https://")
        context = ssl.create_default_context(cafile=sandbox.ca)
        self._connection = http.client.HTTPSConnection(host, context=context, timeout=30)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.user = f"5e400000-0000-4000-8000-{number:012}"
        self.parts = 0
        self.made: list[str] = []

    def post(self, parts: list[dict[str, Any]]) -> None:
        """Send one batch; fails on the first part that did not succeed."""
        body = json.dumps({"requests": parts}).encode()
        self._connection.request("POST", "/v1.0/$batch", body, self._headers)
        answers = json.loads(self._connection.getresponse().read())["responses"]
        for answer in answers:
            if answer["status"] >= 300:
                raise RuntimeError(str(answer)[:500])
        self.made = [answer["body"]["id"] for answer in answers]
        self.parts += len(parts)

    def creates(self, folder: str, make: Any, until: float) -> None:
        """Post creates until a moment of the monotonic clock."""
        headers = {"Content-Type": "application/json"}
        url = f"/users/{self.user}/{folder}"
        while time.monotonic() < until:
            self.post(
                [
                    {
                        "id": str(n),
                        "method": "POST",
                        "url": url,
                        "headers": headers,
                        "body": make(self.parts + n),
                    }
                    for n in range(20)
                ]
            )

    def reads(self, folder: str, until: float) -> None:
        """Read the last twenty items by id until a moment of the monotonic clock."""
        urls = [f"/users/{self.user}/{folder}/{one}" for one in self.made]
        parts = [{"id": str(n), "method": "GET", "url": url} for n, url in enumerate(urls)]
        while time.monotonic() < until:
            self.post(parts)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used, where /proc tells."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(sandbox: SandboxProcess, clients: list[Client], work: Any) -> tuple[float, float]:
    """Parts a second as seen, and per second of the sandbox's processor time."""
    before, began, cpu = sum(c.parts for c in clients), time.monotonic(), cpu_seconds(sandbox.pid)
    threads = [
        threading.Thread(target=work, args=(client, began + SECONDS), daemon=True) for client in clients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    parts = sum(c.parts for c in clients) - before
    return parts / (time.monotonic() - began), parts / max(0.01, cpu_seconds(sandbox.pid) - cpu)


def main() -> int:
    """Measure and print; 1 when one core carries fewer than 3,000 parts a second."""
    works = {
        "create contacts": lambda c, until: c.creates("contacts", contact, until),
        "read contacts": lambda c, until: c.reads("contacts", until),
        "create events": lambda c, until: c.creates("events", event, until),
        "read events": lambda c, until: c.reads("events", until),
    }
    slowest = float("inf")
    for name, work in works.items():
        with SandboxProcess(world()) as sandbox:
            token = sandbox.token(TENANT, APP, "s")
            clients = [Client(sandbox, token, n) for n in range(CONNECTIONS)]
            if name.startswith("read"):
                create = works[name.replace("read", "create")]
                for client in clients:
                    create(client, time.monotonic() + 0.01)
            seen, per_core = measure(sandbox, clients, work)
            for client in clients:
                client.close()
        slowest = min(slowest, per_core)
        sys.stdout.write(f"{name}: {seen:,.0f} parts/s seen, {per_core:,.0f} parts/s per core\n")
    return 0 if slowest >= 3000 else 1


if __name__ == "__main__":
    sys.exit(main())
