"""E-mail addresses, also as people spell them out, and IP addresses that may be somebody's."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from tasks.pii.spans import Span, before

_DOMAIN = r"[^\W_](?:[\w-]{0,62}\.){1,8}[^\W\d_]{2,24}(?![\w-])"
AT_DOMAIN = re.compile(rf"@{_DOMAIN}")
_DOT = r"(?:\.|\s?[\[({]\s?dot\s?[\])}]\s?)"
AT_IN_BRACKETS = re.compile(
    rf"[\[({{]\s?at\s?[\])}}]\s?[^\W_](?:[\w-]{{0,62}}{_DOT}){{1,8}}[^\W\d_]{{2,24}}(?![\w-])", re.IGNORECASE
)
AT_IN_WORDS = re.compile(r" at [^\W_](?:[\w-]{0,62} dot ){1,4}[^\W\d_]{2,24}(?![\w-])", re.IGNORECASE)
_LONGEST_NAME_CHARACTERS = 64
_MAIL_WORD = re.compile(r"mail|contact|reach|write|address", re.IGNORECASE)
_USER_OF_URL = re.compile(r"://[^\s/@]*$")
_FILE_ENDINGS = (
    "png",
    "jpg",
    "jpeg",
    "gif",
    "svg",
    "webp",
    "ico",
    "css",
    "js",
    "json",
    "html",
    "htm",
    "xml",
    "pdf",
    "mp4",
)

IPV4 = re.compile(r"[0-9](?<![\w.][0-9])[0-9]{0,2}(?:\.[0-9]{1,3}){3}(?!\w|\.[0-9])")
IPV6 = re.compile(
    r"[0-9A-Fa-f:](?<![\w:.].)[0-9A-Fa-f]{0,3}:?(?:[0-9A-Fa-f]{0,4}:){1,7}"
    r"(?:(?:[0-9]{1,3}\.){3}[0-9]{1,3}|[0-9A-Fa-f]{0,4})(?![\w:])"
)
VERSION = re.compile(
    r"(?:version|firmware|release|build|update|section|chapter|clause|paragraph|article|§|\bv)[\s:]*$", re.IGNORECASE
)
_GIVEN_OUT_V6 = tuple(map(ipaddress.IPv6Network, ("2000::/3", "fc00::/7", "fe80::/10")))
"""Unicast space that hosts have addresses in; outside of it `ab::cd` is rather a name in a program."""


def find_emails(text: str) -> Iterator[Span]:
    """E-mail addresses: `a@b.example`, `a [at] b [dot] example`, and `a at b dot example` where mail is spoken of."""
    for match in AT_DOMAIN.finditer(text) if "@" in text else ():
        start = _name_begins(text, match.start())
        is_ssh_remote = text.startswith("git@", start) and text[match.end() : match.end() + 1] == ":"
        is_file = match[0].rpartition(".")[2].lower() in _FILE_ENDINGS
        if start < match.start() and not is_file and not is_ssh_remote and not _is_user_of_url(text, start):
            yield start, match.end()
    for match in AT_IN_BRACKETS.finditer(text):
        end = match.start() - text.endswith(" ", 0, match.start())
        start = _name_begins(text, end)
        if start < end:
            yield start, match.end()
    for match in AT_IN_WORDS.finditer(text) if " dot " in text else ():
        start = _name_begins(text, match.start())
        if start < match.start() and _MAIL_WORD.search(before(text, start)):
            yield start, match.end()


def _name_begins(text: str, end: int) -> int:
    """Where the name before an `@` begins; `end` itself where it is too long to be one, or empty."""
    start = end
    while start > 0 and (text[start - 1].isalnum() or text[start - 1] in "_.%+-"):
        start -= 1
        if end - start > _LONGEST_NAME_CHARACTERS:
            return end
    return start


def _is_user_of_url(text: str, start: int) -> bool:
    return _USER_OF_URL.search(before(text, start, 200)) is not None


def find_addresses(text: str) -> Iterator[Span]:
    """IP addresses, version 4 and 6, that are neither loopback, multicast or a netmask, nor a version number."""
    for match in IPV4.finditer(text):
        if _is_hosts(match[0]) and not VERSION.search(before(text, match.start())):
            yield match.span()
    if text.count(":") > 1:
        yield from (match.span() for match in IPV6.finditer(text) if _is_hosts(match[0]))


def _is_hosts(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        return any(parsed in network for network in _GIVEN_OUT_V6)
    return not (parsed.is_loopback or parsed.is_multicast or parsed.is_reserved or parsed.is_unspecified)
