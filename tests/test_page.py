from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from linn_cli import page
from linn_cli.errors import InputError

NAMES = ["denoised", "inspected", "compared", "report"]
HOSTILE = (
    "</script><script>alert(1)</script><!--<img src=x onerror=alert(1)> & $title \udcff \u2028"
)


def shown(content: bytes) -> Any:
    [block] = re.findall(
        r'<script type="application/json" id="data">(.*?)</script>', content.decode(), re.DOTALL
    )
    return json.loads(block)


def decoded(source: str) -> NDArray[np.uint8]:
    kind, _, content = source.partition(",")
    assert kind == "data:image/webp;base64"
    with Image.open(io.BytesIO(base64.b64decode(content))) as image:
        return np.array(image)


@pytest.mark.parametrize("name", NAMES)
def test_hostile_text_stays_text(name: str) -> None:
    content = page.render(name, HOSTILE, {"title": HOSTILE})
    assert shown(content) == {"title": HOSTILE}
    text = content.decode()
    assert text.count("<script") == text.count("</script>") == 2
    assert "<img" not in text.partition("<body>")[2]
    [title] = re.findall("<title>(.*?)</title>", text, re.DOTALL)
    assert "<" not in title
    assert html.unescape(title).startswith("</script>")


@given(st.text())
def test_any_text_survives(text: str) -> None:
    assert shown(page.render("denoised", "", {"title": text})) == {"title": text}


@pytest.mark.parametrize("name", NAMES)
def test_only_the_pages_own_script_and_style_may_run(name: str) -> None:
    text = page.render(name, "", {}).decode()
    [policy] = re.findall('http-equiv="Content-Security-Policy" content="(.*?)"', text)
    assert policy.startswith("default-src 'none'; img-src data:; ")
    for tag in ("style", "script"):
        [source] = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not re.search(r"\b(src|href)=|https?://(?!www\.w3\.org/2000/svg)|url\(|@import", text)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", text)


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (1, 1)])
def test_small_pictures_are_embedded_without_loss(shape: tuple[int, ...]) -> None:
    levels = np.random.default_rng(0).uniform(-20, 280, shape)
    picture = page.embed(levels, "x")
    expected = np.clip(np.rint(levels), 0, 255)
    found = decoded(picture["source"])
    np.testing.assert_array_equal(found if len(shape) == 3 else found[..., 0], expected)


def test_a_preview_keeps_its_budget() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (120, 200)).astype(np.uint8)
    sizes = []
    for most in (100_000, 5_000, 1_000):
        source = page.preview(noise, most)
        sizes.append(decoded(source).shape[:2])
        assert len(base64.b64decode(source.partition(",")[2])) <= most
    assert sizes[0] == (120, 200)
    assert sizes[2][1] < 200
    assert page.preview(noise, 0)  # no budget is met by any file: the smallest there is


@given(
    height=st.integers(1, 60),
    width=st.integers(1, 60),
    most=st.integers(1, 4000),
    depth=st.booleans(),
)
def test_what_is_too_large_is_averaged(height: int, width: int, most: int, depth: bool) -> None:
    shape = (height, width, 3) if depth else (height, width)
    levels = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
    small, factor = page.fitting(levels, most)
    if height * width <= most:
        assert factor == 1
        np.testing.assert_array_equal(small, levels)
    else:
        rows, columns = max(1, height // factor), max(1, width // factor)
        assert small.shape == (rows, columns, *shape[2:])
        first = levels[: min(factor, height), : min(factor, width)].mean(axis=(0, 1))
        np.testing.assert_allclose(small[0, 0], first)


def test_no_side_is_longer_than_webp_takes() -> None:
    small, factor = page.fitting(np.zeros((1, 40_000)), 10**6)
    assert (small.shape, factor) == ((1, 13_333), 3)
    assert page.embed(small, "x")


def test_what_cannot_be_written_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        page.write(tmp_path / "missing" / "page.html", b"")
    page.write(tmp_path / "page.html", b"whole")
    assert (tmp_path / "page.html").read_bytes() == b"whole"
