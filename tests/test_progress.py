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


def test_a_share_may_be_a_named_step() -> None:
    told: list[tuple[float, str]] = []
    progress.share(lambda done, note="", total=None: told.append((done, note)), 2, "denoising")(1)
    assert told == [(0.5, "denoising")]


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("estimate", [0.0, 5.0, 50.0])
def test_the_time_left_is_steady_after_a_tenth(estimate: float) -> None:
    """However long the estimate took in truth, and though the first rows come at once."""
    clock = Clock()
    left = progress.TimeLeft(1, clock=clock)
    left.add(0, "reading")
    assert left.seconds() is None
    clock.now += 0.5
    left.add(0.01, "reading")
    left.add(0, "estimating noise")
    clock.now += estimate
    left.add(0.02, "estimating noise")
    left.add(0.005, "denoising")
    assert left.seconds() is None
    for part in range(1, 192):
        clock.now += 0.4 if part % 2 else 0.6
        left.add(0.005, "denoising")
        if part > 19:
            seconds = left.seconds()
            assert seconds == pytest.approx((193 - part) * 0.5, rel=0.2, abs=1)
    before = left.seconds()
    clock.now += 0.25
    assert left.seconds() == pytest.approx((before or 0) - 0.25)


def test_a_task_of_many_is_one_step() -> None:
    clock = Clock()
    left = progress.TimeLeft(None, stepwise=False, clock=clock)
    for number in range(5):
        clock.now += 2
        left.add(1, f"{number}.png", 10)
    assert left.seconds() == pytest.approx(10)


def test_nothing_is_said_of_the_rest_too_early() -> None:
    clock = Clock()
    left = progress.TimeLeft(None, clock=clock)
    left.add(1, "rows")
    assert left.seconds() is None  # nobody knows how much there is
    left = progress.TimeLeft(10, clock=clock)
    left.add(5, "rows")
    assert left.seconds() is None  # no time has passed
