"""What people ask of lists of tunnels and lanes; the questions live in the address."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict

from tunnels.models import Lane

TUNNEL_STATES = (
    "failing", "degraded", "held", "waiting", "behind", "running", "healthy", "paused", "draft",
)  # fmt: skip


class Question(forms.Form):
    """A filter above a list."""

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        asked = data.copy()
        asked.pop("page", None)
        self.query = f"{asked.urlencode()}&" if asked else ""

    @property
    def question(self) -> dict[str, Any]:
        """What was asked; a part that makes no sense asks for nothing."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class TunnelForm(Question):
    """Tunnels by state and words."""

    words = forms.CharField(required=False, label="Name", max_length=200)
    state = forms.ChoiceField(
        required=False,
        label="State",
        choices=[("", "All states"), *((word, word.capitalize()) for word in TUNNEL_STATES)],
    )


class LaneForm(Question):
    """Lanes of one tunnel by state and words."""

    words = forms.CharField(required=False, label="Mailbox", max_length=200)
    state = forms.ChoiceField(
        required=False, label="State", choices=[("", "All states"), *Lane.State.choices]
    )


class PlanForm(Question):
    """Actions of one lane's plan by verb and words."""

    words = forms.CharField(required=False, label="Search", max_length=200)
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
