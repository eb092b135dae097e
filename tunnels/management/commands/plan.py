"""`manage.py plan TUNNEL --json`: what would be written, computed and not carried out."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from syncengine.planning.difference import difference, in_words
from syncengine.planning.digest import digest
from syncengine.planning.plan import Plan
from syncengine.ports.writing import Action
from tunnels import plans, services
from tunnels.management.finding import actor, as_json, tunnel_named
from tunnels.models import Lane
from tunnels.plans import Planner
from tunnels.running import waiting

COUNTED = ("create", "update", "delete")


class Command(BaseCommand):
    help = "Reads the sources of a tunnel and says what its lanes would write; writes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tunnel", help="The tunnel's name in the configuration file.")
        parser.add_argument("--json", action="store_true", help="One line of JSON.")
        parser.add_argument("--actions", action="store_true", help="Each action, field by field.")

    def handle(self, *_: Any, **options: Any) -> None:
        tunnel = tunnel_named(options["tunnel"])
        try:
            services.look(actor(tunnel), tunnel)
        except ValidationError as fault:
            raise CommandError(" ".join(fault.messages)) from fault
        waiting.until_read(tunnel)
        tunnel.refresh_from_db()
        standing = Lane.objects.standing().filter(tunnel=tunnel).select_related("cell", "tunnel")
        plans.make(standing.filter(approved__lt=tunnel.definition))
        planner = Planner.ready()
        lanes = [told(lane, planner.actions_of(lane), with_actions=options["actions"]) for lane in standing]
        answer = {
            "tunnel": tunnel.slug,
            "state": tunnel.state,
            "needs_approval": tunnel.needs_approval,
            "trouble": tunnel.message,
            **{f"{verb}s": sum(lane[f"{verb}s"] for lane in lanes) for verb in COUNTED},
            "skips": sum(lane["skips"] for lane in lanes),
            "lanes": lanes,
        }
        self.stdout.write(as_json(answer) if options["json"] else self._in_words(answer))

    def _in_words(self, answer: dict[str, Any]) -> str:
        lines = [
            f"{answer['tunnel']}: {answer['creates']} creates, {answer['updates']} updates, "
            f"{answer['deletes']} deletes in {len(answer['lanes'])} mailboxes."
        ]
        if answer["trouble"]:
            lines.append(answer["trouble"])
        for lane in answer["lanes"]:
            counts = ", ".join(f"{lane[f'{verb}s']} {verb}s" for verb in COUNTED)
            lines.append(f"  {lane['mailbox']}: {counts}, {lane['skips']} left out")
        return "\n".join(lines)


def told(lane: Lane, plan: Plan, *, with_actions: bool) -> dict[str, Any]:
    """One lane's plan as documented in docs/cli.md."""
    answer: dict[str, Any] = {"mailbox": lane.address or lane.name, "digest": digest(plan)}
    for verb in COUNTED:
        answer[f"{verb}s"] = sum(action.verb == verb for action in plan.actions)
    answer["skips"] = len(plan.skips)
    if with_actions:
        answer["actions"] = [_action(action) for action in plan.actions]
    return answer


def _action(action: Action) -> dict[str, Any]:
    return {
        "verb": action.verb,
        "cause": action.cause,
        "row": action.row,
        "occurrence": action.occurrence,
        "fields": [
            {"field": one.field, "before": in_words(one.before), "after": in_words(one.after)}
            for one in difference(action.before, action.copy)
        ],
    }
