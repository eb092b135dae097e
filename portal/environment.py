"""What the environment says, read once and with every fault named in a sentence.

Only `portal/settings.py` uses this. All faults are collected, so that somebody who sets up a
server reads one list instead of restarting ten times.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

SECRET_KEY_LENGTH = 50


class Environment:
    """The variables of this process, and the faults found in them so far."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.faults: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        """The variable as it stands, without surrounding space."""
        return self._variables.get(name, "").strip() or default

    def words(self, name: str, default: str = "") -> list[str]:
        """A comma-separated list, without its empty members."""
        return [word.strip() for word in self.text(name, default).split(",") if word.strip()]

    def yes(self, name: str) -> bool:
        """Whether the variable says 1, true or yes; empty and 0, false, no say no."""
        word = self.text(name, "0").lower()
        if word not in {"0", "1", "true", "false", "yes", "no"}:
            self.faults.append(f"{name} must be 1 or 0, not {word!r}.")
        return word in {"1", "true", "yes"}

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        """A whole number between `least` and `most`."""
        word = self.text(name, str(default))
        if not word.isdecimal() or not least <= int(word) <= most:
            self.faults.append(f"{name} must be a whole number from {least} to {most}.")
            return default
        return int(word)

    def url(self, name: str, default: str, *, schemes: tuple[str, ...] = ("https",)) -> str:
        """An address with a host and one of `schemes`, without a trailing slash."""
        word = self.text(name, default)
        if word and (urlsplit(word).scheme not in schemes or not urlsplit(word).netloc):
            self.faults.append(f"{name} must be an address that starts with {schemes[0]}://.")
        return word.rstrip("/")

    def file(self, name: str) -> str:
        """The path of a file that exists, or the empty string when none is named."""
        word = self.text(name)
        if word and not Path(word).is_file():
            self.faults.append(f"{name} names a file that does not exist.")
        return word

    def host_ports(self, name: str) -> frozenset[str]:
        """A list of host:port pairs."""
        pairs = self.words(name)
        for pair in pairs:
            host, _, port = pair.rpartition(":")
            if not host or not port.isdecimal():
                self.faults.append(f"{name} must list host:port pairs.")
                break
        return frozenset(pair.lower() for pair in pairs)

    def database_url(self, *, needed: bool) -> str:
        """DATABASE_URL, when it is one that psycopg understands; empty means embedded."""
        word = self.text("DATABASE_URL")
        if not word and needed:
            self.faults.append("DATABASE_URL is missing: production needs its own PostgreSQL.")
        if word and not _is_postgres_url(word):
            self.faults.append("DATABASE_URL must be a postgresql:// address with a database.")
            return ""
        return word

    def check(self) -> None:
        """Stop the start when anything was wrong, with one sentence per fault."""
        if self.faults:
            lines = "\n".join(f"  - {fault}" for fault in self.faults)
            raise ImproperlyConfigured(f"The environment is not right:\n{lines}")


def _is_postgres_url(word: str) -> bool:
    if not word.startswith(("postgresql://", "postgres://")):
        return False
    try:
        return bool(conninfo_to_dict(word).get("dbname"))
    except ProgrammingError:
        return False


def read_keys(environment: Environment, var: Path, *, production: bool) -> tuple[str, list[str]]:
    """The key that signs, and the keys of encrypted fields (the first one writes).

    Production must name both. Elsewhere they are made once and kept in `var`, so that the
    second start of a demo can read what the first one wrote.
    """
    kept = {} if production else _kept_keys(var / "keys.json")
    signing = environment.text("CULVERT_SECRET_KEY") or kept.get("signing", "")
    fields = environment.words("CULVERT_FIELD_KEYS") or [key for key in [kept.get("fields", "")] if key]
    if len(signing) < SECRET_KEY_LENGTH:
        environment.faults.append(
            f"CULVERT_SECRET_KEY must be at least {SECRET_KEY_LENGTH} random characters."
        )
    if not fields or not all(_is_field_key(key) for key in fields):
        environment.faults.append(
            "CULVERT_FIELD_KEYS must list Fernet keys (32 random bytes in URL-safe base64)."
        )
    return signing, fields


def _is_field_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True


def _kept_keys(path: Path) -> dict[str, str]:
    """The keys of this machine's own installation; made, readable by us alone, when absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = {"signing": secrets.token_urlsafe(48), "fields": Fernet.generate_key().decode()}
    draft = path.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(fresh))
    try:
        # A link fails when the name is taken: of two first starts at once, one wins.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    kept: dict[str, str] = json.loads(path.read_text())
    return kept
