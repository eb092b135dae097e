"""The life of a tunnel: whatever happens, one calm run brings every target level and harms nothing.

Its rules read as a diary: somebody writes, a person edits a copy, an answer is lost, a worker dies, the
database is put back to yesterday. What must hold is asked after each line of it.
"""

from __future__ import annotations

from collections import Counter
from datetime import date

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from syncengine.executing.memory import Killed
from syncengine.model.copies import Copy
from syncengine.model.identity import RemoteId
from tests.syncengine.tunnels import MONDAYS, Tunnel, contact, meeting, series

KEYS = ("a", "b")
MAILBOXES = ("anna", "ben")
COPIES: dict[str, Copy] = {
    "Anna": contact("Anna"),
    "Anna, promoted": contact("Anna", "Engineer"),
    "Ben": contact("Ben", phone="1"),
    "talk": meeting("Talk"),
    "talk, moved": meeting("Talk", date(2027, 2, 3)),
    "series": series("Weekly"),
    "series, moved": series("Weekly", 10),
    "series with an exception": series("Weekly", moved={MONDAYS[1]: (MONDAYS[1], 15)}),
    "series with a refused exception": series("Weekly", moved={MONDAYS[1]: (MONDAYS[2], 15)}),
    "series with another": series("Weekly", moved={MONDAYS[1]: (MONDAYS[2], 16)}, cancelled=(MONDAYS[3],)),
    "series with a cancellation": series("Weekly", cancelled=(MONDAYS[0],)),
}
MOODS = ("busy", "lost before", "lost after", "late", "refused", "killed before", "killed after")

keys = st.sampled_from(KEYS)
copies = st.sampled_from(sorted(COPIES))
mailboxes = st.sampled_from(MAILBOXES)
places = st.integers(0, 3)
mishaps = st.dictionaries(st.integers(0, 7), st.sampled_from(MOODS), min_size=1, max_size=3)
moods = mishaps.map(lambda at: [at.get(number, "fine") for number in range(8)])


class LifeOfATunnel(RuleBasedStateMachine):
    """One register, up to three lanes, and people who do as they like."""

    def __init__(self) -> None:
        super().__init__()
        self.tunnel = Tunnel()
        self.tunnel.join("anna")
        self.theirs: dict[RemoteId, tuple[str, Copy]] = {}
        self.source: dict[str, Copy] = {}
        self.pastes: set[RemoteId] = set()
        self.backups: list[tuple] = []

    @initialize(copies=st.lists(copies, min_size=1, max_size=2))
    def a_first_push(self, copies):
        for key, copy in zip(KEYS, copies, strict=False):
            self.somebody_writes(key, copy)
        self.a_run_on_a_calm_day()

    # At the source

    @rule(key=keys, copy=copies)
    def somebody_writes(self, key, copy):
        self.source[key] = COPIES[copy]
        self.tunnel.write(key, COPIES[copy])

    @rule(key=keys)
    def somebody_deletes(self, key):
        if self.source.pop(key, None):
            self.tunnel.write(key, None)

    # In the targets

    @rule(mailbox=mailboxes, place=places, copy=copies)
    def a_person_edits_a_copy(self, mailbox, place, copy):
        item = self._ours(mailbox, place)
        if item and type(item.copy) is type(COPIES[copy]):
            self.tunnel.tenant.edit(self.tunnel.folder(mailbox), item.remote_id, COPIES[copy])

    @rule(mailbox=mailboxes, place=places)
    def a_person_deletes_a_copy(self, mailbox, place):
        if item := self._ours(mailbox, place):
            self.tunnel.folder(mailbox).remove(item.remote_id)
            links = self.tunnel.book.links(self.tunnel.lanes[mailbox].facts.id).values()
            pastes = [other for other in self.tunnel.items(mailbox) if other.mark == item.mark]
            if pastes and item.remote_id not in {link.remote_id for link in links}:
                # We never heard of the original: nobody can know that this is not it.
                self.theirs.pop(min(pastes, key=lambda paste: paste.created).remote_id, None)

    @rule(mailbox=mailboxes, place=places)
    def a_person_pastes_a_copy(self, mailbox, place):
        item = self._ours(mailbox, place)
        if item and not self._is_twin(mailbox, item):  # A paste of a late twin is one, too: by design.
            pasted = self.tunnel.tenant.paste(self.tunnel.folder(mailbox), item.remote_id)
            self.theirs[pasted] = (mailbox, item.copy)
            self.pastes.add(pasted)

    @rule(mailbox=mailboxes, copy=copies)
    def a_person_writes_something_of_his_own(self, mailbox, copy):
        if folder := self.tunnel.folder(mailbox):
            self.theirs[self.tunnel.tenant.add(folder, COPIES[copy])] = (mailbox, COPIES[copy])

    @rule(mailbox=mailboxes)
    def a_person_deletes_the_folder(self, mailbox):
        if folder := self.tunnel.folder(mailbox):
            del self.tunnel.tenant.folders[mailbox][folder.folder_id]
            self.theirs = {one: (box, copy) for one, (box, copy) in self.theirs.items() if box != mailbox}

    @rule(mailbox=mailboxes)
    def cursors_expire(self, mailbox):
        if folder := self.tunnel.folder(mailbox):
            folder.forget_cursors()

    @rule()
    def late_requests_arrive(self):
        self.tunnel.door.let_late_ones_arrive()

    # Lanes

    @rule(mailbox=mailboxes)
    def a_mailbox_joins(self, mailbox):
        lane = self.tunnel.lanes.get(mailbox)
        if lane is None or lane.is_gone:
            self.tunnel.join(mailbox)

    @rule(mailbox=mailboxes)
    def a_mailbox_leaves(self, mailbox):
        if mailbox in self.tunnel.lanes:
            self.tunnel.leave(mailbox)

    # Runs

    @rule(
        moods=moods,
        seconds=st.sampled_from((0.05, 0.3, 1e6)),
        look=st.booleans(),
        busy_s=st.sampled_from((0.1, 30.0)),
    )
    def a_run_in_bad_weather(self, moods, seconds, look, busy_s):
        self._run(moods=moods, seconds=seconds, look_asked=look, busy_s=busy_s)

    @rule(moods=moods, dies_at=st.integers(1, 6), dies_after=st.booleans())
    def a_worker_dies_at_its_book(self, moods, dies_at, dies_after):
        self._run(moods=moods, dies_at=dies_at, dies_after=dies_after)

    @rule()
    def a_run_on_a_calm_day(self):
        self.backups.append(self.tunnel.saved())
        self.tunnel.settle_down()
        self.tunnel.settle_down()  # Who leaves with a create in doubt, leaves with the second walk.
        for mailbox, lane in self.tunnel.lanes.items():
            if lane.is_gone:
                assert not self._marked(mailbox)
                assert not self.tunnel.book.links(lane.facts.id)
            else:
                assert self.tunnel.shown(mailbox, self.theirs) == self.tunnel.shall_show(mailbox)
                self._has_no_orphans(mailbox)
        writes = self.tunnel.door.writes
        self.tunnel.run(look_asked=True)
        self.tunnel.run()
        assert self.tunnel.door.writes == writes

    @rule(ago=st.integers(1, 3))
    def the_database_is_put_back(self, ago):
        backup = self.backups[-min(ago, len(self.backups))]
        lanes = dict(self.tunnel.lanes)
        known = {row.key for row in backup[2].rows}
        if not self._keys() <= known or {name: lane.facts.id for name, lane in lanes.items()} != {
            name: lane.facts.id for name, lane in backup[1].items()
        }:
            return  # Lanes and rows that the backup never heard of are another test's.
        self.tunnel.restore(backup)
        for name, lane in lanes.items():
            self.tunnel.lanes[name].facts = lane.facts
        for key in sorted(known | self.source.keys()):
            self.tunnel.write(key, self.source.get(key))
        self._tell_pastes()
        self.a_run_on_a_calm_day()

    # What must hold

    @invariant()
    def what_is_theirs_is_untouched(self):
        for remote_id, (mailbox, copy) in self.theirs.items():
            assert self.tunnel.folder(mailbox).items[remote_id].copy == copy

    @invariant()
    def mailboxes_are_not_pressed(self):
        assert not self.tunnel.door.too_early
        assert max(self.tunnel.door.most_under_way.values(), default=0) <= 1

    # Helpers

    def _run(self, **weather):
        self.backups.append(self.tunnel.saved())
        try:
            self.tunnel.run(**weather)
        except Killed:
            self.tunnel.clock.sleep(120)  # Its leases end first.

    def _tell_pastes(self):
        """Who remembers neither the original nor its making cannot know that something is a paste."""
        for mailbox, lane in self.tunnel.lanes.items():
            items = [
                item for item in self.tunnel.items(mailbox) if item.mark and item.mark.lane == lane.facts.id
            ]
            fates = self.tunnel.book.past_attempts(lane.facts.id, [item.mark.attempt for item in items])
            for item in items:
                if item.remote_id in self.pastes:
                    older = [one for one in items if one.mark == item.mark and one.created < item.created]
                    self.theirs.pop(item.remote_id, None)
                    if older or fates.get(item.mark.attempt) not in (None, item.remote_id):
                        self.theirs[item.remote_id] = (mailbox, item.copy)

    def _ours(self, mailbox, place):
        ours = self._marked(mailbox)
        return ours[place % len(ours)] if ours else None

    def _is_twin(self, mailbox, item):
        links = self.tunnel.book.links(self.tunnel.lanes[mailbox].facts.id).values()
        return item.mark.attempt not in {link.attempt for link in links}

    def _marked(self, mailbox):
        return [
            item for item in self.tunnel.items(mailbox) if item.mark and item.remote_id not in self.theirs
        ]

    def _has_no_orphans(self, mailbox):
        links = self.tunnel.book.links(self.tunnel.lanes[mailbox].facts.id)
        standing = Counter(item.remote_id for item in self._marked(mailbox))
        assert Counter(link.remote_id for link in links.values()) == standing
        assert not any(link.intent for link in links.values())

    def _keys(self):
        return set(self.source) | {row.key for row in self.tunnel.register.rows}


# How many lives there are, the profile says: a lost answer can need thousands.
TestLifeOfATunnel = LifeOfATunnel.TestCase
TestLifeOfATunnel.settings = settings(
    stateful_step_count=100,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink),
)
