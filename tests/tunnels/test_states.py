"""One word for a tunnel, and why."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tenants.models import Connection
from tests.tunnels.building import make_lane, make_tunnel
from tunnels import selectors, telling

pytestmark = pytest.mark.django_db


def test_a_tunnel_into_a_tenant_that_shuts_us_out_is_degraded(tenant, owner, as_principal):
    tunnel = make_tunnel(tenant)
    make_lane(tunnel, state="healthy")
    connection = Connection.objects.create(tenant=tenant, client_id=uuid4(), state="connected")

    def seen():
        one = selectors.tunnels_of(as_principal(owner)).get(pk=tunnel.pk)
        [line] = telling.lines_of([one])
        return selectors.state_of(one), line.reason

    assert seen() == ("healthy", "")
    connection.state = Connection.State.LOST
    connection.save(update_fields=["state"])
    assert seen() == ("degraded", "A tenant lets us in no more")
