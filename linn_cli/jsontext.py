"""Results as JSON that every reader takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def to_json(data: Any) -> str:
    """One line of JSON; an infinite or undefined number becomes null."""
    text = json.dumps(_finite(data), ensure_ascii=False, allow_nan=False)
    # A file name may hold bytes that are no text; as escapes they are valid JSON.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _finite(data: Any) -> Any:
    match data:
        case float():
            return data if abs(data) < float("inf") else None
        case Mapping():
            return {str(key): _finite(value) for key, value in data.items()}
        case list() | tuple():
            return [_finite(value) for value in data]
        case _:
            return data
