from __future__ import annotations

import json
import math

from linn_cli.jsontext import to_json


def test_numbers_that_json_lacks_become_null() -> None:
    data = {"psnr": math.inf, "rest": [math.nan, -math.inf, 1.5], "deep": ({"x": math.nan},)}
    assert json.loads(to_json(data)) == {
        "psnr": None,
        "rest": [None, None, 1.5],
        "deep": [{"x": None}],
    }


def test_keys_become_text() -> None:
    assert json.loads(to_json({15.0: 1})) == {"15.0": 1}
