"""What people ask of lists of tunnels and lanes; the questions live in the address."""

from __future__ import annotations

from django import forms

from partners.forms import Question, words_field
from tunnels.models import Lane

TUNNEL_STATES = (
    "failing", "degraded", "held", "waiting", "behind", "running", "healthy", "paused", "draft",
)  # fmt: skip


class TunnelForm(Question):
    """Tunnels by state and words."""

    words = words_field("Name")
    state = forms.ChoiceField(
        required=False,
        label="State",
        choices=[
            ("", "All states"),
            *((word, word.capitalize()) for word in TUNNEL_STATES),
            ("not_level", "With targets behind"),
        ],
    )


class LaneForm(Question):
    """Lanes of one tunnel by state and words."""

    words = words_field("Mailbox")
    state = forms.ChoiceField(
        required=False, label="State", choices=[("", "All states"), *Lane.State.choices]
    )


class PlanForm(Question):
    """Actions of one lane's plan by verb and words."""

    words = words_field("Search")
    verb = forms.ChoiceField(
        required=False,
        label="Action",
        choices=[
            ("", "All actions"),
            ("create", "Create"),
            ("update", "Update"),
            ("delete", "Delete"),
            ("skip", "Left out"),
        ],
    )
