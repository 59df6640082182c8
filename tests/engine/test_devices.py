from __future__ import annotations

import pytest
import torch

from linn_cli.engine import devices
from linn_cli.errors import UsageError


def test_the_cpu_is_always_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert devices.resolve("cpu") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert devices.resolve("auto") == torch.device("mps")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert devices.resolve("auto") == torch.device("cpu")


@pytest.mark.parametrize("name", ["", "gpu", "cuda:", "cuda:x", "cpu:0", "CPU"])
def test_unknown_names_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="unknown device"):
        devices.resolve(name)


def test_absent_devices_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UsageError, match="'cuda' is not available here"):
        devices.resolve("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert devices.resolve("cuda:0") == torch.device("cuda:0")
    assert devices.resolve("auto") == torch.device("cuda")
    with pytest.raises(UsageError, match="'cuda:1' is not available here"):
        devices.resolve("cuda:1")


def test_bfloat16_is_used_only_where_the_processor_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cpu = torch.device("cpu")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True}, raising=False)
    assert devices.has_bfloat16(cpu)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": False})
    assert not devices.has_bfloat16(cpu)
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert not devices.has_bfloat16(cpu)
    assert not devices.has_bfloat16(torch.device("mps"))


def test_auto_precision_is_half_only_where_it_is_native_and_harmless(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cpu = torch.device("cpu")
    for native in (True, False):
        monkeypatch.setattr(devices, "has_bfloat16", lambda _, native=native: native)
        high = devices.resolve_precision("auto", cpu, devices.BFLOAT16_FROM)
        assert high == (torch.bfloat16 if native else torch.float32)
        assert devices.resolve_precision("auto", cpu, 1.0) == torch.float32
        assert devices.resolve_precision("emulated-bfloat16", cpu, 1.0) == torch.bfloat16
        assert devices.resolve_precision("float32", cpu, 50.0) == torch.float32
        if native:
            assert devices.resolve_precision("bfloat16", cpu, 1.0) == torch.bfloat16
        else:
            with pytest.raises(
                UsageError, match=r"this processor \(cpu\) .*precision='emulated-bfloat16'"
            ):
                devices.resolve_precision("bfloat16", cpu, 50.0)
    with pytest.raises(UsageError, match="unknown precision 'half'"):
        devices.resolve_precision("half", cpu, 25.0)


@pytest.mark.parametrize(
    ("kind", "count", "threads", "memory", "expected"),
    [
        ("cpu", 100, 4, None, 4),
        ("cpu", 3, 4, None, 3),
        ("cpu", 100, 4, 5 * 10**9, 2),
        ("cpu", 100, 4, 10**6, 1),
        ("cpu", 0, 4, None, 1),
        ("cuda", 100, 4, None, 1),
    ],
)
def test_several_pictures_share_the_processor(
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    count: int,
    threads: int,
    memory: int | None,
    expected: int,
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    monkeypatch.setattr(devices, "available_memory", lambda share: memory)
    assert devices.workers(torch.device(kind), count) == expected


def test_training_is_in_half_where_the_device_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    for has, expected in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(devices, "has_bfloat16", lambda _device, has=has: has)
        assert devices.training_precision("auto", cpu) == expected
    assert devices.training_precision("float32", cpu) == torch.float32
    with pytest.raises(UsageError, match="does not compute in it"):
        devices.training_precision("bfloat16", cpu)
