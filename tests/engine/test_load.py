from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from linn_cli import denoise, estimate
from linn_cli.denoising.networks import Networks
from linn_cli.engine import _convolution, load
from linn_cli.engine.load import Load
from linn_cli.noise import _patch_statistics
from tests.conftest import random_image


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Two processors, of which other programs take as many as the list's last number."""
    others = [0.0]
    clock, work = [0.0], [0.0]

    def look() -> load._Seen:
        clock[0] += 1
        work[0] += others[-1]
        return load._Seen(clock[0], work[0], 0.0)

    monkeypatch.setattr(load, "_look", look)
    monkeypatch.setattr(load, "_processors", lambda: {0, 1})
    monkeypatch.setattr(load, "_LEAST_SECONDS", 0.0)
    return others


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def seen_by(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> list[int]:
    """The numbers of threads that calls of a function see."""
    counts: list[int] = []
    original = getattr(module, name)

    def watched(*arguments: Any, **options: Any) -> Any:
        counts.append(torch.get_num_threads())
        return original(*arguments, **options)

    monkeypatch.setattr(module, name, watched)
    return counts


@pytest.mark.parametrize(
    ("others", "own", "processors", "count"),
    [
        (0.0, 0.0, 2, 2),
        (0.2, 0.0, 2, 2),
        (0.7, 1.3, 2, 1),  # one other program, and two threads here
        (1.0, 1.0, 2, 1),
        (7.0, 0.0, 2, 1),
        (1.0, 15.0, 16, 15),
    ],
)
def test_what_others_leave_is_free(others: float, own: float, processors: int, count: int) -> None:
    before, now = (
        load._Seen(5.0, 100.0, 3.0),
        load._Seen(7.0, 100.0 + 2 * (others + own), 3.0 + 2 * own),
    )
    assert load.free(before, now, processors) == count


def test_no_more_threads_than_are_allowed_or_free(busy: list[float]) -> None:
    watched = Load()
    assert [watched.threads(most) for most in (1, 2, 5)] == [1, 2, 2]
    busy.append(1.0)
    assert [watched.threads(most) for most in (1, 2)] == [1, 1]


def test_where_nobody_tells_all_threads_compute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_look", lambda: None)
    assert Load().threads(7) == 7


def test_this_machine_is_looked_at() -> None:
    assert 1 <= Load().threads(3) <= 3


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize(("others", "count"), [(0.0, 2), (1.0, 1)])
def test_a_network_leaves_a_busy_processor_alone(
    busy: list[float], others: float, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy.append(others)
    counts = seen_by(monkeypatch, _convolution, "convolve")
    Networks(device="cpu").at(25)(random_image(20, 20).float(), 25)
    assert set(counts) == {count}
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_threads")
def test_an_estimate_takes_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = seen_by(monkeypatch, _patch_statistics, "measure")
    noisy = random_image(20, 20)[0, 0].numpy()
    estimate(noisy)
    denoise(noisy, noise="camera")
    assert counts
    assert set(counts) == {1}
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_threads")
def test_threads_come_back_after_a_fault() -> None:
    with pytest.raises(KeyError), load.with_threads(1):
        raise KeyError(torch.get_num_threads())
    assert torch.get_num_threads() == 2
