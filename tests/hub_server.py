"""A server on loopback that speaks as much of the Hub's protocol as its client needs for files and commits.

It answers `huggingface_hub` itself, so tests can count requests and break what they like:
HEAD and GET /{repository}/resolve/{revision}/{file}, POST /api/repos/create, /api/validate-yaml,
/api/models/{repository}/preupload/{revision} and .../commit/{revision}.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "hf_right"  # noqa: S105


@dataclass
class Repository:
    """Commits by their hash, and branches as names for them."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    private: bool = False

    def commit(self, files: Mapping[str, bytes], branch: str = "main") -> str:
        """Put files on top of a branch; the new commit."""
        before = self.commits.get(self.branches.get(branch, ""), {})
        content = {**before, **files}
        name = hashlib.sha1(repr(sorted(content.items())).encode()).hexdigest()  # noqa: S324
        self.commits[name] = content
        self.branches[branch] = name
        return name


@dataclass
class Hub:
    """The state of the server; `faults` says what goes wrong how often, by "METHOD file" or "*"."""

    url: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    faults: dict[str, list[str]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    over: threading.Event = field(default_factory=threading.Event)

    def fault(self, method: str, file: str) -> str | None:
        """The next thing that goes wrong with this request, if anything does."""
        with self.lock:
            for key in (f"{method} {file}", "*"):
                if self.faults.get(key):
                    faults = self.faults[key]
                    return faults[0] if faults[0].startswith("always") else faults.pop(0)
        return None

    def count(self, method: str = "") -> int:
        """How many requests there were since `forget`."""
        return sum(request.startswith(method) for request in self.requests)

    def forget(self) -> None:
        """Count from zero."""
        self.requests.clear()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *arguments: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._resolve(with_body=False)

    def do_GET(self) -> None:
        self._resolve(with_body=True)

    def do_POST(self) -> None:
        content = self._body()
        path = urlsplit(self.path).path
        self.hub.requests.append(f"POST {path}")
        if self.hub.fault("POST", path) == "503":
            self._answer(503)
        elif path == "/api/validate-yaml":
            self._answer_json({"errors": [], "warnings": []})
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._answer(401 if "Authorization" not in self.headers else 403)
        elif path == "/api/repos/create":
            asked = json.loads(content)
            name = f"{asked['organization']}/{asked['name']}"
            if name in self.hub.repositories:
                self._answer_json({"url": f"{self.hub.url}/{name}"}, status=409)
                return
            private = asked.get("visibility") == "private"
            self.hub.repositories[name] = Repository(private=private)
            self.hub.repositories[name].commit({".gitattributes": b""})
            self._answer_json({"url": f"{self.hub.url}/{name}"})
        else:
            self._commit(path, content)

    def _commit(self, path: str, content: bytes) -> None:
        owner, name, action, branch = path.removeprefix("/api/models/").split("/")
        repository = self.hub.repositories.get(f"{owner}/{name}")
        if repository is None:
            self._answer(404, "RepoNotFound")
        elif action == "preupload":
            files = json.loads(content)["files"]
            modes = [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                for file in files
            ]
            self._answer_json({"files": modes})
        else:
            lines = [json.loads(line) for line in content.splitlines()]
            parent = lines[0]["value"].get("parentCommit")
            if parent not in (None, repository.branches.get(branch)):
                self._answer(412)
                return
            added = {
                line["value"]["path"]: base64.b64decode(line["value"]["content"])
                for line in lines
                if line["key"] == "file"
            }
            oid = repository.commit(added, branch)
            url = f"{self.hub.url}/{owner}/{name}/commit/{oid}"
            self._answer_json({"commitUrl": url, "commitOid": oid})

    def _resolve(self, *, with_body: bool) -> None:
        path = urlsplit(self.path).path
        self.hub.requests.append(f"{self.command} {path}")
        name, _, rest = path.removeprefix("/").partition("/resolve/")
        revision, _, file = rest.partition("/")
        revision, file = unquote(revision), unquote(file)
        fault = self.hub.fault(self.command, file)
        if fault == "silence":
            self.hub.over.wait()
            self.close_connection = True
            return
        repository = self.hub.repositories.get(name)
        if fault and fault.isdigit():
            self._answer(int(fault))
        elif repository is None:
            self._answer(404, "RepoNotFound")
        elif repository.private and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._answer(401 if "Authorization" not in self.headers else 403)
        elif (commit := repository.branches.get(revision, revision)) not in repository.commits:
            self._answer(404, "RevisionNotFound")
        elif (body := repository.commits[commit].get(file)) is None:
            self._answer(404, "EntryNotFound", commit)
        else:
            self._send(commit, file, body, fault or "", with_body=with_body)

    def _send(self, commit: str, file: str, body: bytes, fault: str, *, with_body: bool) -> None:
        start = 0
        asked = self.headers.get("Range")
        etag = hashlib.sha256(body).hexdigest()
        if with_body and fault.endswith("flip"):
            body = body[:-1] + bytes([body[-1] ^ 1])
        if with_body and fault.endswith("short"):
            body = body[: len(body) // 2]
        if asked:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
        part = body[start:]
        self.send_response(206 if asked else 200)
        self.send_header("ETag", f'"{etag}"')
        self.send_header("X-Repo-Commit", commit)
        size = len(part) if with_body else self.hub.sizes.get(file, len(part))
        self.send_header("Content-Length", str(size))
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.end_headers()
        if not with_body:
            return
        if fault.endswith("cut"):
            self.wfile.write(part[: len(part) // 2])
            self.close_connection = True
        else:
            self.wfile.write(part)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            chunks = b""
            while length := int(self.rfile.readline(), 16):
                chunks += self.rfile.read(length)
                self.rfile.readline()
            self.rfile.readline()
            return chunks
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _answer(self, status: int, code: str | None = None, commit: str | None = None) -> None:
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        if commit:
            self.send_header("X-Repo-Commit", commit)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer_json(self, data: Any, status: int = 200) -> None:
        content = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def serve() -> Iterator[Hub]:
    """Serve an empty hub on a free port of loopback while inside."""
    hub = Hub()
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
