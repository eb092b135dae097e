"""What people ask of the directory."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms

KINDS = (
    ("user", "Users", "user"),
    ("shared", "Shared mailboxes", "shared mailbox"),
    ("room", "Rooms", "room"),
    ("equipment", "Equipment", "equipment"),
    ("guest", "Guests", "guest"),
    ("org_contact", "Mail contacts", "mail contact"),
)
"""Kinds of entries: as stored, as many, as one."""


def counted(counts: Mapping[str, int]) -> list[tuple[str, int, str]]:
    """Per kind that occurs: its stored name, how many, and the word for so many."""
    return [
        (kind, counts[kind], one if counts[kind] == 1 else many.lower())
        for kind, many, one in KINDS
        if counts.get(kind)
    ]


class DirectoryForm(forms.Form):
    """The search above the directory; it lives in the address, so that it can be sent."""

    words = forms.CharField(required=False, label="Name or address", max_length=200)
    kind = forms.ChoiceField(
        required=False, label="Kind", choices=[("", "All kinds"), *((kind, many) for kind, many, _ in KINDS)]
    )

    @property
    def question(self) -> dict[str, str]:
        """What was asked; a part that makes no sense asks for nothing."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}
