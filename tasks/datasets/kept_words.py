"""What a rewriting of a row's text must leave as it is."""

from __future__ import annotations

import re

KEPT = re.compile(r"<[A-Z][A-Z_0-9]{0,30}>|(?:https?://|www\.)\S+|(?<!\S)\S+@\S+|(?<!\w)\w*[0-9](?:[\w.,:/-]*\w)?")
"""Masks of personal data, addresses, and whatever holds a digit.

Each kind begins where a word begins, so that a text without blanks is read in linear time.
"""
