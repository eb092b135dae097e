"""Hypothesis strategies for the engine's words: what sources can really hold, and its nasty corners.

`events()` are valid and such as Exchange can hold: a series starts on a date of its pattern, exceptions
stand on dates of the pattern in other texts and other hours of the same day, cancellations likewise.
Texts hold no NUL and no half of a surrogate pair: `formats.text.storable` takes them out at the wall.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from syncengine.model.copies import Appointment, ContactCopy, EventCopy
from syncengine.model.expansion import occurrence_on
from syncengine.model.identity import ItemKey, RemoteId
from syncengine.model.items import Address, Details, Event, Person, PersonKind, ShowAs
from syncengine.model.recurrence import INDEXES, WEEKDAYS, PatternType, Recurrence, dates_from
from syncengine.model.time import AllDay, Timed, Window, span_of
from syncengine.shaping.policy import ContactPolicy, Detail, EventPolicy

ZONES = (
    "America/New_York",
    "Europe/Berlin",
    "Australia/Sydney",
    "Asia/Tokyo",
    "Asia/Kolkata",
    "America/St_Johns",
    "Pacific/Auckland",
    "UTC",
)
NASTY = (
    "",
    " ",
    "Jose\N{COMBINING ACUTE ACCENT}",
    "Łukasz Żółć",
    "山田 太郎",
    "\N{FAMILY}\N{ZERO WIDTH JOINER}\N{WOMAN} launch \N{PARTY POPPER}",
    "\N{RIGHT-TO-LEFT OVERRIDE}שלום عالم",
    "x" * 2000,
    "null",
    "=1+1",
    "a\tb\r\nc",
    '<b>&amp;"quoted"</b>',
)
PATTERNS: tuple[PatternType, ...] = (
    "daily",
    "weekly",
    "absoluteMonthly",
    "relativeMonthly",
    "absoluteYearly",
    "relativeYearly",
)
SHOW_AS: tuple[ShowAs, ...] = ("free", "tentative", "busy", "oof", "workingElsewhere", "unknown")
SENSITIVITIES = ("normal", "personal", "private", "confidential")
RESPONSES = ("none", "organizer", "accepted", "tentativelyAccepted", "declined", "notResponded")

PERSON_KINDS: tuple[PersonKind, ...] = ("user", "shared", "room", "equipment", "guest", "org_contact")
DETAILS: tuple[Detail, ...] = ("busy", "title", "title_place", "full")

zones = st.sampled_from(ZONES)
texts = st.one_of(
    st.sampled_from(NASTY), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
)
days = st.dates(date(2026, 1, 1), date(2027, 12, 31))
ids = st.text("abcdefghijkABCDEFGHIJK0123456789-_=", min_size=8, max_size=40)
mail_names = st.text("abcdefghijklmnop", min_size=1, max_size=8)
mails = st.builds("{}@{}.example".format, mail_names, st.sampled_from(("northwind", "rheinwerk", "harbour")))
phones = st.one_of(
    st.sampled_from(("", "n/a", "+49 30 1234-56", "ext 12")), st.integers(10**7, 10**12).map("+{}".format)
)
htmls = st.builds("<html><body><p>{}</p><div>{}</div></body></html>".format, texts, texts)


@st.composite
def timed(draw: st.DrawFn, zone: str | None = None) -> Timed:
    """A quarter of an hour anywhere in two years, with all changes of clocks; up to 26 hours long."""
    zone = zone or draw(zones)
    wall = datetime.combine(draw(days), time()) + timedelta(minutes=15 * draw(st.integers(0, 95)))
    start = wall.replace(tzinfo=ZoneInfo(zone), fold=draw(st.integers(0, 1))).astimezone(UTC)
    return Timed(start, start + timedelta(minutes=15 * draw(st.integers(0, 104))), zone)


@st.composite
def all_day(draw: st.DrawFn) -> AllDay:
    """One to three whole days."""
    first = draw(days)
    return AllDay(first, first + timedelta(days=draw(st.integers(1, 3))))


whens = st.one_of(timed(), all_day())


@st.composite
def details(draw: st.DrawFn, when=whens) -> Details:
    """What an event of a mailbox may say."""
    is_html = draw(st.booleans())
    said = Details(
        when=draw(when),
        subject=draw(texts),
        body=draw(htmls if is_html else texts),
        body_is_html=is_html,
        location=draw(texts),
        categories=tuple(draw(st.lists(texts, max_size=2))),
        join_url=draw(st.sampled_from(("", "https://teams.microsoft.com/l/meetup-join/abc%3a1"))),
    )
    return draw(st.one_of(st.just(said), _moods(said)))


@st.composite
def _moods(draw: st.DrawFn, said: Details) -> Details:
    return replace(
        said,
        show_as=draw(st.sampled_from(SHOW_AS)),
        sensitivity=draw(st.sampled_from(SENSITIVITIES)),
        response=draw(st.sampled_from(RESPONSES)),
        is_cancelled=draw(st.integers(0, 9)) == 0,
    )


@st.composite
def recurrences(draw: st.DrawFn, start: date | None = None, zone: str | None = None) -> Recurrence:
    """Any of the six patterns and three ranges, starting on a date of its own pattern."""
    start = start or draw(days)
    kind = draw(st.sampled_from(PATTERNS))
    uses_days = kind in ("weekly", "relativeMonthly", "relativeYearly")
    weekdays = draw(st.sets(st.sampled_from(WEEKDAYS), min_size=1)) if uses_days else set()
    rule = Recurrence(
        type=kind,
        interval=draw(st.integers(1, 3)),
        start=start,
        zone=zone or draw(zones),
        days=tuple(sorted(weekdays, key=WEEKDAYS.index)),
        first_day=draw(st.sampled_from(WEEKDAYS)) if kind == "weekly" else "sunday",
        day_of_month=draw(st.sampled_from((start.day, 1, 29, 30, 31))) if kind.startswith("absolute") else 0,
        month=start.month if kind.endswith("Yearly") else 0,
        index=draw(st.sampled_from(INDEXES)) if kind.startswith("relative") else "first",
    )
    return draw(_ranges(replace(rule, start=next(dates_from(rule, start)))))


@st.composite
def _ranges(draw: st.DrawFn, rule: Recurrence) -> Recurrence:
    match draw(st.sampled_from(("noEnd", "endDate", "numbered"))):
        case "endDate":
            return replace(rule, until=rule.start + timedelta(days=draw(st.integers(0, 800))))
        case "numbered":
            return replace(rule, count=draw(st.integers(1, 40)))
        case _:
            return rule


@st.composite
def single_events(draw: st.DrawFn) -> Event:
    """An event without recurrence."""
    return Event(
        key=ItemKey(draw(ids)),
        remote_id=RemoteId(draw(ids)),
        details=draw(details()),
        people=tuple(draw(st.lists(mails, max_size=3, unique=True))),
        etag=draw(ids),
    )


@st.composite
def series(draw: st.DrawFn, least_changes: int = 0) -> Event:
    """A series with up to three exceptions and two cancellations among its first dozen dates."""
    single = draw(single_events())
    when = single.details.when
    zone = when.zone if isinstance(when, Timed) else draw(zones)
    start = when.start.astimezone(ZoneInfo(zone)).date() if isinstance(when, Timed) else when.first
    rule = draw(recurrences(start, zone))
    when = occurrence_on(rule, when, rule.start)
    dates = list(islice(dates_from(rule, rule.start), 12))
    least = min(least_changes, len(dates))
    touched = draw(st.lists(st.sampled_from(dates), min_size=least, max_size=5, unique=True))
    says = replace(single.details, when=when)
    return replace(
        single,
        details=says,
        recurrence=rule,
        exceptions=tuple((day, draw(_exceptions(rule, says, day))) for day in sorted(touched[:3])),
        cancelled=tuple(sorted(touched[3:])),
    )


@st.composite
def _exceptions(draw: st.DrawFn, rule: Recurrence, says: Details, day: date) -> Details:
    """Moved or edited, or both."""
    stands = occurrence_on(rule, says.when, day)
    if isinstance(stands, Timed):
        wall = datetime.combine(day, time(draw(st.integers(0, 21))), ZoneInfo(rule.zone))
        moved = Timed(wall.astimezone(UTC), wall.astimezone(UTC) + timedelta(hours=1), stands.zone)
        stands = draw(st.sampled_from((stands, moved)))
    same = replace(says, when=stands)
    return draw(st.one_of(st.just(same), _moods(same), details(st.just(stands))))


def events() -> st.SearchStrategy[Event]:
    """Single events and series."""
    return st.one_of(single_events(), series())


@st.composite
def addresses(draw: st.DrawFn) -> Address:
    """A postal address with empty parts."""
    return Address(*(draw(texts) for _ in range(5)))


@st.composite
def people(draw: st.DrawFn) -> Person:
    """An entry of a directory."""
    return Person(
        key=ItemKey(draw(ids)),
        kind=draw(st.sampled_from(PERSON_KINDS)),
        display_name=draw(texts),
        given_name=draw(texts),
        surname=draw(texts),
        mail=draw(st.one_of(st.just(""), mails)),
        addresses=tuple(draw(st.lists(mails, max_size=4, unique=True))),
        user_principal_name=draw(mails),
        business_phones=tuple(draw(st.lists(phones, max_size=3))),
        mobile_phone=draw(phones),
        job_title=draw(texts),
        department=draw(texts),
        company=draw(texts),
        office=draw(texts),
        address=draw(addresses()),
        yomi_given_name=draw(texts),
        yomi_surname=draw(texts),
        enabled=draw(st.booleans()),
        licensed=draw(st.booleans()),
        hidden=draw(st.sampled_from((True, False, None))),
    )


def items() -> st.SearchStrategy[Event | Person]:
    """Anything that a source gives."""
    return st.one_of(events(), people())


def _appointment(says: Details, minutes: int | None) -> Appointment:
    names = set(Appointment.__dataclass_fields__) & set(Details.__dataclass_fields__)
    return Appointment(**{name: getattr(says, name) for name in names}, reminder_minutes=minutes)


@st.composite
def event_copies(draw: st.DrawFn) -> EventCopy:
    """A copy with everything that an event can say."""
    event, minutes = draw(events()), draw(st.sampled_from((None, 0, 15)))
    return EventCopy(
        _appointment(event.details, minutes),
        event.recurrence,
        tuple((day, _appointment(says, minutes)) for day, says in event.exceptions),
        event.cancelled,
    )


@st.composite
def contact_copies(draw: st.DrawFn) -> ContactCopy:
    """A copy of an entry, such as shaping makes: at most three addresses and two business phones."""
    person = draw(people())
    names = set(ContactCopy.__dataclass_fields__) & set(Person.__dataclass_fields__) - {"business_phones"}
    return ContactCopy(
        **{name: getattr(person, name) for name in names},
        emails=person.addresses[:3],
        business_phones=tuple(phone for phone in person.business_phones if phone)[:2],
    )


def copies() -> st.SearchStrategy[EventCopy | ContactCopy]:
    """Anything that a target may be asked to hold."""
    return st.one_of(event_copies(), contact_copies())


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """Up to 200 days within three years."""
    start = datetime.combine(draw(st.dates(date(2025, 12, 1), date(2028, 3, 1))), time(), UTC)
    return Window(start, start + timedelta(days=draw(st.integers(1, 200))))


@st.composite
def windows_near(draw: st.DrawFn, event: Event) -> Window:
    """A window whose edges lie about the first occurrences and exceptions of an event, to the minute."""
    starts = [span_of(event.details.when)[0], *(span_of(says.when)[0] for _, says in event.exceptions)]
    start = draw(st.sampled_from(starts)) + timedelta(
        days=draw(st.integers(-40, 5)), minutes=draw(st.integers(-1500, 1500))
    )
    length = st.one_of(st.integers(1, 3000), st.integers(1, 200).map(lambda days: days * 1440))
    return Window(start, start + timedelta(minutes=draw(length)))


@st.composite
def event_policies(draw: st.DrawFn) -> EventPolicy:
    """Any policy for events that `policy_from_json` would take."""
    detail = draw(st.sampled_from(DETAILS))
    return EventPolicy(
        detail=detail,
        private=draw(st.sampled_from(("mask", "leave_out", "as_others"))),
        show_as=tuple(name for name in SHOW_AS if draw(st.booleans())) or ("busy",),
        leave_out_declined=draw(st.booleans()),
        leave_out_cancelled=draw(st.booleans()),
        prefix=draw(st.sampled_from(("", "[A] "))),
        meeting_links=draw(st.sampled_from(("text", "drop"))) if detail == "full" else "drop",
        reminder_minutes=draw(st.sampled_from((None, 0, 15))),
        categories=detail != "busy" and draw(st.booleans()),
        skip_if_owner_takes_part=draw(st.booleans()),
    )


@st.composite
def contact_policies(draw: st.DrawFn) -> ContactPolicy:
    """Any policy for contacts that `policy_from_json` would take."""
    some_groups = st.lists(st.sampled_from(("g1", "g2", "g3")), max_size=2, unique=True).map(tuple)
    groups = draw(some_groups)
    return ContactPolicy(
        kinds=tuple(name for name in PERSON_KINDS if draw(st.booleans())) or ("user",),
        enabled_only=draw(st.booleans()),
        licensed=draw(st.sampled_from(("any", "licensed_or_contact"))),
        needs_mail=draw(st.booleans()),
        needs_phone=draw(st.booleans()),
        hidden=draw(st.sampled_from(("respect", "show"))),
        groups=groups,
        without_groups=tuple(name for name in draw(some_groups) if name not in groups),
        departments=draw(st.sampled_from(((), ("Sales", "Łukasz Żółć")))),
        attributes=draw(st.sampled_from(((), (("city", ("Berlin",)),)))),
    )
