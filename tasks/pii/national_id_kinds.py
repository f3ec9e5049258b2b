"""The national identity, insurance and tax numbers of persons that are looked for, and how each country writes them.

A form is written with `9` for a digit and `A` for a letter. `telling` forms stand on their own, since few other numbers
look like them and pass their check digits; `plain` forms also need a word that names the number nearby.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class NationalId:
    """One kind of number: who gives it out, the module of python-stdnum that checks it, its forms and its names."""

    locale: str
    module: str
    words: str
    """Regular expression of what people call it."""
    telling: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    has_check_digits: bool = True
    """Without them a number needs its very name nearby; `tax id` and the like do not do."""


ANY_NAME = (
    r"\b(?:national|personal|identity|identification|tax|social|insurance|citizen|fiscal|health)[ _-]?"
    r"(?:security|insurance|identity|identification|card|code|service)?[ _-]?(?:id|number|no|nr|code|card)\b|\bid[ _-]?"
    r"(?:number|no|nr|card)\b"
)
"""What people call such a number in whatever country."""

_TEN, _ELEVEN, _THIRTEEN = ("9999999999",), ("99999999999",), ("9999999999999",)
_NINE = ("999999999",)

NATIONAL_IDS = (
    NationalId("AR", "ar.cuit", r"cui[tl]", ("99-99999999-9",), _ELEVEN),
    NationalId("AT", "at.vnr", r"sozialversicherung|sv-?n(?:umme)?r|\bvsnr", (), ("9999 999999", *_TEN)),
    NationalId("AU", "au.tfn", r"\btfn\b|tax file", (), ("999 999 999", *_NINE)),
    NationalId("BE", "be.nn", r"rijksregister|registre national|\bnn\b", ("99.99.99-999.99",), _ELEVEN),
    NationalId("BG", "bg.egn", r"\begn\b|егн", (), _TEN),
    NationalId("BR", "br.cpf", r"\bcpf\b", ("999.999.999-99",), _ELEVEN),
    NationalId("CA", "ca.sin", r"(?-i:\bSIN\b)|social insurance", (), ("999-999-999", "999 999 999", *_NINE)),
    NationalId("CH", "ch.ssn", r"\bahv|\bavs\b", ("999.9999.9999.99",), _THIRTEEN),
    NationalId("CL", "cl.rut", r"\brut\b", ("99.999.999-9", "99.999.999-A", "9.999.999-9"), ("99999999-9",)),
    NationalId("CN", "cn.ric", r"身份证", ("999999999999999999", "99999999999999999A")),
    NationalId("CZ", "cz.rc", r"rodn[ée]", ("999999/9999",), ("999999/999", *_TEN)),
    NationalId("DE", "de.idnr", r"steuer|\bid-?nr", ("99 999 999 999",), _ELEVEN),
    NationalId("DK", "dk.cpr", r"\bcpr", (), ("999999-9999", *_TEN), has_check_digits=False),
    NationalId("EE", "ee.ik", r"isikukood", (), _ELEVEN),
    NationalId("ES", "es.dni", r"\bdni\b", ("99999999A", "99999999-A", "99.999.999-A")),
    NationalId("ES", "es.nie", r"\bnie\b", ("A9999999A", "A-9999999-A", "A9999999-A")),
    NationalId("FI", "fi.hetu", r"henkil|\bhetu", ("999999-999A", "999999A999A", "999999-9999", "999999A9999")),
    NationalId("FR", "fr.nir", r"s[ée]curit[ée] sociale", ("9 99 99 99 999 999 99", "9 99 99 9A 999 999 99"), ()),
    NationalId("FR", "fr.nir", r"s[ée]curit[ée] sociale|\bnir\b", ("999999999999999", "999999A99999999"), ()),
    NationalId("GB", "gb.nhs", r"\bnhs\b", (), ("999 999 9999", "999-999-9999", *_TEN)),
    NationalId("GB", "", r"national insurance|\bnino\b|\bni n", (), ("AA 99 99 99 A", "AA999999A"), False),
    NationalId("GR", "gr.amka", r"\bamka|αμκα", (), _ELEVEN),
    NationalId("HR", "hr.oib", r"\boib\b", (), _ELEVEN),
    NationalId("IE", "ie.pps", r"\bpps", (), ("9999999A", "9999999AA")),
    NationalId("IL", "il.idnr", r"teudat|ת\.ז|זהות", (), _NINE),
    NationalId("IN", "in_.aadhaar", r"aa?dh?aar|आधार", (), ("9999 9999 9999", "9999-9999-9999", "999999999999")),
    NationalId("IN", "in_.pan", r"(?-i:\bPAN\b)|permanent account", (), ("AAAAA9999A",), has_check_digits=False),
    NationalId("IS", "is_.kennitala", r"kennitala", (), ("999999-9999", *_TEN)),
    NationalId("IT", "it.codicefiscale", r"codice fiscale", ("AAAAAA99A99A999A",)),
    NationalId("JP", "jp.in_", r"my ?number|マイナンバー|個人番号", (), ("9999 9999 9999", "999999999999")),
    NationalId("KR", "kr.rrn", r"주민등록", ("999999-9999999",)),
    NationalId("LT", "lt.asmens", r"asmens", (), _ELEVEN),
    NationalId("MX", "mx.curp", r"\bcurp", ("AAAA999999AAAAAA99", "AAAA999999AAAAAAA9")),
    NationalId("MY", "my.nric", r"\bnric|mykad", (), ("999999-99-9999",), has_check_digits=False),
    NationalId("NL", "nl.bsn", r"\bbsn\b|burgerservice|sofi", (), ("9999.99.999", "999.999.999", *_NINE)),
    NationalId("NO", "no.fodselsnummer", r"f[øo]dsels|personnummer", ("999999 99999",), _ELEVEN),
    NationalId("NZ", "nz.ird", r"\bird\b", (), ("99-999-999", "999-999-999")),
    NationalId("PL", "pl.pesel", r"pesel", (), _ELEVEN),
    NationalId("PT", "pt.cc", r"cart[ãa]o de cidad", ("99999999 9 AA9", "999999999AA9")),
    NationalId("PT", "pt.nif", r"\bnif\b|contribuinte", (), ("999 999 999", *_NINE)),
    NationalId("RO", "ro.cnp", r"\bcnp\b|cod numeric", (), _THIRTEEN),
    NationalId("SE", "se.personnummer", r"personn|samordn", ("999999-9999", "99999999-9999"), _TEN),
    NationalId("SI", "si.emso", r"em[šs]o", (), _THIRTEEN),
    NationalId("SK", "sk.rc", r"rodn[ée]", ("999999/9999",), _TEN),
    NationalId("TH", "th.pin", r"บัตรประชาชน|thai id", ("9-9999-99999-99-9",), _THIRTEEN),
    NationalId("TR", "tr.tckimlik", r"kimlik", (), _ELEVEN),
    NationalId("US", "us.ssn", r"\bssn\b|social security", (), ("999-99-9999", "999 99 9999", *_NINE), False),
    NationalId("US", "us.itin", r"\bitin\b|taxpayer", (), ("999-99-9999", *_NINE), has_check_digits=False),
    NationalId("ZA", "za.idnr", r"\bsa id|south african", (), ("999999 9999 999", *_THIRTEEN)),
)

NINO = re.compile(r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][0-9]{6}[A-D]")
"""A National Insurance number in the prefixes that HMRC gives out (manual NIM39110); python-stdnum has none."""
