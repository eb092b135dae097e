"""Plans: what bringing a lane level would take, computed purely, shown, approved and found stale."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from partners import clock
from syncengine.executing.lanes import plan_lane
from syncengine.planning.digest import digest
from syncengine.planning.plan import Plan
from tunnels.bookkeeping.bodies import Bodies
from tunnels.bookkeeping.links import SqlBook
from tunnels.models import Lane, LanePlan, RegisterRow
from tunnels.works import Works


@dataclass(frozen=True, slots=True)
class Planner:
    """Computes plans of lanes; one object for many lanes of a tunnel, so that they share rows."""

    bodies: Bodies
    works: Works
    book: SqlBook

    @classmethod
    def ready(cls) -> Planner:
        """One that looks at the present moment."""
        bodies = Bodies()
        return cls(bodies, Works(bodies), SqlBook(bodies))

    def actions_of(self, lane: Lane) -> Plan:
        """All that would be done in the lane now, each action with its cause, and what is left out."""
        return plan_lane(self.works.of(lane), self.book)

    def head_of(self, lane: Lane) -> int:
        """The register's head that the plan is made for."""
        return self.works.of(lane).register.head


def make(lanes: Iterable[Lane]) -> list[LanePlan]:
    """Compute and store the plans of these lanes, in place of older ones."""
    planner, made = Planner.ready(), []
    for lane in lanes:
        plan = planner.actions_of(lane)
        made.append(_stored(lane, plan, planner.head_of(lane)))
    return made


def _stored(lane: Lane, plan: Plan, head: int) -> LanePlan:
    counts = {
        verb: sum(action.verb == verb for action in plan.actions) for verb in ("create", "update", "delete")
    }
    return LanePlan.objects.update_or_create(
        lane=lane,
        defaults={
            "definition": lane.tunnel.definition,
            "number": head,
            "digest": digest(plan),
            "creates": counts["create"],
            "updates": counts["update"],
            "deletes": counts["delete"],
            "skips": len(plan.skips),
            "state": LanePlan.State.OPEN,
            "made_at": clock.now(),
        },
    )[0]


def agreeing(plans: Sequence[LanePlan]) -> set[int]:
    """Ids of the plans whose lane would still do the same."""
    planner = Planner.ready()
    return {
        plan.pk
        for plan in plans
        if plan.definition == plan.lane.tunnel.definition
        and digest(planner.actions_of(plan.lane)) == plan.digest
    }


def changed_since(plan: LanePlan) -> int:
    """How many rows of the register changed since the plan was made: the difference of a stale one."""
    return RegisterRow.objects.filter(cell=plan.lane.cell_id, number__gt=plan.number).count()
