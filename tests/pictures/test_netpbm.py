from __future__ import annotations

import io

import numpy as np
import pytest

from linn_cli.pictures import _netpbm, reading, writing
from linn_cli.pictures.formats import format_named

LEVELS = np.random.default_rng(0).integers(0, 100, (6, 5), dtype=np.uint8)
RGB = np.dstack([LEVELS] * 3)


def copied(content: bytes, kind: str) -> tuple[bytes, list[str]]:
    document, copy = reading.decode(io.BytesIO(content), "a"), io.BytesIO()
    remarks = writing.encode(copy, document, format_named(kind))
    return copy.getvalue(), [*document.remarks, *remarks]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"P5\n# one\n5 # two\xe9\n 6\n255\n" + LEVELS.tobytes(), "pgm"),
        (b"P6 # one\n# two\xe9\n5 6 255\n" + RGB.tobytes(), "ppm"),
        (b"P6\n#one\n#two\xe9\n5 6 65535\n" + RGB.astype(">u2").tobytes(), "ppm"),
        (b"P5\n#one\n#two\xe9\n5 6 65535\n" + LEVELS.astype(">u2").tobytes(), "pgm"),
    ],
)
def test_comments_stay(content: bytes, kind: str) -> None:
    copy, remarks = copied(content, kind)
    assert remarks == []
    assert _netpbm.read(io.BytesIO(copy)).comment == b"one\ntwo\xe9"
    values = reading.decode(io.BytesIO(copy), "a").frames[0].values
    np.testing.assert_array_equal(values[:, :, 0], LEVELS)


@pytest.mark.parametrize(
    ("content", "remark"),
    [
        (b"P5 5 6 99\n" + LEVELS.tobytes(), "values of 0 to 99 became values of 0 to 255"),
        (b"P2 5 6 99\n" + b"9 " * 30, "values of 0 to 99 became values of 0 to 255"),
        (
            b"P5 5 6 1023\n" + LEVELS.astype(">u2").tobytes(),
            "values of 0 to 1023 became values of 0 to 65535",
        ),
        (b"P6 5 6 99\n" + RGB.tobytes(), "values of 0 to 99 became values of 0 to 255"),
        (
            b"P6 5 6 1023\n" + RGB.astype(">u2").tobytes(),
            "values of 0 to 1023 became values of 0 to 65535",
        ),
        (b"P5 5 6 255\n" + LEVELS.tobytes() + b"P5 5 6 255\n", "left out: further pictures"),
        (b"P4 5 6\n" + bytes(6) + b"P4 5 6\n", "left out: further pictures"),
    ],
)
def test_what_changes_is_told(content: bytes, remark: str) -> None:
    assert reading.decode(io.BytesIO(content), "a").remarks == (remark,)


@pytest.mark.parametrize("content", [b"P5", b"P5 5", b"P6 # no end", b"P5 x 6 255\n"])
def test_a_damaged_header_is_an_error(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"header|invalid literal"):
        _netpbm.read(io.BytesIO(content))


@pytest.mark.parametrize(("kind", "channels"), [(b"Pf", 1), (b"PF", 3)])
@pytest.mark.parametrize(("scale", "order"), [(b"2.5", ">"), (b"-2.5", "<"), (b"-2.5e0", "<")])
def test_a_pfm_keeps_its_unit(kind: bytes, channels: int, scale: bytes, order: str) -> None:
    values = np.random.default_rng(0).random((6, 5, channels)).astype(np.float32)
    stored = values[::-1].astype(f"{order}f4").tobytes()
    copy, remarks = copied(kind + b"\n5 6\n" + scale + b"\n" + stored, "pfm")
    assert remarks == []
    assert copy.startswith(kind + b"\n5 6\n-2.5\n")
    np.testing.assert_array_equal(reading.decode(io.BytesIO(copy), "a").frames[0].values, values)
