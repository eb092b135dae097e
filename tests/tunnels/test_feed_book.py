"""The feed of a calendar: questions stay until they are answered, and nothing is believed too early."""

from __future__ import annotations

import pytest

from syncengine.errors import HoldThePlan
from syncengine.model.identity import Cursor, RemoteId
from syncengine.model.time import window_around
from syncengine.ports.looking import Missing, Unreadable
from tests.tunnels.building import NINE, event, make_tunnel
from tunnels.bookkeeping.feeds import SqlFeedBook, prune
from tunnels.models import Feed, FeedItem

pytestmark = pytest.mark.django_db


@pytest.fixture
def feed(tenant):
    window = window_around(NINE.date(), 60, 210)
    return Feed.objects.create(
        tenant=tenant, kind="calendar", mailbox="oncall", name="On-call",
        window_start=window.start, window_end=window.end,
    )  # fmt: skip


@pytest.fixture
def book(feed):
    return SqlFeedBook(feed)


def ids(*texts):
    return [RemoteId(text) for text in texts]


def full_look(book, *events):
    book.begin_full_look()
    book.to_be_read([one.remote_id for one in events], [])
    book.absent_from_full_look()
    book.move(Cursor("delta-1"))
    readings = {one.remote_id: one for one in events}
    book.answer({one: readings.get(one, Missing()) for one in book.questions(100)})


def items(feed):
    return {item.remote_id: item for item in FeedItem.objects.filter(feed=feed)}


def head(feed):
    feed.refresh_from_db()
    return feed.head


def test_a_question_stays_until_it_is_answered(feed, book):
    book.begin_full_look()
    book.to_be_read(ids("id-a", "id-b"), [])
    assert sorted(book.questions(10)) == ["id-a", "id-b"]
    book.answer({RemoteId("id-a"): event("a")})
    assert SqlFeedBook(feed).questions(10) == {"id-b": False}


def test_what_was_read_is_an_item_with_a_number(feed, book):
    full_look(book, event("a"), event("b"))
    assert head(feed) == 2
    item = items(feed)["id-a"]
    assert (item.key, item.to_read, item.gone) == ("a", False, False)
    assert item.starts_at == NINE


def test_an_item_read_again_unchanged_makes_no_number(feed, book):
    full_look(book, event("a"))
    book.to_be_read(ids("id-a"), [])
    book.answer({RemoteId("id-a"): event("a")})
    assert head(feed) == 1
    assert book.questions(10) == {}


def test_a_changed_item_moves_to_the_head(feed, book):
    full_look(book, event("a"), event("b"))
    book.to_be_read(ids("id-a"), [])
    book.answer({RemoteId("id-a"): event("a", subject="Moved")})
    assert items(feed)["id-a"].number == 3


def test_removed_ids_that_we_do_not_know_are_forgotten(feed, book):
    book.to_be_read([], ids("id-never-seen"))
    assert book.questions(10) == {}
    assert items(feed) == {}


def test_a_removed_id_is_gone_only_when_reading_says_so(feed, book):
    full_look(book, event("a"))
    book.to_be_read([], ids("id-a"))
    assert not items(feed)["id-a"].gone
    book.answer({RemoteId("id-a"): Missing()})
    item = items(feed)["id-a"]
    assert (item.gone, item.number, item.to_read) == (True, 2, False)


def test_a_removed_id_that_is_found_only_left_the_window(feed, book):
    full_look(book, event("a"))
    book.to_be_read([], ids("id-a"))
    book.answer({RemoteId("id-a"): event("a", days=300)})
    item = items(feed)["id-a"]
    assert (item.gone, item.number) == (False, 2)


def test_removed_ids_are_read_first(feed, book):
    full_look(book, event("z"))
    book.to_be_read(ids("id-new"), ids("id-z"))
    assert list(book.questions(10).items()) == [("id-z", True), ("id-new", False)]


def test_what_a_look_spoke_against_is_still_doubted_by_whoever_takes_over(feed, book):
    full_look(book, event("a"), event("b"), event("c"))
    book.to_be_read(ids("id-b"), ids("id-a"))
    assert SqlFeedBook(feed).questions(10) == {"id-a": True, "id-b": False}
    book.to_be_read(ids("id-a"), [])
    assert SqlFeedBook(feed).questions(10) == {"id-a": False, "id-b": False}


def test_what_a_full_look_did_not_show_is_doubted(feed, book):
    full_look(book, event("a"), event("b"))
    book.begin_full_look()
    book.to_be_read(ids("id-b"), [])
    book.absent_from_full_look()
    assert SqlFeedBook(feed).questions(10) == {"id-a": True, "id-b": False}


def test_a_known_identity_at_a_new_address_is_the_same_item(feed, book):
    full_look(book, event("a", "old"))
    book.to_be_read(ids("new"), ids("old"))
    book.answer({RemoteId("old"): Missing(), RemoteId("new"): event("a", "new")})
    found = items(feed)
    assert found["old"].gone
    assert (found["new"].key, found["new"].gone) == ("a", False)


def test_two_events_with_one_identity_are_told_apart_by_their_address(feed, book):
    full_look(book, event("a", "one"), event("a", "two"))
    keys = sorted(item.key for item in items(feed).values())
    assert keys[0] == "a"
    assert keys[1] in ("a#one", "a#two")
    before = {place: item.key for place, item in items(feed).items()}
    book.to_be_read(ids("one", "two"), [])
    book.answer({RemoteId("two"): event("a", "two"), RemoteId("one"): event("a", "one", "New")})
    assert {place: item.key for place, item in items(feed).items()} == before


def test_an_item_that_became_another_one_leaves_a_tombstone(feed, book):
    full_look(book, event("a", "id-1"))
    book.to_be_read(ids("id-1"), [])
    book.answer({RemoteId("id-1"): event("b", "id-1")})
    assert items(feed)["id-1"].key == "b"
    assert FeedItem.objects.get(feed=feed, key="a").gone


def test_what_a_full_look_did_not_show_is_asked_for_by_id(feed, book):
    full_look(book, event("a"), event("b"))
    full_look(book, event("b"))
    found = items(feed)
    assert found["id-a"].gone
    assert not found["id-b"].gone


def test_a_delta_does_not_hide_a_deletion_from_the_next_full_look(feed, book):
    full_look(book, event("a"), event("b"))
    book.to_be_read(ids("id-a"), [])
    book.answer({RemoteId("id-a"): event("a")})
    later = SqlFeedBook(Feed.objects.get(pk=feed.pk))
    full_look(later, event("b"))
    assert items(feed)["id-a"].gone


def test_a_full_look_that_died_half_way_does_not_hide_a_deletion(feed, book):
    full_look(book, event("a"), event("b"))
    book.begin_full_look()
    book.to_be_read(ids("id-a"), [])
    later = SqlFeedBook(Feed.objects.get(pk=feed.pk))
    full_look(later, event("b"))
    assert items(feed)["id-a"].gone


def test_a_source_that_held_many_and_shows_none_is_not_believed(feed, book):
    full_look(book, *[event(f"k{n}") for n in range(11)])
    book.begin_full_look()
    with pytest.raises(HoldThePlan) as held:
        book.absent_from_full_look()
    assert held.value.reason == "source emptied"
    assert "11 items" in str(held.value)
    assert book.questions(100) == {}


def test_ten_items_may_all_go(feed, book):
    full_look(book, *[event(f"k{n}") for n in range(10)])
    full_look(book)
    assert all(item.gone for item in items(feed).values())


def test_items_long_past_are_not_missed_by_an_empty_look(feed, book):
    full_look(book, *[event(f"k{n}", days=-400) for n in range(12)])
    book.begin_full_look()
    book.absent_from_full_look()
    assert len(book.questions(100)) == 12


def test_an_unreadable_item_keeps_what_we_knew(feed, book):
    full_look(book, event("a"))
    book.to_be_read(ids("id-a"), [])
    book.answer({RemoteId("id-a"): Unreadable("it ends before it begins")})
    item = items(feed)["id-a"]
    assert (item.number, item.unreadable, item.to_read) == (1, "it ends before it begins", False)
    assert book.unread == {"it ends before it begins": 1}


def test_the_cursor_is_kept_for_the_next_worker(feed, book):
    full_look(book, event("a"))
    assert SqlFeedBook(Feed.objects.get(pk=feed.pk)).cursor() == "delta-1"
    book.begin_full_look()
    assert SqlFeedBook(Feed.objects.get(pk=feed.pk)).cursor() is None


def test_an_item_that_came_back_is_an_item_again(feed, book):
    full_look(book, event("a"))
    book.to_be_read([], ids("id-a"))
    book.answer({RemoteId("id-a"): Missing()})
    book.to_be_read(ids("id-a"), [])
    book.answer({RemoteId("id-a"): event("a")})
    item = items(feed)["id-a"]
    assert (item.gone, item.number, item.key) == (False, 3, "a")


def test_a_deleted_item_is_kept_until_every_register_has_passed_it(feed, book, tenant):
    full_look(book, event("a"))
    book.to_be_read([], ids("id-a"))
    book.answer({RemoteId("id-a"): Missing()})
    member = make_tunnel(tenant).members.get(gives=True)
    member.feed, member.shaped = feed, 1
    member.save()
    assert prune(feed.pk) == 0
    member.shaped = 2
    member.save()
    assert prune(feed.pk) == 1
    assert items(feed) == {}
