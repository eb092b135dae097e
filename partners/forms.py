"""What people fill in about themselves, and what they ask of the audit trail."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable

from django import forms

from partners.selectors import AuditQuestion


class TimeZoneForm(forms.Form):
    """In which zone times are shown."""

    time_zone = forms.ChoiceField(label="Time zone")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        zones = sorted(name for name in zoneinfo.available_timezones() if _is_a_place(name))
        self.fields["time_zone"].choices = [(zone, zone) for zone in zones]  # type: ignore[attr-defined]


class AuditForm(forms.Form):
    """The filter above the audit trail; it lives in the address, so that it can be sent."""

    actor = forms.ChoiceField(required=False, label="Who")
    matter = forms.ChoiceField(required=False, label="About")
    since = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, label="To", widget=forms.DateInput(attrs={"type": "date"}))
    only_security = forms.BooleanField(required=False, label="Security events only")

    def __init__(self, data: object, *, actors: Iterable[str], matters: Iterable[str]) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.fields["actor"].choices = [("", "Everybody"), *((name, name) for name in actors)]  # type: ignore[attr-defined]
        self.fields["matter"].choices = [  # type: ignore[attr-defined]
            ("", "Everything"),
            *((matter, matter.replace("_", " ").capitalize()) for matter in matters),
        ]

    @property
    def question(self) -> AuditQuestion:
        """What was asked; a part that makes no sense asks for nothing."""
        self.is_valid()
        asked = {name: value for name, value in self.cleaned_data.items() if value}
        return AuditQuestion(**asked)


def _is_a_place(zone: str) -> bool:
    """Names such as Etc/GMT+5 or EST are left to those who type them into a file."""
    return zone == "UTC" or ("/" in zone and not zone.startswith(("Etc/", "SystemV/", "US/")))
