"""The site's pages that lie elsewhere in the repository, and links between all of them.

Pages link as they lie in the repository, so that they work there too. A link to a file that is no page of the site
becomes plain text.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

import linn_cli

ROOT = Path(__file__).resolve().parent.parent
DOCS = "docs/"
# Pages of the site by their places in the repository.
ELSEWHERE = {
    "README.md": "index.md",
    **{
        name: name
        for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "benchmarks/README.md")
    },
}
WORKER = "iframe-worker.js"
API = """# Python

The names are in `linn_cli`: `from linn_cli import denoise`. They take the way of the command line.
"""
LINK = re.compile(r"(!?)\[((?:[^\]\[]|\[[^\]]*\])*)\]\(([^)\s#]*)(#[^)\s]*)?\)")


def on_files(files: Any, config: Any, **_: Any) -> Any:
    """Add the pages and the script that lie elsewhere."""
    script = (ROOT / ".ci" / WORKER).read_text(encoding="utf-8")
    files.append(File.generated(config, f"assets/{WORKER}", content=script))
    for source, target in ELSEWHERE.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, target, content=text))
    if files.get_file_from_path("api.md") is None:
        names = (name for name in linn_cli.__all__ if not name.startswith("_"))
        api = API + "".join(f"\n::: linn_cli.api.{name}\n" for name in names)
        files.append(File.generated(config, "api.md", content=api))
    return files


def on_page_markdown(markdown: str, page: Any, files: Any, **_: Any) -> str:
    """Lead links to where their pages are in the site."""
    here = page.file.src_uri
    at_home = {target: source for source, target in ELSEWHERE.items()}.get(here, DOCS + here)

    def led(match: re.Match[str]) -> str:
        picture, text, path, anchor = match.groups()
        if not path or "://" in path or path.startswith("mailto:"):
            return match.group()
        source = posixpath.normpath(posixpath.join(posixpath.dirname(at_home), path))
        target = ELSEWHERE.get(source, source.removeprefix(DOCS))
        if source not in ELSEWHERE and not source.startswith(DOCS):
            return text
        relative = posixpath.relpath(target, posixpath.dirname(here) or ".")
        named = text.removeprefix(DOCS) if text == path else text
        return f"{picture}[{named}]({relative}{anchor or ''})"

    return LINK.sub(led, markdown)
