"""Where events may be sent: to public addresses, each looked up once and then connected to."""

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from core.errors import TargetRefused
from core.outside import BoundNetwork

NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def check_url(url: str, *, allow_private: bool) -> None:
    """Return where events may be sent to a URL, as far as it can be told now.

    Raises:
        TargetRefused: saying what is wrong with it.
    """
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise TargetRefused(f"{url!r} is no URL: {error}") from error
    schemes = ("https", "http") if allow_private else ("https",)
    if parsed.scheme not in schemes or not parsed.host:
        raise TargetRefused(f"{url!r} is no URL that begins with {' or '.join(schemes)}")
    if parsed.userinfo:
        raise TargetRefused("a URL with a name and password would be shown to every reader")
    if parsed.fragment:
        raise TargetRefused(f"{url!r} has a fragment, which is never sent")
    if allow_private:
        return
    try:
        look_up(parsed.host, parsed.port or 443)
    except OSError:
        # Its name may not be known yet; every delivery looks again.
        return


def look_up(host: str, port: int) -> str:
    """Return the address to connect to.

    Raises:
        TargetRefused: one of its addresses is not public.
        OSError: the name is not known.
    """
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise TargetRefused(f"{host!r} is no name of a host: {error}") from error
    found = [str(entry[4][0]) for entry in entries]
    private = [address for address in found if not is_public(address)]
    if private:
        raise TargetRefused(f"{host} is at {private[0]}, which is no public address")
    return found[0]


def is_public(address: str) -> bool:
    """Tell whether an address is on the open internet, also behind one written inside another."""
    parsed: Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        parsed = _inner(parsed) or parsed
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that a translator would connect to for this one."""
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


class PublicNetwork(BoundNetwork):
    """Connects to public addresses alone, to exactly the one that was looked up.

    Were the name looked up once for the check and again to connect, its owner could answer
    differently the second time.
    """

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the host's address.

        Raises:
            TargetRefused: one of its addresses is not public.
        """
        try:
            address = look_up(host, port)
        except OSError as error:
            raise httpcore.ConnectError(f"{host}: {error}") from error
        return super().connect_tcp(address, port, timeout, local_address, socket_options)


def client(*, allow_private: bool) -> httpx.Client:
    """Return a client for sending events: no proxy, no redirects, no connection used twice."""
    made = httpx.Client(
        trust_env=False,
        # The one limit is `within`: that of the library would cut off who takes six seconds.
        timeout=None,  # noqa: S113 (see above)
        follow_redirects=False,
        limits=httpx.Limits(max_keepalive_connections=0),
    )
    inside: Any = made
    network = BoundNetwork() if allow_private else PublicNetwork()
    inside._transport._pool._network_backend = network  # noqa: SLF001 (as in core.outside)
    return made
