from __future__ import annotations

import pytest

from linn_cli import progress


def test_a_share_counts_in_wholes() -> None:
    told: list[tuple[float, str]] = []
    parts = progress.share(lambda done, note="", total=None: told.append((done, note)), 8)
    parts(2)
    parts(6, "rows", 8)
    assert told == [(0.25, ""), (0.75, "rows")]


def test_nobody_hears_silent_progress(capfd: pytest.CaptureFixture[str]) -> None:
    progress.silent(1, "nobody hears", 5)
    assert capfd.readouterr() == ("", "")


def test_a_beat_counts_nothing_but_is_heard() -> None:
    told: list[float] = []
    progress.beat(lambda done, note="", total=None: told.append(done))(5, "half", 9)
    assert told == [0]
