"""Addresses of the second floor."""

from __future__ import annotations

from django.urls import path

from tunnels.views import plans, runs, tunnels

app_name = "tunnels"
urlpatterns = [
    path("tunnels/", tunnels.tunnels, name="tunnels"),
    path("tunnels/<int:tunnel_id>/", tunnels.tunnel, name="tunnel"),
    path("tunnels/<int:tunnel_id>/state/", tunnels.state, name="state"),
    path("tunnels/<int:tunnel_id>/run-now/", tunnels.run_now, name="run-now"),
    path("tunnels/<int:tunnel_id>/pause/", tunnels.pause, name="pause"),
    path("tunnels/<int:tunnel_id>/resume/", tunnels.resume, name="resume"),
    path("tunnels/<int:tunnel_id>/plan/", plans.plan, name="plan"),
    path("tunnels/<int:tunnel_id>/plan/approve/", plans.approve, name="approve"),
    path("tunnels/<int:tunnel_id>/plan/again/", plans.plan_again, name="plan-again"),
    path("tunnels/<int:tunnel_id>/plan/release/", plans.release, name="release"),
    path("tunnels/<int:tunnel_id>/plan/<int:lane_id>/", plans.lane_plan, name="lane-plan"),
    path("tunnels/runs/<int:run_id>/", runs.run, name="run"),
    path("tunnels/runs/<int:run_id>/panel/", runs.panel, name="run-panel"),
]
