from __future__ import annotations

import io
import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from typer.testing import CliRunner

from linn_cli import denoise
from linn_cli.cli import app
from linn_cli.engine import budget, devices
from linn_cli.network.architecture import Architecture
from linn_cli.weights import sets
from linn_cli.weights.selection import select
from tests.conftest import Run, only_line
from tests.pages.test_embedding import decoded
from tests.pages.test_html import shown
from tests.terminal import run_in_terminal


def test_denoise_writes_the_clean_picture_and_says_so(
    linn: Run, noisy_file: Path, noisy: NDArray[np.uint8]
) -> None:
    target = noisy_file.with_name("clean.png")
    before = noisy_file.read_bytes()
    done = linn("denoise", noisy_file, "-o", target, "--sigma", 25)
    assert (done.returncode, done.stdout) == (0, "")
    line = only_line(done.stderr)
    assert line.startswith(f"linn: {target}: 52 x 37, ")
    assert re.search(r" kB, sigma 25 given, [\d.]+ s$", line)
    with Image.open(target) as image:
        np.testing.assert_array_equal(np.array(image), denoise(noisy, 25))
    assert noisy_file.read_bytes() == before
    assert sorted(path.name for path in noisy_file.parent.iterdir()) == ["clean.png", "noisy.png"]


def test_denoise_reports_as_json_and_in_words(linn: Run, noisy_file: Path) -> None:
    target = noisy_file.with_name("clean.png")
    words = ["--sigma", 25, "--device", "cpu", "--precision", "float32", "--json", "--verbose"]
    done = linn("denoise", noisy_file, "-o", target, *words)
    assert done.returncode == 0
    record = json.loads(only_line(done.stdout))
    assert record.pop("seconds") > 0
    chosen = select(sets.bundled(), 25, None, None)
    assert record == {
        "input": str(noisy_file),
        "output": str(target),
        "width": 52,
        "height": 37,
        "frames": 1,
        "channels": 1,
        "depth": "uint8",
        "bytes": target.stat().st_size,
        "sigma": [25.0],
        "sigma_unit": "8bit",
        "variant": "st",
        "scales": 1,
        "network": str(chosen.architecture),
        "weights": chosen.name,
        "beside": None,
        "device": "cpu",
        "precision": "float32",
        "noise": "white",
        "gain": [],
        "read": [],
        "strength": [100.0],
        "clipped": [],
        "estimate": [],
        "range": None,
        "remarks": [],
        "skipped": False,
        "error": None,
    }
    line = done.stderr.splitlines()[1]
    assert "52 x 37 grey uint8, sigma 25, " in line
    assert ", cpu, float32, " in line


def test_memory_is_bounded_and_threads_are_shared(
    linn: Run, noisy_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    budgets: list[int | None] = []
    original = budget.highest_band

    def highest_band(scales: Any, widths: Any, allowed: int | None) -> int:
        budgets.append(allowed)
        assert torch.get_num_threads() == 2
        return original(scales, widths, allowed)

    monkeypatch.setattr(budget, "highest_band", highest_band)
    threads = torch.get_num_threads()
    try:
        for jobs in (1, 3):
            target = noisy_file.with_name(f"clean-{jobs}.png")
            options = ["--max-memory", 300, "--jobs", jobs, "--threads", 2 * jobs]
            done = linn("denoise", noisy_file, "-o", target, "--sigma", 25, *options)
            assert done.returncode == 0, done.stderr
    finally:
        torch.set_num_threads(threads)
    assert budgets == [300_000_000, 100_000_000]


def test_denoise_says_where_noise_was_cut_off(linn: Run, tmp_path: Path) -> None:
    chance = np.random.default_rng(0).normal(size=(48, 64))
    levels = (10 + 25 * chance).round().clip(0, 255).astype(np.uint8)
    Image.fromarray(levels).save(tmp_path / "dark.png")
    done = linn("denoise", tmp_path / "dark.png", "--sigma", 25, "--json", "--verbose")
    assert json.loads(only_line(done.stdout))["clipped"] == ["black"]
    assert "sigma 25 cut off at black, " in done.stderr
    with Image.open(tmp_path / "dark-denoised.png") as answer:
        assert np.asarray(answer).mean() == pytest.approx(10, abs=2)


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        (["--sigma", "-1"], 2, "sigma -1 is not a noise level"),
        (["--sigma", "nan"], 2, "sigma nan is not a noise level"),
        (["--sigma", "loud"], 2, "sigma 'loud': give a number"),
        (["--sigma", "25", "--sigma-unit", "12bit"], 2, "unknown unit '12bit'"),
        (["--sigma", "25", "--format", "tga"], 2, "unknown format 'tga'"),
        (["--sigma", "1021"], 2, "sigma 1021 is not a noise level where white is 255"),
        (
            ["--sigma", "5", "--sigma-unit", "unit"],
            1,
            "1275 in the picture's values, which go from 0",
        ),
        (["--strength", "201"], 2, "strength 201 is out of range"),
        (["--strength", "nan"], 2, "strength nan is out of range"),
        (["--strength", "100,150,50"], 2, "for brightness and colour as 100,150"),
        (["--noise", "pink"], 2, "unknown noise 'pink'"),
        (["--noise", "camera", "--sigma", "25"], 2, "leave --sigma out"),
        (["--gain", "0.1"], 2, "add --noise camera"),
        (["--noise", "camera", "--read-noise", "2"], 2, "--read-noise goes with --gain"),
        (["--noise", "camera", "--gain", "1,2,3"], 1, "3 gains for a picture of 1 channel:"),
        (["--sigma", "25", "--variant", "relu"], 2, "unknown variant 'relu'"),
        (["--sigma", "25", "--fast", "--scales", "2"], 2, "--fast chooses the network"),
        (["--sigma", "25", "--device", "toaster"], 2, "unknown device 'toaster'"),
        (["--sigma", "25", "--precision", "float16"], 2, "unknown precision 'float16'"),
        (["--sigma", "25", "--weights", "missing.safetensors"], 1, "cannot read the weights"),
    ],
)
def test_faults_of_the_command_line_are_one_line(
    linn: Run, noisy_file: Path, options: list[str], code: int, reason: str
) -> None:
    target = noisy_file.with_name("clean.png")
    done = linn("denoise", noisy_file, "-o", target, *options)
    assert done.returncode == code
    assert reason in only_line(done.stderr)
    assert not target.exists()


@pytest.mark.parametrize("command", ["denoise", "benchmark"])
def test_bfloat16_is_refused_where_it_would_be_emulated(
    linn: Run, noisy_file: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(devices, "has_bfloat16", lambda _: False)
    options = ["--sigma", 25, "--precision"]
    done = linn(command, noisy_file.parent, *options, "bfloat16")
    assert done.returncode == 2
    assert "--precision emulated-bfloat16" in only_line(done.stderr)
    assert linn(command, noisy_file.parent, *options, "emulated-bfloat16").returncode == 0


@pytest.mark.parametrize(
    "options",
    [["--strength", "much"], ["--sigma", "25", "--scales", "3"], ["--sigma", "25", "--turbo"]],
)
def test_malformed_options_are_usage_errors(
    linn: Run, noisy_file: Path, options: list[str]
) -> None:
    done = linn("denoise", noisy_file, "-o", noisy_file.with_name("clean.png"), *options)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_faults_of_the_input_are_one_line(linn: Run, noisy_file: Path) -> None:
    folder = noisy_file.parent
    (folder / "text.png").write_text("no picture")
    (folder / "cut.png").write_bytes(noisy_file.read_bytes()[:900])
    before = sorted(folder.iterdir())
    for source, reason in [
        (folder / "missing.png", "no such file"),
        (folder / "text.png", "not a picture"),
        (folder / "cut.png", "damaged or cut short"),
        (folder / "photo.nef", "develop it to TIFF"),
    ]:
        done = linn("denoise", source, "-o", folder / "clean.png", "--sigma", 25)
        assert done.returncode == 1, source
        assert reason in only_line(done.stderr)
    assert sorted(folder.iterdir()) == before


def test_an_output_that_cannot_be_is_a_usage_error(linn: Run, noisy_file: Path) -> None:
    before = noisy_file.read_bytes()
    for target, reason in [
        (noisy_file, "same file"),
        (noisy_file.parent, "is an input too"),
        (noisy_file.parent / "missing" / "clean.png", "there is no folder"),
        (noisy_file.with_name("clean.xyz"), "ends in .png"),
    ]:
        done = linn("denoise", noisy_file, "-o", target, "--sigma", 25)
        assert done.returncode == 2
        assert reason in only_line(done.stderr)
    assert noisy_file.read_bytes() == before
    assert [path.name for path in noisy_file.parent.iterdir()] == ["noisy.png"]


def test_many_pictures_go_on_after_a_bad_one(linn: Run, noisy_file: Path) -> None:
    folder = noisy_file.parent
    (folder / "bad.png").write_text("no picture")
    shutil.copy(noisy_file, folder / "other.png")
    out = folder / "out"
    done = linn("denoise", folder, "-o", out, "--sigma", 25, "--json")
    assert done.returncode == 1
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [Path(record["input"]).name for record in records] == [
        "bad.png",
        "noisy.png",
        "other.png",
    ]
    assert "not a picture" in records[0]["error"]
    assert records[1]["error"] is None
    error, summary = done.stderr.splitlines()
    assert "not a picture" in error
    assert summary.startswith(f"linn: 2 of 3 pictures denoised into {out} in ")
    assert summary.endswith(" s, 0 skipped, 1 failed")
    assert sorted(path.name for path in out.iterdir()) == ["noisy.png", "other.png"]

    done = linn("denoise", folder, "-o", out, "--sigma", 25)
    assert done.returncode == 2
    assert "--skip-existing" in only_line(done.stderr)
    (folder / "bad.png").unlink()
    done = linn("denoise", folder, "-o", out, "--sigma", 25, "--skip-existing", "-v", "--jobs", 2)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.count("left as it is") == 2


def test_quiet_says_errors_only(linn: Run, noisy_file: Path) -> None:
    folder = noisy_file.parent
    done = linn("denoise", folder, "--sigma", 25, "--quiet")
    assert done == (0, "", "")
    (folder / "bad.png").write_text("no picture")
    done = linn("denoise", folder, "--sigma", 25, "-q", "--skip-existing")
    assert (done.returncode, done.stdout) == (1, "")
    assert "not a picture" in only_line(done.stderr)
    done = linn("denoise", folder, "-q", "-v")
    assert done.returncode == 2
    assert "exclude each other" in only_line(done.stderr)


def test_outputs_that_exist_follow_one_rule(linn: Run, noisy_file: Path) -> None:
    """For one picture and for many, from a file and from a pipe."""
    target = noisy_file.with_name("clean.png")
    many = noisy_file.parent / "many"
    many.mkdir()
    (many / "noisy.png").write_bytes(b"kept")
    target.write_bytes(b"kept")
    outputs = [(noisy_file, target), (noisy_file.parent, many), ("-", target)]
    for source, output in outputs:
        words = ["denoise", source, "-o", output, "--sigma", 25]
        done = linn(*words)
        assert done.returncode == 2
        assert "there already; --overwrite replaces" in only_line(done.stderr)
        done = linn(*words, "--overwrite", "--skip-existing")
        assert done.returncode == 2
        assert "exclude each other" in only_line(done.stderr)
    for source, output in (outputs[0], outputs[2]):
        done = linn("denoise", source, "-o", output, "--sigma", 25, "--skip-existing")
        assert done.returncode == 0
        assert only_line(done.stderr) == f"linn: {target}: there already, left as it is"
    assert target.read_bytes() == b"kept"
    target.unlink()
    done = linn("denoise", noisy_file.parent, "-o", many, "--sigma", 25, "--skip-existing")
    assert only_line(done.stderr).endswith("there already, left as it is")
    assert (many / "noisy.png").read_bytes() == b"kept"
    assert linn("denoise", noisy_file, "-o", many, "--sigma", 25, "--overwrite").returncode == 0
    assert (many / "noisy.png").read_bytes() != b"kept"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_terminal_shows_whole_lines(noisy_file: Path) -> None:
    folder = noisy_file.parent
    (folder / "bad.png").write_text("no picture")
    shutil.copy(noisy_file, folder / "other.png")
    command = (sys.executable, "-m", "linn_cli", "denoise", str(folder), "--sigma", "25", "--json")
    code, lines = run_in_terminal(*command, "--verbose")
    assert code == 1
    assert not [line for line in lines if not line.startswith(("linn: ", "{"))]
    assert sum(line.startswith("{") for line in lines) == 3
    assert lines[-1].endswith(" s, 0 skipped, 1 failed")


def test_colour_is_denoised_in_colour(linn: Run, tmp_path: Path, noisy: NDArray[np.uint8]) -> None:
    colour = np.dstack((noisy, noisy[::-1], 255 - noisy))
    Image.fromarray(colour).save(tmp_path / "a.png")
    done = linn("denoise", tmp_path / "a.png", "--sigma", "25,20,15", "-v")
    assert "52 x 37 colour uint8, sigma 25, 20, 15, " in done.stderr
    with Image.open(tmp_path / "a-denoised.png") as image:
        np.testing.assert_array_equal(np.array(image), denoise(colour, (25, 20, 15)))


def test_three_sigmas_do_not_suit_grey(linn: Run, noisy_file: Path) -> None:
    done = linn("denoise", noisy_file, "--sigma", "25,20,15")
    assert done.returncode == 1
    assert "3 sigmas for a picture of 1 channel:" in only_line(done.stderr)


def test_a_pipe_carries_nothing_but_the_picture(noisy_file: Path, noisy: NDArray[np.uint8]) -> None:
    command = [sys.executable, "-m", "linn_cli", "denoise", "-", "-o", "-", "--sigma", "25"]
    done = subprocess.run(command, input=noisy_file.read_bytes(), capture_output=True, check=True)
    assert only_line(done.stderr.decode()).startswith("linn: standard output: 52 x 37, ")
    quiet = CliRunner().invoke(app, [*command[3:], "-q"], input=noisy_file.read_bytes())
    assert (quiet.stdout_bytes, quiet.stderr) == (done.stdout, "")
    with Image.open(io.BytesIO(done.stdout)) as image:
        np.testing.assert_array_equal(np.array(image), denoise(noisy, 25))


def test_a_file_is_denoised_to_standard_output(noisy_file: Path, noisy: NDArray[np.uint8]) -> None:
    command = ["denoise", str(noisy_file), "-o", "-"]
    done = CliRunner().invoke(app, [*command, "--sigma", "25", "--format", "tiff"])
    assert done.exit_code == 0
    assert only_line(done.stderr).startswith("linn: standard output: 52 x 37, ")
    with Image.open(io.BytesIO(done.stdout_bytes)) as image:
        assert image.format == "TIFF"
        np.testing.assert_array_equal(np.array(image), denoise(noisy, 25))
    assert list(noisy_file.parent.iterdir()) == [noisy_file]
    noisy_file.write_bytes(noisy_file.read_bytes()[:900])
    done = CliRunner().invoke(app, command)
    assert (done.exit_code, done.stdout_bytes) == (1, b"")
    assert done.stderr.startswith(f"linn: {noisy_file}: cannot be read")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["-", "other.png"], "- is one picture by itself"),
        (["-", "-o", "-", "--json"], "either the picture or --json"),
        (["-", "-o", "x.tga"], "choose an output name"),
        ([".", "-o", "-"], "is a folder, and standard output takes one picture"),
        (["a.png", "b.png", "-o", "-"], "- is one picture by itself"),
        (["a.png", "-o", "-", "--compare", "c.html"], "leave - out"),
    ],
)
def test_a_pipe_is_used_one_way(linn: Run, arguments: list[str], reason: str) -> None:
    done = linn("denoise", *arguments, "--sigma", 25)
    assert done.returncode == 2
    assert reason in only_line(done.stderr)


def test_a_variant_without_weights_says_so(
    linn: Run, noisy_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = tuple(one for one in sets.bundled() if one.architecture != Architecture("lista", 2))
    monkeypatch.setattr(sets, "bundled", lambda: some)
    target = noisy_file.with_name("clean.png")
    options = ["--sigma", 25, "--variant", "lista", "--scales"]
    done = linn("denoise", noisy_file, "-o", target, *options, 2)
    assert done.returncode == 2
    assert "no weights for DnINN-LISTA 2-scale are bundled yet" in only_line(done.stderr)
    assert not target.exists()
    assert linn("denoise", noisy_file, "-o", target, *options, 1).returncode == 0


def test_a_larger_picture_needs_a_raised_limit(linn: Run, noisy_file: Path) -> None:
    target = noisy_file.with_name("clean.png")
    options = ["-o", target, "--sigma", 25, "--max-pixels"]
    done = linn("denoise", noisy_file, *options, 1000)
    assert done.returncode == 1
    assert "more than 1000 pixels" in only_line(done.stderr)
    assert linn("denoise", noisy_file, *options, 2000).returncode == 0


def test_fast_is_one_scale_with_soft_thresholds(linn: Run, noisy_file: Path) -> None:
    target = noisy_file.with_name("clean.png")
    done = linn("denoise", noisy_file, "-o", target, "--sigma", 25, "--fast", "--json")
    record = json.loads(only_line(done.stdout))
    assert (record["variant"], record["scales"]) == ("st", 1)


def test_threads_change_nothing_but_the_speed(linn: Run, noisy_file: Path) -> None:
    threads = torch.get_num_threads()
    answers = []
    try:
        for count in (1, 2):
            target = noisy_file.with_name(f"{count}.png")
            done = linn("denoise", noisy_file, "-o", target, "--sigma", 25, "--threads", count)
            assert done.returncode == 0
            assert torch.get_num_threads() == count
            answers.append(target.read_bytes())
    finally:
        torch.set_num_threads(threads)
    assert answers[0] == answers[1]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal to send")
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_to_stop_leaves_nothing(tmp_path: Path, name: str, code: int) -> None:
    source, target = tmp_path / "large.png", tmp_path / "clean.png"
    Image.new("L", (2000, 4000), 90).save(source)
    command = [sys.executable, "-c", _ANNOUNCED, "denoise", source, "-o", target, "--sigma", "25"]
    with subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "first rows\n"
        process.send_signal(getattr(signal, name))
        _, error = process.communicate(timeout=60)
    assert process.returncode == code
    assert only_line(error) == "linn: interrupted"
    assert list(tmp_path.iterdir()) == [source]


# The command line, but it says when the first rows are finished. A shell lets its background jobs
# ignore interruptions, and they inherit that.
_ANNOUNCED = """
import signal
from linn_cli.engine import streaming
from linn_cli.cli import main

def announced(*arguments, original=streaming.stream, **options):
    said = False
    for rows in original(*arguments, **options):
        if rows.shape[2] and not said:
            said = True
            print("first rows", flush=True)
        yield rows

streaming.stream = announced
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""


def test_next_to_no_noise_returns_the_input(
    linn: Run, noisy_file: Path, noisy: NDArray[np.uint8]
) -> None:
    target = noisy_file.with_name("clean.png")
    assert linn("denoise", noisy_file, "-o", target, "--sigma", 0.009).returncode == 0
    with Image.open(target) as image:
        np.testing.assert_array_equal(np.array(image), noisy)


def test_sigma_is_estimated_where_it_is_not_given_and_said(
    linn: Run, noisy_file: Path, noisy: NDArray[np.uint8]
) -> None:
    estimated = json.loads(only_line(linn("estimate", noisy_file, "--json").stdout))
    assert estimated["input"] == str(noisy_file)
    assert (estimated["width"], estimated["height"]) == (52, 37)
    overall = estimated["overall"]
    assert [overall] == estimated["channels"]
    assert overall["low"] <= overall["sigma"] <= overall["high"]
    target = noisy_file.with_name("clean.png")
    done = linn("denoise", noisy_file, "-o", target)
    assert done.returncode == 0
    assert f", sigma {overall['sigma']:.3g} estimated, " in only_line(done.stderr)
    target.unlink()
    done = linn("denoise", noisy_file, "-o", target, "-v")
    assert f"clean.png: sigma {overall['sigma']:.2f} (" in done.stderr.splitlines()[2]
    with Image.open(target) as image:
        np.testing.assert_array_equal(np.array(image), denoise(noisy, overall["sigma"]))


@pytest.mark.parametrize("options", [["--sigma", "25"], [], ["--noise", "camera"]])
def test_no_strength_leaves_every_pixel(
    linn: Run, noisy_file: Path, noisy: NDArray[np.uint8], options: list[str]
) -> None:
    target = noisy_file.with_name("clean.png")
    assert linn("denoise", noisy_file, "-o", target, "--strength", 0, *options).returncode == 0
    with Image.open(target) as image:
        np.testing.assert_array_equal(np.array(image), noisy)


def test_strength_scales_sigma(linn: Run, noisy_file: Path, noisy: NDArray[np.uint8]) -> None:
    target = noisy_file.with_name("clean.png")
    linn("denoise", noisy_file, "-o", target, "--sigma", 20, "--strength", 150)
    with Image.open(target) as image:
        np.testing.assert_array_equal(np.array(image), denoise(noisy, 30))


def test_brightness_and_colour_have_their_own_strength(linn: Run, tmp_path: Path) -> None:
    values = np.repeat(np.linspace(60, 200, 90)[None, :, None], 60, 0) * np.ones(3)
    values += np.random.default_rng(0).normal(0, 15, values.shape)
    colour, grey = values.round().clip(0, 255).astype(np.uint8), values[:, :, 0].astype(np.uint8)
    for name, levels in (("colour.png", colour), ("grey.png", grey)):
        Image.fromarray(levels).save(tmp_path / name)
    options = "--sigma", 15, "--strength", "50,150", "-o", tmp_path / "out", "--json"
    done = linn("denoise", tmp_path, *options)
    assert all(json.loads(line)["strength"] == [50, 150] for line in done.stdout.splitlines())
    with Image.open(tmp_path / "out" / "colour.png") as image:
        expected = denoise(colour, 15, strength=(0.5, 1.5))
        np.testing.assert_array_equal(np.array(image), expected)
    with Image.open(tmp_path / "out" / "grey.png") as image:
        np.testing.assert_array_equal(np.array(image), denoise(grey, 7.5))
    said = linn("denoise", tmp_path / "colour.png", "--strength", "50,150", "-v").stderr
    assert "in colour is removed, at --strength 50,150" in said


def test_camera_noise_is_estimated_and_said(linn: Run, noisy_file: Path) -> None:
    ramp = np.linspace(0.1, 0.9, 300) * np.ones((200, 1))
    counts = np.random.default_rng(0).poisson(40 * ramp)
    Image.fromarray((counts / 40 * 255).round().clip(0, 255).astype(np.uint8)).save(noisy_file)
    assert "the noise grows with brightness" in only_line(linn("estimate", noisy_file).stdout)
    target = noisy_file.with_name("clean.png")
    done = linn("denoise", noisy_file, "-o", target, "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(only_line(done.stdout))
    assert record["noise"] == "camera"
    # 60,000 pixels of one ramp.
    assert record["gain"] == [pytest.approx(255 / 40, rel=0.15)]
    assert done.stderr == ""
    words = " ".join(record["estimate"])
    options = re.search(r"counts, (--gain \S+ --read-noise \S+), estimated", words)
    assert options
    told = noisy_file.with_name("told.png")
    given = ["--noise", "camera", *options[1].split()]
    done = linn("denoise", noisy_file, "-o", told, *given)
    assert "camera noise of sigma " in only_line(done.stderr)
    with Image.open(target) as estimated, Image.open(told) as same:
        difference = np.array(estimated).astype(int) - np.array(same)
    assert np.abs(difference).max() <= 1  # the words are rounded
    with Image.open(target) as image:
        left = np.array(image) / 255 - ramp
    assert np.std(left) < 0.25 * np.std(counts / 40 - ramp)


def test_denoise_shows_what_it_did(linn: Run, noisy_file: Path, noisy: NDArray[np.uint8]) -> None:
    folder = noisy_file.parent
    for ending in ("html", "PNG"):
        view = folder / f"view.{ending}"
        words = ["--sigma", 25, "--overwrite", "--compare", view]
        done = linn("denoise", noisy_file, "-o", folder / "clean.png", *words)
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr.splitlines()[-1] == f"linn: {view}: before and after"
    data = shown((folder / "view.html").read_bytes())
    np.testing.assert_array_equal(decoded(data["pictures"][0]["source"])[..., 0], noisy)
    np.testing.assert_array_equal(
        decoded(data["pictures"][1]["source"])[..., 0], denoise(noisy, 25)
    )
    with Image.open(folder / "view.PNG") as strip:
        assert strip.format == "PNG"


def test_a_view_is_not_the_denoised_picture(linn: Run, noisy_file: Path) -> None:
    target = noisy_file.with_name("clean.png")
    done = linn("denoise", noisy_file, "-o", target, "--sigma", 25, "--compare", target)
    assert done.returncode == 2
    assert "is the denoised picture, give --compare another name" in only_line(done.stderr)


def test_what_is_hardly_meant_is_said_and_done(linn: Run, noisy_file: Path) -> None:
    weights = ["--weights", "dninn-st-1-25"]
    done = linn("denoise", noisy_file, "--sigma", 3, "--strength", 1.5, *weights, "--json")
    assert done.returncode == 0
    asked, doubted = done.stderr.splitlines()
    assert asked.endswith("did you mean 150?")
    assert "are for sigma 21 to 29" in doubted
    [remark] = json.loads(only_line(done.stdout))["remarks"]
    assert doubted.endswith(remark)


def test_the_view_advises_another_sigma_only_where_it_was_given(linn: Run, tmp_path: Path) -> None:
    rows, columns = np.mgrid[:128, :128]
    clean = 110 + 60 * np.sin(rows / 9) * np.cos(columns / 14)
    noisy = clean + np.random.default_rng(0).normal(0, 12, clean.shape)
    source, view = tmp_path / "noisy.png", tmp_path / "view.html"
    Image.fromarray(np.rint(noisy).astype(np.uint8)).save(source)
    for arguments, advised in (
        (["--sigma", 24], True),
        (["--sigma", 5], True),
        (["--sigma", 12], False),
        (["--sigma", 12, "--strength", 50], False),
        (["--sigma", "auto"], False),
    ):
        target = ["-o", tmp_path / "clean.png", "--overwrite"]
        done = linn("denoise", source, *target, *arguments, "--compare", view)
        assert done.returncode == 0
        said = " ".join(shown(view.read_bytes())["words"])
        assert ("linn estimates sigma" in said) == advised, arguments


@pytest.mark.parametrize("name", ["view.pdf", "noisy.png", "clean.png", "missing/view.html"])
def test_a_view_that_cannot_be_is_refused_before_any_work(
    linn: Run, noisy_file: Path, name: str
) -> None:
    before = noisy_file.read_bytes()
    target = noisy_file.with_name("clean.png")
    view = noisy_file.parent / name
    done = linn("denoise", noisy_file, "-o", target, "--sigma", 25, "--compare", view)
    assert done.returncode == 2
    assert name.partition("/")[0] in only_line(done.stderr)
    assert noisy_file.read_bytes() == before
    assert list(noisy_file.parent.iterdir()) == [noisy_file]


def test_shards_denoise_the_whole_and_their_manifests_say_so(
    linn: Run, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "deep" / "bad.png").write_text("no picture")
    folder = tmp_path / "out"
    command = ["denoise", tree, "-r", "-o", folder, "--sigma", 25, "--quiet"]
    codes = []
    for number in (1, 2, 3):
        monkeypatch.setenv("LINN_SHARD", f"{number}/3")
        codes.append(linn(*command, "--manifest", tmp_path / f"{number}.jsonl").returncode)
    assert sorted(codes) == [0, 0, 1]
    manifests = [tmp_path / f"{number}.jsonl" for number in (1, 2, 3)]
    told = [json.loads(line) for path in manifests for line in path.read_text().splitlines()]
    assert len(told) == 5
    failed = [record["input"] for record in told if record["error"]]
    assert failed == [str(tree / "deep" / "bad.png")]
    written = [record["output"] for record in told if not record["error"]]
    assert sorted(written) == sorted(str(path) for path in folder.rglob("*.*"))
    # Run again, a shard goes on where it stopped.
    done = linn(*command, "--skip-existing", "--manifest", manifests[2])
    assert done.returncode == codes[2]
    lines = manifests[2].read_text().splitlines()
    again = [json.loads(line) for line in lines[len(lines) // 2 :]]
    assert all(record["skipped"] or record["error"] for record in again)


def test_faults_of_shards_and_manifests_are_one_line(linn: Run, noisy_file: Path) -> None:
    manifest = noisy_file.with_name("done.jsonl")
    cases: list[tuple[list[object], int, str]] = [
        (["--shard", "0/3"], 2, "shard '0/3': give K/N"),
        (["--manifest", "a.png"], 2, "a.png: is a picture's name"),
        (["--manifest", manifest, "--shard", "0/3"], 2, "shard '0/3': give K/N"),
        (["--manifest", manifest, "-o", noisy_file], 2, noisy_file.name),
        (["--manifest", manifest, "--device", "abacus"], 2, "abacus"),
        (["--manifest", noisy_file / "a.jsonl"], 1, "a.jsonl: cannot be written"),
    ]
    for options, code, reason in cases:
        done = linn("denoise", noisy_file, "--sigma", 25, *options)
        assert (done.returncode, list(noisy_file.parent.iterdir())) == (code, [noisy_file])
        assert reason in only_line(done.stderr)
