"""Which addresses a user-given URL may lead to: none of a private network, save named exceptions.

Source: https://owasp.org/www-community/attacks/Server_Side_Request_Forgery
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


class PrivateAddress(Exception):
    """A URL leads to a private network; the text names the host, never the path or its secrets."""


@dataclass(frozen=True, slots=True)
class Fence:
    """Keeps user-given URLs out of private networks.

    `exceptions` are host:port pairs that may be called all the same (`CULVERT_PRIVATE_HOSTS`).
    """

    exceptions: frozenset[str] = frozenset()

    def host_of(self, url: str) -> tuple[str, int]:
        """Host and port of a URL that may be asked for. Raises PrivateAddress for any other scheme."""
        split = urlsplit(url)
        port = DEFAULT_PORTS.get(split.scheme)
        if port is None or not split.hostname:
            raise PrivateAddress("Only http and https addresses with a host can be read.")
        return split.hostname, split.port or port

    def admits(self, host: str, port: int) -> bool:
        """Whether this host and port are a named exception."""
        return f"{host}:{port}".lower() in self.exceptions

    def check(self, host: str, port: int, addresses: Iterable[str]) -> None:
        """Refuse a host when any address that it resolves to is not public. Raises PrivateAddress."""
        if self.admits(host, port):
            return
        for address in addresses:
            if not is_public(address):
                raise PrivateAddress(f"{host} leads to an address of a private network.")


def fence(private_hosts: str = "") -> Fence:
    """The fence for a comma separated list of host:port exceptions."""
    return Fence(frozenset(one.strip().lower() for one in private_hosts.split(",") if one.strip()))


def is_public(address: str) -> bool:
    """Whether an IP address (a zone index is ignored) belongs to the public internet."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or _translated(ip)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def _translated(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address behind a NAT64 address, or None."""
    if ip in ipaddress.ip_network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return None
