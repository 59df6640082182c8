"""The pages in Markdown: every relative link leads somewhere, every named file exists, every word is spelled."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from linn_cli import __version__
from tests.conftest import ROOT

FOLDERS = (".", "docs", "weights")
PAGES = sorted(page for folder in FOLDERS for page in (ROOT / folder).glob("*.md"))
CHECKED = ("CITATION.cff", "pyproject.toml", "linn_cli", "tests", "benchmarks", "examples")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
MODULE = re.compile(r"`((?:linn_cli|tests|examples|benchmarks)/[\w/.-]+\.\w+)`")


def prose(page: Path) -> str:
    """The page without its blocks of code, whose # and brackets mean other things."""
    return re.sub(
        r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
    )


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the page's headings."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in HEADING.findall(prose(page))
    }


def broken(page: Path, text: str) -> Iterator[str]:
    """The relative links of a text on that page that lead nowhere."""
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


def test_the_pages_are_found() -> None:
    assert {"README.md", "CONTRIBUTING.md", "usage.md"} <= {page.name for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    assert list(broken(page, prose(page))) == []


def test_a_broken_link_is_found() -> None:
    text = (
        "[a](no.md) [b](docs/usage.md#no) [c](#no) [d](docs/usage.md#html-pages) [e](https://x.org)"
    )
    assert list(broken(ROOT / "README.md", text)) == ["no.md", "docs/usage.md#no", "#no"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    named = MODULE.findall(page.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_citation_is_of_this_version() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {__version__}\n" in citation


def test_every_word_is_spelled() -> None:
    if find_spec("codespell_lib") is None:
        pytest.skip("needs codespell, which .[dev] installs")
    paths = [*PAGES, *(ROOT / name for name in CHECKED)]
    command = [sys.executable, "-m", "codespell_lib", *map(str, paths)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == ""
    assert done.returncode == 0, done.stderr
