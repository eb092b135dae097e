"""Series: the six patterns and three ranges that Exchange knows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

PatternType = Literal[
    "daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly"
]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WeekIndex = Literal["first", "second", "third", "fourth", "last"]


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A pattern and its range, thought in `zone`. Fields that the type does not use keep their defaults.

    `until` is the last date on which an occurrence may begin; `count` their number; neither: no end.
    Source: https://learn.microsoft.com/graph/outlook-schedule-recurring-events
    """

    type: PatternType
    interval: int
    start: date
    zone: str
    days: tuple[Weekday, ...] = ()
    first_day: Weekday = "sunday"
    day_of_month: int = 0
    month: int = 0
    index: WeekIndex = "first"
    until: date | None = None
    count: int | None = None
