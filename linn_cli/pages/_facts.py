"""What was removed, as the rows of a table that two pages show."""

from __future__ import annotations

from linn_cli.evaluation.residual import Residual


def facts(found: Residual) -> list[tuple[str, str]]:
    """The noise asked for beside what was removed."""

    def figure(value: float | None, form: str) -> str:
        return "-" if value is None else format(value, form)

    return [
        ("sigma asked for", f"{found.sigma:g}"),
        ("deviation removed", f"{found.deviation:.1f}"),
        ("correlation of neighbours", figure(found.correlation, "+.3f")),
        ("flatness of the spectrum", figure(found.flatness, ".0%")),
    ]
