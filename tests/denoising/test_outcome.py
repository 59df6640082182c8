from __future__ import annotations

from linn_cli.denoising.outcome import Outcome


def test_an_outcome_is_one_line_for_people() -> None:
    done = Outcome("a.png", "b.png", width=4, height=3, frames=1, channels=1, depth="uint8")
    assert str(done).startswith("b.png: 4 x 3 grey uint8, sigma ")
    assert "\n" not in str(done)
    assert str(Outcome("a.png", "b.png", error="a.png: no such file")) == "a.png: no such file"
    assert str(Outcome("a.png", "b.png", skipped=True)) == "b.png: there already, left as it is"


def test_several_frames_and_what_is_cut_off_are_said() -> None:
    done = Outcome("a", "b", frames=3, channels=3, sigma=(5.0, 6.0), clipped=("black", "white"))
    assert "colour" in str(done)
    assert "3 frames, sigma 5, 6 cut off at black and white" in str(done)
