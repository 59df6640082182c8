from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from linn_cli.engine import freed_memory

ROUNDS = """
import resource, sys
import numpy as np
from linn_cli.engine import freed_memory

if sys.argv[1] == "kept":
    assert freed_memory.keep_freed_memory()

def round_faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    blocks = [np.ones(2 * 2**20, np.uint8) for _ in range(10)]
    del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

round_faults()
print(sum(round_faults() for _ in range(5)))
"""


def faults(mode: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", ROUNDS, mode], capture_output=True, text=True, timeout=60, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told")
def test_freed_blocks_serve_again_without_new_pages() -> None:
    # Five rounds write 20 MB each: 25,600 pages of 4 kB, or some 50 where the system maps 2 MB at once.
    assert 4 * faults("kept") < faults("given back")


def test_other_systems_are_left_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not freed_memory.keep_freed_memory()


def test_a_library_without_the_switch_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    assert not freed_memory.keep_freed_memory()
