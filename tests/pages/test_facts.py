from __future__ import annotations

import numpy as np

from linn_cli.evaluation import residual
from linn_cli.pages._facts import facts


def test_what_cannot_be_measured_is_a_dash() -> None:
    same = np.zeros((16, 16), np.float32)
    rows = dict(facts(residual.measure(same, same, 25)))
    assert rows["sigma asked for"] == "25"
    assert rows["deviation removed"] == "0.0"
    assert rows["correlation of neighbours"] == rows["flatness of the spectrum"] == "-"
