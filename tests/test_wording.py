from __future__ import annotations

from linn_cli.errors import InputError, explain
from linn_cli.wording import as_arguments, as_options, setting

ADVICE = f"leave {setting('weight_file')} out, or give {setting('noise', 'correlated')} {setting('gain', '0.5')}"


def test_each_reader_sees_the_setting_by_its_own_name() -> None:
    assert as_options(ADVICE) == "leave --weights out, or give --noise correlated --gain 0.5"
    assert as_arguments(ADVICE) == "leave weight_file out, or give noise='correlated' gain=0.5"


def test_an_option_has_dashes() -> None:
    assert as_options(setting("max_pixels")) == "--max-pixels"
    assert as_arguments(setting("max_pixels")) == "max_pixels"


def test_other_text_stays() -> None:
    for text in ("a=b", "100 %", "C:\\dir\\1 'name'"):
        assert as_options(text) == as_arguments(text) == text


def test_an_error_names_arguments_and_its_explanation_options() -> None:
    error = InputError(ADVICE)
    assert str(error) == as_arguments(ADVICE)
    assert explain(error) == as_options(ADVICE)
