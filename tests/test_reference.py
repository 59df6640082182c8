"""The page of commands and the man page are what `--help` says."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests import reference

STALE = "an option has changed: python -m tests.reference"


def test_the_page_of_commands_is_up_to_date() -> None:
    assert reference.PAGE.read_text(encoding="utf-8") == reference.page(), STALE


def test_the_man_page_is_up_to_date() -> None:
    assert reference.MAN.read_text(encoding="utf-8") == reference.man(), STALE


def test_both_name_every_command_and_its_options() -> None:
    names = [name for name, _, _ in reference.commands()]
    assert {"linn", "linn denoise", "linn weights list"} <= set(names)
    page, man = reference.page(), reference.man()
    for name in names:
        assert f"\n## {name}\n" in page
        assert f".SH {name.upper()}".replace("-", r"\-") in man
    assert "`--sigma-unit 8bit\\|16bit\\|unit\\|value`" in page
    assert r"\-\-sigma\-unit 8bit|16bit|unit" in man


@pytest.mark.skipif(not shutil.which("groff"), reason="needs groff")
def test_the_man_page_has_no_fault() -> None:
    done = subprocess.run(
        [str(shutil.which("groff")), "-man", "-Tutf8", "-ww", str(reference.MAN)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    # Bold letters are struck twice.
    assert "LINN DENOISE" in re.sub(".\x08", "", done.stdout)
