"""Graph's door: tokens, bodies, and what every answer carries."""

from __future__ import annotations

import re

import pytest

from tests.sandbox.conformance import assert_conforms, needs_description
from tests.sandbox.core.conftest import ADA, APP, NO_ITEM, SECRET, TENANT

CONTACTS = f"users/{ADA}/contacts"
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def raw(inside, token, body, **headers):
    return inside.graph(token, "POST", CONTACTS, body, **headers)


def test_without_a_token_nobody_comes_in(inside):
    got = inside.request("GET", f"/v1.0/{CONTACTS}")
    assert (got.status, got.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
    assert "authorization_uri=" in got.headers["www-authenticate"]


def test_a_token_of_somebody_else_is_no_token(inside, token):
    assert inside.graph(token[:-6] + "AAAAAA", "GET", CONTACTS).status == 401


def test_a_token_ends_by_the_sandboxs_clock(inside, token):
    assert inside.graph(token, "GET", CONTACTS).status == 200
    inside.control("PUT", "clock", {"advance_s": 5401})
    got = inside.graph(token, "GET", CONTACTS)
    assert (got.status, got.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
    assert inside.graph(inside.token(TENANT, APP, SECRET), "GET", CONTACTS).status == 200


def test_every_answer_carries_its_ids_and_the_time(inside, token):
    mine = "3c0ffee0-0000-4000-8000-000000000000"
    got = inside.graph(token, "GET", CONTACTS, client_request_id=mine)
    assert got.headers["client-request-id"] == mine
    assert GUID.fullmatch(got.headers["request-id"])
    assert got.headers["date"] == "Mon, 02 Mar 2026 09:00:00 GMT"
    assert "ServerInfo" in got.headers["x-ms-ags-diagnostic"]


def test_an_error_repeats_the_ids_inside(inside, token):
    mine = "3c0ffee0-0000-4000-8000-000000000000"
    got = inside.graph(token, "GET", f"{CONTACTS}/{NO_ITEM}", client_request_id=mine)
    inner = got.json()["error"]["innerError"]
    assert inner["client-request-id"] == mine
    assert inner["request-id"] == got.headers["request-id"]


@pytest.mark.parametrize("_", [pytest.param(0, marks=needs_description)])
def test_errors_look_as_the_description_says(inside, token, _):
    nobody = inside.request("GET", f"/v1.0/{CONTACTS}")
    assert_conforms("GET", CONTACTS, nobody.status, nobody.json())
    missing = inside.graph(token, "GET", f"{CONTACTS}/{NO_ITEM}")
    assert_conforms("GET", f"{CONTACTS}/{NO_ITEM}", missing.status, missing.json())


def test_a_body_over_four_megabytes_is_too_large(inside, token):
    got = raw(inside, token, b"x" * (4 * 1024 * 1024 + 1), content_type="application/json")
    assert got.status == 413


@pytest.mark.parametrize("body", [b'{"givenName": ', b"[]", b'"text"', b"\xff\xfe"])
def test_a_body_that_is_no_json_object_is_refused(inside, token, body):
    got = raw(inside, token, body, content_type="application/json")
    assert (got.status, got.json()["error"]["code"]) == (400, "BadRequest")


def test_a_body_needs_a_content_type(inside, token):
    assert raw(inside, token, b"{}").status == 400


def test_without_the_role_exchange_and_the_directory_refuse_in_their_own_words(inside, world):
    world.tenants[TENANT].apps[APP].roles = []
    token = inside.token(TENANT, APP, SECRET)
    outlook, directory = (inside.graph(token, "GET", path) for path in (CONTACTS, "users"))
    assert (outlook.status, outlook.json()["error"]["code"]) == (403, "ErrorAccessDenied")
    assert (directory.status, directory.json()["error"]["code"]) == (403, "Authorization_RequestDenied")


def test_a_token_keeps_its_roles_after_the_consent_is_gone(inside, token):
    inside.control("DELETE", f"tenants/{TENANT}/apps/{APP}")
    assert inside.graph(token, "GET", CONTACTS).status == 200


def test_with_the_switch_a_token_dies_with_its_consent(inside, token):
    inside.control("PUT", "switches", {"revocation_is_instant": True})
    inside.control("PATCH", f"tenants/{TENANT}/apps/{APP}", {"roles": ["User.Read.All"]})
    assert inside.graph(token, "GET", CONTACTS).status == 403
    inside.control("DELETE", f"tenants/{TENANT}/apps/{APP}")
    assert inside.graph(token, "GET", "users").status == 401


def test_what_the_sandbox_does_not_know_fails_loudly(inside, token):
    for path in ("teams", f"users/{ADA}/messages", "$metadata"):
        assert inside.graph(token, "GET", path).status == 501
    assert inside.request("GET", "/beta/users", None, {"Authorization": f"Bearer {token}"}).status == 501


@pytest.mark.parametrize(
    ("trouble", "read", "write", "code"),
    [
        ("unlicensed", 404, 404, "MailboxNotEnabledForRESTAPI"),
        ("soft-deleted", 404, 404, "MailboxNotEnabledForRESTAPI"),
        ("on-premises", 404, 404, "MailboxNotEnabledForRESTAPI"),
        ("access-denied", 403, 403, "ErrorAccessDenied"),
        ("over-quota", 200, 507, "ErrorQuotaExceeded"),
    ],
)
def test_a_mailbox_in_trouble_says_so(inside, token, trouble, read, write, code):
    inside.control("PATCH", f"tenants/{TENANT}/mailboxes/{ADA}", {"trouble": trouble})
    got = inside.graph(token, "POST", CONTACTS, {"givenName": "Cy"})
    assert (got.status, got.json()["error"]["code"]) == (write, code)
    assert inside.graph(token, "GET", CONTACTS).status == read
