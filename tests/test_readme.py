"""The commands in the README and the docs run, and what the pages show is still the form of what they print."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

from linn_cli.evaluation import published
from linn_cli.evaluation.clean_pictures import CleanPictures
from tests.conftest import ROOT, Run

PAGES = [ROOT / "README.md", ROOT / "docs" / "usage.md", ROOT / "docs" / "quality.md"]
PAGES += [ROOT / "docs" / "photographs.md"]
EXAMPLE = "examples/astronaut-noisy.png"


class Shown(NamedTuple):
    """A command on a page and what the page says it prints, "" if the page does not say."""

    page: str
    command: str
    output: str


def shown(page: Path) -> list[Shown]:
    """Every command behind a $ in the page's blocks, in their order."""
    blocks = re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return [
        Shown(page.name, *entry.partition("\n")[::2])
        for block in blocks
        for entry in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    ]


SHOWN = [entry for page in PAGES for entry in shown(page)]
README = [entry.command for entry in SHOWN if entry.page == "README.md"]


def shape(text: str) -> str:
    """The text without what differs between machines: numbers, widths, the device and its precision."""
    text = re.sub(r"\b(b?float\d+|cpu|cuda|mps)\b", "*", text)
    return re.sub(r"[\d.e+-]*\d|[━─┃│┏┓┡┩└┘┳╇┴┼\s]+", " ", text)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of somebody who follows the pages: small pictures under the names used there."""
    for folder in ("examples", "scans/old", "BSD68"):
        (tmp_path / folder).mkdir(parents=True)
    with Image.open(ROOT / EXAMPLE) as example:
        # As the whole picture, this part has noise cut off at black.
        part = example.crop((0, 0, 64, 64))
        part.save(tmp_path / EXAMPLE)
        part.save(tmp_path / "photo.jpg", quality=95)
        part.save(tmp_path / "scans" / "old" / "page.png")
    Image.new("L", (20, 20), 90).save(tmp_path / "BSD68" / "clean.png")
    # That picture stands for the test set.
    digest = CleanPictures.read([tmp_path / "BSD68" / "clean.png"]).digest
    [bsd68, _] = published._KNOWN.values()
    monkeypatch.setattr(published, "_KNOWN", {digest: bsd68})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("linn_cli.evaluation.invertibility.SIZES", ((1, 1), (3, 5)))
    return tmp_path


@pytest.mark.parametrize(
    "entry",
    [entry for entry in SHOWN if entry.command.startswith("linn ")],
    ids=lambda entry: f"{entry.page}: {entry.command}",
)
def test_a_command_prints_what_its_page_shows(linn: Run, desk: Path, entry: Shown) -> None:
    _, *arguments = shlex.split(entry.command)
    done = linn(*arguments)
    assert done.returncode == 0, done.stderr
    if entry.output:
        assert shape(done.stdout).split() == shape(entry.output).split()


def test_the_readme_names_what_its_commands_write(linn: Run, desk: Path) -> None:
    for command in README:
        if command.startswith("linn denoise"):
            assert linn(*shlex.split(command)[1:]).returncode == 0
    assert (desk / "photo-denoised.jpg").exists()
    assert (desk / "clean" / "old" / "page.png").exists()


def test_the_first_command_installs_and_denoises() -> None:
    install, _, denoise = README[0].partition(" && ")
    assert install == "python -m pip install ."
    assert denoise == f"linn denoise {EXAMPLE} -o clean.png --sigma 25"


def test_one_command_installs_and_tests() -> None:
    assert 'python -m pip install -e ".[test]" && python -m pytest' in README


def test_the_result_comes_within_two_screens() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = text.splitlines()
    assert lines.index("## Use") < 50, "a screen has some 25 lines"
    assert len(lines) < 100


def test_the_python_example_runs() -> None:
    [block] = re.findall(
        r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL
    )
    noisy = np.random.default_rng(0).normal(0.5, 0.1, (40, 40)).astype(np.float32)
    names: dict[str, Any] = {"noisy": noisy, "pictures": [noisy]}
    exec(compile(block, "README.md", "exec"), names)  # noqa: S102
    assert names["clean"].shape == names["cleaned"][0].shape == noisy.shape
    assert names["noise"].overall.low < 25.5 < names["noise"].overall.high
    np.testing.assert_array_equal(names["clean"], names["cleaned"][0])
