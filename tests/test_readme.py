"""The README's commands run, and what it shows is still the form of what they print."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import ROOT, Run

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n\$ (.*?)\n(.*?)```", README, flags=re.DOTALL)


def shape(text: str) -> str:
    """The text without what differs between machines: numbers, widths, the device and its precision."""
    text = re.sub(r"\b(b?float\d+|cpu|cuda|mps)\b", "*", text)
    return re.sub(r"[\d.e+-]*\d|[━─┃│┏┓┡┩└┘┳╇┴┼\s]+", " ", text)


@pytest.mark.parametrize(
    ("command", "shown"), [block for block in BLOCKS if block[0].startswith("linn ")]
)
def test_a_command_prints_what_the_readme_shows(
    linn: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, shown: str
) -> None:
    (tmp_path / "examples").mkdir()
    with Image.open(ROOT / "examples" / "astronaut-noisy.png") as example:
        # As the whole picture, this part has noise cut off at black.
        example.crop((0, 0, 64, 64)).save(tmp_path / "examples" / "astronaut-noisy.png")
    (tmp_path / "BSD68").mkdir()
    Image.new("L", (20, 20), 90).save(tmp_path / "BSD68" / "clean.png")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("linn_cli.evaluation.invertibility.SIZES", ((1, 1), (3, 5)))
    program, *arguments = shlex.split(command)
    assert program == "linn"
    done = linn(*arguments)
    assert done.returncode == 0, done.stderr
    assert shape(done.stdout).split() == shape(shown).split()


def test_the_first_command_installs_and_denoises() -> None:
    install, _, denoise = BLOCKS[0][0].partition(" && ")
    assert install == "python -m pip install ."
    assert denoise == "linn denoise examples/astronaut-noisy.png -o clean.png --sigma 25"
