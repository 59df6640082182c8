"""The progress bar on a terminal."""

from __future__ import annotations

import sys

import pytest

from tests.terminal import python, run_in_terminal

_WORKING = """
import os, time
from linn_cli.commands import console

with console.progress("work", 4, stepwise=True) as advance:
    advance(1, "denoising [x]")
    time.sleep(1.5)
    advance(1, "denoising [x]")
    time.sleep(0.3)
    os._exit(0)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_bar_names_its_step_and_the_time_left() -> None:
    _, [line] = run_in_terminal(*python(_WORKING))
    assert "work" in line
    assert "50% 0:00:0" in line
    assert "left denoising [x]" in line
