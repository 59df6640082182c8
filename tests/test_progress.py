from __future__ import annotations

from linn_cli import progress


def test_a_share_counts_in_wholes() -> None:
    told: list[tuple[float, str]] = []
    parts = progress.share(lambda done, note="", total=None: told.append((done, note)), 8)
    parts(2)
    parts(6, "rows", 8)
    assert told == [(0.25, ""), (0.75, "rows")]
    assert progress.silent(1, "nobody hears") is None  # type: ignore[func-returns-value]


def test_a_beat_counts_nothing_but_is_heard() -> None:
    told: list[float] = []
    progress.beat(lambda done, note="", total=None: told.append(done))(5, "half", 9)
    assert told == [0]
