"""The driver: batches, their pace, waiting, and stopping."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from syncengine.errors import NeedsAPerson, TryAgain
from syncengine.executing.driver import Driver
from syncengine.executing.errands import CHUNK, Errand, Stopped
from syncengine.executing.memory import Here, MemoryClock
from syncengine.limits.pace import Paces
from syncengine.ports.writing import Failed, Fine, Later, Lost, Part

FINE = Fine({})

Outcomes = dict[object, Any]


class Door:
    """Answers by script: `answers` are the replies a url gets, one after the other; then all is fine."""

    def __init__(self, answers=None, pause_s=0.0, pauses=None):
        self.answers = {url: list(replies) for url, replies in (answers or {}).items()}
        self.batches: list[list[Part]] = []
        self.pause_s, self.pauses, self.faults = pause_s, pauses or {}, []
        self.under_way: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.lock = threading.Lock()

    def send(self, parts):
        boxes = {part.mailbox for part in parts}
        with self.lock:
            self.batches.append(list(parts))
            self.under_way.update(boxes)
            for box in boxes:
                self.most[box] = max(self.most[box], self.under_way[box])
        time.sleep(max((self.pauses.get(box, self.pause_s) for box in boxes), default=0))
        with self.lock:
            self.under_way.subtract(boxes)
            if self.faults:
                raise self.faults.pop(0)
            return [self.answers[part.url].pop(0) if self.answers.get(part.url) else FINE for part in parts]


def steps(mailbox, *urls, method="POST"):
    """One request after the other; what they came to."""
    replies = []
    for url in urls:
        (reply,) = yield (Part(method, url, mailbox),)
        replies.append(reply)
    return replies


def walk(errands, collected):
    """Start all errands; collect their outcomes by note."""
    left = len(errands)
    while left:
        finished = yield errands
        errands = []
        left -= len(finished)
        collected.update({errand.note: errand.outcome for errand in finished})
    return "done"


@pytest.fixture
def clock() -> MemoryClock:
    return MemoryClock()


def drive(door, walks, clock, executor=None, until=1e9, **said):
    driver = Driver(door, Paces(clock), clock, Random(1), executor or Here(), **said)
    return driver.drive(walks, clock.now() + until)


def errands_to(mailbox, number, reads=False):
    return [
        Errand(steps(mailbox, f"{mailbox}/{n}"), reads=reads, note=f"{mailbox}/{n}") for n in range(number)
    ]


def test_a_mailbox_fills_batches_of_twenty(clock):
    door, outcomes = Door(), Outcomes()
    done = drive(door, [walk(errands_to("anna", 45), outcomes)], clock)
    assert [len(batch) for batch in door.batches] == [20, 20, 5]
    assert (done.batches, done.parts, done.reports, len(outcomes)) == (3, 45, ["done"], 45)


def test_mailboxes_with_little_share_a_batch(clock):
    door = Door()
    drive(door, [walk(errands_to(f"box{n}", 1), {}) for n in range(60)], clock)
    assert [len(batch) for batch in door.batches] == [20, 20, 20]


def test_batches_are_full_while_twenty_parts_wait(clock):
    door = Door(pause_s=0.002)
    walks = [walk(errands_to(f"box{n}", 7 + n), {}) for n in range(30)]
    with ThreadPoolExecutor(4) as executor:
        done = drive(door, walks, clock, executor, senders=4)
    assert done.parts / done.batches >= 0.9 * 20


def test_a_mailbox_never_has_two_batches_under_way(clock):
    door = Door(pause_s=0.001)
    walks = [walk(errands_to(f"box{n % 5}", 33), {}) for n in range(10)]
    with ThreadPoolExecutor(8) as executor:
        drive(door, walks, clock, executor)
    assert max(door.most.values()) == 1


def test_parts_that_come_up_meanwhile_wait_for_the_batch_under_way(clock):
    def from_ben_to_anna():
        yield (Part("POST", "first", "ben"),)
        yield (Part("POST", "second", "anna"),)

    door = Door(pauses={"anna": 0.2})
    walks = [walk(errands_to("anna", 20), {}), walk([Errand(from_ben_to_anna()) for _ in range(20)], {})]
    with ThreadPoolExecutor(4) as executor:
        drive(door, walks, clock, executor)
    assert (len(door.batches), door.most["anna"]) == (3, 1)


def test_mailboxes_are_served_side_by_side():
    met = threading.Barrier(2, timeout=10)

    class Meeting(Door):
        def send(self, parts):
            met.wait()
            return [FINE for _ in parts]

    with ThreadPoolExecutor(2) as executor:
        walks = [walk(errands_to(name, 20), {}) for name in ("anna", "ben")]
        assert drive(Meeting(), walks, MemoryClock(), executor).batches == 2


def test_reads_go_before_writes(clock):
    door = Door()
    writing = walk(errands_to("anna", 30), {})
    reading = walk([Errand(steps("anna", "look"), reads=True, note="look")], {})
    drive(door, [writing, reading], clock)
    assert door.batches[0][0].url == "look"


def test_what_has_begun_is_finished_before_anything_else_begins(clock):
    door = Door()
    serieses = [Errand(steps("anna", f"{n} master", f"{n} occurrence"), note=n) for n in range(40)]
    drive(door, [walk(serieses, {})], clock)
    assert [part.url for part in door.batches[1]] == [f"{n} occurrence" for n in range(20)]


def test_replies_come_back_in_the_order_of_their_parts(clock):
    def three():
        return (yield tuple(Part("GET", f"n{n}", f"box{n}") for n in range(3)))

    outcomes = Outcomes()
    door = Door({"n1": [Later(1.0), Fine({"n": 1})], "n0": [Fine({"n": 0})], "n2": [Fine({"n": 2})]})
    drive(door, [walk([Errand(three(), note="all")], outcomes)], clock)
    assert [reply.body["n"] for reply in outcomes["all"]] == [0, 1, 2]


def test_a_step_without_requests_goes_straight_on(clock):
    def nothing():
        return (yield ())

    outcomes = Outcomes()
    drive(Door(), [walk([Errand(nothing(), note="all")], outcomes)], clock)
    assert outcomes == {"all": ()}


def test_a_part_that_shall_come_later_is_sent_again_after_its_time(clock):
    door, outcomes = Door({"anna/0": [Later(30.0)]}), Outcomes()
    start = clock.now()
    drive(door, [walk(errands_to("anna", 1), outcomes)], clock, patience_s=60)
    assert clock.now() - start >= 30
    assert (outcomes, len(door.batches)) == ({"anna/0": [FINE]}, 2)


def test_a_throttled_mailbox_is_first_asked_with_a_single_part(clock):
    door = Door({f"anna/{n}": [Later(5.0)] for n in range(20)})
    drive(door, [walk(errands_to("anna", 40), {})], clock, patience_s=60)
    assert [len(batch) for batch in door.batches] == [20, 1, 20, 19]


def test_a_mailbox_that_keeps_refusing_is_asked_ever_more_rarely(clock):
    sent_at = []

    class Timed(Door):
        def send(self, parts):
            sent_at.append(clock.now())
            return super().send(parts)

    drive(Timed({"anna/0": [Later(1.0)] * 7}), [walk(errands_to("anna", 1), {})], clock, patience_s=600)
    gaps = [after - before for before, after in pairwise(sent_at)]
    assert gaps[-1] > 10
    assert all(gap >= 1.0 for gap in gaps)


def test_others_go_on_while_one_mailbox_waits(clock):
    door, outcomes = Door({"anna/0": [Later(30.0)]}), Outcomes()
    walks = [walk(errands_to(name, 1), outcomes) for name in ("anna", *(f"box{n}" for n in range(50)))]
    done = drive(door, walks, clock, patience_s=2)
    assert outcomes["anna/0"] == Stopped(begun=False)
    assert sum(outcome == [FINE] for outcome in outcomes.values()) == 50
    assert len(done.reports) == 51


def test_a_lost_answer_that_asks_to_wait_is_obeyed(clock):
    door, outcomes = Door({"anna/0": [Lost(after=20.0)]}), Outcomes()
    start = clock.now()
    drive(
        door, [walk([Errand(steps("anna", "anna/0", "again"), note="all")], outcomes)], clock, patience_s=60
    )
    assert clock.now() - start >= 20
    assert outcomes["all"] == [Lost(after=20.0), FINE]


def test_a_refused_batch_pauses_the_tenant_and_nothing_is_lost(clock):
    door, outcomes = Door(), Outcomes()
    door.faults = [TryAgain("busy", after=7.0)]
    start = clock.now()
    drive(door, [walk(errands_to(name, 3), outcomes) for name in ("anna", "ben")], clock, patience_s=60)
    assert clock.now() - start >= 7
    assert all(outcome == [FINE] for outcome in outcomes.values())


def test_a_tenant_that_stays_busy_is_left_to_a_later_drive(clock):
    door, outcomes = Door(), Outcomes()
    door.faults = [TryAgain("busy", after=100.0)]
    done = drive(door, [walk(errands_to("anna", 3), outcomes)], clock)
    assert (len(door.batches), done.wait_s) == (1, 100.0)
    assert set(outcomes.values()) == {Stopped(begun=False)}


def test_a_tenant_that_shuts_its_door_stops_all_lanes_within_one_round(clock):
    door, outcomes = Door(), Outcomes()
    door.faults = [NeedsAPerson("no", reason="consent", advice="", scope="tenant")]
    done = drive(door, [walk(errands_to(f"box{n}", 40), outcomes) for n in range(3)], clock, senders=1)
    assert (len(door.batches), done.fault.reason) == (1, "consent")
    assert set(outcomes.values()) == {Stopped(begun=False)}
    assert done.reports == ["done"] * 3


def test_an_answer_that_speaks_for_the_tenant_stops_all_lanes(clock):
    def failing():
        yield (Part("POST", "x", "anna"),)
        return Failed("consent", "no", scope="tenant")

    outcomes = Outcomes()
    walks = [walk([Errand(failing(), note="x")], outcomes), walk(errands_to("anna", 60), outcomes)]
    done = drive(Door(), walks, clock)
    assert (done.fault.reason, done.batches) == ("consent", 1)


def test_an_answer_that_speaks_for_the_mailbox_stops_its_walk_only(clock):
    def full():
        yield (Part("POST", "full", "anna"),)
        return Failed("full", "no", scope="mailbox")

    outcomes, door = Outcomes(), Door()
    walks = [walk([Errand(full(), note=n) for n in range(100)], outcomes), walk(errands_to("ben", 60), {})]
    drive(door, walks, clock)
    sent = Counter(part.mailbox for batch in door.batches for part in batch)
    assert (sent["anna"], sent["ben"]) == (20, 60)
    assert Counter(map(type, outcomes.values())) == {Failed: 20, Stopped: 80}


def test_when_time_is_up_nothing_is_sent_and_answers_are_still_understood(clock):
    class Slow(Door):
        def send(self, parts):
            clock.sleep(10)
            return super().send(parts)

    door, outcomes = Slow(), Outcomes()
    serieses = [Errand(steps("anna", f"{n} master", f"{n} occurrence"), note=("series", n)) for n in range(2)]
    singles = errands_to("anna", 38)
    drive(door, [walk(serieses + singles, outcomes)], clock, until=5)
    assert len(door.batches) == 1
    assert outcomes["series", 0] == Stopped(begun=True)
    assert outcomes["anna/0"] == [FINE]
    assert outcomes["anna/37"] == Stopped(begun=False)


def test_after_a_stop_new_errands_are_given_back_unbegun(clock):
    def persistent():
        outcomes = []
        for n in range(3):
            (errand,) = yield [Errand(steps("anna", str(n)))]
            outcomes.append(errand.outcome)
        return outcomes

    done = drive(Door(), [persistent()], clock, until=-1)
    assert done.reports == [[Stopped(begun=False)] * 3]


def test_a_walk_hears_of_results_in_chunks(clock):
    heard = []

    def listening():
        errands, left = errands_to("anna", 3 * CHUNK + 20), 3 * CHUNK + 20
        while left:
            finished = yield errands
            errands = []
            heard.append(len(finished))
            left -= len(finished)

    drive(Door(), [listening()], clock)
    assert sum(heard) == 3 * CHUNK + 20
    assert len(heard) == 4


def test_a_walk_without_errands_reports_at_once(clock):
    def idle():
        yield from ()
        return "idle"

    assert drive(Door(), [idle()], clock).reports == ["idle"]


def test_a_mistake_of_ours_is_not_swallowed(clock):
    def wrong():
        yield (Part("POST", "x", "anna"),)
        raise KeyError("ours")

    with pytest.raises(KeyError):
        drive(Door(), [walk([Errand(wrong())], {})], clock)


def test_threads_and_storms_lose_nothing(clock):
    rng = Random(3)
    answers = {f"box{n % 7}/{m}": [Later(0.01)] * rng.randrange(3) for n in range(7) for m in range(60)}
    door, outcomes = Door(answers, pause_s=0.0005), Outcomes()
    door.faults = [TryAgain("busy", after=0.01) for _ in range(5)]
    walks = [walk(errands_to(f"box{n}", 60), outcomes) for n in range(7)]
    with ThreadPoolExecutor(6) as executor:
        drive(door, walks, clock, executor, senders=6, patience_s=600)
    assert len(outcomes) == 420
    assert all(outcome == [FINE] for outcome in outcomes.values())
    assert max(door.most.values()) == 1
