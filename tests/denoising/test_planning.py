from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from linn_cli.denoising import planning
from linn_cli.denoising.job_list import Job
from linn_cli.denoising.planning import Existing
from linn_cli.errors import InputError, UsageError
from linn_cli.pictures.formats import format_named


def targets(jobs: Sequence[Job], below: Path) -> list[str]:
    return [job.target.relative_to(below).as_posix() for job in jobs]


def test_outputs_lie_beside_their_inputs(tree: Path) -> None:
    assert targets(planning.plan([tree], None), tree) == ["a-denoised.png", "b-denoised.jpg"]
    [job] = planning.plan([tree / "a.png"], None, suffix="_clean", target=format_named("tiff"))
    assert job.target == tree / "a_clean.tif"


def test_own_outputs_are_not_inputs_again(tree: Path) -> None:
    (tree / "a-denoised.png").write_bytes((tree / "a.png").read_bytes())
    told: list[str] = []
    jobs = planning.plan([tree], None, existing=Existing(skip=True), notify=told.append)
    assert [job.source.name for job in jobs] == ["a.png", "b.jpg"]
    assert told[-1].startswith(f"{tree / 'a-denoised.png'}: passed over as linn's own")


def test_without_a_suffix_no_picture_is_an_own_output(tree: Path) -> None:
    jobs = planning.plan([tree], None, suffix="", target=format_named("tiff"))
    assert targets(jobs, tree) == ["a.tif", "b.tif"]


def test_the_tree_below_a_folder_is_kept(tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    jobs = planning.plan([tree], out, recursive=True)
    assert targets(jobs, out) == ["a.png", "b.jpg", "deep/a.png", "deep/deeper/c.tif"]


def test_one_input_goes_to_a_file_or_into_a_folder(tree: Path, tmp_path: Path) -> None:
    source = tree / "a.png"
    assert list(planning.plan([source], tmp_path / "x.png")) == [Job(source, tmp_path / "x.png")]
    assert list(planning.plan([source], tmp_path)) == [Job(source, tmp_path / "a.png")]
    assert list(planning.plan([source], tmp_path / "new")) == [
        Job(source, tmp_path / "new" / "a.png")
    ]


def test_patterns_are_expanded(tree: Path) -> None:
    jobs = planning.plan([tree / "**" / "*.png"], None, recursive=True)
    assert sorted(job.source.relative_to(tree).as_posix() for job in jobs) == [
        "a.png",
        "deep/a.png",
    ]
    with pytest.raises(InputError, match="no file matches"):
        planning.plan([tree / "*.gif"], None)


def test_no_two_inputs_write_one_output(tree: Path, tmp_path: Path) -> None:
    for inputs, options in [
        ([tree / "a.png", tree / "deep" / "a.png"], {}),
        ([tree / "a.png", tree / "b.jpg"], {"suffix": "", "target": format_named("png")}),
    ]:
        with pytest.raises(UsageError, match=r"would be written there|is an input too"):
            planning.plan(inputs, None if options else tmp_path / "out", **options)  # type: ignore[arg-type]


def test_an_input_is_never_an_output(tree: Path) -> None:
    with pytest.raises(UsageError, match="is an input too"):
        planning.plan([tree], tree)
    with pytest.raises(UsageError, match="same file"):
        planning.plan([tree / "a.png"], tree / "a.png")


def test_outputs_that_are_there_need_a_word(tree: Path, tmp_path: Path) -> None:
    for name in ("a.png", "b.jpg"):
        (tmp_path / name).touch()
    with pytest.raises(UsageError, match=r"and 1 more: there already; --overwrite replaces"):
        planning.plan([tree], tmp_path)
    with pytest.raises(UsageError, match=r"a\.png: there already; --overwrite replaces it"):
        planning.plan([tree / "a.png"], tmp_path / "a.png")  # one is treated as many are
    for existing in (Existing(overwrite=True), Existing(skip=True)):
        assert len(planning.plan([tree / "a.png"], tmp_path / "a.png", existing=existing)) == 1
        assert len(planning.plan([tree], tmp_path, existing=existing)) == 2


@pytest.mark.parametrize("named", ["a.png", "./a.png", "deep/../a.png", "."])
def test_an_output_in_the_current_folder_is_seen(
    named: str, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree)
    Path("a-denoised.png").touch()
    with pytest.raises(UsageError, match=r"a-denoised\.png: there already"):
        planning.plan([Path(named)], None)
    Path("a-denoised.png").unlink()
    Path("a-denoised.png").symlink_to("b.jpg")
    with pytest.raises(UsageError, match="is an input too"):
        planning.plan([Path("a.png"), Path("b.jpg")], None, existing=Existing(overwrite=True))


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no pictures in it"):
        planning.plan([tmp_path], None)


def test_a_loop_of_links_is_not_followed(tree: Path, tmp_path: Path) -> None:
    (tree / "deep" / "loop").symlink_to(tree, target_is_directory=True)
    assert len(planning.plan([tree], tmp_path / "out", recursive=True)) == 4


def test_a_file_that_is_named_is_never_left_out(tree: Path) -> None:
    named = tree / "a-denoised.png"
    named.write_bytes((tree / "a.png").read_bytes())
    jobs = planning.plan([tree / "b.jpg", named], None)
    assert [job.source.name for job in jobs] == ["b.jpg", "a-denoised.png"]


def test_one_file_by_two_names_is_one_job(tree: Path) -> None:
    jobs = planning.plan([tree / "a.png", tree / "deep" / ".." / "a.png"], None)
    assert len(jobs) == 1


def test_an_output_within_the_input_is_not_an_input(tree: Path) -> None:
    out = tree / "out"
    out.mkdir()
    (out / "a.png").write_bytes((tree / "a.png").read_bytes())
    (tree / ".thumbs").mkdir()
    (tree / ".thumbs" / "a.png").touch()
    jobs = planning.plan([tree], out, recursive=True, existing=Existing(skip=True))
    assert targets(jobs, out) == ["a.png", "b.jpg", "deep/a.png", "deep/deeper/c.tif"]


def test_loops_and_long_names_do_not_stop_the_others(tree: Path) -> None:
    loop = tree / "loop.png"
    loop.symlink_to(loop)
    long = tree / f"{'x' * 300}.png"
    jobs = planning.plan([loop, long, tree / "a.png"], tree / "out")
    assert [job.source for job in jobs] == [loop, long, tree / "a.png"]


def test_a_name_that_looks_like_a_pattern_is_a_name(tree: Path, tmp_path: Path) -> None:
    source = tree / "pic[1].png"
    source.write_bytes((tree / "a.png").read_bytes())
    assert list(planning.plan([source], tmp_path / "x.png")) == [Job(source, tmp_path / "x.png")]


def test_orders_that_contradict_are_refused(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "file.png").touch()
    both = Existing(overwrite=True, skip=True)
    cases: list[tuple[list[Path], Path | None, dict[str, Any], str]] = [
        ([tree / "a.png"], tmp_path / "x.png", {"target": format_named("tiff")}, "says PNG"),
        ([tree / "a.png"], None, {"suffix": "../x"}, "a part of a file name"),
        ([tree], tmp_path / "file.png", {}, "is a file"),
        ([tree / "a.png", tree / "b.jpg"], tmp_path / "new.PNG", {}, "name a folder for several"),
        ([tree / "a.png"], Path(os.devnull), {}, "name a folder for several"),
        ([tree], tmp_path / "out", {"existing": both}, "exclude each other"),
    ]
    for inputs, output, options, reason in cases:
        with pytest.raises(UsageError, match=reason):
            planning.plan(inputs, output, **options)


def test_names_that_differ_in_case_are_two_where_the_disk_tells_them_apart(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.png", "A.png"):
        (folder / name).touch()
    if len(list(folder.iterdir())) < 2:
        pytest.skip("this disk takes them for the same")
    jobs = planning.plan([folder], tmp_path / "out")
    assert [job.target.name for job in jobs] == ["A.png", "a.png"]
