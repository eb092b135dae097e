"""What people ask of the directory."""

from __future__ import annotations

from django import forms

KINDS = (
    ("", "All kinds"),
    ("user", "Users"),
    ("shared", "Shared mailboxes"),
    ("room", "Rooms"),
    ("equipment", "Equipment"),
    ("guest", "Guests"),
    ("org_contact", "Mail contacts"),
)


class DirectoryForm(forms.Form):
    """The search above the directory; it lives in the address, so that it can be sent."""

    words = forms.CharField(required=False, label="Name or address", max_length=200)
    kind = forms.ChoiceField(required=False, label="Kind", choices=KINDS)

    @property
    def question(self) -> dict[str, str]:
        """What was asked; a part that makes no sense asks for nothing."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}
