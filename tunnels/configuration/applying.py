"""Bringing about what a configuration file wants: only what differs, all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.core.exceptions import ValidationError
from django.db import transaction

from partners import services as partners_services
from partners.models import Member, Partner, User
from partners.principals import Principal
from tenants import services as tenants_services
from tenants.models import Tenant
from tunnels import defining
from tunnels.configuration.positions import Document, Path
from tunnels.configuration.wishes import EndWish, MemberWish, TenantWish, TunnelWish, Wishes
from tunnels.defining import Definition, End, Refused
from tunnels.models import Tunnel

ACTOR = "manage.py apply"


def apply(document: Document, wishes: Wishes, say: Callable[[str], None]) -> int:
    """Bring it about; returns how many things changed. Raises Wrong, and then nothing has.

    What the file does not name stays as it is: nobody is removed by leaving out a line.
    """
    said: list[str] = []
    with transaction.atomic():
        _Applying(document, wishes, said.append).all()
    for line in said:
        say(line)
    return len(said)


class _Applying:
    """One pass over the wishes. `say` is told of what changed."""

    def __init__(self, document: Document, wishes: Wishes, say: Callable[[str], None]) -> None:
        self._document, self._wishes, self._say = document, wishes, say
        self._tenants: dict[str, Tenant] = {}

    def all(self) -> None:
        """Partner, members, tenants, tunnels: each needs those before it."""
        principal = Principal.system(self._partner().pk, ACTOR)
        for member in self._wishes.members:
            self._at(member.path, partial(self._member, principal, member))
        for tenant in self._wishes.tenants:
            self._at(tenant.path, partial(self._tenant, principal, tenant))
        for tunnel in self._wishes.tunnels:
            self._at(tunnel.path, partial(self._tunnel, principal, tunnel))

    def _at(self, path: Path, deed: Callable[[], None]) -> None:
        """What a deed refuses is told with the line that asked for it."""
        try:
            deed()
        except Refused as fault:
            raise self._document.wrong(fault.messages[0], *path, *fault.path) from fault
        except ValidationError as fault:
            raise self._document.wrong(" ".join(fault.messages), *path, *_field_of(fault)) from fault

    def _partner(self) -> Partner:
        wanted = self._wishes
        partner = Partner.objects.filter(name=wanted.partner).first()
        if partner is None:
            partner = partners_services.create_partner(
                name=wanted.partner, requires_second_factor=wanted.requires_second_factor
            )
            self._say(f"partner {partner}: added")
        elif partner.requires_second_factor != wanted.requires_second_factor:
            principal = Principal.system(partner.pk, ACTOR)
            partners_services.change_second_factor(principal, requires=wanted.requires_second_factor)
            self._say(f"partner {partner}: changed second factor")
        return partner

    def _member(self, principal: Principal, wish: MemberWish) -> None:
        user = User.objects.filter(email=wish.email).first()
        member = Member.objects.filter(user=user, partner=principal.partner_id).first() if user else None
        if user is not None and member is None:
            raise Refused("This address belongs to somebody else already.", "email")
        if member is None:
            partners_services.create_member(
                principal,
                email=wish.email,
                name=wish.name,
                role=wish.role,
                password=wish.password,
                time_zone=wish.time_zone,
            )
            self._say(f"member {wish.email}: added as {wish.role}")
        elif member.role != wish.role:
            partners_services.change_role(principal, member_id=member.pk, role=wish.role)
            self._say(f"member {wish.email}: is {wish.role} now")

    def _tenant(self, principal: Principal, wish: TenantWish) -> None:
        tenant = Tenant.objects.filter(partner=principal.partner_id, slug=wish.slug).first()
        if tenant is None:
            tenant = tenants_services.add_tenant(
                principal, slug=wish.slug, microsoft_id=wish.microsoft_id, name=wish.name, **wish.fields
            )
            self._say(f"tenant {wish.slug}: added")
        else:
            if tenant.microsoft_id != wish.microsoft_id:
                raise Refused("A tenant's microsoft_id stays as it is; add another tenant.", "microsoft_id")
            changed = tenants_services.change_tenant(principal, tenant, name=wish.name, **wish.fields)
            if changed:
                self._say(f"tenant {wish.slug}: changed {', '.join(changed)}")
        self._tenants[wish.slug] = tenant
        self._connect(principal, tenant, wish)

    def _connect(self, principal: Principal, tenant: Tenant, wish: TenantWish) -> None:
        if wish.connection is None:
            return
        if tenants_services.connect(
            principal,
            tenant,
            client_id=wish.connection.client_id,
            secret=wish.connection.secret,
            credential=wish.connection.credential,
            certificate=wish.connection.certificate,
        ):
            self._say(f"tenant {wish.slug}: connection changed")

    def _tunnel(self, principal: Principal, wish: TunnelWish) -> None:
        definition = Definition(
            slug=wish.slug,
            name=wish.name,
            kind=wish.kind,
            ends=[End(self._tenant_of(principal, end), end.gives, end.spec) for end in wish.ends],
            policy=wish.policy,
            folder=wish.folder,
            guards=wish.guards,
            schedule_s=wish.schedule_s,
        )
        tunnel = Tunnel.objects.filter(partner=principal.partner_id, slug=wish.slug).first()
        if tunnel is None:
            defining.open_tunnel(principal, definition)
            self._say(f"tunnel {wish.slug}: added; it writes after its plan is approved")
            return
        changed = defining.change_tunnel(principal, tunnel, definition)
        if changed:
            self._say(f"tunnel {wish.slug}: changed {', '.join(changed)}")

    def _tenant_of(self, principal: Principal, end: EndWish) -> Tenant:
        known = self._tenants.get(end.tenant)
        tenant = known or Tenant.objects.filter(partner=principal.partner_id, slug=end.tenant).first()
        if tenant is None:
            raise self._document.wrong(
                f"There is no tenant {end.tenant!r}, neither in the file nor here.", *end.path, "tenant"
            )
        return tenant


def _field_of(fault: ValidationError) -> tuple[str, ...]:
    """The field that a model refused, as the file has it."""
    names = [name for name in getattr(fault, "error_dict", {}) if name != "__all__"]
    return (names[0],) if len(names) == 1 else ()
