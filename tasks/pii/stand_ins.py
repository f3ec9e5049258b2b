"""Stand-ins for personal data: the same value gets the same one wherever it stands, and none can be somebody's.

A stand-in is drawn from HMAC-SHA256 (RFC 2104) of the value under a secret key, so that nobody without the key can try
values until one fits. It comes from space that was set aside for examples: example.com (RFC 2606), the documentation
networks (RFC 5737, RFC 3849) and telephone numbers 555-0100 to 555-0199 (NANPA); or it fails its check digits.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import string
from functools import lru_cache

from tasks.errors import RefitError
from tasks.pii.kinds import EXAMPLE, Kind, find_personal_data
from tasks.pii.national_ids import could_be_a_national_id
from tasks.pii.secret_tokens import PREFIX
from tasks.pii.spans import digits_of

_RESERVED_MAIL = re.compile(r"@(?:[\w-]+\.)*(?:example\.(?:com|org|net)|example|test|invalid)$", re.IGNORECASE)
_RESERVED_PHONE = re.compile(r"1?[2-9][0-9]{2}55501[0-9]{2}")
_RESERVED_NETWORKS = tuple(
    map(ipaddress.ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"))
)
_ATTEMPTS, _ATTEMPTS_IN_SHAPE = 1000, 20


class StandIns:
    """A replacement for `tasks.pii.masking.mask`, fixed by one key (bytes, kept by the caller alone)."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._cached = lru_cache(maxsize=100_000)(self._drawn)

    def __call__(self, kind: Kind, value: str) -> str:
        """The stand-in for a value; the value itself where it lies in space that is nobody's."""
        return value if is_nobodys(kind, value) else self._cached(kind, value)

    def _drawn(self, kind: Kind, value: str) -> str:
        for attempt in range(_ATTEMPTS):
            drawn = _DRAWERS[kind](_Draw(self._key, kind, _canonical(kind, value), attempt), value)
            if drawn != value and _is_harmless(kind, drawn):
                return drawn
        raise RefitError(f"no stand-in was found for a value of the kind {kind} in {_ATTEMPTS} attempts")


def is_nobodys(kind: Kind, value: str) -> bool:
    """Whether a value lies in space that was set aside for examples, as the stand-ins do."""
    if kind == "email":
        return _RESERVED_MAIL.search(value) is not None
    if kind == "phone":
        return _RESERVED_PHONE.fullmatch(digits_of(value)) is not None
    if kind == "ip":
        address = ipaddress.ip_address(value)
        return any(address in network for network in _RESERVED_NETWORKS if network.version == address.version)
    return False


class _Draw:
    """Characters drawn in turn from what HMAC-SHA256 gives for a value."""

    def __init__(self, key: bytes, kind: str, canonical: str, attempt: int) -> None:
        seed = hmac.new(key, f"{kind}\0{attempt}\0{canonical}".encode("utf-8", "surrogatepass"), hashlib.sha256)
        self.attempt = attempt
        # 32 bytes are too few for a long value; SHAKE-256 stretches them.
        self._bytes = hashlib.shake_256(seed.digest()).digest(2 * len(canonical) + 64)
        self._place = 0

    def one_of(self, alphabet: str) -> str:
        self._place += 1
        return alphabet[self._bytes[self._place % len(self._bytes)] % len(alphabet)]

    def like(self, shape: str) -> str:
        """A digit for each digit, a letter for each letter, in its case; every other character as it is."""
        return "".join(map(self._like_one, shape))

    def _like_one(self, character: str) -> str:
        if character.isdigit():
            return self.one_of("123456789")
        if character.isalpha():
            return self.one_of(string.ascii_uppercase if character.isupper() else string.ascii_lowercase)
        return character


def _canonical(kind: Kind, value: str) -> str:
    """What two ways of writing one value have in common."""
    if kind in ("secret", "ip"):
        return value
    return value.lower() if kind == "email" else re.sub(r"[\W_]", "", value).upper()


def _is_harmless(kind: Kind, drawn: str) -> bool:
    if kind in ("national_id", "iban", "card") and could_be_a_national_id(drawn):
        return False
    return all(is_nobodys(found.kind, drawn[found.start : found.end]) for found in find_personal_data(drawn))


def _email(draw: _Draw, value: str) -> str:
    name = re.split(r"@|\s?[\[({ ]\s?at\b", value, maxsplit=1, flags=re.IGNORECASE)[0]
    return f"{draw.like(name)}@example.{('com', 'org', 'net')[int(draw.one_of('012'))]}"


def _phone(draw: _Draw, value: str) -> str:
    area = draw.one_of("234567") + draw.one_of("02345678") + draw.one_of("023456789")
    line = "01" + draw.one_of(string.digits) + draw.one_of(string.digits)
    gaps = [sign for sign in value if sign in " .-\u00a0"]
    gap = gaps[0] if gaps else ("-" if value.isdigit() else "")
    if value.startswith("("):
        return f"({area}) 555-{line}"
    return gap.join((("+1",) if value.startswith("+") else ()) + (area, "555", line))


def _ip(draw: _Draw, value: str) -> str:
    if ":" in value:
        return f"2001:db8::{':'.join(''.join(draw.one_of('123456789abcdef') for _ in range(4)) for _ in range(4))}"
    host = int("".join(draw.one_of(string.digits) for _ in range(4))) % 254 + 1
    return f"{('192.0.2', '198.51.100', '203.0.113')[int(draw.one_of('012'))]}.{host}"


def _iban(draw: _Draw, value: str) -> str:
    # Check digits run from 02 to 98 (ISO 7064), so 00 is no IBAN's.
    return value[:2] + "00" + draw.like(value[4:])


def _numbers(draw: _Draw, value: str) -> str:
    return draw.like(value)


def _secret(draw: _Draw, value: str) -> str:
    if value.startswith("-----BEGIN"):
        return f"-----BEGIN PRIVATE KEY----- {EXAMPLE} -----END PRIVATE KEY-----"
    if value.isdigit():
        return "0" * len(value)
    known = PREFIX.match(value)
    prefix = known[0] if known else ""
    # Signs are kept as long as no e-mail address or the like comes of them.
    signs = r"\s" if draw.attempt < _ATTEMPTS_IN_SHAPE else r"[\W_]"
    body = re.sub(signs, "x", value[len(prefix) :])
    return prefix + draw.like(body[: max(6, len(body) - len(EXAMPLE))]) + EXAMPLE


_DRAWERS = {
    "email": _email,
    "phone": _phone,
    "ip": _ip,
    "iban": _iban,
    "card": _numbers,
    "national_id": _numbers,
    "secret": _secret,
}
