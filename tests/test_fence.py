"""Nobody sees another partner's things: an outsider, and nobody at all, try every address."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import fence

SIGN_IN = "/account/sign-in/"
every_address = pytest.mark.parametrize("address", fence.addresses(), ids=str)
every_guarded_address = pytest.mark.parametrize(
    "address", [one for one in fence.addresses() if one.name not in fence.PUBLIC], ids=str
)
# Whether a door is closed by "not found" or "sign in first", nothing comes through it. A door
# that only takes another method is closed as well; the API says 401.
CLOSED = {302, 401, 403, 404, 405}


@every_address
def test_every_address_that_names_an_object_has_an_example(address: fence.Address):
    assert not address.holes or address.name in fence.examples(), (
        f"{address} takes {set(address.holes)}: add an example to tests/<app>/fence.py"
    )


@every_guarded_address
def test_nobody_enters_without_signing_in(address: fence.Address, owner, client: Client):
    path = fence.path_of(address, owner)
    for answer in (client.get(path), client.post(path)):
        assert answer.status_code in CLOSED
        if answer.status_code == 302:
            assert answer["Location"].startswith(SIGN_IN)


@every_address
def test_an_outsider_reads_nothing_of_ours(address: fence.Address, owner, outsider, as_member):
    path = fence.path_of(address, owner)
    browser = as_member(outsider)
    answer = browser.get(path)
    assert "Alder" not in answer.content.decode()
    assert "Alder" not in answer.get("Location", "")
    if address.holes:
        assert answer.status_code in {404, 405}


@pytest.mark.parametrize("address", [a for a in fence.addresses() if a.holes], ids=str)
def test_an_outsider_does_nothing_to_ours(address: fence.Address, owner, outsider, as_member):
    path = fence.path_of(address, owner)
    assert as_member(outsider).post(path).status_code in {404, 405}


@pytest.mark.parametrize("address", [a for a in fence.addresses() if a.holes], ids=str)
def test_the_example_is_there_for_its_owner(address: fence.Address, owner, as_member):
    """Otherwise the outsider's 404 would prove nothing."""
    path = fence.path_of(address, owner)
    browser = as_member(owner)
    assert {browser.get(path).status_code, browser.post(path).status_code} - {404, 405}
