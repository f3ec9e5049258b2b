"""Secrets that show by their own form: keys and tokens with a known prefix, JWTs, private keys, passwords in URLs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tasks.pii.spans import Span

_AFTER = r"(?![A-Za-z0-9_-])"
_AWS = "A[KSRIGN][IOEPD]A[A-Z2-7]{16}"
TOKENS = {
    **dict.fromkeys(("AKIA", "ASIA", "AROA", "AIDA", "AGPA", "ANPA"), _AWS),
    **dict.fromkeys(("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[pousr]_[A-Za-z0-9]{36,255}"),
    "github_pat_": r"github_pat_[A-Za-z0-9_]{22,255}",
    **dict.fromkeys(("glpat-", "gldt-", "glrt-", "glptt-"), r"gl(?:pat|dt|rt|ptt)-[A-Za-z0-9_-]{20,128}"),
    "xox": r"xox[abeoprs]-[A-Za-z0-9-]{10,250}",
    **dict.fromkeys(("_live_", "_test_"), r"[srp]k_(?:live|test)_[A-Za-z0-9]{16,250}"),
    "whsec_": r"whsec_[A-Za-z0-9+/=]{24,128}",
    "sk-": r"sk-(?:[A-Za-z0-9]{1,12}-){0,3}(?=[a-z_-]{0,249}[A-Z0-9])[A-Za-z0-9_-]{20,250}",
    "hf_": r"hf_[A-Za-z0-9]{30,64}",
    "AIza": r"AIza[A-Za-z0-9_-]{35}",
    "ya29.": r"ya29\.[A-Za-z0-9_-]{20,512}",
    "GOCSPX-": r"GOCSPX-[A-Za-z0-9_-]{20,64}",
    "npm_": r"npm_[A-Za-z0-9]{36}",
    "pypi-AgE": r"pypi-AgE[A-Za-z0-9_-]{50,250}",
    "SG.": r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}",
    "SK": r"SK[0-9a-f]{32}",
    "AC": r"AC[0-9a-f]{32}",
    "_v1_": r"do[opr]_v1_[0-9a-f]{64}",
    "dapi": r"dapi[0-9a-f]{32}",
    "shp": r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",
    "hvs.": r"hvs\.[A-Za-z0-9_-]{24,128}",
    "key-": r"key-[0-9a-f]{32}",
    "lin_api_": r"lin_api_[A-Za-z0-9]{32,64}",
    "AGE-SECRET-KEY-1": r"AGE-SECRET-KEY-1[0-9A-Z]{58}",
    ":AA": r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}",
    "eyJ": r"eyJ[A-Za-z0-9_-]{8,4096}\.eyJ[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{8,2048}",
}
"""By what is sure to stand in each, the forms that their issuers document: AWS, GitHub, GitLab, Slack, Stripe, OpenAI,
Anthropic, Hugging Face, Google, npm, PyPI, SendGrid, Twilio, DigitalOcean, Databricks, Shopify, Vault, Mailgun, Linear,
age, Telegram, and JWTs (RFC 7519)."""

SLACK_HOOK = r"(?<=hooks\.slack\.com/services/)[A-Za-z0-9/]{20,80}"
PEM = (
    r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----)){20,20000}"
    r"(?:-----END [A-Z0-9 ]{0,40}-----)?"
)
IN_URL = r"(?<=://)[^\s/:@<>\"']{0,64}:[^\s/@<>\"']{1,128}(?=@)"
_PATTERNS = dict(
    [
        ("-----BEGIN", re.compile(PEM)),
        ("://", re.compile(IN_URL)),
        ("hooks.slack.com/services/", re.compile(SLACK_HOOK)),
        *((sign, re.compile(rf"(?<![A-Za-z0-9_-])(?:{form}){_AFTER}")) for sign, form in TOKENS.items()),
    ]
)
_SIGNS = tuple(_PATTERNS)
PREFIX = re.compile(
    r"AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|(?:sk|rk|pk)_(?:live|test)_|sk-(?:proj-)?|hf_|AIza|npm_|eyJ"
)
"""The part of a token that names its issuer and keeps no secret."""


def find_tokens(text: str) -> Iterator[Span]:
    """Tokens, private keys whole, and the user and password of a URL."""
    # To look for a fixed string is forty times faster than to look for a pattern.
    for sign in _SIGNS:
        if sign in text:
            yield from (match.span() for match in _PATTERNS[sign].finditer(text))
