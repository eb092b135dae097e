"""Coming in: a password, a second factor where one is asked for, and no other way."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.test import Client

from partners import services
from partners.models import AuditEntry, Member
from partners.permissions import Role
from partners.principals import Principal
from tests.people import PASSWORD

SIGN_IN = "/account/sign-in/"
SET_UP = "/account/second-factor/totp/activate/"


@pytest.fixture(autouse=True)
def fresh_limits(db) -> None:
    """Attempts of another test do not count."""
    cache.clear()


@pytest.fixture
def member(partner) -> Member:
    """An owner with a password."""
    return services.create_member(
        Principal.system(partner.pk),
        email="jo@alder.example",
        name="Jo Alder",
        role=Role.OWNER,
        password=PASSWORD,
    )


def sign_in(client: Client, password: str = PASSWORD, email: str = "jo@alder.example"):
    return client.post(SIGN_IN, {"login": email, "password": password})


def set_up_second_factor(client: Client) -> str:
    """Set up TOTP as a person would, and return its secret. It takes the password once more."""
    confirm = client.get(SET_UP)["Location"]
    assert confirm.startswith("/account/confirm/")
    assert client.post(confirm, {"password": PASSWORD})["Location"] == SET_UP
    page = client.get(SET_UP).content.decode()
    secret = re.search(r'data-copy="([A-Z2-7]+)"', page)[1]
    answer = client.post(SET_UP, {"code": code_of(secret)})
    assert answer.status_code == 302, answer.content.decode()
    return secret


def code_of(secret: str) -> str:
    counter = next(iter(totp.yield_hotp_counters_from_time()))
    return totp.format_hotp_value(totp.hotp_value(secret, counter))


def verbs() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))


def test_a_password_opens_the_door(member, client):
    answer = sign_in(client)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/people/").status_code == 200
    assert verbs()[-1] == "session.opened"


def test_a_wrong_password_opens_nothing_and_is_written_down(member, client):
    answer = sign_in(client, password="not the password at all")
    assert answer.status_code == 200
    assert client.get("/people/").status_code == 302
    entry = AuditEntry.objects.first()
    assert (entry.verb, entry.is_security) == ("session.refused", True)


def test_an_unknown_address_reads_the_same_as_a_wrong_password(member, client):
    def said(answer) -> str:
        return re.sub(r'value="[^"]*"|X-CSRFToken[^}]*', "", answer.content.decode())

    wrong = said(sign_in(client, password="not the password at all"))
    unknown = said(sign_in(client, email="no@alder.example"))
    assert wrong == unknown


def test_too_many_attempts_are_refused_even_with_the_right_password(member, client):
    for _ in range(10):
        sign_in(client, password="not the password at all")
    sign_in(client)
    assert client.get("/people/").status_code == 302


def test_nobody_signs_up(client, db):
    assert client.get("/account/signup/").status_code == 404
    assert client.get("/accounts/signup/").status_code == 404


def test_a_second_factor_is_asked_for_at_the_next_sign_in(member, client, django_capture_on_commit_callbacks):
    sign_in(client)
    with django_capture_on_commit_callbacks(execute=True):
        secret = set_up_second_factor(client)
    assert "second_factor.added" in verbs()
    fresh = Client()
    answer = sign_in(fresh)
    assert answer["Location"] == "/account/second-factor/authenticate/"
    assert fresh.get("/people/").status_code == 302
    cache.clear()  # a code is good for one use; this one was used to set up
    assert fresh.post(answer["Location"], {"code": "000000"}).status_code == 200
    assert fresh.get("/people/").status_code == 302
    fresh.post(answer["Location"], {"code": code_of(secret)})
    assert fresh.get("/people/").status_code == 200


def test_the_secret_of_a_second_factor_lies_sealed(member, client):
    sign_in(client)
    secret = set_up_second_factor(client)
    stored = Authenticator.objects.get(type=Authenticator.Type.TOTP).data
    assert secret not in str(stored)
    assert stored["secret"].startswith("gAAAA")


def test_where_a_second_factor_is_required_nothing_opens_before_it(member, client):
    member.partner.requires_second_factor = True
    member.partner.save()
    sign_in(client)
    for path in ("/", "/people/", "/audit-trail/"):
        answer = client.get(path)
        assert (answer.status_code, answer["Location"]) == (302, SET_UP)
    page = client.get(SET_UP, follow=True).content.decode()
    assert 'href="/people/"' not in page
    set_up_second_factor(client)
    assert client.get("/people/").status_code == 200


def test_a_role_that_is_taken_away_is_gone_with_the_next_click(member, owner, client, as_principal):
    sign_in(client)
    assert client.get("/audit-trail/").status_code == 200
    services.change_role(as_principal(owner), member_id=member.pk, role=Role.OPERATOR)
    assert client.get("/audit-trail/").status_code == 404


def test_an_ended_access_ends_with_the_next_click(member, owner, client, as_principal):
    sign_in(client)
    services.deactivate_member(as_principal(owner), member_id=member.pk)
    assert client.get("/people/")["Location"].startswith(SIGN_IN)
    assert sign_in(client)["Location"] == "/account/inactive/"
    assert client.get("/account/inactive/").status_code == 200


def test_a_stolen_cookie_is_worth_nothing_after_sign_out(member, client):
    sign_in(client)
    thief = Client()
    thief.cookies["culvert_session"] = client.cookies["culvert_session"].value
    assert thief.get("/people/").status_code == 200
    client.post("/account/sign-out/")
    assert verbs()[-1] == "session.closed"
    assert thief.get("/people/").status_code == 302


def test_signing_out_takes_a_click_and_not_a_link(member, client):
    sign_in(client)
    assert client.get("/account/sign-out/").status_code == 200
    assert client.get("/people/").status_code == 200


def test_a_changed_password_ends_other_sessions(member, client):
    other = Client()
    sign_in(other)
    sign_in(client)
    fresh = "another quiet battery staple"
    answer = client.post(
        "/account/password/",
        {"oldpassword": PASSWORD, "password1": fresh, "password2": fresh},
    )
    assert answer.status_code == 302
    assert verbs()[-1] == "password.changed"
    assert other.get("/people/").status_code == 302
    assert client.get("/people/").status_code == 200


def test_an_owner_resets_the_sign_in_of_somebody_who_lost_a_phone(member, owner, client, as_principal):
    sign_in(client)
    set_up_second_factor(client)
    fresh = "another quiet battery staple"
    services.reset_sign_in(as_principal(owner), member_id=member.pk, password=fresh)
    assert client.get("/people/").status_code == 302
    again = Client()
    sign_in(again, password=fresh)
    assert again.get("/people/").status_code == 200
