"""The site of the docs: it builds strictly, holds every page, works from disk and asks no other server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

for needed in ("mkdocs", "material", "mkdocstrings"):
    pytest.importorskip(needed, reason="needs the extra docs")

# What a page loads by itself, unlike the links that a reader follows.
LOADED = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc="([^"]*)"|<link\b[^>]*\bhref="([^"]*)"|url\(["']?([^"')]*)|@import\s+["']([^"']*)"""
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = ["build", "--strict", "--quiet", "--config-file", ".ci/mkdocs.yml"]
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", *command, "--site-dir", str(folder)],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_of_the_docs_is_in_it(site: Path) -> None:
    pages = {path.stem for path in site.glob("*.html")}
    assert {path.stem for path in (ROOT / "docs").glob("*.md")} <= pages
    assert {"index", "api", "CHANGELOG", "CONTRIBUTING", "SECURITY"} <= pages
    assert (site / "benchmarks" / "index.html").exists()


def test_the_api_has_its_docstrings(site: Path) -> None:
    text = (site / "api.html").read_text(encoding="utf-8")
    assert "Remove the noise of an image" in text
    assert 'id="linn_cli.api.Denoiser"' in text


def test_no_page_asks_another_server(site: Path) -> None:
    for path in [*site.rglob("*.html"), *site.rglob("*.css")]:
        for match in LOADED.finditer(path.read_text(encoding="utf-8")):
            [address] = [part for part in match.groups() if part is not None]
            assert not re.match(r"(https?:)?//", address), f"{path.name} loads {address}"


def test_what_pages_lead_to_is_there(site: Path) -> None:
    for path in site.rglob("*.html"):
        if path.name == "404.html":
            continue
        for address in re.findall(r'(?:href|src)="([^"#?]+)', path.read_text(encoding="utf-8")):
            if not re.match(r"[a-z]+:", address):
                assert (path.parent / address).exists(), f"{path.name} leads to {address}"
