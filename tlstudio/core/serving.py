"""Answers of a model over HTTP: a JSON API, and a small page to try it with. The standard library alone.

    GET  /         the page
    GET  /health   {"status": "ok", …}
    POST /predict  {"text": "…"} → {"answer": …};  {"rows": [{"text": "…"}, …]} → {"answers": […]}

Exported bundles carry this file as ``server.py``:

    python server.py [--port 8000]

It listens on this machine alone unless --host says otherwise, and then anyone who can reach it may ask it.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import html
import ipaddress
import json
import math
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_FILES = ("image", "audio")  # what comes as base64, and is a file to the model
_AT_ONCE = 8  # requests; the next ones are told to come again
_CONNECTIONS = 64  # that are open; the next ones are closed at once
_DEEPEST = "JSON is nested too deeply."


@dataclass(frozen=True)
class Limits:
    """What one request may ask for."""

    body: int = 1_000_000  # bytes
    rows: int = 64
    length: int = 20_000  # characters of a text
    seconds: float = 30.0  # for all of a request to arrive, and again for its answer to be taken
    wait: float = 60.0  # seconds that a request waits for those before it


@dataclass(frozen=True)
class Served:
    """A model that is asked.

    Attributes:
        title: shown on the page.
        asks: names of what a row consists of, such as ``text``.
        answer: answers to rows, one each, as JSON can write them. It is never called twice at a time.
        optional: names that may be missing.
        limits: of a request.
    """

    title: str
    asks: tuple[str, ...]
    answer: Callable[[list[dict[str, str]]], list[Any]]
    optional: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)

    @property
    def files(self) -> bool:
        return any(name in _FILES for name in self.asks)


class Refused(Exception):
    """A request that is not answered; its text is shown to whoever asked."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Server(ThreadingHTTPServer):
    """Listens on ``host`` and ``port`` (0: any free one)."""

    daemon_threads = True
    allow_reuse_address = sys.platform != "win32"  # there it would let two programs listen on one port

    def __init__(self, served: Served, host: str = "127.0.0.1", port: int = 8000) -> None:
        self.served = served
        self.loopback = is_loopback(host)
        self.turn = threading.Lock()  # models and tokenizers of predict.py hold state while they answer
        self.slots = threading.BoundedSemaphore(_AT_ONCE)
        self._deadlines: dict[Any, float] = {}  # of the open connections; none while the model answers
        self._looking = threading.Lock()
        super().__init__((host, port), Handler)

    @property
    def address(self) -> str:
        host = str(self.server_address[0])
        return f"http://{host}:{self.server_address[1]}/"

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._looking:
            free = len(self._deadlines) < _CONNECTIONS
            if free:
                self._deadlines[request] = time.monotonic() + self.served.limits.seconds
        if free:
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def shutdown_request(self, request: Any) -> None:
        with self._looking:
            self._deadlines.pop(request, None)
        super().shutdown_request(request)

    def expect(self, request: Any, within: bool) -> None:
        """The next step of a connection is due within the usual time; or takes as long as the model takes."""
        with self._looking:
            if request in self._deadlines:
                self._deadlines[request] = time.monotonic() + self.served.limits.seconds if within else math.inf

    def service_actions(self) -> None:
        """Called between two connections: ends those that send or take a byte now and then, each just in time."""
        now = time.monotonic()
        with self._looking:
            late = [request for request, until in self._deadlines.items() if until < now]
        for request in late:
            with contextlib.suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)  # its thread wakes up, and closes it

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news."""

    def is_own(self, name: str) -> bool:
        """Whether a Host or Origin names this server. A page elsewhere can make its own name point to 127.0.0.1 (DNS
        rebinding); whoever opens the server to a network has names that are not known here."""
        if not self.loopback:
            return True
        return is_loopback(_host_of(name))


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    server_version = "TLStudio"
    sys_version = ""

    def setup(self) -> None:
        self.timeout = self.server.served.limits.seconds  # type: ignore[misc]  # socketserver reads it so
        super().setup()

    def do_GET(self) -> None:
        self._answer({"/": self._page, "/health": self._health})

    def do_POST(self) -> None:
        self._answer({"/predict": self._predict})

    def _answer(self, known: dict[str, Callable[[], tuple[str, bytes]]]) -> None:
        try:
            self._require_own()
            path = self.path.split("?", 1)[0]
            if path not in known:
                other = path in ("/", "/health", "/predict")
                raise Refused(405 if other else 404, "Use POST /predict, GET /health or GET /.")
            kind, body = known[path]()
            self._send(200, kind, body)
        except Refused as refused:
            self._send(refused.status, "application/json", _json({"error": str(refused)}))
        except TimeoutError:
            self.close_connection = True
        except OSError as error:
            if not isinstance(error, ConnectionError):
                self._send(500, "application/json", _json({"error": "The request could not be answered."}))

    def _require_own(self) -> None:
        if not self.server.is_own(self.headers.get("Host", "")):
            raise Refused(421, "This name is not that of the server; use localhost.")
        origin = self.headers.get("Origin")
        if origin and not self.server.is_own(origin.split("://", 1)[-1]):
            raise Refused(403, "Pages of other places may not ask this server.")

    def _health(self) -> tuple[str, bytes]:
        served = self.server.served
        limits = {"body": served.limits.body, "rows": served.limits.rows, "length": served.limits.length}
        return "application/json", _json(
            {"status": "ok", "title": served.title, "asks": served.asks, "optional": served.optional, "limits": limits}
        )

    def _page(self) -> tuple[str, bytes]:
        return "text/html; charset=utf-8", page(self.server.served).encode()

    def _predict(self) -> tuple[str, bytes]:
        served = self.server.served
        rows, single = rows_of(self._body(), served)
        if not self.server.slots.acquire(blocking=False):
            raise Refused(503, "Too many requests at once; try again.")
        try:
            answers = self._asked(rows)
        finally:
            self.server.slots.release()
        return "application/json", _json({"answer": answers[0]} if single else {"answers": answers})

    def _asked(self, rows: list[dict[str, str]]) -> list[Any]:
        with tempfile.TemporaryDirectory(prefix="served-") as folder, self._turn():
            given = [as_files(row, Path(folder) / str(at)) for at, row in enumerate(rows)]
            try:
                return self.server.served.answer(given)
            except Exception as error:  # whatever a model raises over a row is no reason to end
                text = str(error).replace(folder, "").splitlines()
                raise Refused(
                    422, f"It cannot be answered: {text[0][:200] if text else type(error).__name__}"
                ) from error

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """The model for this request alone."""
        self.server.expect(self.request, within=False)
        try:
            if not self.server.turn.acquire(timeout=self.server.served.limits.wait):
                raise Refused(503, "Those before you take too long; try again.")
            try:
                yield
            finally:
                self.server.turn.release()
        finally:
            self.server.expect(self.request, within=True)

    def _body(self) -> Any:
        if self.headers.get("Transfer-Encoding"):
            raise Refused(411, "Send the body with its length.")
        # a form of another page cannot send this type without asking first
        if self.headers.get_content_type() != "application/json":
            raise Refused(415, "Send JSON, with the header Content-Type: application/json.")
        given = self.headers.get("Content-Length", "")
        if not given.isascii() or not given.isdigit():
            raise Refused(411, "Send the body with its length.")
        limit = self.server.served.limits.body
        if len(given) > 12 or int(given) > limit:
            self.close_connection = True
            raise Refused(413, f"The body may have {limit} bytes.")
        try:
            return json.loads(self.rfile.read(int(given)).decode("utf-8"))
        except RecursionError as error:
            raise Refused(400, _DEEPEST) from error
        except ValueError as error:
            raise Refused(400, "The body is no JSON in UTF-8.") from error

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", _POLICY)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: a log of requests is for whoever runs this in earnest."""


def is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _host_of(name: str) -> str:
    """The host in ``host``, ``host:port`` or ``[address]:port``."""
    return name[1:].split("]", 1)[0] if name.startswith("[") else name.rsplit(":", 1)[0] if ":" in name else name


def rows_of(body: Any, served: Served) -> tuple[list[dict[str, str]], bool]:
    """The rows of a request, and whether it was a single one.

    Raises:
        Refused: it is no request, or beyond the limits.
    """
    if not isinstance(body, dict):
        raise Refused(400, f'Send an object, as {{"{served.asks[0]}": "…"}} or {{"rows": […]}}.')
    single = "rows" not in body
    rows = [body] if single else body["rows"]
    if not isinstance(rows, list) or not rows:
        raise Refused(400, "rows must be a list with at least one row.")
    if len(rows) > served.limits.rows:
        raise Refused(413, f"A request may have {served.limits.rows} rows.")
    for row in rows:
        _require_row(row, served)
    return rows, single


def _require_row(row: Any, served: Served) -> None:
    if not isinstance(row, dict):
        raise Refused(400, "Each row must be an object.")
    if missing := [name for name in served.asks if name not in row and name not in served.optional]:
        raise Refused(400, f"Each row needs: {', '.join(missing)}.")
    if more := [name for name in row if name not in served.asks]:
        raise Refused(400, f"The model does not ask for '{str(more[0])[:50]}', but for: {', '.join(served.asks)}.")
    for name, value in row.items():
        if not isinstance(value, str):
            raise Refused(400, f"{name} must be a text.")
        if name not in _FILES and len(value) > served.limits.length:
            raise Refused(413, f"{name} may have {served.limits.length} characters.")


def as_files(row: dict[str, str], stem: Path) -> dict[str, str]:
    """A row whose images and sounds lie in files. Paths of the asker are never opened: they would tell what is here.

    Raises:
        Refused: a value is no base64.
    """
    found = dict(row)
    for name in set(_FILES) & row.keys():
        path = stem.with_name(f"{stem.name}-{name}")
        try:
            # what a browser reads begins with data:image/png;base64,
            path.write_bytes(base64.b64decode(row[name].rsplit(",", 1)[-1], validate=True))
        except ValueError as error:
            raise Refused(400, f"{name} must be a file as base64.") from error
        found[name] = str(path)
    return found


def _json(value: Any) -> bytes:
    return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False).encode("utf-8", errors="replace")


def _finite(value: Any) -> Any:
    """JSON has no infinity, which is the score of an answer that there is not: it becomes null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, (list, tuple)) else value


_SCRIPT = """
const form = document.querySelector("form"), shown = document.querySelector("pre");
const read = (file) => new Promise((done, failed) => {
  const reader = new FileReader();
  reader.onload = () => done(reader.result);
  reader.onerror = failed;
  reader.readAsDataURL(file);
});
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  shown.textContent = "…";
  try {
    const row = {};
    for (const item of form.querySelectorAll("[name]")) {
      const value = item.type === "file" ? (item.files[0] ? await read(item.files[0]) : "") : item.value;
      if (value !== "" || !item.dataset.optional) row[item.name] = value;
    }
    const reply = await fetch("predict", {method: "POST", body: JSON.stringify(row),
      headers: {"Content-Type": "application/json"}});
    shown.textContent = JSON.stringify(await reply.json(), null, 2);
  } catch (error) {
    shown.textContent = String(error);
  }
});
"""
_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }
label { display: block; margin: 1rem 0; } textarea { width: 100%; font: inherit; } pre { white-space: pre-wrap; }
:root { color-scheme: light dark; }
"""


def _digest(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


_POLICY = (
    f"default-src 'none'; script-src {_digest(_SCRIPT)}; style-src {_digest(_STYLE)}; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def page(served: Served) -> str:
    """The page to try the model with; every text in it is escaped."""
    fields = []
    for name in served.asks:
        shown, more = html.escape(name), ' data-optional="1"' if name in served.optional else ""
        box = f'<input type="file" name="{shown}"{more}>' if name in _FILES else (
            f'<textarea name="{shown}" rows="4" maxlength="{served.limits.length}"{more}></textarea>')  # fmt: skip
        fields.append(f"<label>{shown}{' (may be empty)' if more else ''}<br>{box}</label>")
    title = html.escape(served.title)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>\n<body><h1>{title}</h1>'
        f"<form>{''.join(fields)}<button>Answer</button></form>"
        f'<pre aria-live="polite"></pre><script>{_SCRIPT}</script></body></html>\n'
    )


def run(server: Server, say: Callable[[str], None] = print) -> None:
    """Answers until Ctrl-C (or SIGTERM), and then closes the port."""

    def leave(*_signal: Any) -> None:
        raise KeyboardInterrupt

    before = {name: signal.signal(name, leave) for name in (signal.SIGINT, signal.SIGTERM)}
    say(f"Listening on {server.address} - Ctrl-C ends it.")
    try:
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        say("Ended.")
    finally:
        server.server_close()
        for name, handler in before.items():
            signal.signal(name, handler)


OPEN = "Warning: {host} can be reached from other machines, by anyone, without a password."


def main(arguments: list[str] | None = None) -> int:
    """``python server.py``: serves the model of the folder that this file lies in."""
    here = Path(__file__).resolve().parent
    about = json.loads((here / "bundle.json").read_text(encoding="utf-8"))
    usual = Limits(body=about.get("body", Limits.body))
    parser = argparse.ArgumentParser(description="Serves the model of this folder over HTTP.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 opens it to the network")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--max-body", type=int, default=usual.body, help="bytes of a request")
    parser.add_argument("--max-rows", type=int, default=usual.rows, help="rows of a request")
    parser.add_argument("--max-length", type=int, default=usual.length, help="characters of a text")
    given = parser.parse_args(arguments)
    limits = Limits(given.max_body, given.max_rows, given.max_length)
    served = Served(about["title"], tuple(about["asks"]), _predicting(here, about), tuple(about["optional"]), limits)
    if not is_loopback(given.host):
        print(OPEN.format(host=given.host), flush=True)
    run(Server(served, given.host, given.port), lambda text: print(text, flush=True))
    return 0


def _predicting(here: Path, about: dict[str, Any]) -> Callable[[list[dict[str, str]]], list[Any]]:
    """Answers by ``predict.py`` beside this file."""
    sys.path.insert(0, str(here))
    import predict  # type: ignore[import-not-found, unused-ignore]

    def one(row: dict[str, str]) -> Any:
        values = [row[name] for name in about["asks"] if name in row]
        found = getattr(predict, about["calls"][len(values) - 1])(*values)
        return found.tolist() if hasattr(found, "tolist") else found

    return lambda rows: [one(row) for row in rows]


if __name__ == "__main__":
    sys.exit(main())
