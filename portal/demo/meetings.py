"""A year of calendars: series with moved and cancelled occurrences, whole days, private things."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from portal.demo.people import Company, Json

_SUBJECTS = (
    "Quarterly numbers", "Site visit", "Supplier call", "Hiring round", "Contract review", "Safety training",
    "Release meeting", "Budget check", "Customer workshop", "Inventory", "Team lunch", "Audit preparation",
)  # fmt: skip
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Diary:
    """Writes the events of one calendar in its company's zone, between two dates."""

    def __init__(self, company: Company, random: Random, first: date, last: date) -> None:
        self._zone = company.windows_zone
        self._place = ZoneInfo(company.zone)
        self._random = random
        self._first, self._last = first, last
        self.events: list[Json] = []

    def single(self, subject: str, day: date, at: time, minutes: int, **more: Any) -> None:
        """One timed event."""
        start = datetime.combine(day, at)
        self._add(subject, start, start + timedelta(minutes=minutes), **more)

    def whole_days(self, subject: str, day: date, days: int = 1, **more: Any) -> None:
        """One event of whole days."""
        start = datetime.combine(day, time())
        self._add(subject, start, start + timedelta(days=days), isAllDay=True, showAs="free", **more)

    def weekly(self, subject: str, weekday: int, at: time, minutes: int, **more: Any) -> None:
        """A weekly series over the whole time, with one occurrence moved and one cancelled."""
        day = self._first + timedelta(days=(weekday - self._first.weekday()) % 7)
        start = datetime.combine(day, at)
        pattern = {
            "type": "weekly",
            "interval": more.pop("interval", 1),
            "daysOfWeek": [_WEEKDAYS[weekday]],
            "firstDayOfWeek": "sunday",
        }
        end_date = self._last.isoformat()
        series = self._add(
            subject,
            start,
            start + timedelta(minutes=minutes),
            recurrence={
                "pattern": pattern,
                "range": {"type": "endDate", "startDate": day.isoformat(), "endDate": end_date},
            },
            **more,
        )
        step = timedelta(weeks=pattern["interval"])
        middle = day + step * ((self._last - day) // step // 2)
        series["_cancelled"] = [(middle - step).isoformat()]
        series["_exceptions"] = [self._moved(series, middle, at, minutes)]

    def monthly(self, subject: str, day_of_month: int, at: time, minutes: int) -> None:
        """A series on one day of each month, for ever."""
        day = self._first.replace(day=min(day_of_month, 28))
        start = datetime.combine(day, at)
        self._add(
            subject,
            start,
            start + timedelta(minutes=minutes),
            recurrence={
                "pattern": {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": day.day},
                "range": {"type": "noEnd", "startDate": day.isoformat()},
            },
        )

    def scattered(self, number: int, **more: Any) -> None:
        """Events here and there on working days."""
        for day in self._some_days(number):
            at = time(self._random.randrange(8, 17), self._random.choice((0, 15, 30, 45)))
            private = self._random.random() < 0.08
            self.single(
                "Doctor" if private else self._random.choice(_SUBJECTS),
                day,
                at,
                self._random.choice((30, 45, 60, 90, 120)),
                sensitivity="private" if private else "normal",
                showAs=self._random.choice(("busy", "busy", "busy", "tentative", "free", "oof")),
                **more,
            )

    def _some_days(self, number: int) -> Iterator[date]:
        length = (self._last - self._first).days
        for _ in range(number):
            day = self._first + timedelta(days=self._random.randrange(length))
            yield day - timedelta(days=max(0, day.weekday() - 4))

    def _moved(self, series: Json, day: date, at: time, minutes: int) -> Json:
        start = datetime.combine(day, at) + timedelta(hours=1)
        return {
            "originalStart": datetime.combine(day, at, self._place).astimezone(UTC).isoformat(),
            "subject": f"{series['subject']} (one hour later)",
            "start": self._moment(start),
            "end": self._moment(start + timedelta(minutes=minutes)),
        }

    def _moment(self, moment: datetime) -> Json:
        return {"dateTime": moment.isoformat(), "timeZone": self._zone}

    def _add(self, subject: str, start: datetime, end: datetime, **more: Any) -> Json:
        event = {
            "subject": subject,
            "body": {"contentType": "html", "content": f"<p>{subject}: what to bring and whom to ask.</p>"},
            "location": {"displayName": more.pop("location", "")},
            "start": self._moment(start),
            "end": self._moment(end),
            "isAllDay": False,
            "showAs": "busy",
            "sensitivity": "normal",
            **more,
        }
        self.events.append(event)
        return event
