from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from linn_cli.denoising import planning
from linn_cli.denoising.job_list import Job
from linn_cli.denoising.shards import WHOLE, Shard
from linn_cli.errors import UsageError
from linn_cli.pictures.formats import format_named


def test_a_shard_is_read_as_it_is_written() -> None:
    assert Shard.parse("3/100") == Shard(3, 100)
    assert str(Shard.parse(" 3/100 ")) == "3/100"
    for text in ("0/2", "3/2", "1", "a/b", "1/0", "-1/2", "1/2/3", "", "1.5/2"):
        with pytest.raises(UsageError, match="give K/N"):
            Shard.parse(text)


def test_every_path_is_in_one_shard_and_shards_are_about_alike() -> None:
    paths = [f"2024/img_{index:05}.jpg" for index in range(10_000)]
    counts = Counter(
        number for path in paths for number in range(1, 11) if Shard(number, 10).takes(path)
    )
    assert sum(counts.values()) == len(paths)
    # The standard deviation of each is 30.
    assert max(counts.values()) - min(counts.values()) < 250
    assert all(map(WHOLE.takes, paths))


def test_a_path_never_moves_to_another_shard() -> None:
    # Runs of other versions and machines rely on these.
    taken = [
        next(number for number in range(1, 101) if Shard(number, 100).takes(path))
        for path in ("a.png", "deep/a.png", "\u00fc/b.tif")
    ]
    assert taken == [44, 100, 53]


def test_pictures_that_could_become_one_file_share_a_shard() -> None:
    for number in (1, 2, 3):
        shard = Shard(number, 3)
        assert shard.takes("in/a.png") == shard.takes("in/a.jpg") == shard.takes("IN/A.PNG")
        # Some systems write an accent as a character of its own.
        assert shard.takes("\u00e4.png") == shard.takes("a\u0308.png")


def plan(tree: Path, number: int, count: int, out: Path) -> Sequence[Job]:
    return planning.plan([tree], out, recursive=True, shard=Shard(number, count))


def test_shards_are_the_whole_and_share_nothing(tree: Path, tmp_path: Path) -> None:
    (tree / "0.jpg").symlink_to(tree / "deep" / "a.png")
    (tmp_path / "far.png").write_bytes((tree / "a.png").read_bytes())
    for name in ("x.png", "y.png"):
        (tree / name).symlink_to(tmp_path / "far.png")
    whole = planning.plan([tree], tmp_path / "out", recursive=True)
    assert [job.source.name for job in whole] == ["a.png", "b.jpg", "x.png", "a.png", "c.tif"]
    for count in (2, 3, 7):
        parts = [
            job
            for number in range(1, count + 1)
            for job in plan(tree, number, count, tmp_path / "out")
        ]
        assert sorted(parts, key=str) == sorted(whole, key=str)


def test_a_shard_without_pictures_says_so(tree: Path, tmp_path: Path) -> None:
    told: list[str] = []
    empty = next(number for number in range(1, 100) if not plan(tree, number, 99, tmp_path / "out"))
    jobs = planning.plan([tree], tmp_path / "out", shard=Shard(empty, 99), notify=told.append)
    assert not jobs
    assert told[-1] == f"shard {empty}/99 has none of these pictures"


def test_outputs_of_other_shards_are_refused_too(tree: Path) -> None:
    """A shard sees that one of its outputs is another's too, wherever that picture belongs."""
    for ending in ("tif", "png"):
        (tree / "deep" / f"b.{ending}").write_bytes((tree / "a.png").read_bytes())
    paths = "b", "deep/b"  # of the file that is named, and of the one in the folder
    owners = [next(n for n in range(1, 6) if Shard(n, 5).takes(path)) for path in paths]
    assert len(set(owners)) == 2
    for number in owners:
        with pytest.raises(UsageError, match=r"b\.tif .*would be written there"):
            planning.plan(
                [tree / "deep" / "b.tif", tree],
                None,
                recursive=True,
                target=format_named("png"),
                suffix="-x",
                shard=Shard(number, 5),
            )


def test_a_shard_of_one_named_file_keeps_the_rules(tree: Path, tmp_path: Path) -> None:
    target = tmp_path / "x.png"
    found = [planning.plan([tree / "a.png"], target, shard=Shard(number, 2)) for number in (1, 2)]
    assert sorted(map(len, found)) == [0, 1]
    for number in (1, 2):
        with pytest.raises(UsageError, match="name a folder for several"):
            planning.plan([tree / "a.png", tree / "b.jpg"], target, shard=Shard(number, 2))
