from __future__ import annotations

import base64
import hashlib
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linn_cli.errors import InputError
from linn_cli.pages import html

NAMES = ["denoised", "inspected", "compared", "report"]
HOSTILE = (
    "</script><script>alert(1)</script><!--<img src=x onerror=alert(1)> & $title \udcff \u2028"
)


def shown(content: bytes) -> Any:
    [block] = re.findall(
        r'<script type="application/json" id="data">(.*?)</script>', content.decode(), re.DOTALL
    )
    return json.loads(block)


@pytest.mark.parametrize("name", NAMES)
def test_hostile_text_stays_text(name: str) -> None:
    content = html.render(name, HOSTILE, {"title": HOSTILE})
    assert shown(content) == {"title": HOSTILE}
    text = content.decode()
    assert text.count("<script") == text.count("</script>") == 2
    assert "<img" not in text.partition("<body>")[2]
    [title] = re.findall("<title>(.*?)</title>", text, re.DOTALL)
    assert "<" not in title
    assert unescape(title).startswith("</script>")


@given(st.text())
def test_any_text_survives(text: str) -> None:
    assert shown(html.render("denoised", "", {"title": text})) == {"title": text}


@pytest.mark.parametrize("name", NAMES)
def test_only_the_pages_own_script_and_style_may_run(name: str) -> None:
    text = html.render(name, "", {}).decode()
    [policy] = re.findall('http-equiv="Content-Security-Policy" content="(.*?)"', text)
    assert policy.startswith("default-src 'none'; img-src data:; ")
    for tag in ("style", "script"):
        [source] = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not re.search(r"\b(src|href)=|https?://(?!www\.w3\.org/2000/svg)|url\(|@import", text)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", text)


def test_what_cannot_be_written_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        html.write(tmp_path / "missing" / "page.html", b"")
    html.write(tmp_path / "page.html", b"whole")
    assert (tmp_path / "page.html").read_bytes() == b"whole"
