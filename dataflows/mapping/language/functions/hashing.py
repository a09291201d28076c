"""Functions that hash, in lower-case hexadecimal digits."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable
from typing import Any

from dataflows.mapping.language.function import Example, Function, Parameter
from dataflows.mapping.language.kinds import SCALAR, STRING
from dataflows.mapping.language.values import failed, text

CATEGORY = "Hashing"
# Java's UTF-16 begins with a byte order mark, high byte first.
CHARSETS = {"UTF-8": "utf-8", "UTF8": "utf-8", "UTF-16": "utf-16-be", "ISO-8859-1": "latin-1", "US-ASCII": "ascii"}
PARAMETERS = (
    Parameter("input", SCALAR, "The text."),
    Parameter("charset", SCALAR, "UTF-8 (if none is given), UTF-16, ISO-8859-1 or US-ASCII.", optional=True),
)


def encoded(given: Any, charset: Any) -> bytes:
    name = text(charset).upper()
    if name not in CHARSETS:
        raise failed("The charset is none of UTF-8, UTF-16, ISO-8859-1 and US-ASCII.")
    try:
        # Java writes ? for what a charset does not have.
        made = text(given).encode(CHARSETS[name], "strict" if name.startswith("UTF") else "replace")
    except UnicodeEncodeError:
        raise failed("The text is not valid Unicode.") from None
    return b"\xfe\xff" + made if name == "UTF-16" else made


def _unknown(charset: str) -> str:
    return "" if charset.upper() in CHARSETS else "The charset is none of UTF-8, UTF-16, ISO-8859-1 and US-ASCII."


def _hasher(digest: Callable[[bytes], str]) -> Callable[..., str]:
    return lambda given, charset="UTF-8": digest(encoded(given, charset))


def crc32(data: bytes) -> str:
    """As Adobe prints it: the four bytes of the ordinary checksum, last first."""
    return struct.pack("<I", zlib.crc32(data)).hex()


def _function(name: str, title: str, digest: Callable[[bytes], str], example: str) -> Function:
    examples = (Example(f'{name}("my text", "UTF-8")', example),)
    return Function(
        name, CATEGORY, f"The {title} of a text.", PARAMETERS, STRING, examples, _hasher(digest), checks={1: _unknown}
    )


FUNCTIONS = (
    _function("sha1", "SHA-1", lambda data: hashlib.sha1(data).hexdigest(),  # noqa: S324 - Adobe has it
        "c3599c11e47719df18a2448690840c5dfcce3c80"),
    _function("sha256", "SHA-256", lambda data: hashlib.sha256(data).hexdigest(),
        "7330d2b39ca35eaf4cb95fc846c21ee6a39af698154a83a586ee270a0d372104"),
    _function("sha512", "SHA-512", lambda data: hashlib.sha512(data).hexdigest(),
        "a3d7e45a0d9be5fd4e4b9a3b8c9c2163c21ef708bf11b4232bb21d2a8704ada2"
        "cdcd7b367dd0788a89a5c908cfe377aceb1072a7b386b7d4fd2ff68a8fd24d16"),
    _function("md5", "MD5", lambda data: hashlib.md5(data).hexdigest(),  # noqa: S324 - Adobe has it
        "d3b96ce8c9fb4e9bd0198d03ba6852c7"),
    _function("crc32", "CRC-32, its bytes in reverse as Adobe has it,", crc32, "8df92e80"),
)  # fmt: skip
