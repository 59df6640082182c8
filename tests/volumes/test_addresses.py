from __future__ import annotations

from pathlib import Path

import pytest

from linn_cli.errors import UsageError
from linn_cli.volumes import addresses
from linn_cli.volumes.addresses import Job


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("s3://bucket/a.zarr", "s3://bucket/a.zarr"),
        ("folder/a.zarr", "folder/a.zarr"),
        ("C:/folder/a.zarr", "C:/folder/a.zarr"),
        ("gs://bucket/deep/a", "gs://bucket/deep/a"),
        ("file:///folder/a.zarr", "/folder/a.zarr"),
    ],
)
def test_a_path_keeps_its_address(path: str, address: str) -> None:
    assert addresses.address_of(Path(path)) == address


def test_a_zarr_is_known_by_its_name_or_by_what_is_in_it(tmp_path: Path) -> None:
    for name, inside in (("a", "zarr.json"), ("b", ".zgroup"), ("c", ".zarray")):
        (tmp_path / name).mkdir()
        assert not addresses.is_meant(tmp_path / name)
        (tmp_path / name / inside).write_text("{}")
        assert addresses.is_meant(tmp_path / name)
    for name in ("s3://bucket/a", "nowhere.ome.zarr", "nowhere.ZARR"):
        assert addresses.is_meant(Path(name))
    for name in ("photo.jpg", "-", "x" * 300):
        assert not addresses.is_meant(Path(name))


@pytest.mark.parametrize(
    ("sources", "output", "targets"),
    [
        (["in/a.ome.zarr"], None, ["in/a-denoised.ome.zarr"]),
        (["a.zarr"], None, ["a-denoised.zarr"]),
        (["s3://b/a.zarr/"], None, ["s3://b/a-denoised.zarr"]),
        (["a.zarr"], "out/b.zarr", ["out/b.zarr"]),
        (["a.zarr", "in/b.zarr"], "out/", ["out/a.zarr", "out/b.zarr"]),
    ],
)
def test_outputs_lie_where_they_should(
    sources: list[str], output: str | None, targets: list[str]
) -> None:
    planned = addresses.plan(sources, output, "-denoised")
    assert [job.target for job in planned] == targets


def test_a_folder_that_is_no_zarr_takes_the_output(tmp_path: Path) -> None:
    planned = addresses.plan(["a.zarr"], str(tmp_path), "")
    assert planned == [Job("a.zarr", f"{tmp_path}/a.zarr")]


@pytest.mark.parametrize(
    ("sources", "output", "said"),
    [
        (["a.zarr"], "a.zarr", "is an input too"),
        (["a.zarr"], "./a.zarr/", "is an input too"),
        (["a.zarr"], "a.zarr/b.zarr", "lies in an input or holds it"),
        (["out/a.zarr"], "out", "lies in an input or holds it"),
        (["s3://b/a.zarr"], "s3://b/a.zarr", "is an input too"),
        (["a/x.zarr", "b/x.zarr"], "out", "both a/x.zarr and b/x.zarr would be written there"),
    ],
)
def test_no_output_may_touch_an_input_or_another(
    sources: list[str], output: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        addresses.plan(sources, output, "")


def test_what_is_not_installed_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'linn-cli\[zarr\]'"):
        addresses.require()


@pytest.mark.parametrize("name", ["b.tif", "out/b.PNG"])
def test_a_pictures_name_is_no_zarrs(name: str) -> None:
    with pytest.raises(UsageError, match=r"is a picture's name, .* end it in \.zarr"):
        addresses.plan(["a.zarr"], name, "-clean")
