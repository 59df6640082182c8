"""The site of the docs: it builds strictly, holds every page, works from disk and asks no other server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

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


def test_the_search_works_from_disk(site: Path) -> None:
    playwright: Any = pytest.importorskip("playwright.sync_api", reason="needs the extra browser")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        pytest.skip("needs the browser chromium")
    with playwright.sync_playwright() as driver:
        # As root, as in a container, chromium has no sandbox.
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto((site / "usage.html").as_uri())
        page.locator(".md-search__input").press_sequentially("darktable")
        first = page.locator(".md-search-result__item a").first
        first.wait_for(state="attached")
        assert Path(first.get_attribute("href").partition("?")[0]).name == "export.html"
        assert all(address.startswith(("file:", "data:", "blob:", "about:")) for address in asked)
        browser.close()
