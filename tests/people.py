"""The people of the tests: four roles of one partner, and an owner of another one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from partners import selectors
from partners.models import Member, Partner, User
from partners.permissions import Role
from partners.principals import Principal

PASSWORD = "correct horse battery staple"


def make_member(partner: Partner, role: Role, **changes: object) -> Member:
    """A member named after the role, such as Owner of Alder, with an address to match."""
    name = f"{role.value.title()} of {partner.name}"
    address = str(changes.pop("address", f"{role.value}@{partner.name.lower()}.example"))
    user = User.objects.create_user(address, None, name=name)
    return Member.objects.create(partner=partner, user=user, role=role, **changes)


@pytest.fixture
def partner(db) -> Partner:
    """The partner of nearly every test. No second factor is asked for, unless a test does."""
    return Partner.objects.create(name="Alder", requires_second_factor=False)


@pytest.fixture
def other_partner(db) -> Partner:
    """Somebody else's business."""
    return Partner.objects.create(name="Birch", requires_second_factor=False)


@pytest.fixture
def owner(partner: Partner) -> Member:
    """May do everything."""
    return make_member(partner, Role.OWNER)


@pytest.fixture
def engineer(partner: Partner) -> Member:
    """May do everything but change people."""
    return make_member(partner, Role.ENGINEER)


@pytest.fixture
def operator(partner: Partner) -> Member:
    """Runs and pauses."""
    return make_member(partner, Role.OPERATOR)


@pytest.fixture
def auditor(partner: Partner) -> Member:
    """Reads everything, changes nothing."""
    return make_member(partner, Role.AUDITOR)


@pytest.fixture
def outsider(other_partner: Partner) -> Member:
    """An owner of another partner, who must never see anything of ours."""
    return make_member(other_partner, Role.OWNER)


@pytest.fixture
def as_principal() -> Callable[[Member], Principal]:
    """The principal of a member, as the next request would see it."""
    return selectors.principal_of


@pytest.fixture
def as_member() -> Callable[[Member], Client]:
    """A browser in which the member is signed in."""

    def sign_in(member: Member) -> Client:
        client = Client()
        client.force_login(member.user)
        return client

    return sign_in
