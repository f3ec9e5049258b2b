"""Files as they come: torn, misnamed, in other encodings, hostile. Each is built here, with how it should end."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from tasks.records import TaskKind


@dataclass(frozen=True)
class MalformedFile:
    """One file: either `lines` are accounted for, as rows or malformed, or it is `refused` with these words."""

    name: str
    build: Callable[[], bytes]
    lines: int | None = None
    malformed: dict[str, int] = field(default_factory=dict)
    refused: str | None = None
    """A pattern that the message matches."""
    task: TaskKind = "classification"


HEAD = b"text,label\n"
ROWS = b"where is my parcel,order\nmoney back please,refund\n"
GOOD = HEAD + ROWS


def parquet(text: Any, label: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"text": text, "label": label}), file, **options)
    return file.getvalue()


def many() -> bytes:
    """A good Parquet file of 500 rows."""
    return parquet([f"text {number}" for number in range(500)], ["a"] * 500)


def workbook() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return file.getvalue()


def not_utf8_parquet() -> bytes:
    text = pa.Array.from_buffers(
        pa.string(), 2, [None, pa.py_buffer(b"\0\0\0\0\4\0\0\0\10\0\0\0"), pa.py_buffer(b"caf\xe9fine")]
    )
    return parquet(text, ["a", "b"])


def reference_bomb() -> bytes:
    """300,000 references to one text of 900 kB: 270 GB in a few kB."""
    cell = pa.DictionaryArray.from_arrays(pa.array([0] * 300_000, pa.int32()), pa.array(["x" * 900_000]))
    return parquet(cell, cell, store_schema=False, compression="zstd")


def chats() -> bytes:
    user, assistant, pirate = ({"role": role, "content": "hi"} for role in ("user", "assistant", "pirate"))
    contents: list[Any] = [[user, assistant], [], 7, None, [user], [pirate], [{"role": "user"}]]
    return "".join(json.dumps({"messages": content}) + "\n" for content in contents).encode()


def noise() -> bytes:
    return b"\xfe" + random.Random(5).randbytes(5000)


def categories() -> bytes:
    return parquet(["a", "b", "c"], pa.array(["x", "y", None]).dictionary_encode())


def wide() -> bytes:
    """10,000 columns."""
    return b"text,label" + b",x" * 9998 + b"\n" + (b"a" + b",b" * 9999 + b"\n") * 3


def line_and_zeros() -> bytes:
    """A good line of 1 MiB, and 20 MiB of zeros."""
    line = json.dumps({"text": "x" * (1 << 20), "label": "a"}).encode()
    return lzma.compress(line + b"\n" + bytes(20 << 20), preset=0)


OBJECT = b'{"text": "a", "label": "b"}\n'
SHUT = r"is not a whole Parquet file.*get it again"
PAGE = b"<!DOCTYPE html>\n<html><head><title>403</title></head><body>No, thanks</body></html>\n"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"

CORPUS = (
    # Parquet
    MalformedFile("torn.parquet", lambda: many()[: len(many()) // 2], refused=SHUT),
    MalformedFile("one-byte-short.parquet", lambda: many()[:-1], refused=SHUT),
    MalformedFile("damaged-pages.parquet", lambda: many()[:4] + b"\xff" * 300 + many()[304:], refused=SHUT),
    MalformedFile("only-a-mark.parquet", lambda: b"PAR1PAR1", refused=SHUT),
    MalformedFile("empty.parquet", lambda: b"", refused=r"is empty \(0 bytes\)"),
    MalformedFile("no-rows.parquet", lambda: parquet(pa.array([], pa.string()), pa.array([], pa.string())),
                  refused="has columns but no rows"),
    MalformedFile("nested.parquet", lambda: parquet(["a"], [["b"]]), refused="'label' .* holds list"),
    MalformedFile("binary.parquet", lambda: parquet([b"a"], ["b"]), refused="'text' .* holds binary"),
    MalformedFile("not-utf-8.parquet", not_utf8_parquet, refused="holds text that is not UTF-8"),
    MalformedFile("dictionary.parquet", categories, lines=3),
    MalformedFile("numbers.parquet", lambda: parquet(["a", "b", None], [1.0, float("nan"), 2.5]), lines=3),
    MalformedFile("reference-bomb.parquet", reference_bomb, refused="grows more than 1,000 times"),
    MalformedFile("csv.parquet", lambda: GOOD, refused=SHUT),
    # Encodings
    MalformedFile("utf-16.csv", lambda: GOOD.decode().encode("utf-16"), refused="data.encoding to utf-16"),
    MalformedFile("utf-16-without-mark.csv", lambda: GOOD.decode().encode("utf-16-le"), refused="to utf-16-le"),
    MalformedFile("latin-1.csv", lambda: GOOD + "café,a\n".encode("latin-1"), refused=r"byte 0xE9 .*line 4"),
    MalformedFile("overlong.jsonl", lambda: b'{"text": "\xc0\xaf", "label": "a"}\n', refused="byte 0xC0"),
    MalformedFile("mark.csv", lambda: b"\xef\xbb\xbf" + GOOD, lines=2),
    MalformedFile("cut-character.csv", lambda: GOOD + b"caf\xc3", refused="byte 0xC3"),
    MalformedFile("nul-bytes.csv", lambda: GOOD + b"to\0rn,a\n", lines=3, malformed={"nul_character": 1}),
    MalformedFile("torn-write.csv", lambda: HEAD + ROWS * 100 + bytes(4096), lines=201, malformed={"ragged_row": 1}),
    MalformedFile("noise.csv", noise, refused="is not UTF-8: byte 0xFE"),
    # CSV
    MalformedFile("empty.csv", lambda: b"", refused=r"is empty \(0 bytes\)"),
    MalformedFile("blank-lines.csv", lambda: b"\n\r\n\n", refused="is empty"),
    MalformedFile("header-only.csv", lambda: HEAD, refused="has columns but no rows"),
    MalformedFile("no-header.csv", lambda: ROWS, refused="no column 'text'; its columns are 'where is my parcel'"),
    MalformedFile("header-twice.csv", lambda: GOOD + GOOD, lines=5),
    MalformedFile("doubled-columns.csv", lambda: b"text,label,text\na,b,c\n", refused="2 columns called 'text'"),
    MalformedFile("ten-thousand-columns.csv", wide, lines=3),
    MalformedFile("mixed-ends.csv", lambda: b"text,label\r\na,b\nc,d\re,f\r\ng,h", lines=4),
    MalformedFile("breaks-in-quotes.csv", lambda: HEAD + b'"a\r\nb\nc\rd",x\r\ne,f\r\n', lines=2),
    MalformedFile("unclosed.csv", lambda: HEAD + b'"never closed,a\n' + ROWS, lines=3, malformed={"bad_quoting": 1}),
    MalformedFile("unclosed-at-the-end.csv", lambda: GOOD + b'"open', lines=3, malformed={"bad_quoting": 1}),
    MalformedFile("undoubled.csv", lambda: GOOD + b'"a "b" c",x\n', lines=3, malformed={"bad_quoting": 1}),
    MalformedFile("inches.csv", lambda: HEAD + b'a 5" screen,damage\n' + ROWS, lines=3),
    MalformedFile("bad-header.csv", lambda: b'"text,label\na,b\n', refused="header of .* has broken quoting"),
    MalformedFile("unquoted-commas.csv", lambda: GOOD + b"well, thanks,a\n", lines=3, malformed={"ragged_row": 1}),
    MalformedFile("long-cell.csv", lambda: HEAD + b"word " * 40_000 + b",a\n" + ROWS, lines=3),
    MalformedFile("endless-cell.csv", lambda: HEAD + b"x" * (24 << 20), refused="line 2 of .* is longer than 16 MiB"),
    MalformedFile("semicolons.csv", lambda: GOOD.replace(b",", b";"), refused="separated by semicolons"),
    MalformedFile("tabs.csv", lambda: GOOD.replace(b",", b"\t"), refused="separated by tabs"),
    MalformedFile("trailing-commas.csv", lambda: HEAD + ROWS.replace(b"\n", b",\n"), refused="2 of 2 lines"),
    # Things that are something else
    MalformedFile("workbook.csv", workbook, refused="zip archive or an Excel workbook"),
    MalformedFile("old-workbook.csv", lambda: b"\xd0\xcf\x11\xe0" + bytes(512), refused="old Excel workbook"),
    MalformedFile("web-page.csv", lambda: PAGE, refused="is a web page"),
    MalformedFile("pointer.csv", lambda: LFS, refused="no column 'text'"),
    MalformedFile("parquet.csv", many, refused="is a Parquet file"),
    MalformedFile("tar.csv", lambda: b"train.csv".ljust(257, b"\0") + b"ustar\x0000" + bytes(99), refused="is a tar"),
    # JSON lines
    MalformedFile("list.jsonl", lambda: b'[\n{"text": "a", "label": "b"}\n]', refused="one JSON list"),
    MalformedFile("pretty.jsonl", lambda: b'{\n "text": "a",\n "label": "b"\n}\n', refused="4 of 4 lines .* malformed"),
    MalformedFile("torn.jsonl", lambda: OBJECT + b'{"text": "a", "la', lines=2,
                  malformed={"bad_json": 1}),
    MalformedFile("two-on-a-line.jsonl", lambda: OBJECT + b'{"text": "a"}{"text": "b"}\n', lines=2,
                  malformed={"bad_json": 1}),
    MalformedFile("deep.jsonl", lambda: OBJECT + b'{"text":' * 100_000 + b"\n", lines=2,
                  malformed={"bad_json": 1}),
    MalformedFile("not-finite.jsonl", lambda: b'{"text": "a", "label": NaN}\n{"text": "a", "label": Infinity}\n',
                  lines=2, malformed={"bad_json": 1}),
    MalformedFile("huge-number.jsonl", lambda: OBJECT + b'{"text": "a", "label": ' + b"9" * 5000 + b"}",
                  lines=2, malformed={"bad_json": 1}),
    MalformedFile("numbers.jsonl", lambda: b'{"text": "a", "label": 1}\n{"text": "b", "label": true}\n', lines=2),
    MalformedFile("half-a-pair.jsonl", lambda: OBJECT + b'{"text": "\\ud83d", "label": "b"}\n',
                  lines=2, malformed={"not_unicode": 1}),
    MalformedFile("nested.jsonl", lambda: OBJECT + b'{"text": {"x": 1}, "label": "b"}\n', lines=2,
                  malformed={"not_a_plain_value": 1}),
    MalformedFile("strings.jsonl", lambda: OBJECT + b'"a"\nnull\n', lines=3,
                  malformed={"not_an_object": 2}),
    MalformedFile("python.jsonl", lambda: OBJECT + str({"text": "a"}).encode(), lines=2,
                  malformed={"bad_json": 1}),
    MalformedFile("keys-twice.jsonl", lambda: b'{"text": "a", "text": "c", "label": "b"}\n', lines=1),
    MalformedFile("chat.jsonl", chats, lines=7, task="chat", malformed={
        "empty_conversation": 2, "not_a_conversation": 1, "no_assistant_turn": 1, "unknown_role": 1,
        "content_not_text": 1,
    }),
    # Compressed
    MalformedFile("twice.csv.gz", lambda: gzip.compress(gzip.compress(GOOD)), refused="compressed twice"),
    MalformedFile("cut.csv.gz", lambda: gzip.compress(GOOD * 50)[:-20], refused="breaks off in the middle|is damaged"),
    MalformedFile("wrong-sum.csv.gz", lambda: gzip.compress(GOOD)[:-8] + bytes(8), refused="is damaged"),
    MalformedFile("cut.csv.xz", lambda: lzma.compress(GOOD * 50)[:-20], refused="breaks off in the middle"),
    MalformedFile("cut.csv.bz2", lambda: bz2.compress(GOOD * 50)[:-20], refused="breaks off in the middle"),
    MalformedFile("cut.csv.zst", lambda: zstandard.compress(noise() * 5)[:-20], refused="breaks off|is damaged"),
    MalformedFile("wrong-mark.csv.zst", lambda: b"\x29" + zstandard.compress(noise())[1:], refused=r"as a file \.zst"),
    MalformedFile("plain.csv.gz", lambda: GOOD, lines=2),
    MalformedFile("misnamed.csv", lambda: zstandard.compress(GOOD), lines=2),
    MalformedFile("hundred-megabytes.csv.gz", lambda: gzip.compress(HEAD + b"x" * (100 << 20), 1),
                  refused="line 2 of .* is longer than 16 MiB"),
    MalformedFile("bomb.csv.zst", lambda: zstandard.compress(HEAD + (b"x" * (1 << 20) + b",a\n") * 120),
                  refused="grows more than 1,000 times"),
    MalformedFile("bomb.jsonl.xz", line_and_zeros,
                  lines=2, malformed={"bad_json": 1}),
    MalformedFile("archive.csv.gz", lambda: gzip.compress(workbook()), refused="zip archive"),
)  # fmt: skip
