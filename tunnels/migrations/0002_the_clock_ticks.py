"""Each minute a worker asks what time alone has made due: one schedule, on the queue `live`."""

from __future__ import annotations

from django.db import migrations

TICK = "tunnels.tasks.tick"


def start(apps, _):
    apps.get_model("django_q", "Schedule").objects.update_or_create(
        name="tick",
        defaults={
            "func": TICK,
            "schedule_type": "I",
            "minutes": 1,
            "repeats": -1,
            "cluster": "live",
        },
    )


def stop(apps, _):
    apps.get_model("django_q", "Schedule").objects.filter(func=TICK).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("tunnels", "0001_tunnels_feeds_registers_lanes_runs_ledger"),
        ("django_q", "0018_task_success_index"),
    ]

    operations = [migrations.RunPython(start, stop)]
