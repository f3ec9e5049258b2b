"""Texts with planted personal data whose places are known, and with numbers that only look like it.

The values come from Faker's providers and from the issuers' formats, not from the patterns that are measured with them.
"""

from __future__ import annotations

import base64
import random
import string
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Maker = Callable[[], str]
LOCALES = ("en_US", "en_GB", "de_DE", "es_ES", "it_IT", "nl_NL", "pl_PL", "pt_BR", "sv_SE", "fi_FI", "fr_FR")
PEER_LOOKS_FOR = frozenset({"email", "phone_us", "card", "login", "national_id_us"})
"""The planted kinds that scrubadub has a detector for, in the locale that it takes by default."""


@dataclass(frozen=True)
class Labelled:
    """A text, and the one thing planted in it."""

    text: str
    kind: str | None
    """None where nothing personal is in the text; a hard negative's name begins with `not_`."""
    start: int = 0
    end: int = 0

    @property
    def is_personal(self) -> bool:
        """Whether what was planted is personal data."""
        return self.kind is not None and not self.kind.startswith("not_")


def labelled_texts(count: int, personal_share: float, negative_share: float, seed: int = 0) -> list[Labelled]:
    """Texts of 200 characters or so: with personal data, with something that only looks like it, and plain ones."""
    makers = _Makers(seed)
    dice = random.Random(seed)
    made = {**makers.personal(), **makers.negatives()}
    kinds: list[str | None] = [*makers.personal(), *makers.negatives(), None]
    shares = ((personal_share, len(makers.personal())), (negative_share, len(makers.negatives())))
    weights = [share / count for share, count in shares for _ in range(count)]
    weights.append(1 - personal_share - negative_share)
    texts = []
    for kind in dice.choices(kinds, weights, k=count):
        before, after = makers.filler(), makers.filler()
        if kind is None:
            texts.append(Labelled(f"{before} {makers.filler()} {after}", None))
            continue
        carriers, make = made[kind]
        value = make()
        head, tail = dice.choice(carriers).split("{}")
        head, tail = head.replace("{{", "{"), tail.replace("}}", "}")
        start = len(before) + 1 + len(head)
        texts.append(Labelled(f"{before} {head}{value}{tail} {after}", kind, start, start + len(value)))
    return texts


class _Makers:
    def __init__(self, seed: int) -> None:
        from faker import Faker

        self._fakers: dict[str, Any] = {}
        for locale in LOCALES:
            self._fakers[locale] = Faker(locale)
            self._fakers[locale].seed_instance(seed)
        self._dice = random.Random(seed + 1)

    def filler(self) -> str:
        faker = self._fakers["en_US"]
        return " ".join(str(faker.sentence(nb_words=6)) for _ in range(2))

    def _letters(self, count: int, alphabet: str = string.ascii_letters + string.digits) -> str:
        return "".join(self._dice.choice(alphabet) for _ in range(count))

    def _digits(self, count: int) -> str:
        return self._letters(count, string.digits)

    def _grouped(self, digits: str) -> str:
        style = self._dice.randrange(3)
        return digits if style == 0 else (" ", "-")[style - 1].join(digits[i : i + 4] for i in range(0, len(digits), 4))

    def personal(self) -> dict[str, tuple[tuple[str, ...], Maker]]:
        """For each kind the sentences it stands in, and what makes a value."""
        us, gb, de = (self._fakers[locale] for locale in ("en_US", "en_GB", "de_DE"))
        ids = {
            "national_id_es": (("Mi DNI es {}.", "NIE/DNI: {}"), self._fakers["es_ES"].nif),
            "national_id_it": (("codice fiscale {}",), self._fakers["it_IT"].ssn),
            "national_id_nl": (("mijn BSN is {}",), self._fakers["nl_NL"].ssn),
            "national_id_pl": (("PESEL {}",), self._fakers["pl_PL"].pesel),
            "national_id_br": (("CPF {}",), self._fakers["pt_BR"].cpf),
            "national_id_se": (("Personnummer {}",), self._fakers["sv_SE"].ssn),
            "national_id_fi": (("henkilötunnus {}",), self._fakers["fi_FI"].ssn),
            "national_id_gb": (("My NI number is {}.",), self._nino),
            "national_id_us": (("My SSN is {}.", "social security number: {}"), us.ssn),
        }
        return {
            **ids,
            "email": (("Write to {}.", "my address is {}, thanks", "<{}>", "E-mail:{}"), self._email),
            "email_spelled_out": (("mail me: {}", "contact {} please"), self._email_spelled_out),
            "phone_us": (("Call {} today.", "my number is {}", "phone: {}"), self._phone_us),
            "phone_us_extension": (("Call {} today.", "fax {}"), us.phone_number),
            "phone_de": (("Telefon: {}", "Tel. {}"), de.phone_number),
            "phone_gb": (("Call {} today.", "my number is {}"), gb.cellphone_number),
            "phone_abroad": (("Call {} today.", "reach me on {}."), self._phone_abroad),
            "card": (("My card is {}.", "pay with {} please", "card no {}, exp 12/27"), self._card),
            "iban": (("IBAN {}", "Please refund to {}.", "account {}!"), self._iban),
            "ip": (("login from {}", "My IP address {} was blocked."), us.ipv4_public),
            "ip6": (("login from {}", "host {} does not answer"), self._ipv6),
            "login": (("username: admin password: {}",), self._password),
            "password": (("my password is {}", "password: {}", "PASSWORD={}", '"password": "{}"'), self._password),
            "token": (("I used {} and got 401", "token {}", "export KEY={}"), self._token),
            "random_secret": (
                ("client_secret={}", "my api key is {}", "aws secret access key: {}"),
                self._random_secret,
            ),
            "password_word": (("password: '{}'", '"pwd": "{}"', "--password={}"), lambda: str(us.word()).ljust(6, "x")),
            "key_in_code": (
                ("API_KEY = '{}'", 'headers = {{"x-api-key": "{}"}}', "token={}&page=2"),
                lambda: self._letters(32),
            ),
            "jwt": (("Authorization: Bearer {}", "it sends {}"), self._jwt),
            "url_password": (("postgres://{}@db.internal:5432/app",), lambda: f"{de.user_name()}:{self._password()}"),
            "pin": (("my PIN is {}", "CVV {}"), lambda: f"{self._dice.randrange(1000, 9999)}"),
        }

    def negatives(self) -> dict[str, tuple[tuple[str, ...], Maker]]:
        """What looks like personal data and is none."""
        us = self._fakers["en_US"]
        return {
            "not_uuid": (("request {}", "id: {}"), lambda: str(uuid.UUID(int=self._dice.getrandbits(128), version=4))),
            "not_git_hash": (("commit {}", "fixed in {}"), lambda: self._letters(40, "0123456789abcdef")),
            "not_order": (
                ("order number {}", "Order #{}", "invoice no. {}"),
                lambda: self._digits(self._dice.choice((9, 10, 12))),
            ),
            "not_tracking": (("tracking number {}", "parcel {}"), lambda: "1Z" + self._letters(16, string.digits)),
            "not_order_grouped": (("Order {}",), lambda: f"{self._digits(3)}-{self._digits(7)}-{self._digits(7)}"),
            "not_image": (("data:image/png;base64,{}",), lambda: base64.b64encode(self._dice.randbytes(45)).decode()),
            "not_colour": (("colour #{}", "background: #{};"), lambda: self._letters(6, "0123456789abcdef")),
            "not_version": (("version {}", "v{}"), lambda: ".".join(str(self._dice.randrange(30)) for _ in range(4))),
            "not_isbn": (("ISBN {}",), self._fakers["en_US"].isbn13),
            "not_date": (("on {}", "since {}"), lambda: str(self._fakers["en_US"].date())),
            "not_time": (("at {}",), lambda: f"{self._fakers['en_US'].date()} {self._fakers['en_US'].time()}"),
            "not_price": (
                ("it costs {}",),
                lambda: f"{self._dice.randrange(1, 999)},{self._digits(3)}.{self._digits(2)} USD",
            ),
            "not_account_of_card": (("ref {}",), lambda: f"1234 {self._digits(4)} {self._digits(4)} {self._digits(4)}"),
            "not_mac": (("device {}",), self._fakers["en_US"].mac_address),
            "not_about_passwords": (
                ("Your {}",),
                lambda: self._dice.choice(("password is not working", "password: required")),
            ),
            "not_code": (
                ("use {}",),
                lambda: self._dice.choice(("password=get_password()", "token = os.environ.get(name)")),
            ),
            "not_retina_image": (("see logo{}",), lambda: "@2x.png"),
            "not_unix_time": (("at {}", "created {}"), lambda: f"17{self._digits(8)}"),
            "not_coordinates": (
                ("near {}",),
                lambda: f"{self._dice.uniform(-90, 90):.6f}, {self._dice.uniform(-90, 90):.7f}",
            ),
            "not_pod": (
                ("pod {} restarted",),
                lambda: f"api-{self._letters(10, 'bcdf456789')}-{self._letters(5, 'bcdf2456')}",
            ),
            "not_long_number": (("{} rows", "checksum {}", "in {} ns"), lambda: f"9{self._digits(15)}"),
            "not_name_of_key": (("set the key {}", "the token {} is"), lambda: "_".join(us.words(4)) + "_limit"),
            "not_ean": (("EAN {}", "barcode {}"), us.ean13),
            "not_range": (
                ("pages {}", "seats {}"),
                lambda: f"{self._digits(3)}-{self._digits(3)}, {self._digits(3)}-{self._digits(4)}",
            ),
            "not_amount": (("about {} rows",), lambda: f"{self._dice.randrange(10**6, 10**8)}"),
        }

    def _nino(self) -> str:
        # Faker's begin with ZZ, which is given to nobody.
        form = self._dice.choice(("{}{}{}{}{}", "{} {} {} {} {}"))
        return form.format(self._dice.choice(("AB", "CE", "JK", "PX")), *(self._digits(2) for _ in range(3)), "C")

    def _email(self) -> str:
        name = str(self._dice.choice(list(self._fakers.values())).user_name())
        return f"{name}@{self._dice.choice(('gmail.com', 'firma.de', 'mail.bank.co.uk', 'web-shop.io'))}"

    def _email_spelled_out(self) -> str:
        name, domain = self._email().split("@")
        form = self._dice.choice(("{} [at] {}", "{}(at){}", "{} at {}"))
        return form.format(
            name, domain.replace(".", " dot " if form == "{} at {}" else self._dice.choice((".", " [dot] ")))
        )

    def _phone_us(self) -> str:
        area, office = self._dice.randrange(201, 989), self._dice.randrange(201, 999)
        form = self._dice.choice(("({}) {}-{}", "{}-{}-{}", "{}.{}.{}", "+1 {} {} {}", "+1{}{}{}"))
        return form.format(area, office, self._digits(4))

    def _phone_abroad(self) -> str:
        form = self._dice.choice(("+49 30 {}", "+33 6 12 34 {}", "+34 612 {}", "+31 6 {}", "+48 600 {}", "+55 11 9{}"))
        digits = {"+49 30 {}": 7, "+33 6 12 34 {}": 4, "+34 612 {}": 6, "+31 6 {}": 8, "+48 600 {}": 6, "+55 11 9{}": 8}
        return form.format(self._digits(digits[form]))

    def _card(self) -> str:
        return self._grouped(
            str(self._fakers["en_US"].credit_card_number(card_type=self._dice.choice(("visa16", "mastercard"))))
        )

    def _iban(self) -> str:
        return self._grouped(
            str(self._fakers[self._dice.choice(("de_DE", "en_GB", "fr_FR", "it_IT", "es_ES"))].iban())
        ).replace("-", " ")

    def _ipv6(self) -> str:
        return f"2a02:{':'.join(self._letters(4, '0123456789abcdef') for _ in range(7))}"

    def _password(self) -> str:
        word = str(self._fakers["en_US"].word()).capitalize()
        return f"{word}{self._digits(3)}{self._dice.choice(('!', '#', '$x', 'Q', ''))}".ljust(6, "7")

    def _token(self) -> str:
        upper = string.ascii_uppercase + "234567"
        return self._dice.choice(
            (
                "AKIA" + self._letters(16, upper),
                "ghp_" + self._letters(36),
                "glpat-" + self._letters(20),
                f"xoxb-{self._digits(12)}-{self._digits(12)}-{self._letters(24)}",
                "sk_live_" + self._letters(24),
                "sk-proj-" + self._letters(48),
                "hf_" + self._letters(34, string.ascii_letters),
                "AIza" + self._letters(35),
            )
        )

    def _random_secret(self) -> str:
        return self._letters(40, string.ascii_letters + string.digits + "+/")

    def _jwt(self) -> str:
        part = base64.urlsafe_b64encode(f'{{"sub":"{self._digits(10)}"}}'.encode()).decode().rstrip("=")
        return f"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{part}.{self._letters(43)}"
