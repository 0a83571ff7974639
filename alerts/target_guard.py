"""Where messages may go: addresses of the public internet, and what the operator allows besides.

Whoever may write rules could else have this process talk to services that trust their own network, such as the metadata
address of a cloud.
"""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from alerts.sending import Undelivered
from watchkeeper.errors import ConfigError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
"""Host and port to addresses. Raises :class:`OSError`."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def resolve(host: str, port: int) -> list[str]:
    """As the machine does."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


@dataclass(frozen=True, slots=True)
class TargetGuard:
    """``hosts`` (names, lower case) and ``networks`` are allowed whatever they are."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    resolve: Resolve = resolve

    @classmethod
    def allowing(cls, words: Sequence[str]) -> Self:
        """From names of hosts, addresses and networks. Raises :class:`ConfigError` for a network that is none."""
        hosts, networks = set[str](), []
        for word in words:
            try:
                networks.append(ipaddress.ip_network(word, strict=False))
            except ValueError:
                if "/" in word or not word:
                    raise ConfigError(f"{word[:60]!r} is no host and no network: write a name, or 10.0.0.0/8") from None
                hosts.add(word.lower())
        return cls(frozenset(hosts), tuple(networks))

    def address(self, host: str, port: int) -> str:
        """One address of ``host`` to connect to, and to no other: a second look could answer otherwise.

        Raises :class:`Undelivered` where it has none, or one that is not allowed.
        """
        try:
            found = self.resolve(host, port)
        except (OSError, UnicodeError):
            raise Undelivered(f"the name {host[:100]!r} does not resolve") from None
        if not found:
            raise Undelivered(f"the name {host[:100]!r} has no address")
        if host.lower() not in self.hosts:
            for one in found:
                self._check(host, one)
        return found[0]

    def _check(self, host: str, text: str) -> None:
        address = ipaddress.ip_address(text.partition("%")[0])
        if any(address in network for network in self.networks):
            return
        if not is_public(address):
            raise Undelivered(
                f"{host[:100]!r} is at {address}, which is no address of the public internet; where that is meant, add "
                "it to WATCHKEEPER_ALERT_PRIVATE_TARGETS"
            )


def is_public(address: Address) -> bool:
    """Global unicast, also of the IPv4 address that an IPv6 one carries."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved
