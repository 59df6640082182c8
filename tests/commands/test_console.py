from __future__ import annotations

import json
import logging
import math
import signal
import sys
from pathlib import Path

import pytest
import typer

from linn_cli.commands import console
from linn_cli.errors import InputError, UsageError
from tests.terminal import python, run_in_terminal


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (UsageError("wrong option"), 2, "linn: wrong option\n"),
        (InputError("bad picture"), 1, "linn: bad picture\n"),
        (KeyboardInterrupt(), 130, "linn: interrupted\n"),
        (MemoryError(), 1, "linn: out of memory: the picture is too large for this machine\n"),
        (KeyError("x"), 1, "linn: unexpected KeyError: 'x' (a defect; --debug shows where)\n"),
    ],
)
def test_an_error_is_one_line_and_a_code(
    error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as exit_info, console.reported(debug=False):
        raise error
    assert exit_info.value.exit_code == code
    assert capsys.readouterr().err == line


def test_debug_adds_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit), console.reported(debug=True):
        raise InputError("bad picture")
    assert "Traceback" in capsys.readouterr().err


def test_an_exit_passes_through() -> None:
    with pytest.raises(typer.Exit) as exit_info, console.reported(debug=False):
        raise typer.Exit(7)
    assert exit_info.value.exit_code == 7


def test_json_is_one_line_that_any_parser_takes(capsys: pytest.CaptureFixture[str]) -> None:
    console.emit_json({"psnr": math.inf, "ssim": [math.nan, 0.5], 15.0: "é\n"})
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out) == {"psnr": None, "ssim": [None, 0.5], "15.0": "é\n"}


def test_a_piped_table_is_whole_and_takes_markup_literally(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console.table("[b]title", ["name", "value"], [["[red]x[/red]" * 4, "1.5"]])
    out = capsys.readouterr().out
    assert "[b]title" in out
    assert "[red]x[/red]" * 4 in out


def test_progress_is_quiet_when_piped(capsys: pytest.CaptureFixture[str]) -> None:
    with console.progress("work", 3) as advance:
        advance(1, "[note")
    assert capsys.readouterr() == ("", "")


def test_closed_streams_are_no_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    monkeypatch.setattr(sys, "stdout", None)
    with console.progress("work", 3) as advance:
        advance(1)
        console.emit("result")
        console.say("remark")


# Remarks, results, warnings of a library and what a thread logs, while a bar is shown.
_TALKATIVE = """
import logging, sys, threading, time
from linn_cli.commands import console

with console.reported(debug=False), console.progress("work", 4, stepwise=True) as advance:
    for number in range(4):
        advance(1, f"step {number}")
        time.sleep(0.15)
        console.say(f"[b]remark {number}[/b]")
        console.emit(f"result {number}")
        logger = logging.getLogger("linn_cli.engine")
        thread = threading.Thread(target=logger.warning, args=("logged %d", number))
        thread.start()
        thread.join()
        print(f"foreign {number}", file=sys.stderr)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_no_word_is_glued_to_a_bar() -> None:
    code, lines = run_in_terminal(*python(_TALKATIVE))
    kinds = ("linn: [b]remark {}[/b]", "result {}", "linn: logged {}", "foreign {}")
    assert (code, lines) == (0, [kind.format(number) for number in range(4) for kind in kinds])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_results_go_to_the_file_that_takes_them(tmp_path: Path) -> None:
    results = tmp_path / "results.txt"
    _, lines = run_in_terminal(*python(_TALKATIVE), stdout=results)
    assert results.read_text().split("\n") == [*(f"result {n}" for n in range(4)), ""]
    assert len(lines) == 12


def test_where_quiet_is_asked_for_only_errors_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with console.reported(debug=False, quiet=True):
        logging.getLogger("linn_cli").warning("short of memory")
    assert capsys.readouterr().err == ""
    with pytest.raises(typer.Exit), console.reported(debug=False, quiet=True):
        raise InputError("bad picture")
    assert capsys.readouterr().err == "linn: bad picture\n"


def test_interruptions_are_noted_and_handlers_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with console.interruptions() as interrupted:
        assert not interrupted()
        signal.raise_signal(signal.SIGINT)
        assert interrupted()
    assert signal.getsignal(signal.SIGINT) is before


def test_a_name_of_several_lines_is_said_in_one(capsys: pytest.CaptureFixture[str]) -> None:
    console.say("a\nb\r.png: no such file")
    assert capsys.readouterr().err == "linn: a\\nb\\r.png: no such file\n"
