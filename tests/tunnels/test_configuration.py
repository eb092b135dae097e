"""Configuration files: brought about whole, once; or refused with the line and the reason."""

from __future__ import annotations

from dataclasses import fields
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from partners.models import AuditEntry, Member, Partner
from syncengine.shaping.policy import ContactPolicy, EventPolicy
from tenants.models import Connection, Tenant
from tunnels.models import Policy, Tunnel, TunnelMember

pytestmark = pytest.mark.django_db

FILE = """\
partner:
  name: Larch
  requires_second_factor: false
  members:
    - email: Owner@larch.example
      name: Lena Larch
      role: owner
      password: env:OWNER_PASSWORD
tenants:
  northwind:
    name: Northwind
    microsoft_id: 0a000000-0000-4000-8000-000000000001
    domain: northwind.example
    zone: America/New_York
    connection:
      client_id: 7c1f4f0e-3d52-4b5c-9a51-0f6d8f2b9a10
      secret: env:NORTHWIND_SECRET
  rheinwerk:
    microsoft_id: 0b000000-0000-4000-8000-000000000002
tunnels:
  on-call:
    name: On-call duty
    kind: events
    sources:
      - tenant: northwind
        mailbox: oncall@northwind.example
    targets:
      - tenant: northwind
        group: grp-mobile
        exclude: [u02@northwind.example]
      - tenant: rheinwerk
        mailboxes: [u01@rheinwerk.example]
    folder: On-call
    policy:
      detail: title
      days_after: 90
    guards:
      copies: 25
    schedule_s: 300
  people:
    kind: contacts
    sources:
      - tenant: northwind
        address_list: true
    targets:
      - tenant: northwind
        all_users: true
    folder: Colleagues
"""


@pytest.fixture(autouse=True)
def secrets_at_hand(monkeypatch):
    monkeypatch.setenv("OWNER_PASSWORD", "correct horse battery staple")
    monkeypatch.setenv("NORTHWIND_SECRET", "a-secret")


@pytest.fixture
def apply(tmp_path):
    def run(text=FILE):
        path, said = tmp_path / "culvert.yaml", StringIO()
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        call_command("apply", str(path), stdout=said)
        return said.getvalue().splitlines()

    return run


def test_a_file_brings_about_all_that_it_names(apply):
    said = apply()
    partner = Partner.objects.get(name="Larch")
    member = Member.objects.get(partner=partner)
    assert (member.user.email, member.role) == ("owner@larch.example", "owner")
    assert member.user.check_password("correct horse battery staple")
    northwind = Tenant.objects.get(slug="northwind")
    assert northwind.zone == "America/New_York"
    assert Connection.objects.get(tenant=northwind).secret == "a-secret"
    tunnel = Tunnel.objects.get(slug="on-call")
    assert (tunnel.name, tunnel.state, tunnel.folder, tunnel.schedule_s) == (
        "On-call duty",
        "draft",
        "On-call",
        300,
    )
    assert Policy.objects.get(tunnel=tunnel).content["days_after"] == 90
    members = [(one.gives, one.tenant.slug) for one in tunnel.members.select_related("tenant")]
    assert members == [(True, "northwind"), (False, "northwind"), (False, "rheinwerk")]
    assert any("tunnel on-call: added" in line for line in said)


def test_a_second_time_nothing_changes(apply):
    apply()
    before = AuditEntry.objects.count()
    assert apply() == ["Nothing to change."]
    assert AuditEntry.objects.count() == before


def test_only_what_differs_is_changed_and_said(apply):
    apply()
    said = apply(
        FILE.replace("detail: title", "detail: busy").replace("name: Northwind", "name: Northwind Ltd")
    )
    assert said == ["tenant northwind: changed name", "tunnel on-call: changed policy"]
    tunnel = Tunnel.objects.get(slug="on-call")
    assert (tunnel.definition, [one.version for one in tunnel.policies.all()]) == (2, [2, 1])


def test_another_target_keeps_the_unchanged_members(apply):
    apply()
    source = TunnelMember.objects.get(tunnel__slug="on-call", gives=True).pk
    said = apply(FILE.replace("group: grp-mobile", "group: grp-field"))
    assert said == ["tunnel on-call: changed sources or targets"]
    assert TunnelMember.objects.get(tunnel__slug="on-call", gives=True).pk == source


def test_a_new_name_or_schedule_needs_no_approval(apply):
    apply()
    assert apply(FILE.replace("schedule_s: 300", "schedule_s: 60")) == ["tunnel on-call: changed schedule"]
    assert Tunnel.objects.get(slug="on-call").definition == 1


def test_what_a_file_does_not_name_stays(apply):
    apply()
    apply(FILE[: FILE.index("  people:")])
    assert Tunnel.objects.count() == 2


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("role: owner", "role: emperor", 7, "role is one of"),
        ("secret: env:NORTHWIND_SECRET", "secret: hunter2", 17, "a file holds no secret"),
        ("secret: env:NORTHWIND_SECRET", "secret: env:NOT_THERE", 17, "no NOT_THERE"),
        ("zone: America/New_York", "zone: Mars/Olympus", 14, "not a time zone"),
        ("kind: contacts", "kind: pigeons", 41, "events or contacts"),
        ("detail: title", "detail: gossip", 35, '"title"'),
        ("days_after: 90", "days_aftr: 90", 36, "days_after"),
        ("copies: 25", "copies: many", 38, "whole number"),
        ("group: grp-mobile", "grupe: grp-mobile", 29, "grupe"),
        ("      - tenant: rheinwerk", "      - tenant: nowhere", 31, "no tenant 'nowhere'"),
        ("address_list: true", "mailbox: u01@northwind.example", 43, "an address list as its source"),
        ("    folder: Colleagues", "    folder: Colleagues\n    folder: Other", 49, "stands here twice"),
        ("  people:\n", "  people: [\n", 42, "not YAML"),
        ("microsoft_id: 0b000000", "microsoft_id: zz000000", 19, "not an id"),
        ("schedule_s: 300", "schedule_s: 1", 39, "at least 10 seconds"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line_before_anything_changes(apply, old, new, line, reason):
    assert old in FILE
    with pytest.raises(CommandError) as refused:
        apply(FILE.replace(old, new, 1))
    assert f"line {line}:" in str(refused.value), str(refused.value)
    assert reason in str(refused.value)
    assert "Nothing was changed" in str(refused.value)
    assert not Partner.objects.filter(name="Larch").exists()
    assert not Tunnel.objects.exists()


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("name: Northwind", "name: !!python/object:os.system {}", 11, "Tags"),
        ("name: Northwind", "name: !!python/name:os.system", 11, "Tags"),
        ("schedule_s: 300", "schedule_s: !!int abc", 39, "Tags"),
        ("schedule_s: 300", "schedule_s: !!bool abc", 39, "Tags"),
        ("name: Northwind", "name: 2026-13-45", 11, "'2026-13-45' looks like a date"),
        ("name: Northwind", "name: =", 11, "'='"),
        ("schedule_s: 300", f"schedule_s: {'9' * 5000}", 39, "looks like a date or a number"),
        ("days_after: 90", f"days_after: {'1:' * 300}1.0", 36, "looks like a date or a number"),
        ("exclude: [u02@northwind.example]", "exclude: &m [*m]", 30, "Aliases such as *m"),
        ("name: Northwind", f"name: {'[' * 3000}{']' * 3000}", 11, "deeper than 20"),
        ("name: Northwind", f"name: {'[' * 900_000}", 11, "deeper than 20"),
        ("name: Northwind", "name: North\0wind", 11, "U+0000"),
        ("name: Northwind", r'name: "North\0wind"', 11, "cannot be stored"),
        ("name: Northwind", r'name: "North\ud800wind"', 11, "cannot be stored"),
        ("    name: Northwind", r'    "na\0me": Northwind', 11, "cannot be stored"),
        ("name: Northwind", r'name: "\UFFFFFFFF"', 11, "out of range"),
        ("name: Northwind", r'name: "\U00110000"', 11, "out of range"),
    ],
)
def test_a_trick_is_refused_with_its_line_before_anything_changes(apply, old, new, line, reason):
    refuses(apply, FILE.replace(old, new, 1), line, reason)


def test_a_file_in_another_encoding_is_refused_with_its_line(apply):
    refuses(apply, FILE.replace("Northwind", "Nordwind Süd", 1).encode("latin-1"), 11, "not UTF-8")
    refuses(apply, FILE.encode("utf-16"), 1, "not UTF-8")


def test_a_file_that_is_too_large_is_refused(apply):
    refuses(apply, FILE + "#" * 1_000_000, 1, "larger than 1,000,000 bytes")


def refuses(apply, text, line, reason):
    assert text != FILE
    with pytest.raises(CommandError) as refused:
        apply(text)
    assert f"line {line}:" in str(refused.value), str(refused.value)
    assert reason in str(refused.value)
    assert "Nothing was changed" in str(refused.value)
    assert not Partner.objects.filter(name="Larch").exists()


def test_a_second_tunnel_into_the_same_folder_is_refused_naming_the_first(apply):
    second = FILE[FILE.index("  on-call:") : FILE.index("  people:")].replace("  on-call:", "  duty:", 1)
    with pytest.raises(CommandError, match="On-call duty writes that folder"):
        apply(FILE + second.replace("name: On-call duty", "name: Duty"))


def test_somebody_elses_address_is_refused(apply, outsider):
    with pytest.raises(CommandError, match="belongs to somebody else"):
        apply(FILE.replace("Owner@larch.example", outsider.user.email))


def test_a_microsoft_tenant_of_another_partner_is_refused(apply, make_tenant, other_partner):
    make_tenant("taken", partner=other_partner, microsoft_id="0a000000-0000-4000-8000-000000000001")
    with pytest.raises(CommandError, match="line 12:"):
        apply()
    assert not Partner.objects.filter(name="Larch").exists()


def test_the_example_of_the_documentation_can_be_applied(apply, monkeypatch):
    text = (settings.BASE_DIR / "docs" / "configuration.md").read_text()
    example = text.split("```yaml\n")[1].split("```")[0]
    monkeypatch.setenv("LENA_PASSWORD", "correct horse battery staple")
    assert "tunnel on-call: added; it writes after its plan is approved" in apply(example)


def test_the_documentation_names_the_defaults_of_policies():
    text = (settings.BASE_DIR / "docs" / "configuration.md").read_text()
    for policy in (EventPolicy(), ContactPolicy()):
        for field in fields(policy):
            assert f"`{field.name}`" in text, field.name
    assert f"| `detail` | `{EventPolicy().detail}` |" in text
    assert f"| `show_as` | `{', '.join(EventPolicy().show_as)}` |" in text
    assert f"| `kinds` | `{', '.join(ContactPolicy().kinds)}` |" in text
