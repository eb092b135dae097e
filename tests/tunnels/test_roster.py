"""Who is in a tunnel: living groups, lists, filters; and nobody leaves by mistake."""

from __future__ import annotations

import pytest

from partners import clock
from tenants.models import DirectoryEntry, DirectoryState, Group, GroupMember, Problem
from tests.tunnels.building import make_lane, make_tunnel
from tunnels.models import Feed, Lane, TunnelMember
from tunnels.running import roster
from tunnels.services import release

pytestmark = pytest.mark.django_db


@pytest.fixture
def directory(tenant):
    """Twelve users, an on-call mailbox, and the group grp-mobile of the first six."""
    for number in range(1, 13):
        department = "Field" if number % 2 else "Office"
        DirectoryEntry.objects.create(
            tenant=tenant, object_id=f"id{number:02}", kind="user", name=f"Person {number:02}",
            mail=f"U{number:02}@northwind.example", user_principal_name=f"u{number:02}@northwind.example",
            addresses=[f"u{number:02}@northwind.example"], mailbox="usable", licensed=True,
            person={"department": department, "address": {"country": "US"}},
        )  # fmt: skip
    DirectoryEntry.objects.create(
        tenant=tenant, object_id="shared", kind="shared", name="On-call", mailbox="usable",
        addresses=["oncall@northwind.example"],
    )  # fmt: skip
    group = Group.objects.create(tenant=tenant, object_id="g", name="grp-mobile", members_read_at=clock.now())
    for number in range(1, 7):
        GroupMember.objects.create(group=group, object_id=f"id{number:02}")
    DirectoryState.objects.create(tenant=tenant, refreshed_at=clock.now())
    return group


@pytest.fixture
def tunnel(tenant, directory):
    return make_tunnel(tenant)


def resolve(tunnel, **spec):
    if spec:
        tunnel.members.filter(takes=True).update(spec=spec)
    assert roster.resolve(tunnel.pk)
    tunnel.refresh_from_db()


def named(tunnel):
    return sorted(
        Lane.objects.standing().filter(tunnel=tunnel, leaving_since=None).values_list("mailbox", flat=True)
    )


def leaving(tunnel):
    return Lane.objects.filter(tunnel=tunnel, leaving_since__isnull=False).count()


def with_copies(tunnel, count=50):
    Lane.objects.filter(tunnel=tunnel).update(copies=count, state="healthy", due_at=None)


def ids(*numbers):
    return [f"id{number:02}" for number in numbers]


@pytest.mark.parametrize(
    ("spec", "numbers"),
    [
        ({"group": "grp-mobile"}, range(1, 7)),
        ({"group": "GRP-Mobile"}, range(1, 7)),
        ({"group": "g", "exclude": ["u02@northwind.example"]}, (1, 3, 4, 5, 6)),
        ({"all_users": True}, range(1, 13)),
        ({"mailboxes": ["u03@northwind.example", "U05@Northwind.example"]}, (3, 5)),
        ({"filter": {"department": "field"}}, (1, 3, 5, 7, 9, 11)),
        ({"filter": {"department": ["Field", "Office"], "group": "grp-mobile"}}, range(1, 7)),
        ({"filter": {"country": "US"}, "exclude": ["id12"]}, range(1, 12)),
    ],
)
def test_a_rule_names_mailboxes(tunnel, spec, numbers):
    resolve(tunnel, **spec)
    assert named(tunnel) == ids(*numbers)
    assert tunnel.reason == ""


def test_the_source_gets_no_copies_of_itself(tunnel):
    resolve(tunnel, filter={"kind": ["user", "shared"]})
    assert "shared" not in named(tunnel)


def test_a_source_gets_a_feed_that_is_due(tunnel):
    resolve(tunnel, group="grp-mobile")
    member = TunnelMember.objects.get(tunnel=tunnel, gives=True)
    assert (member.feed.mailbox, member.feed.kind) == ("shared", "calendar")
    assert member.feed.due_at is not None


def test_two_tunnels_drink_from_one_feed(tunnel, tenant):
    other = make_tunnel(tenant, "second", folder="Second")
    resolve(tunnel, group="grp-mobile")
    resolve(other, group="grp-mobile")
    assert Feed.objects.count() == 1


def test_a_renamed_mailbox_stays_the_same(tunnel):
    resolve(tunnel, mailboxes=["u03@northwind.example"])
    entry = DirectoryEntry.objects.get(object_id="id03")
    entry.mail, entry.user_principal_name, entry.addresses = (
        "new@x.example",
        "new@x.example",
        ["new@x.example"],
    )
    entry.name = "New Name"
    entry.save()
    resolve(tunnel)
    assert named(tunnel) == ["id03"]
    assert Lane.objects.get(tunnel=tunnel).name == "New Name"
    assert tunnel.reason == ""


def test_joiners_get_lanes_and_leavers_are_led_out(tunnel, directory):
    resolve(tunnel, group="grp-mobile")
    directory.members.filter(object_id="id06").delete()
    GroupMember.objects.create(group=directory, object_id="id09")
    resolve(tunnel)
    assert named(tunnel) == ids(1, 2, 3, 4, 5, 9)
    gone = Lane.objects.get(mailbox="id06")
    assert (gone.state, gone.is_leaving) == (Lane.State.LEAVING, True)


def test_who_comes_back_gets_the_same_lane(tunnel, directory):
    resolve(tunnel, group="grp-mobile")
    lane = Lane.objects.get(mailbox="id06")
    Lane.objects.filter(pk=lane.pk).update(gone_at=clock.now(), state="gone", cursor=7)
    resolve(tunnel)
    back = Lane.objects.get(mailbox="id06")
    assert (back.pk, back.cursor, back.resync, back.gone_at) == (lane.pk, 0, True, None)


def unreadable(group):
    Group.objects.filter(pk=group.pk).update(reason="It shows nobody.")


def vanished(group):
    Group.objects.filter(pk=group.pk).update(gone=True)


def unread(group):
    Group.objects.filter(pk=group.pk).update(members_read_at=None)
    group.members.all().delete()


def deleted(group):
    group.delete()


@pytest.mark.parametrize("harm", [unreadable, vanished, unread, deleted])
def test_a_group_that_cannot_be_believed_is_never_nobody(tunnel, directory, harm):
    resolve(tunnel, group="grp-mobile")
    with_copies(tunnel)
    harm(directory)
    resolve(tunnel)
    assert named(tunnel) == ids(1, 2, 3, 4, 5, 6)
    assert leaving(tunnel) == 0
    assert tunnel.reason
    assert Problem.objects.open().exists() == (harm is not unread)


def test_an_unread_directory_is_never_nobody(tunnel):
    resolve(tunnel, group="grp-mobile")
    DirectoryState.objects.update(refreshed_at=None)
    resolve(tunnel)
    assert leaving(tunnel) == 0
    assert tunnel.reason == "directory not read yet"


def test_an_address_that_is_not_found_is_told_and_the_others_go_on(tunnel):
    resolve(tunnel, mailboxes=["u03@northwind.example", "nobody@northwind.example"])
    assert named(tunnel) == ["id03"]
    assert tunnel.reason == "mailbox not found"
    resolve(tunnel, mailboxes=["u03@northwind.example"])
    assert tunnel.reason == ""
    assert not Problem.objects.open().exists()


def test_many_leavers_at_once_are_held_until_a_person_lets_them_go(tunnel, directory, owner, as_principal):
    resolve(tunnel, group="grp-mobile")
    with_copies(tunnel)
    directory.members.filter(object_id__in=ids(1, 2, 3, 4)).delete()
    resolve(tunnel)
    assert leaving(tunnel) == 0
    held = Lane.objects.filter(leave_held=True)
    assert held.count() == 4
    assert {lane.state for lane in held} == {Lane.State.HELD}
    assert "4 of 6 mailboxes would leave" in held[0].message
    assert release(as_principal(owner), tunnel) == 4
    assert leaving(tunnel) == 4


def test_leavers_in_small_slices_are_counted_over_a_day(tunnel, directory):
    resolve(tunnel, group="grp-mobile")
    with_copies(tunnel)
    for number in (1, 2, 3):
        directory.members.filter(object_id=f"id{number:02}").delete()
        resolve(tunnel)
    assert leaving(tunnel) == 3
    directory.members.filter(object_id="id04").delete()
    resolve(tunnel)
    assert leaving(tunnel) == 3
    assert Lane.objects.get(mailbox="id04").leave_held


def test_held_leavers_who_are_named_again_stay_after_all(tunnel, directory):
    resolve(tunnel, group="grp-mobile")
    with_copies(tunnel)
    directory.members.filter(object_id__in=ids(1, 2, 3, 4)).delete()
    resolve(tunnel)
    for one in ids(1, 2, 3, 4):
        GroupMember.objects.create(group=directory, object_id=one)
    resolve(tunnel)
    lanes = Lane.objects.filter(mailbox__in=ids(1, 2, 3, 4))
    assert {(lane.state, lane.leave_held, lane.resync) for lane in lanes} == {("behind", False, True)}


def test_a_lane_that_nobody_approved_is_gone_at_once(tenant, directory):
    tunnel = make_tunnel(tenant, state="draft", approved=0)
    resolve(tunnel, group="grp-mobile")
    assert set(Lane.objects.values_list("state", flat=True)) == {"waiting"}
    directory.members.filter(object_id="id06").delete()
    resolve(tunnel)
    assert Lane.objects.get(mailbox="id06").state == Lane.State.GONE


def test_a_folder_has_one_writer_and_the_second_is_told(tunnel, tenant):
    resolve(tunnel, group="grp-mobile")
    second = make_tunnel(tenant, "second", folder=tunnel.folder)
    resolve(second, all_users=True)
    assert named(second) == ids(*range(7, 13))
    assert second.reason == "folder has another writer"


def test_who_lost_the_mailbox_keeps_the_lane_and_strangers_without_one_get_none(tunnel):
    resolve(tunnel, all_users=True)
    DirectoryEntry.objects.filter(object_id="id03").update(mailbox="none")
    DirectoryEntry.objects.create(
        tenant=tunnel.members.first().tenant, object_id="svc", kind="user", mailbox="none"
    )
    resolve(tunnel)
    assert "id03" in named(tunnel)
    assert "svc" not in named(tunnel)


def test_lanes_of_another_tunnel_are_not_touched(tunnel, tenant):
    other = make_tunnel(tenant, "other", folder="Other")
    lane = make_lane(other, "stranger")
    resolve(tunnel, group="grp-mobile")
    lane.refresh_from_db()
    assert not lane.is_leaving
