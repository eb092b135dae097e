"""What people fill in about themselves, and what they ask of the audit trail."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict


def words_field(label: str) -> forms.CharField:
    """A search box; it asks while one types."""
    box = forms.TextInput(attrs={"type": "search", "autocomplete": "off"})
    return forms.CharField(required=False, label=label, max_length=200, widget=box)


class Question(forms.Form):
    """A filter above a list. It lives in the address, so that it can be sent and kept.

    `query` is the address's question without its page number, for the links to other pages.
    """

    def __init__(self, data: QueryDict, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        asked = {name: value for name, value in data.items() if value and name != "page"}
        self.query = f"{urlencode(asked)}&" if asked else ""

    @property
    def question(self) -> dict[str, Any]:
        """What was asked; a part that makes no sense asks for nothing."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class TimeZoneForm(forms.Form):
    """In which zone times are shown."""

    time_zone = forms.ChoiceField(label="Time zone")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        zones = sorted(name for name in zoneinfo.available_timezones() if _is_a_place(name))
        self.fields["time_zone"].choices = [(zone, zone) for zone in zones]  # type: ignore[attr-defined]


class AuditForm(Question):
    """The filter above the audit trail."""

    actor = forms.ChoiceField(required=False, label="Who")
    matter = forms.ChoiceField(required=False, label="About")
    since = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, label="To", widget=forms.DateInput(attrs={"type": "date"}))
    only_security = forms.BooleanField(required=False, label="Security events only")

    def __init__(self, data: QueryDict, *, actors: Iterable[str], matters: Iterable[str]) -> None:
        super().__init__(data)
        self.fields["actor"].choices = [("", "Everybody"), *((name, name) for name in actors)]  # type: ignore[attr-defined]
        self.fields["matter"].choices = [  # type: ignore[attr-defined]
            ("", "Everything"),
            *((matter, matter.replace("_", " ").capitalize()) for matter in matters),
        ]


def _is_a_place(zone: str) -> bool:
    """Names such as Etc/GMT+5 or EST are left to those who type them into a file."""
    return zone == "UTC" or ("/" in zone and not zone.startswith(("Etc/", "SystemV/", "US/")))
