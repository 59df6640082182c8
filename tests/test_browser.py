"""The pages in a real browser: they move, are readable, say nothing on the console and stay offline.

Needs chromium and the `browser` extra. Screenshots go to the folder that LINN_SCREENSHOTS names.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from linn_cli.cli import app

playwright = pytest.importorskip("playwright.sync_api", reason="needs the extra linn-cli[browser]")
axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="needs the extra linn-cli[browser]"
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs the browser chromium")

HOSTILE = '<img src=x onerror=alert(1)>&quot; "é'
PAGES = ["denoised", "inspected", "compared", "apart", "report"]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with each kind of page, made by the commands from pictures of hostile names."""
    folder = tmp_path_factory.mktemp("pages")
    pictures = folder / "pictures"
    pictures.mkdir()
    generator = np.random.default_rng(0)
    rows, columns = np.mgrid[:96, :128]
    for index in range(2):
        clean = 110 + 60 * np.sin(rows / (5 + index)) * np.cos(columns / 9) + 40 * (rows > columns)
        noisy = np.clip(clean + generator.normal(0, 25, clean.shape), 0, 255)
        Image.fromarray(clean.astype(np.uint8)).save(pictures / f"{HOSTILE} {index}.png")
    source = folder / f"{HOSTILE}.png"
    Image.fromarray(noisy.astype(np.uint8)).save(source)
    answer, clean_file = folder / "answer.png", pictures / f"{HOSTILE} 1.png"
    for arguments in (
        ["denoise", source, "-o", answer, "--sigma", 25, "--compare", folder / "denoised.html"],
        ["inspect", source, "-o", folder / "inspected.html", "--sigma", 25],
        ["compare", answer, source, "--clean", clean_file, "-o", folder / "compared.html"],
        ["compare", answer, source, "-o", folder / "apart.html"],
        [
            *("benchmark", pictures, "--sigma", 25, "--sigma", 50, "--against", "wavelet"),
            *("--report", folder / "report.html"),
        ],
    ):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert result.exit_code == 0, result.stderr
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        # As root, as in a container, chromium has no sandbox.
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


Open = Callable[..., Any]


@pytest.fixture
def opened(browser: Any, pages: Path) -> Iterator[Open]:
    """Open a page; at the end, it must have asked for nothing but itself and complained of nothing."""
    faults: list[str] = []
    asked: list[str] = []
    contexts = []

    def open_page(name: str, width: int, scheme: str) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, has_touch=width < 500
        )
        contexts.append(context)
        page = context.new_page()
        address = (pages / f"{name}.html").as_uri()
        page.on("console", lambda message: faults.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: faults.append(f"dialog {dialog.message}"))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        page.evaluate("Promise.all([...document.images].map((image) => image.decode()))")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []
    own = {(pages / f"{name}.html").as_uri() for name in PAGES}
    assert [url for url in asked if url not in own and not url.startswith("data:")] == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_readable(
    opened: Open, tmp_path: Path, name: str, width: int, scheme: str
) -> None:
    page = opened(name, width, scheme)
    folder = Path(os.environ.get("LINN_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cut_off = "[...document.querySelectorAll('.scroll')].filter((part) => part.scrollWidth > part.clientWidth)"
    assert page.evaluate(f"{cut_off}.map((part) => part.innerText)") == []
    assert page.evaluate("[...document.images].every((image) => image.naturalWidth > 0)")
    assert page.locator("h1").inner_text() != ""
    assert page.locator("main img[src='x']").count() == 0
    # axe-core checks contrast, labels, names, roles and the order of headings.
    results = axe.Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("name", PAGES)
def test_the_slider_moves_by_keys_and_by_pointer(opened: Open, name: str) -> None:
    page = opened(name, 1280, "light")
    figure = page.locator(".slider").first
    slider, top = figure.get_by_role("slider"), figure.locator(".top")

    def hidden() -> str:
        return str(top.evaluate("(picture) => getComputedStyle(picture).clipPath"))

    assert "50%" in hidden()
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert "49.5%" in hidden()
    page.keyboard.press("Home")
    assert "100%" in hidden()
    page.keyboard.press("End")
    assert "inset(0px" in hidden()
    assert "%" not in hidden().replace(" 0%", "")
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.9, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.25, middle, steps=4)
    page.mouse.up()
    left = float(slider.input_value())
    assert left == pytest.approx(25, abs=3)


def test_the_size_is_that_of_the_pixels(opened: Open) -> None:
    page = opened("denoised", 1280, "light")
    stage = page.locator(".stage")
    for label, factor in (("100 %", 1), ("300 %", 3)):
        page.get_by_role("button", name=label).click()
        box = stage.bounding_box()
        assert box is not None
        assert (box["width"], box["height"]) == (128 * factor, 96 * factor)


def test_what_was_removed_is_the_difference(opened: Open, pages: Path) -> None:
    page = opened("denoised", 1280, "light")
    page.get_by_role("button", name="what was removed").click()
    page.locator("canvas.top[width='128']").wait_for()
    shown = page.evaluate(
        "[...document.querySelector('canvas.top').getContext('2d').getImageData(0, 0, 128, 96).data]"
    )
    with Image.open(pages / f"{HOSTILE}.png") as noisy, Image.open(pages / "answer.png") as clean:
        removed = np.array(noisy).astype(int) - np.array(clean)
    expected = np.clip(128 + 2 * removed, 0, 255)
    np.testing.assert_array_equal(np.array(shown).reshape(96, 128, 4)[..., 0], expected)


def test_squares_show_through_what_is_transparent(browser: Any, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    values = generator.normal([100, 100, 100], 10, (64, 128, 3)).round().clip(0, 255)
    alpha = np.full((64, 128, 1), 255)
    alpha[:, 16:112] = 0
    source, answer = tmp_path / "cut-out.png", tmp_path / "answer.png"
    Image.fromarray(np.dstack([values, alpha]).astype(np.uint8)).save(source)
    arguments = ["denoise", source, "-o", answer, "--sigma", 10]
    result = CliRunner().invoke(app, [*map(str, arguments), "--compare", str(tmp_path / "p.html")])
    assert result.exit_code == 0, result.stderr
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((tmp_path / "p.html").as_uri())
    page.evaluate("Promise.all([...document.images].map((image) => image.decode()))")
    page.get_by_role("button", name="100 %").click()
    stage = page.locator(".stage").screenshot(path=tmp_path / "stage.png")
    with Image.open(io.BytesIO(stage)) as shot:
        pixels = np.array(shot.convert("L"))
    page.close()
    # In the middle of squares, away from the rule and its handle.
    for left in (20, 100):
        hidden = pixels[4::8, left : left + 16 : 8]
        assert (hidden.min(), hidden.max()) == (
            pytest.approx(184, abs=1),
            pytest.approx(242, abs=1),
        )
    assert pixels[16:48, :8].mean() == pytest.approx(100, abs=4)


def test_a_report_shows_the_picture_that_is_picked(opened: Open) -> None:
    page = opened("report", 1280, "light")
    assert f"{HOSTILE} 0.png, sigma 25." in page.locator("#scores").inner_text()
    page.locator("#thumbs button").nth(1).click()
    assert f"{HOSTILE} 1.png, sigma 25." in page.locator("#scores").inner_text()
    page.get_by_label("sigma", exact=True).select_option("50")
    assert f"{HOSTILE} 1.png, sigma 50." in page.locator("#scores").inner_text()
    page.locator(".choice").first.click()
    assert f"{HOSTILE} 0.png, sigma 50." in page.locator("#scores").inner_text()
    page.get_by_label("right", exact=True).select_option(index=5)
    assert "minus clean, 4 times as strong" in page.locator("#view .sides").inner_text()


def test_the_policy_keeps_the_network_out(browser: Any, pages: Path) -> None:
    page = browser.new_page()
    page.goto((pages / "compared.html").as_uri())
    refused = page.evaluate(
        """() => new Promise((done) => {
          document.addEventListener("securitypolicyviolation", (event) => done(event.effectiveDirective));
          fetch("http://127.0.0.1:9/").catch(() => {});
        })"""
    )
    assert refused == "connect-src"
    page.close()
