"""The memory that denoising takes does not grow with the picture's height, but for its pixels."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell the peak this way")
def test_twice_the_height_takes_no_more_than_its_pixels(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("memory", ROOT / "benchmarks" / "memory.py")
    assert spec is not None
    assert spec.loader is not None
    memory = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(memory)
    low, high = (
        memory.peak_memory(tmp_path, (height, 10_000), ["--precision", "float32"])
        for height in (256, 512)
    )
    # Decoded, denoised and encoded, at a byte each, and 5 % for the allocator. If a float32 plane of
    # 16 channels were kept, it would be 164 MB more.
    pixels = 10_000 * 256
    assert high - low < 3 * pixels + 0.05 * low
    assert high < 1e9
