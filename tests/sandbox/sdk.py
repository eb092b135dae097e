"""Microsoft's own SDK works with the sandbox, unmodified: `make conformance`.

Runs in an environment of its own (`requirements/conformance.txt`), starts the sandbox with
the interpreter named as argument, and ends with status 1 when a step fails. The SDK only
learns two addresses (sign-in and Graph) and which authority to trust.
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.contact import Contact
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.event import Event
from msgraph.generated.models.event_type import EventType
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.patterned_recurrence import PatternedRecurrence
from msgraph.generated.models.recurrence_pattern import RecurrencePattern
from msgraph.generated.models.recurrence_pattern_type import RecurrencePatternType
from msgraph.generated.models.recurrence_range import RecurrenceRange
from msgraph.generated.models.recurrence_range_type import RecurrenceRangeType
from msgraph.generated.models.single_value_legacy_extended_property import (
    SingleValueLegacyExtendedProperty,
)
from msgraph.generated.models.user import User
from msgraph.generated.users.item.calendar_view.delta.delta_request_builder import (
    DeltaRequestBuilder as CalendarDelta,
)
from msgraph.generated.users.item.events.item.event_item_request_builder import (
    EventItemRequestBuilder,
)
from msgraph.generated.users.users_request_builder import UsersRequestBuilder
from msgraph_core import GraphClientFactory
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem
from msgraph_core.tasks import PageIterator

ROOT = Path(__file__).parents[2]
TENANT, APP = "0a1de000-0000-4000-8000-000000000001", "a9900000-0000-4000-8000-000000000001"
SECRET = "conformance"
SCOPE = "https://graph.microsoft.com/.default"
PEOPLE = 250
MARK = "String {6f9a1c1e-0b51-4b7e-9d0c-2f6f6d3f5a11} Name CulvertMark"
ROLES = ["User.Read.All", "Calendars.ReadWrite", "Contacts.ReadWrite"]

Ready = dict[str, str]
Step = Callable[[GraphServiceClient], Awaitable[None]]


def person(number: int) -> str:
    """The object id of the world's `number`-th person."""
    return f"5e400000-0000-4000-8000-{number:012}"


ADA = person(0)


def world() -> dict[str, Any]:
    """One tenant with more people than a page holds; the first has a mailbox."""
    users = [
        {
            "id": person(number),
            "displayName": f"Person {number}",
            "mail": f"p{number}@alder.example",
            "userPrincipalName": f"p{number}@alder.example",
            "accountEnabled": True,
        }
        for number in range(PEOPLE)
    ]
    tenant = {
        "id": TENANT,
        "organization": {"id": TENANT, "displayName": "Alder"},
        "apps": [{"id": APP, "secrets": [SECRET], "roles": ROLES}],
        "users": users,
        "mailboxes": [{"user": ADA}],
    }
    return {"tenants": [tenant]}


@contextmanager
def sandbox(interpreter: str) -> Iterator[Ready]:
    """A running sandbox with the world; its ready line."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(world(), file)
        file.flush()
        command = [interpreter, "-m", "syncengine.sandbox", "--world", file.name]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        assert process.stdout
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()
            process.wait(timeout=20)


def credential(ready: Ready, secret: str = SECRET) -> ClientSecretCredential:
    """azure-identity's client secret, pointed at the sandbox."""
    return ClientSecretCredential(
        TENANT,
        APP,
        secret,
        authority=ready["login"],
        disable_instance_discovery=True,
        connection_verify=ready["ca"],
    )


def client_of(ready: Ready) -> GraphServiceClient:
    """The SDK with its default middleware, pointed at the sandbox."""
    context = ssl.create_default_context(cafile=ready["ca"])
    transport = httpx.AsyncClient(verify=context, base_url=ready["graph"], trust_env=False)
    auth = AzureIdentityAuthenticationProvider(credential(ready), scopes=[SCOPE], allowed_hosts=["127.0.0.1"])
    adapter = GraphRequestAdapter(
        auth, client=GraphClientFactory.create_with_default_middleware(client=transport)
    )
    adapter.base_url = ready["graph"]
    return GraphServiceClient(request_adapter=adapter)


async def pages_of_users(client: GraphServiceClient) -> None:
    """The SDK's page iterator sees every person once."""
    parameters = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
        select=["id", "displayName", "mail"], top=99
    )
    first = await client.users.get(RequestConfiguration(query_parameters=parameters))
    assert first
    assert first.odata_next_link
    seen: list[str] = []

    def take(user: User) -> bool:
        seen.append(str(user.id))
        return True

    await PageIterator(first, client.request_adapter).iterate(take)
    assert sorted(seen) == [person(number) for number in range(PEOPLE)]


async def delta_of_users(client: GraphServiceClient) -> None:
    """A delta is followed page by page to its link, and the link answers with nothing new."""
    page = await client.users.delta.get()
    assert page
    seen = [user.id for user in page.value or []]
    while page.odata_next_link:
        page = await client.users.delta.with_url(page.odata_next_link).get()
        assert page
        seen += [user.id for user in page.value or []]
    assert set(seen) == {person(number) for number in range(PEOPLE)}
    assert page.odata_delta_link
    again = await client.users.delta.with_url(page.odata_delta_link).get()
    assert again
    assert again.value == []


def at(hour: int) -> DateTimeTimeZone:
    """A moment of one day in Berlin."""
    return DateTimeTimeZone(date_time=f"2026-03-03T{hour:02}:00:00", time_zone="W. Europe Standard Time")


async def life_of_an_event(client: GraphServiceClient) -> None:
    """Create with a mark, read with the mark expanded, change, delete, and find it gone."""
    events = client.users.by_user_id(ADA).events
    made = await events.post(
        Event(
            subject="Round",
            body=ItemBody(content="<p>Words</p>", content_type=BodyType.Html),
            start=at(10),
            end=at(11),
            single_value_extended_properties=[SingleValueLegacyExtendedProperty(id=MARK, value="mark-1")],
        )
    )
    assert made
    assert made.id
    assert made.type == EventType.SingleInstance
    one = events.by_event_id(made.id)
    parameters = EventItemRequestBuilder.EventItemRequestBuilderGetQueryParameters(
        expand=[f"singleValueExtendedProperties($filter=id eq '{MARK}')"]
    )
    read = await one.get(RequestConfiguration(query_parameters=parameters))
    assert read
    assert [p.value for p in read.single_value_extended_properties or []] == ["mark-1"]
    changed = await one.patch(Event(subject="Round table"))
    assert changed
    assert changed.subject == "Round table"
    await one.delete()
    await _is_gone(one.get())


async def a_series_in_a_view(client: GraphServiceClient) -> None:
    """A weekly series expands in instances, and calendarView/delta tells of it."""
    mailbox = client.users.by_user_id(ADA)
    weekly = PatternedRecurrence(
        pattern=RecurrencePattern(
            type=RecurrencePatternType.Daily,
            interval=7,
        ),
        range=RecurrenceRange(
            type=RecurrenceRangeType.Numbered,
            start_date=date(2026, 3, 3),
            number_of_occurrences=4,
        ),
    )
    made = await mailbox.events.post(Event(subject="Weekly", start=at(10), end=at(11), recurrence=weekly))
    assert made
    assert made.type == EventType.SeriesMaster
    parameters = CalendarDelta.DeltaRequestBuilderGetQueryParameters(
        start_date_time="2026-03-01T00:00:00Z", end_date_time="2026-04-01T00:00:00Z"
    )
    page = await mailbox.calendar_view.delta.get(RequestConfiguration(query_parameters=parameters))
    assert page
    kinds = [event.type for event in page.value or []]
    while page.odata_next_link:
        page = await mailbox.calendar_view.delta.with_url(page.odata_next_link).get()
        assert page
        kinds += [event.type for event in page.value or []]
    assert EventType.SeriesMaster in kinds
    assert kinds.count(EventType.Occurrence) >= 4
    assert page.odata_delta_link


async def life_of_a_contact(client: GraphServiceClient) -> None:
    """Create, change, list, delete."""
    contacts = client.users.by_user_id(ADA).contacts
    made = await contacts.post(
        Contact(
            given_name="Cy",
            surname="Green",
            email_addresses=[EmailAddress(name="Cy", address="cy@alder.example")],
            business_phones=["+49 30 1234567"],
        )
    )
    assert made
    assert made.id
    one = contacts.by_contact_id(made.id)
    changed = await one.patch(Contact(job_title="Pilot"))
    assert changed
    assert (changed.given_name, changed.job_title) == ("Cy", "Pilot")
    listed = await contacts.get()
    assert listed
    assert [contact.id for contact in listed.value or []] == [made.id]
    await one.delete()
    await _is_gone(one.get())


async def a_batch(client: GraphServiceClient) -> None:
    """Reads and a write in one batch; each answer is found by its id and understood."""
    mailbox = client.users.by_user_id(ADA)
    wanted: dict[str, RequestInformation] = {
        "user": mailbox.to_get_request_information(),
        "contact": mailbox.contacts.to_post_request_information(Contact(given_name="Di")),
        "missing": client.users.by_user_id(person(PEOPLE)).to_get_request_information(),
    }
    content = BatchRequestContent()
    for name, request in wanted.items():
        item = BatchRequestItem(request, id=name)
        # The SDK writes absolute addresses, which Graph refuses: everyone has to cut them.
        # Source: https://github.com/microsoftgraph/msgraph-sdk-python/issues/1015
        item.url = item.url.removeprefix(client.request_adapter.base_url)
        content.add_request(name, item)
    answers = await client.batch.post(content)
    assert answers.get_response_status_codes() == {"user": 200, "contact": 201, "missing": 404}
    # Statuses only: with this kiota, msgraph-core cannot read a part's JSON body, whoever sent it.
    listed = await mailbox.contacts.get()
    assert listed
    assert [contact.given_name for contact in listed.value or []] == ["Di"]


async def an_error_is_understood(client: GraphServiceClient) -> None:
    """The SDK reads code and message out of a refusal."""
    refused = await _refusal(client.users.by_user_id(person(PEOPLE)).get())
    assert refused.error
    assert refused.error.code == "Request_ResourceNotFound"
    assert refused.error.message


async def _is_gone(reading: Awaitable[Any]) -> None:
    refused = await _refusal(reading)
    assert refused.response_status_code == 404


async def _refusal(asking: Awaitable[Any]) -> ODataError:
    try:
        await asking
    except ODataError as refused:
        return refused
    raise AssertionError("Graph did not refuse")


def a_wrong_secret(ready: Ready) -> None:
    """azure-identity understands the refusal."""
    said = ""
    try:
        credential(ready, "wrong").get_token(SCOPE)
    except ClientAuthenticationError as refused:
        said = refused.message
    assert "AADSTS7000215" in said


STEPS: tuple[Step, ...] = (
    pages_of_users,
    delta_of_users,
    life_of_an_event,
    a_series_in_a_view,
    life_of_a_contact,
    a_batch,
    an_error_is_understood,
)


async def walk(ready: Ready) -> int:
    """Take every step; how many failed."""
    failed = 0
    client = client_of(ready)
    for step in STEPS:
        try:
            await step(client)
        except (AssertionError, ODataError, httpx.HTTPError, TypeError, ValueError):
            failed += 1
            sys.stdout.write(f"FAILED  {step.__name__}\n{traceback.format_exc()}")
        else:
            sys.stdout.write(f"passed  {step.__name__}\n")
    return failed


def main() -> int:
    """Start the sandbox and walk; 1 when a step failed."""
    logging.getLogger("azure").setLevel(logging.CRITICAL)
    interpreter = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / ".venv/bin/python")
    with sandbox(interpreter) as ready:
        a_wrong_secret(ready)
        sys.stdout.write("passed  a_wrong_secret\n")
        return 1 if asyncio.run(walk(ready)) else 0


if __name__ == "__main__":
    sys.exit(main())
