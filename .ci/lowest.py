"""The lowest version of every dependency that pyproject.toml allows, as constraints for pip.

python .ci/lowest.py > lowest.txt && python -m pip install -c lowest.txt -e '.[test]'
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import tomllib

LEAST = re.compile(r"([\w-]+)(?:\[[\w,-]+\])?>=([\w.]+)")


def main() -> None:
    """Print them."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    for wanted in sorted({*project["dependencies"], *extras["video"], *extras["test"]}):
        if found := LEAST.match(wanted):
            sys.stdout.write("{}=={}\n".format(*found.groups()))


if __name__ == "__main__":
    main()
