"""What people ask of the lists of clients and of the directory."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms

from partners.forms import Question, words_field

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


class TenantForm(Question):
    """Clients by words and state, in an order."""

    words = words_field("Name or domain")
    state = forms.ChoiceField(
        required=False,
        label="State",
        choices=[
            ("", "All"),
            ("healthy", "Healthy"),
            ("unwell", "Needs a person"),
            ("lost", "Consent lost"),
            ("unconnected", "Not connected"),
        ],
    )
    order = forms.ChoiceField(
        required=False,
        label="Sorted by",
        choices=[
            ("", "Name"),
            ("needs", "Needs a person"),
            ("mailboxes", "Mailboxes"),
            ("oldest", "Oldest directory"),
        ],
    )


class DirectoryForm(Question):
    """The search above the directory."""

    words = words_field("Name or address")
    kind = forms.ChoiceField(
        required=False, label="Kind", choices=[("", "All kinds"), *((kind, many) for kind, many, _ in KINDS)]
    )


class GroupForm(Question):
    """The search above the groups."""

    words = words_field("Name")
