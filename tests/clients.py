"""The client tenants of the tests."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from partners.models import Partner
from tenants.models import Tenant


@pytest.fixture
def make_tenant(partner: Partner) -> Callable[..., Tenant]:
    """A tenant of the tests' partner, or of another one; every call makes a new one."""

    def make(slug: str = "northwind", **changes: object) -> Tenant:
        fields = {"partner": partner, "name": slug.title(), "microsoft_id": uuid4(), **changes}
        return Tenant.objects.create(slug=slug, **fields)

    return make


@pytest.fixture
def tenant(make_tenant: Callable[..., Tenant]) -> Tenant:
    """The tenant of nearly every test."""
    return make_tenant()
