"""A part of many pictures for each of several machines, which need not know of each other."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from hashlib import blake2b
from unicodedata import normalize

from linn_cli.errors import UsageError

_DIGEST_BYTES = 8


@dataclass(frozen=True)
class Shard:
    """One of `count` shards, from 1 on.

    Which one takes a picture depends on its path alone: not on the machine, nor on what lies beside it. Neither its
    ending counts nor whether letters are capitals, so that pictures that could be written to one file share a shard.
    """

    number: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The shard that is written "3/100".

        Raises:
            UsageError: it is not, or there is no such shard.
        """
        written = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text.strip(), re.ASCII)
        number, count = map(int, written.groups()) if written else (0, 0)
        if not 1 <= number <= count:
            raise UsageError(f"shard {text!r}: give K/N, from 1/N to N/N, such as 3/100")
        return cls(number, count)

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.number}/{self.count}"

    def takes(self, below: str) -> bool:
        """Whether the picture at this path, below the folder that was given, belongs to this shard."""
        if self.count == 1:
            return True
        name = os.path.splitext(below)[0]
        if not name.isascii():
            name = normalize("NFC", name)  # some systems write accents so, others not
        digest = blake2b(os.fsencode(name.casefold()), digest_size=_DIGEST_BYTES).digest()
        return int.from_bytes(digest, "big") % self.count == self.number - 1


WHOLE = Shard()
