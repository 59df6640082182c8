from __future__ import annotations

from pathlib import Path

import pytest

from linn_cli.errors import UsageError
from tests.volumes.zarrs import zarr

from linn_cli.volumes.record import Record  # isort: skip  after the skip without zarr


def test_what_is_finished_is_remembered_for_the_same_run_only(tmp_path: Path) -> None:
    record = Record(zarr.storage.LocalStore(tmp_path))
    assert not record.is_begun
    assert record.begin({"sigma": 20}, "out") is False
    assert not record.has_any
    for array, name in (("", "0.0"), ("labels/0", "1.0"), ("labels/0", "2.0"), ("labels", "3.0")):
        record.finish(array, name)
    assert record.begin({"sigma": 20}, "out") is True
    assert (record.finished(""), record.finished("labels")) == ({"0.0"}, {"3.0"})
    assert record.finished("labels/0") == {"1.0", "2.0"}
    assert record.finished("other") == set()
    with pytest.raises(UsageError, match="out: was begun from another input"):
        record.begin({"sigma": 25}, "out")
    record.remove()
    assert not record.is_begun
    assert not list(tmp_path.iterdir())
