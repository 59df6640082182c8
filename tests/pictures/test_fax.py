from __future__ import annotations

import numpy as np
import pytest

from linn_cli.pictures import _fax


@pytest.mark.parametrize("compression", [2, 3, 4])
def test_a_page_is_one_small_strip(compression: int) -> None:
    bits = np.ones((1754, 1240), np.bool_)
    bits[200:260, 100:900] = False
    assert _fax.writes(compression)
    assert 0 < len(_fax.encode(bits, compression)) < bits.size // 8 // 20


@pytest.mark.parametrize("compression", [0, 1, 5, 8])
def test_other_compressions_are_no_fax(compression: int) -> None:
    assert not _fax.writes(compression)
