"""A loopback server that speaks the hub's protocol, as far as huggingface_hub 2.4 asks it.

``GET /api/models/{name}[/revision/{revision}]`` tells commit and files; ``HEAD`` and ``GET
/{name}/resolve/{commit}/{file}`` serve them. Large files are redirected to a store of their own, as on the hub.
Datasets are served alike, below ``/api/datasets`` and ``/datasets``.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

COMMIT = "c0ffee" + "0" * 34
OTHER = "decade" + "0" * 34  # the commit of any other branch
_BLOCK = 4096


@contextlib.contextmanager
def quick_hub(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """huggingface_hub with a cache below ``home`` (it reads HF_HOME only once, when it is imported), small blocks, and
    no waiting between two tries."""
    from huggingface_hub import constants, file_download
    from huggingface_hub.utils import close_session

    folder = home / "hf" / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr("tlstudio.core.hub._BLOCK", 8192)
    quick = types.SimpleNamespace(**{**vars(file_download.time), "sleep": lambda _seconds: None})
    monkeypatch.setattr(file_download, "time", quick)
    monkeypatch.setattr("huggingface_hub.utils._http.time", quick)
    try:
        yield folder
    finally:
        close_session()


@dataclass
class Answer:
    """What is answered instead of the truth."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Seen:
    method: str
    path: str
    range: str | None
    token: str | None


class HubServer:
    """Serves the files of ``folder`` as the model (or dataset) ``name``; used as a context manager.

    Attributes:
        files: path → content.
        branches: files of branches beside the main one.
        card: metadata of the card.
        seen: the requests so far.
        answers: part of a path → an answer that is given instead.
        cut_after: bytes of a large file after which the connection is cut; -1 never.
        cuts: how often it is cut.
        swap: file name → other bytes of it that are sent.
        ignore_range: whether Range requests get the whole file.
    """

    def __init__(
        self, folder: Path, name: str = "org/tiny", large: tuple[str, ...] = ("model.safetensors",),
        kind: str = "models",
    ) -> None:  # fmt: skip
        self.name, self.large, self.kind = name, large, kind
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        self.files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
        self.branches: dict[str, dict[str, bytes]] = {}
        self.card: dict[str, Any] = {}
        self.gated: bool | str = False
        self.seen: list[Seen] = []
        self.answers: dict[str, Answer] = {}
        self.cut_after, self.cuts = -1, 1000
        self.swap: dict[str, bytes] = {}
        self.ignore_range = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def store(self) -> str:
        """The same server by another name, as a content delivery network is another host."""
        return f"http://localhost:{self._server.server_port}"

    def __enter__(self) -> HubServer:
        self._thread.start()
        return self

    def __exit__(self, *_args: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def body_requests(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.method == "GET" and not seen.path.startswith("/api/")]

    @property
    def base(self) -> str:
        """Where the files are resolved."""
        return f"/{self.name}/resolve/" if self.kind == "models" else f"/{self.kind}/{self.name}/resolve/"

    def content(self, commit: str) -> dict[str, bytes]:
        """The files of a commit."""
        return next(iter(self.branches.values())) if commit == OTHER and self.branches else self.files

    def info(self, branch: str = "main") -> dict[str, Any]:
        siblings = []
        for name, content in self.branches.get(branch, self.files).items():
            entry: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": _git_hash(content)}
            if name in self.large:
                entry["lfs"] = {"sha256": _sha256(content), "size": len(content), "pointerSize": 134}
            siblings.append(entry)
        commit = OTHER if branch in self.branches else COMMIT
        return {"_id": "1", "id": self.name, "modelId": self.name, "sha": commit, "siblings": siblings, "tags": [],
                "private": False, "gated": self.gated, "disabled": False, "downloads": 0, "likes": 0,
                "cardData": self.card}  # fmt: skip


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _git_hash(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: HubServer

    def do_HEAD(self) -> None:
        self._route(body=False)

    def do_GET(self) -> None:
        self._route(body=True)

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # the client has cancelled
            super().handle()

    def log_message(self, *_args: object) -> None:
        """Quiet."""

    def _route(self, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.seen.append(Seen(self.command, path, self.headers.get("Range"), self.headers.get("Authorization")))
        for part, answer in self.hub.answers.items():
            if part in path:
                return self._plain(answer.status, answer.headers)
        if path.startswith(f"/api/{self.hub.kind}/{self.hub.name}"):
            return self._info(path)
        if path.startswith("/store/"):
            commit, name = path.removeprefix("/store/").split("/", 1)
            return self._file(commit, name, body, {})
        if path.startswith(self.hub.base):
            return self._resolve(*path.removeprefix(self.hub.base).split("/", 1), body)
        return self._plain(404, {"X-Error-Code": "RepoNotFound"})

    def _info(self, path: str) -> None:
        branch = path.split("/revision/", 1)[1] if "/revision/" in path else "main"
        if branch == OTHER and self.hub.branches:
            branch = next(iter(self.hub.branches))
        if branch not in (COMMIT, "main", *self.hub.branches):
            return self._plain(404, {"X-Error-Code": "RevisionNotFound"})
        info = self.hub.info() if branch in ("main", COMMIT) else self.hub.info(branch)
        return self._plain(200, {"Content-Type": "application/json"}, json.dumps(info).encode())

    def _resolve(self, commit: str, name: str, body: bool) -> None:
        content = self.hub.content(commit).get(name)
        if content is None:
            return self._plain(404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit})
        headers = {"X-Repo-Commit": commit if commit == OTHER else COMMIT, "ETag": f'"{_git_hash(content)}"'}
        if name not in self.hub.large:
            return self._file(commit, name, body, headers)
        linked = {"X-Linked-Etag": f'"{_sha256(content)}"', "X-Linked-Size": str(len(content))}
        return self._plain(302, {**headers, **linked, "Location": f"{self.hub.store}/store/{commit}/{name}"})

    def _file(self, commit: str, name: str, body: bool, headers: dict[str, str]) -> None:
        content = self.hub.swap.get(name, self.hub.content(commit)[name])
        wanted, start = self.headers.get("Range"), 0
        if wanted and not self.hub.ignore_range:
            start = int(wanted.removeprefix("bytes=").split("-")[0])
            headers = {**headers, "Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
        self.send_response(206 if start else 200)
        for key, value in {**headers, "Content-Length": str(len(content) - start)}.items():
            self.send_header(key, value)
        self.end_headers()
        if body:
            self._send(content[start:], name)

    def _send(self, content: bytes, name: str) -> None:
        cut = self.hub.cut_after if name in self.hub.large and self.hub.cuts > 0 else -1
        for begin in range(0, len(content), _BLOCK):
            if 0 <= cut <= begin:
                self.hub.cuts -= 1
                self.close_connection = True
                return
            self.wfile.write(content[begin : begin + _BLOCK])

    def _plain(self, status: int, headers: dict[str, str], content: bytes = b"") -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(key, value)
        self.end_headers()
        if content and self.command != "HEAD":
            self.wfile.write(content)
