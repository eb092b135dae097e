"""How people come in: allauth with our rules.

Nobody signs up: an owner makes a member. Secrets of second factors are sealed at rest. Coming,
going and failing to come in are security events of the audit trail.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from partners import audit, selectors
from partners.models import Member, User
from partners.principals import Principal

# What allauth hands to the adapter before it stores it: TOTP's key, the seed of recovery codes.
SEALED_IN_A_FACTOR = {"secret", "seed"}


class MembersOnly(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Password sign-in for those who are members already."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Never: an unknown person creates nothing."""
        return False

    def login(self, request: HttpRequest, user: User) -> None:
        """Open the session and say so in the audit trail."""
        super().login(request, user)
        _note(user, "session.opened")

    def logout(self, request: HttpRequest) -> None:
        """Close the session and say so in the audit trail."""
        if isinstance(request.user, User):
            _note(request.user, "session.closed")
        super().logout(request)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:  # noqa: ARG002
        """A known person's failed attempt goes to that person's partner."""
        address = str(credentials.get("email", "")).strip().lower()
        user = User.objects.filter(email=address).first()
        if user:
            _note(user, "session.refused")

    def set_password(self, user: User, password: str) -> None:
        """Change the password and say so in the audit trail."""
        super().set_password(user, password)
        _note(user, "password.changed")


class SealedFactors(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors, whose secrets lie encrypted in the database."""

    def encrypt(self, text: str) -> str:
        """Seal with the first key."""
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open with whichever key fits."""
        return _box().decrypt(encrypted_text.encode()).decode()


def note_factor_added(user: User, authenticator: Any, **_: object) -> None:
    """A second factor was set up (a signal of allauth: it has no other seam for this)."""
    _note(user, "second_factor.added", kind=str(authenticator.type))


def note_factor_removed(user: User, authenticator: Any, **_: object) -> None:
    """A second factor was taken away."""
    _note(user, "second_factor.removed", kind=str(authenticator.type))


def rotate_factors() -> int:
    """Bring the secrets of all second factors under the first key, and say how many there are."""
    ids = list(Authenticator.objects.values_list("pk", flat=True))
    for pk in ids:
        with transaction.atomic():
            factor = Authenticator.objects.select_for_update().get(pk=pk)
            for name in SEALED_IN_A_FACTOR & factor.data.keys():
                factor.data[name] = _box().rotate(factor.data[name].encode()).decode()
            factor.save(update_fields=["data"])
    return len(ids)


def _box() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.CULVERT_FIELD_KEYS])


def _note(user: User, verb: str, **after: str) -> None:
    """Write a security event of `user`, unless the user belongs to nobody."""
    member = Member.objects.filter(user=user).select_related("partner", "user").first()
    if member:
        who: Principal = selectors.principal_of(member)
        audit.record(who, verb, member, after=after, is_security=True)
