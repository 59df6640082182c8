"""Make the README's screenshots of every page, all by linn itself, in a headless chromium.

Run it from the checkout's folder, with chromium and the extras browser, compare and test installed:
python examples/make_screenshots.py BSD68/
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright
from skimage import data
from typer.testing import CliRunner

from linn_cli.cli import app

SIGMA = 25
HERE = Path(__file__).resolve().parent
DOCS = HERE.parent / "docs"
NOISY = HERE / "astronaut-noisy.png"
# The part of each page that is shown: what it begins with, and pixels below that.
VIEWS = {
    "denoised": ("header", 0),
    "inspected": ("#scales", 0),
    "compared": ("#words", -60),
    "report": ("#plots", -60),
}
WIDTH, HEIGHT = 900, 800


def linn(*arguments: object) -> None:
    """Run a command of linn's, and stop if it fails."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exit_code:
        sys.exit(result.stderr)


def make_pages(folder: Path, pictures: Path) -> None:
    """Write one page of each kind; the report is that of the pictures of a folder."""
    names = {name: folder / f"{name}.html" for name in VIEWS}
    clean, answer, other = (folder / f"{name}.png" for name in ("clean", "linn", "nlm"))
    Image.fromarray(data.astronaut()).convert("L").save(clean)
    linn("denoise", NOISY, "-o", answer, "--sigma", SIGMA, "--compare", names["denoised"])
    linn("inspect", NOISY, "-o", names["inspected"], "--sigma", SIGMA)

    import torch

    from linn_cli.evaluation import other_methods

    levels = torch.from_numpy(np.array(Image.open(NOISY))).float()[None, None] / 255
    estimate = other_methods.load("nlm")(levels, SIGMA)[0, 0].numpy()
    Image.fromarray(np.clip(np.rint(estimate * 255), 0, 255).astype(np.uint8)).save(other)
    linn("compare", answer, other, "--clean", clean, "-o", names["compared"])
    linn(
        *("benchmark", pictures, "--sigma", SIGMA, "--against", "nlm"),
        *("--report", names["report"]),
    )


def main() -> None:
    """Write docs/page-NAME.webp for each kind of page."""
    with TemporaryDirectory() as name, sync_playwright() as driver:
        folder = Path(name)
        make_pages(folder, Path(sys.argv[1]))
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        for kind, (part, below) in VIEWS.items():
            page.goto((folder / f"{kind}.html").as_uri())
            page.evaluate("Promise.all([...document.images].map((image) => image.decode()))")
            top = page.evaluate(f"document.querySelector('{part}').getBoundingClientRect().top")
            page.evaluate(f"window.scrollTo(0, {max(0, top + below - 24)})")
            with Image.open(io.BytesIO(page.screenshot())) as shot:
                shot.convert("RGB").save(DOCS / f"page-{kind}.webp", quality=70, method=6)
        browser.close()


if __name__ == "__main__":
    main()
