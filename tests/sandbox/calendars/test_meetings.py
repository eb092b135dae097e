"""Meetings: the mails that go out, and the copies in the attendees' calendars."""

from __future__ import annotations

import pytest

from tests.sandbox.calendars.conftest import event
from tests.sandbox.calendars.test_series import at, instances, weekly

EVENTS = "users/ann/events"
MORNING = ("2026-03-05T09:00:00", "2026-03-05T10:00:00")


def people(*addresses):
    return [{"emailAddress": {"address": address, "name": address.split("@")[0]}} for address in addresses]


BOB, ZOE, STRANGER = "bob@alder.example", "zoe@birch.example", "eve@nowhere.example"


def invite(graph, *addresses, **more):
    return graph.ask("POST", EVENTS, event(*MORNING, attendees=people(*addresses), **more))


def series(graph, *addresses):
    recurrence = weekly("2026-03-05", "thursday")
    return invite(graph, *addresses, recurrence=recurrence)


def mails(graph):
    """What was mailed since the last question."""
    found = [(mail["kind"], mail["to"]) for mail in graph.world.outbox]
    graph.world.outbox.clear()
    return found


def copy_of(graph, meeting, user="bob"):
    rows = graph.ask("GET", f"users/{user}/events?$filter=iCalUId%20eq%20'{meeting['iCalUId']}'")["value"]
    return rows[0] if rows else None


def test_an_event_without_attendees_mails_nobody(graph):
    made = graph.ask("POST", EVENTS, event(*MORNING))
    graph.ask("PATCH", f"{EVENTS}/{made['id']}", {"subject": "New"})
    graph.ask("DELETE", f"{EVENTS}/{made['id']}")
    assert mails(graph) == []


def test_every_attendee_is_mailed_and_known_ones_get_a_copy(graph, other_graph):
    made = invite(graph, BOB, ZOE, STRANGER, sensitivity="private")
    assert mails(graph) == [("invitation", BOB), ("invitation", ZOE), ("invitation", STRANGER)]
    for copy in (copy_of(graph, made), copy_of(other_graph, made, "zoe")):
        assert copy["isOrganizer"] is False
        assert copy["organizer"]["emailAddress"]["address"] == "ann@alder.example"
        assert copy["responseStatus"]["response"] == "notResponded"
        assert (copy["showAs"], copy["sensitivity"]) == ("tentative", "private")
        assert copy["id"] != made["id"]
    assert graph.world.outbox == []


def test_an_organiser_among_the_attendees_is_not_mailed(graph):
    made = invite(graph, "ann@alder.example", BOB)
    graph.ask("PATCH", f"{EVENTS}/{made['id']}", {"subject": "Renamed"})
    graph.ask("DELETE", f"{EVENTS}/{made['id']}")
    assert mails(graph) == [("invitation", BOB), ("update", BOB), ("cancellation", BOB)]


def test_a_mail_tells_whose_call_caused_it(graph):
    invite(graph, STRANGER)
    mail = graph.world.outbox[0]
    assert (mail["tenant"], mail["mailbox"], mail["app"]) == ("alder", "ann", "app")
    assert mail["subject"] == "Review"


def test_an_update_reaches_the_copies_and_what_is_a_copys_own_mails_nobody(graph):
    made = invite(graph, BOB)
    copy = copy_of(graph, made)
    graph.ask("PATCH", f"users/bob/events/{copy['id']}", {"subject": "Mine", "categories": ["Red"]})
    mails(graph)
    graph.ask("PATCH", f"{EVENTS}/{made['id']}", {"categories": ["Blue"], "showAs": "oof"})
    graph.ask("PATCH", f"{EVENTS}/{made['id']}", {"reminderMinutesBeforeStart": 5, "sensitivity": "private"})
    assert mails(graph) == []
    graph.ask("PATCH", f"{EVENTS}/{made['id']}", {"subject": "Renamed"})
    assert mails(graph) == [("update", BOB)]
    copy = copy_of(graph, made)
    assert (copy["subject"], copy["categories"]) == ("Renamed", ["Red"])


def test_a_new_time_takes_back_what_was_answered(graph):
    made = invite(graph, BOB)
    copy = copy_of(graph, made)
    graph.ask("POST", f"users/bob/events/{copy['id']}/accept", {"sendResponse": True})
    assert copy_of(graph, made)["responseStatus"]["response"] == "accepted"
    assert mails(graph)[-1] == ("response", "ann@alder.example")
    read = graph.ask("GET", f"{EVENTS}/{made['id']}")
    assert read["attendees"][0]["status"]["response"] == "accepted"
    graph.ask("PATCH", f"{EVENTS}/{made['id']}", {"end": at("05", "11:00")})
    copy = copy_of(graph, made)
    assert copy["responseStatus"]["response"] == "notResponded"
    assert copy["end"]["dateTime"][:16] == "2026-03-05T16:00"


def test_a_change_of_attendees_alone_mails_those_who_changed(graph):
    made = invite(graph, BOB, STRANGER)
    mails(graph)
    attendees = {"attendees": people(STRANGER, ZOE)}
    graph.ask("PATCH", f"{EVENTS}/{made['id']}", attendees)
    assert mails(graph) == [("cancellation", BOB), ("invitation", ZOE)]
    copy = copy_of(graph, made)
    assert (copy["isCancelled"], copy["subject"]) == (True, "Canceled: Review")


@pytest.mark.parametrize("how", ["DELETE", "permanentDelete", "cancel"])
def test_a_deleted_meeting_is_called_off(graph, how):
    made = invite(graph, BOB)
    mails(graph)
    if how == "DELETE":
        graph.ask("DELETE", f"{EVENTS}/{made['id']}")
    else:
        graph.ask("POST", f"{EVENTS}/{made['id']}/{how}", {"comment": "Sorry"} if how == "cancel" else None)
    assert mails(graph) == [("cancellation", BOB)]
    copy = copy_of(graph, made)
    assert (copy["isCancelled"], copy["showAs"]) == (True, "free")
    assert graph.refused("GET", f"{EVENTS}/{made['id']}") == (404, "ErrorItemNotFound")


def test_an_attendee_can_neither_cancel_nor_the_organiser_answer(graph):
    made = invite(graph, BOB)
    copy = copy_of(graph, made)
    refused = graph.refused("POST", f"users/bob/events/{copy['id']}/cancel", {})
    assert refused == (400, "ErrorInvalidRequest")
    assert graph.refused("POST", f"{EVENTS}/{made['id']}/accept", {}) == (400, "ErrorInvalidRequest")


def test_a_deleted_copy_cancels_nothing(graph):
    made = invite(graph, BOB)
    mails(graph)
    graph.ask("DELETE", f"users/bob/events/{copy_of(graph, made)['id']}")
    assert mails(graph) == []
    assert graph.ask("GET", f"{EVENTS}/{made['id']}")["isCancelled"] is False


def test_a_declined_meeting_leaves_the_calendar_unless_the_mailbox_keeps_it(graph):
    made = invite(graph, BOB)
    graph.ask("POST", f"users/bob/events/{copy_of(graph, made)['id']}/decline", {"sendResponse": False})
    assert copy_of(graph, made) is None
    graph.tenant.mailboxes["bob"].settings["_keepsDeclined"] = True
    made = invite(graph, BOB)
    mails(graph)
    graph.ask("POST", f"users/bob/events/{copy_of(graph, made)['id']}/decline", {"sendResponse": False})
    copy = copy_of(graph, made)
    assert (copy["responseStatus"]["response"], copy["showAs"]) == ("declined", "free")
    assert mails(graph) == []


def test_a_moved_and_a_cancelled_occurrence_reach_the_copies(graph):
    made = series(graph, BOB)
    mails(graph)
    rows = instances(graph, made)
    graph.ask("PATCH", f"{EVENTS}/{rows[1]['id']}", {"start": at("13"), "end": at("13", "10:00")})
    graph.ask("DELETE", f"{EVENTS}/{rows[2]['id']}")
    assert mails(graph) == [("update", BOB), ("cancellation", BOB)]
    copy = copy_of(graph, made)
    url = f"users/bob/events/{copy['id']}/instances?startDateTime=2026-03-01&endDateTime=2026-04-01"
    found = {row["originalStart"][:10]: row for row in graph.ask("GET", url)["value"]}
    assert found["2026-03-12"]["start"]["dateTime"][:10] == "2026-03-13"
    assert found["2026-03-19"]["isCancelled"] is True
    graph.ask("PATCH", f"{EVENTS}/{made['id']}", {"location": {"displayName": "Pier 9"}})
    found = {row["originalStart"][:10]: row for row in graph.ask("GET", url)["value"]}
    assert found["2026-03-12"]["location"]["displayName"] == "Pier 9"
    assert found["2026-03-19"]["isCancelled"] is True


def test_an_update_of_a_series_mails_once_more_for_each_exception(graph):
    made = series(graph, BOB)
    for number in (1, 2):
        occurrence = instances(graph, made)[number]["id"]
        graph.ask("PATCH", f"{EVENTS}/{occurrence}", {"categories": [str(number)]})
    mails(graph)
    graph.ask("PATCH", f"{EVENTS}/{made['id']}", {"subject": "Renamed"})
    assert mails(graph) == [("update", BOB)] * 3


def test_a_room_accepts_and_may_show_who_booked_it(graph):
    graph.tenant.mailboxes["room"].settings |= {"userPurpose": "room", "_subjectBecomesOrganizer": True}
    made = invite(graph, "room@alder.example")
    copy = copy_of(graph, made, "room")
    assert (copy["subject"], copy["showAs"]) == ("Ann Alder", "busy")
    assert copy["responseStatus"]["response"] == "accepted"
    read = graph.ask("GET", f"{EVENTS}/{made['id']}")
    assert read["attendees"][0]["status"]["response"] == "accepted"
    assert read["@odata.etag"] != made["@odata.etag"]


def test_a_calendar_removed_with_meetings_in_it_calls_them_off(graph):
    shifts = graph.ask("POST", "users/ann/calendars", {"name": "Shifts"})
    base = f"users/ann/calendars/{shifts['id']}"
    graph.ask("POST", f"{base}/events", event(*MORNING, attendees=people(BOB)))
    mails(graph)
    graph.ask("DELETE", base)
    assert mails(graph) == [("cancellation", BOB)]
