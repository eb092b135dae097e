"""Copies: what may be written, after policy. The types have no attendees, so nothing can invite."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from syncengine.model.items import Address, Sensitivity, ShowAs
from syncengine.model.recurrence import Recurrence
from syncengine.model.time import When


@dataclass(frozen=True, slots=True)
class Appointment:
    """What one event, or one changed occurrence, will say in the target."""

    when: When
    subject: str = ""
    body: str = ""
    body_is_html: bool = False
    location: str = ""
    show_as: ShowAs = "busy"
    sensitivity: Sensitivity = "normal"
    categories: tuple[str, ...] = ()
    reminder_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class EventCopy:
    """A single appointment or a series with its changed and cancelled occurrences.

    Occurrences are named by their original date in the series' zone, in order.
    """

    appointment: Appointment
    recurrence: Recurrence | None = None
    exceptions: tuple[tuple[date, Appointment], ...] = ()
    cancelled: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class ContactCopy:
    """One contact in the target. Empty means empty there, too."""

    display_name: str
    given_name: str = ""
    surname: str = ""
    emails: tuple[str, ...] = ()
    business_phones: tuple[str, ...] = ()
    mobile_phone: str = ""
    job_title: str = ""
    department: str = ""
    company: str = ""
    office: str = ""
    address: Address = Address()
    yomi_given_name: str = ""
    yomi_surname: str = ""


Copy = EventCopy | ContactCopy
