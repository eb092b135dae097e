"""From a lane's row to what a walk or a preview is given: facts, register, window, guards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from partners import clock
from syncengine.executing.lanes import LaneWork
from syncengine.model.identity import Cursor, LaneId, RowId
from syncengine.planning.guards import GuardSettings
from syncengine.ports.remembering import LaneFacts, Place
from syncengine.shaping.policy import ContactPolicy, EventPolicy, Policy
from tenants.models import DirectoryEntry
from tunnels import policies
from tunnels.bookkeeping.bodies import Bodies
from tunnels.bookkeeping.identity import installation
from tunnels.bookkeeping.register import SqlRegister
from tunnels.models import HeldAction, Lane


class Works:
    """Makes the work of lanes that are walked or planned together: they share registers and copies."""

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self._identity = installation()
        self._today: date = clock.today()
        self._registers: dict[int, SqlRegister] = {}
        self._policies: dict[int, tuple[Policy, GuardSettings]] = {}

    def of(self, lane: Lane) -> LaneWork:
        """What is to be done for this lane now."""
        policy, guards = self._policy(lane)
        window = (policy if isinstance(policy, EventPolicy) else EventPolicy()).window(self._today)
        places = _places(lane)
        return LaneWork(
            facts=self.facts(lane, policy),
            installation=self._identity.name,
            register=self._register(lane),
            window=window,
            folder=lane.folder,
            folder_name=lane.folder_name,
            cursor=lane.cursor,
            look_cursor=Cursor(lane.look_cursor) if lane.look_cursor else None,
            look_asked=lane.wants_look,
            resync=lane.resync,
            retries=lane.wants_retry,
            held=places[HeldAction.State.HELD],
            released=places[HeldAction.State.RELEASED],
            guards=guards,
        )

    def facts(self, lane: Lane, policy: Policy) -> LaneFacts:
        """What plan and guards may know of the lane."""
        entry = DirectoryEntry.objects.filter(tenant=lane.tenant_id, object_id=lane.mailbox).first()
        addresses = {*entry.addresses, entry.mail, entry.user_principal_name} if entry else set()
        return LaneFacts(
            id=LaneId(lane.pk),
            mailbox=lane.mailbox,
            owner=lane.mailbox,
            addresses=frozenset(self._identity.address_hash(one) for one in addresses if one),
            leaves_out_own_entry=isinstance(policy, ContactPolicy) and policy.leave_out_own_entry,
            is_leaving=lane.is_leaving,
        )

    def _policy(self, lane: Lane) -> tuple[Policy, GuardSettings]:
        if lane.tunnel_id not in self._policies:
            tunnel = lane.tunnel
            self._policies[lane.tunnel_id] = policies.policy_of(tunnel), policies.guards_of(tunnel)
        return self._policies[lane.tunnel_id]

    def _register(self, lane: Lane) -> SqlRegister:
        if lane.cell_id not in self._registers:
            lane.cell.refresh_from_db(fields=["head"])
            self._registers[lane.cell_id] = SqlRegister(lane.cell_id, lane.cell.head, self._bodies)
        return self._registers[lane.cell_id]


def _places(lane: Lane) -> Mapping[str, frozenset[Place]]:
    """What guards hold in this lane, and what a person let go."""
    states = (HeldAction.State.HELD, HeldAction.State.RELEASED)
    found = HeldAction.objects.filter(lane=lane, state__in=states).values_list("state", "row", "occurrence")
    by_state: dict[str, set[Place]] = {state: set() for state in states}
    for state, row, occurrence in found:
        by_state[state].add((RowId(row), occurrence))
    return {state: frozenset(places) for state, places in by_state.items()}
