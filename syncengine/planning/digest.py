"""What an approval is for: a short text that stands for a lane's actions."""

from __future__ import annotations

from syncengine.model.identity import Fingerprint, fingerprint
from syncengine.planning.plan import Plan


def digest(plan: Plan) -> Fingerprint:
    """Equal for plans that would write the same, whenever they were made."""
    return fingerprint(
        {
            "actions": sorted(
                [action.verb, action.row, action.occurrence, action.fingerprint, action.remote_id or ""]
                for action in plan.actions
            )
        }
    )
