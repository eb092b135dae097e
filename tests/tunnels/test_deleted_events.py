"""An event that its owner deleted goes from the targets, though Graph may still answer for its id."""

from __future__ import annotations

import pytest

from tests.tunnels.world import A, person, user_id
from tunnels.models import Feed
from tunnels.running import looking

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("is_forgotten", [False, True], ids=["by delta", "by a full look"])
@pytest.mark.parametrize("is_readable", [False, True], ids=["404", "still readable"])
def test_a_deletion_is_carried_by_whoever_takes_the_look_over(office, is_readable, is_forgotten):
    office.open(A)
    office.sandbox.control("PUT", "switches", {"deleted_event_still_readable": is_readable})
    stays, goes = (office.add_event(A, 90, subject=word) for word in ("stays", "goes"))
    tunnel = office.calendar_tunnel(to={A: {"mailboxes": [person(A, 1)["mail"]]}})
    office.sync(tunnel)
    office.as_user(A, 90, "DELETE", f"events/{goes['id']}")
    if is_forgotten:
        asked = {"tenant": A, "mailbox": user_id(A, 90), "kind": "event"}
        office.sandbox.control("POST", "forget-tokens", asked)
    # The look stores its questions and is over before they are answered.
    looking.look(Feed.objects.get(), seconds=0)
    assert Feed.objects.get().items.filter(to_read=True).exists()
    office.sync(tunnel)
    assert [one["subject"] for one in office.calendar(A, 1, "On-Call")] == [stays["subject"]]
