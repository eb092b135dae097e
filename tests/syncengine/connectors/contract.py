"""What every source and every target must do, whatever service stands behind it.

A connector's tests inherit these classes and provide the fixtures they name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from syncengine.errors import CursorExpired
from syncengine.model.copies import Copy
from syncengine.model.identity import Cursor, Mark, RemoteId
from syncengine.model.items import Details, Event
from syncengine.model.recurrence import Recurrence
from syncengine.model.time import AllDay, Timed, Window
from syncengine.ports import writing
from syncengine.ports.looking import ChangePage, EventSource, Missing
from syncengine.ports.writing import Failed, FolderGone, FolderReady, Look, Sighting, Target, Written
from tests.syncengine.connectors.samples import NEW_YORK, TUESDAY_TEN, WINDOW, at, weekly


class SourceWorld(ABC):
    """A calendar as a test sees it: the source that reads it, and the hand of its owner."""

    source: EventSource

    @abstractmethod
    def add(self, subject: str, when: Timed | AllDay, recurrence: Recurrence | None = None) -> RemoteId:
        """Put an event into the calendar."""

    @abstractmethod
    def change(self, event: RemoteId, *, subject: str = "", when: Timed | AllDay | None = None) -> None:
        """Change a whole event."""

    @abstractmethod
    def change_occurrence(self, event: RemoteId, day: date, when: Timed) -> None:
        """Move the occurrence that belongs to `day`."""

    @abstractmethod
    def cancel_occurrence(self, event: RemoteId, day: date) -> None:
        """Remove one occurrence."""

    @abstractmethod
    def remove(self, event: RemoteId) -> None:
        """Delete a whole event."""

    @abstractmethod
    def forget_cursors(self) -> None:
        """Let the service forget every cursor it has given."""

    def look(self, cursor: Cursor | None = None, window: Window = WINDOW) -> ChangePage:
        """A whole round as one page; checks that only the last page has a cursor."""
        pages = list(self.source.changes(window, cursor))
        assert [page.cursor is not None for page in pages] == [False] * (len(pages) - 1) + [True]
        return ChangePage(
            tuple(one for page in pages for one in page.changed),
            tuple(one for page in pages for one in page.removed),
            pages[-1].cursor,
        )

    def event(self, identity: RemoteId) -> Event:
        """The event with this id; fails for anything else."""
        found = self.source.read([identity])[identity]
        assert isinstance(found, Event), found
        return found


class EventSourceContract(ABC):
    """Needs a fixture `calendar` that is a SourceWorld with an empty calendar."""

    @pytest.fixture
    @abstractmethod
    def calendar(self) -> SourceWorld:
        """A fresh, empty calendar."""

    def test_a_full_look_tells_every_event_of_the_window(self, calendar: SourceWorld) -> None:
        expected = {calendar.add(f"event {day}", at(day, 9)) for day in range(1, 26)}
        assert expected <= set(calendar.look().changed)

    def test_a_quiet_calendar_tells_nothing(self, calendar: SourceWorld) -> None:
        calendar.add("quiet", at(5, 9))
        cursor = calendar.look().cursor
        quiet = calendar.look(cursor)
        assert (quiet.changed, quiet.removed) == ((), ())

    def test_a_change_is_told_to_whoever_holds_the_cursor(self, calendar: SourceWorld) -> None:
        still, moving = calendar.add("still", at(5, 9)), calendar.add("moving", at(6, 9))
        cursor = calendar.look().cursor
        calendar.change(moving, subject="moved", when=at(7, 9))
        told = calendar.look(cursor).changed
        assert moving in told
        assert still not in told
        assert calendar.event(moving).details.subject == "moved"
        assert calendar.event(moving).details.when == at(7, 9)

    def test_an_event_is_read_as_it_was_written(self, calendar: SourceWorld) -> None:
        one = calendar.add("review", at(5, 14, zone=NEW_YORK))
        event = calendar.event(one)
        assert event.remote_id == one
        assert event.key
        assert event.details == replace(
            Details(at(5, 14, zone=NEW_YORK), "review"), response=event.details.response
        )

    def test_a_whole_day_stays_that_day(self, calendar: SourceWorld) -> None:
        day = AllDay(date(2026, 3, 9), date(2026, 3, 10))
        assert calendar.event(calendar.add("holiday", day)).details.when == day

    def test_a_deleted_event_is_a_question_whose_answer_is_missing(self, calendar: SourceWorld) -> None:
        one = calendar.add("going", at(5, 9))
        cursor = calendar.look().cursor
        calendar.remove(one)
        told = calendar.look(cursor)
        assert one in {*told.changed, *told.removed}
        assert calendar.source.read([one], {one}) == {one: Missing()}

    def test_an_event_that_a_full_look_does_not_show_is_missing(self, calendar: SourceWorld) -> None:
        gone, far = calendar.add("going", at(5, 9)), calendar.add("far away", at(1, 9, month=12))
        calendar.remove(gone)
        assert gone not in calendar.look().changed
        found = calendar.source.read([gone, far], {gone, far})
        assert found[gone] == Missing()
        assert isinstance(found[far], Event)

    def test_an_event_that_left_the_window_is_found_by_its_id(self, calendar: SourceWorld) -> None:
        one = calendar.add("leaving", at(5, 9))
        cursor = calendar.look().cursor
        calendar.change(one, when=at(1, 9, month=12))
        told = calendar.look(cursor)
        assert one in {*told.changed, *told.removed}
        assert calendar.event(one).details.when == at(1, 9, month=12)

    def test_a_series_is_one_event_in_its_own_zone(self, calendar: SourceWorld) -> None:
        one = calendar.add("stand-up", TUESDAY_TEN, weekly(10))
        assert set(calendar.look().changed) == {one}
        event = calendar.event(one)
        assert event.recurrence == weekly(10)
        assert event.details.when == TUESDAY_TEN
        assert (event.exceptions, event.cancelled) == ((), ())

    def test_exceptions_and_cancellations_come_with_their_series(self, calendar: SourceWorld) -> None:
        one = calendar.add("stand-up", TUESDAY_TEN, weekly(10))
        cursor = calendar.look().cursor
        calendar.change_occurrence(one, date(2026, 3, 10), at(11, 16))
        calendar.cancel_occurrence(one, date(2026, 3, 17))
        assert one in calendar.look(cursor).changed
        event = calendar.event(one)
        assert event.cancelled == (date(2026, 3, 17),)
        ((day, details),) = event.exceptions
        assert day == date(2026, 3, 10)
        assert isinstance(details.when, Timed)
        assert details.when.start == at(11, 16).start

    def test_a_forgotten_cursor_is_said_to_be_expired(self, calendar: SourceWorld) -> None:
        calendar.add("old", at(5, 9))
        cursor = calendar.look().cursor
        calendar.forget_cursors()
        with pytest.raises(CursorExpired):
            calendar.look(cursor)

    def test_many_ids_are_read_at_once(self, calendar: SourceWorld) -> None:
        ids = [calendar.add(f"event {number}", at(1 + number % 28, 9)) for number in range(45)]
        found = calendar.source.read(ids)
        assert list(found) == ids
        assert all(isinstance(one, Event) for one in found.values())


class TargetWorld(ABC):
    """A mailbox as a test sees it: the target that writes it, and the hand of its owner."""

    target: Target

    @abstractmethod
    def run(self, steps: Any) -> Any:
        """What the steps come to."""

    @abstractmethod
    def edit(self, folder: str, item: RemoteId) -> None:
        """A person edits one field of ours."""

    @abstractmethod
    def discard(self, folder: str, item: RemoteId) -> None:
        """A person deletes an item."""

    @abstractmethod
    def add_own(self, folder: str) -> RemoteId:
        """A person puts an item of their own beside ours."""

    @abstractmethod
    def discard_folder(self, folder: str) -> None:
        """A person deletes the folder."""

    @abstractmethod
    def forget_cursors(self) -> None:
        """Let the service forget every cursor it has given."""

    @abstractmethod
    def copy(self, text: str) -> Copy:
        """A copy that says `text`."""

    def mark(self, row: str = "row", attempt: str = "attempt", lane: int = 1) -> Mark:
        """The mark of an item, or of the lane's folder."""
        return Mark("inst", lane, row, attempt)

    def folder(self, name: str = "Team", lane: int = 1) -> str:
        """The lane's folder, made where it is not there."""
        ready = self.run(self.target.prepare("", name, self.mark("folder", "folder", lane)))
        assert isinstance(ready, FolderReady), ready
        return ready.folder

    def put(self, folder: str, text: str, row: str = "row") -> Written:
        """A new copy that says `text`."""
        written = self.run(self.target.create(folder, self.copy(text), self.mark(row, f"attempt-{row}")))
        assert isinstance(written, Written), written
        return written

    def look(self, folder: str, cursor: Cursor | None = None) -> Look:
        """What the folder shows."""
        seen = self.run(self.target.look(folder, WINDOW, cursor))
        assert isinstance(seen, Look), seen
        return seen

    def see(self, folder: str, item: RemoteId) -> Sighting | None:
        """One item as the folder shows it."""
        seen = self.run(self.target.read(folder, [item]))
        assert isinstance(seen, dict), seen
        return seen[item]


class TargetContract(ABC):
    """Needs a fixture `place` that is a TargetWorld with an empty mailbox."""

    @pytest.fixture
    @abstractmethod
    def place(self) -> TargetWorld:
        """A fresh mailbox."""

    def test_a_folder_is_made_once_and_found_again(self, place: TargetWorld) -> None:
        mark = place.mark("folder", "folder")
        first = place.run(place.target.prepare("", "Team", mark))
        assert first.created
        assert place.run(place.target.prepare("", "Team", mark)) == FolderReady(first.folder)
        assert place.run(place.target.prepare(first.folder, "Team", mark)) == FolderReady(first.folder)

    def test_each_lane_has_a_folder_of_its_own_even_under_one_name(self, place: TargetWorld) -> None:
        assert place.folder(lane=1) != place.folder(lane=2)

    def test_a_folder_that_a_person_deleted_is_made_anew(self, place: TargetWorld) -> None:
        folder = place.folder()
        place.discard_folder(folder)
        again = place.run(place.target.prepare(folder, "Team", place.mark("folder", "folder")))
        assert again.created
        assert again.folder != folder

    def test_the_default_folder_is_found_and_never_made(self, place: TargetWorld) -> None:
        ready = place.run(place.target.prepare("", "", place.mark("folder", "folder")))
        assert ready.folder
        assert not ready.created
        assert place.put(ready.folder, "in the default folder").remote_id in place.look(ready.folder).changed

    def test_a_new_copy_is_seen_with_its_mark_and_our_own_etag(self, place: TargetWorld) -> None:
        folder = place.folder()
        written = place.put(folder, "hello")
        assert place.look(folder).changed == {written.remote_id: written.etag}
        seen = place.see(folder, written.remote_id)
        assert seen is not None
        assert seen.mark == place.mark("row", "attempt-row")
        assert (seen.etag, seen.answer) == (written.etag, written.answer)

    def test_an_update_changes_the_same_copy(self, place: TargetWorld) -> None:
        folder = place.folder()
        before, after = place.copy("before"), place.copy("after")
        made = place.put(folder, "before")
        written = place.run(place.target.update(folder, made.remote_id, after, before))
        assert written.remote_id == made.remote_id
        assert written.answer == place.put(folder, "after", "twin").answer
        seen = place.see(folder, made.remote_id)
        assert (seen.etag, seen.answer, seen.mark) == (
            written.etag,
            written.answer,
            place.mark("row", "attempt-row"),
        )

    def test_an_update_that_does_not_know_what_was_there_leads_to_the_same(self, place: TargetWorld) -> None:
        folder = place.folder()
        made = place.put(folder, "before")
        written = place.run(place.target.update(folder, made.remote_id, place.copy("after"), None))
        assert written.answer == place.put(folder, "after", "twin").answer

    def test_an_update_that_changes_nothing_still_tells_what_stands_there(self, place: TargetWorld) -> None:
        folder = place.folder()
        made = place.put(folder, "same")
        again = place.run(place.target.update(folder, made.remote_id, place.copy("same"), place.copy("same")))
        assert again == made

    def test_an_update_of_what_is_gone_says_so(self, place: TargetWorld) -> None:
        folder = place.folder()
        made = place.put(folder, "before")
        place.discard(folder, made.remote_id)
        failed = place.run(
            place.target.update(folder, made.remote_id, place.copy("after"), place.copy("before"))
        )
        assert isinstance(failed, Failed)
        assert failed.reason == "gone"

    def test_a_delete_is_done_once_and_counts_twice(self, place: TargetWorld) -> None:
        folder = place.folder()
        made, kept = place.put(folder, "going"), place.put(folder, "staying", "other")
        for _ in range(2):
            assert isinstance(place.run(place.target.delete(folder, made.remote_id)), Written)
        assert place.look(folder).changed.keys() == {kept.remote_id}
        assert place.see(folder, made.remote_id) is None

    def test_a_copy_that_a_person_deleted_is_not_there_whatever_was_known_before(
        self, place: TargetWorld
    ) -> None:
        folder = place.folder()
        known, unknown = place.put(folder, "known", "a"), place.put(folder, "unknown", "b")
        cursor = place.look(folder).cursor
        place.discard(folder, known.remote_id)
        assert known.remote_id in place.look(folder, cursor).removed
        assert place.see(folder, known.remote_id) is None
        place.discard(folder, unknown.remote_id)
        assert unknown.remote_id not in place.look(folder).changed
        assert place.see(folder, unknown.remote_id) is None

    def test_a_look_with_a_cursor_tells_only_what_happened_since(self, place: TargetWorld) -> None:
        folder = place.folder()
        first, second = place.put(folder, "first"), place.put(folder, "second", "other")
        full = place.look(folder)
        assert full.complete
        quiet = place.look(folder, full.cursor)
        assert (quiet.complete, quiet.changed, quiet.removed) == (False, {}, frozenset())
        place.edit(folder, first.remote_id)
        place.discard(folder, second.remote_id)
        busy = place.look(folder, quiet.cursor)
        assert busy.changed.keys() == {first.remote_id}
        assert busy.changed[first.remote_id] != first.etag
        assert second.remote_id in busy.removed

    def test_a_persons_edit_shows_in_the_answer_and_an_echo_does_not(self, place: TargetWorld) -> None:
        folder = place.folder()
        made = place.put(folder, "ours")
        place.edit(folder, made.remote_id)
        assert place.see(folder, made.remote_id).answer != made.answer
        repaired = place.run(place.target.update(folder, made.remote_id, place.copy("ours"), None))
        assert repaired.answer == made.answer

    def test_a_persons_own_item_has_no_mark(self, place: TargetWorld) -> None:
        folder = place.folder()
        own = place.add_own(folder)
        assert own in place.look(folder).changed
        assert place.see(folder, own).mark is None

    def test_a_forgotten_cursor_becomes_a_complete_look(self, place: TargetWorld) -> None:
        folder = place.folder()
        made = place.put(folder, "still there")
        cursor = place.look(folder).cursor
        place.forget_cursors()
        seen = place.look(folder, cursor)
        assert seen.complete
        assert seen.changed == {made.remote_id: made.etag}

    def test_a_look_into_a_folder_that_is_gone_says_so(self, place: TargetWorld) -> None:
        folder = place.folder()
        place.discard_folder(folder)
        assert place.run(place.target.look(folder, WINDOW, None)) == FolderGone()

    def test_an_empty_folder_can_be_dropped_and_dropping_it_again_is_no_fault(
        self, place: TargetWorld
    ) -> None:
        folder = place.folder()
        for _ in range(2):
            assert isinstance(place.run(place.target.drop_folder(folder)), Written)
        assert place.run(place.target.look(folder, WINDOW, None)) == FolderGone()

    def test_a_folder_that_holds_anything_is_not_dropped(self, place: TargetWorld) -> None:
        folder = place.folder()
        made = place.put(folder, "with it")
        refused = place.run(place.target.drop_folder(folder))
        assert isinstance(refused, Failed)
        assert refused.reason == writing.FOLDER_IN_USE
        assert place.see(folder, made.remote_id)

    def test_many_copies_are_read_at_once(self, place: TargetWorld) -> None:
        folder = place.folder()
        ids = [place.put(folder, f"copy {number}", f"row{number}").remote_id for number in range(25)]
        seen = place.run(place.target.read(folder, [*ids, ids[0]]))
        assert list(seen) == ids
        assert len({one.answer for one in seen.values()}) == 25
