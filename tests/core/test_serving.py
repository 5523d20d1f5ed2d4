"""The server: what it answers, and what it refuses."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import math
import socket
import threading
import time
from pathlib import Path

import pytest

from tlstudio.core import serving
from tlstudio.core.serving import Limits, Served, Server

JSON = {"Content-Type": "application/json"}
MARKUP = "<img src=x onerror=alert(1)>"


def _answer(rows):
    if any(row.get("text") == "break" for row in rows):
        raise ValueError("such a text\nwith more")
    if any("image" in row for row in rows):
        return [Path(row["image"]).read_bytes().hex() for row in rows]
    return [{"label": row["text"].upper(), "score": -math.inf if row["text"] == "none" else 0.5} for row in rows]


@pytest.fixture
def start():
    """Starts servers; gives the port of each."""
    running = []

    def begin(**changes):
        served = Served(**{"title": MARKUP, "asks": ("text", "text_b"), "answer": _answer, "optional": ("text_b",),
                           "limits": Limits(body=500, rows=3, length=50, seconds=0.5), **changes})  # fmt: skip
        server = Server(served, "127.0.0.1", 0)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        running.append((server, thread))
        return server.server_address[1]

    yield begin
    for server, thread in running:
        server.shutdown()
        server.server_close()
        thread.join()


def _ask(port, method="POST", path="/predict", body=None, headers=JSON):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    given = body if isinstance(body, (bytes, str, type(None))) else json.dumps(body)
    connection.request(method, path, given, dict(headers))
    reply = connection.getresponse()
    text = reply.read().decode()
    connection.close()
    return reply.status, json.loads(text) if reply.getheader("Content-Type") == "application/json" else text


def test_one_row_and_several(start):
    port = start()
    assert _ask(port, body={"text": "hi"}) == (200, {"answer": {"label": "HI", "score": 0.5}})
    status, found = _ask(port, body={"rows": [{"text": "été"}, {"text": "b", "text_b": "c"}]})
    assert status == 200
    assert [one["label"] for one in found["answers"]] == ["ÉTÉ", "B"]
    assert _ask(port, body={"text": "none"})[1]["answer"]["score"] is None, "infinity is no JSON"


def test_health_and_page(start):
    port = start()
    status, found = _ask(port, "GET", "/health")
    assert status == 200
    assert (found["status"], found["asks"], found["limits"]["rows"]) == ("ok", ["text", "text_b"], 3)
    status, page = _ask(port, "GET", "/?x=1")
    assert status == 200
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert page.count("<textarea") == 2


def test_the_policy_of_the_page_allows_its_own_script_alone(start):
    connection = http.client.HTTPConnection("127.0.0.1", start(), timeout=5)
    connection.request("GET", "/")
    reply = connection.getresponse()
    policy, page = reply.getheader("Content-Security-Policy"), reply.read().decode()
    script = page.split("<script>")[1].split("</script>")[0]
    assert serving._digest(script) in policy
    assert "unsafe-inline" not in policy
    connection.close()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, "no json"), (400, b"\xff\xfe"), (400, "[" * 400), (400, []), (400, {}), (400, {"rows": []}),
        (400, {"rows": "text"}), (400, {"rows": [1]}), (400, {"text": 5}), (400, {"text": "a", "path": "/etc/passwd"}),
        (413, {"rows": [{"text": "a"}] * 4}), (413, {"text": "a" * 51}), (413, {"text": "a" * 600}),
        (422, {"text": "break"}),
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused_with_a_reason(start, status, body):
    found, reply = _ask(start(), body=body)
    assert found == status
    assert reply["error"]
    assert "Traceback" not in reply["error"]


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (415, {"Content-Type": "text/plain"}), (415, {"Content-Type": "application/x-www-form-urlencoded"}),
        (421, {**JSON, "Host": "evil.example"}), (421, {**JSON, "Host": "evil.example:8000"}),
        (421, {**JSON, "Host": "127.0.0.1.evil.example"}), (403, {**JSON, "Origin": "http://evil.example"}),
        (403, {**JSON, "Origin": "null"}), (200, {**JSON, "Origin": "http://localhost:1"}),
        (200, {**JSON, "Host": "localhost"}), (200, {**JSON, "Host": "[::1]:80"}),
        (411, {**JSON, "Content-Length": "x"}),
        (411, {**JSON, "Content-Length": "-1"}), (413, {**JSON, "Content-Length": "9" * 30}),
    ],
)  # fmt: skip
def test_pages_of_other_places_cannot_ask(start, status, headers):
    body = None if "Content-Length" in headers else {"text": "a"}
    assert _ask(start(), body=body, headers=headers)[0] == status


def test_other_paths_and_methods(start):
    port = start()
    assert _ask(port, "GET", "/../../etc/passwd")[0] == 404
    assert _ask(port, "GET", "/predict")[0] == 405
    assert _ask(port, "PUT", "/predict", {"text": "a"})[0] == 501


def test_files_come_as_base64_and_never_as_paths(start, tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    port = start(asks=("image",), optional=())
    sent = base64.b64encode(b"\x01\x02").decode()
    assert _ask(port, body={"image": sent})[1] == {"answer": "0102"}
    assert _ask(port, body={"image": f"data:image/png;base64,{sent}"})[1] == {"answer": "0102"}
    assert _ask(port, body={"image": str(tmp_path / "secret")})[0] == 400
    assert 'type="file"' in _ask(port, "GET", "/")[1]


def test_a_silent_client_is_left(start):
    with socket.create_connection(("127.0.0.1", start()), timeout=5) as line:
        line.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                     b"Content-Length: 100\r\n\r\n{")  # fmt: skip
        assert line.recv(100) == b""


def _dribble(line: socket.socket, text: bytes) -> float:
    """Sends a byte now and then until the server has enough; seconds that it took."""
    begin = time.monotonic()
    line.settimeout(0.1)
    for at in range(len(text)):
        try:
            line.sendall(text[at : at + 1])
            if line.recv(1000) == b"":
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - begin


def test_a_client_that_sends_a_byte_now_and_then_is_left_as_well(start):
    with socket.create_connection(("127.0.0.1", start()), timeout=5) as line:
        assert _dribble(line, b"POST /predict HTTP/1.1\r\nX: " + b"x" * 100) < 2.0


def test_more_connections_than_there_is_room_for_are_closed(start, monkeypatch):
    monkeypatch.setattr(serving, "_CONNECTIONS", 3)
    port = start()
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5)) for _ in range(5)]
        assert [line.recv(10) for line in lines[3:]] == [b"", b""]
        assert [line.recv(10) for line in lines[:3]] == [b"", b"", b""]  # these once their time is over
    assert _ask(port, body={"text": "a"})[0] == 200


def test_a_request_does_not_wait_for_ever_behind_another(start):
    inside, free = threading.Event(), threading.Event()

    def slow(rows):
        inside.set()
        return [free.wait(20)] * len(rows)

    port = start(answer=slow, limits=Limits(seconds=0.2, wait=0.1))
    first = threading.Thread(target=_ask, args=(port,), kwargs={"body": {"text": "a"}})
    first.start()
    assert inside.wait(20)
    assert _ask(port, body={"text": "b"})[0] == 503
    free.set()
    first.join()


def test_a_model_may_take_longer_than_a_client(start):
    port = start(answer=lambda rows: [time.sleep(0.9)] * len(rows))
    assert _ask(port, body={"text": "a"}) == (200, {"answer": None})


def test_a_model_is_asked_once_at_a_time(start):
    inside, most = [], []

    def slow(rows):
        inside.append(1)
        most.append(len(inside))
        threading.Event().wait(0.05)
        inside.pop()
        return ["x"] * len(rows)

    port = start(answer=slow)
    asked = [threading.Thread(target=_ask, args=(port,), kwargs={"body": {"text": "a"}}) for _ in range(4)]
    for thread in asked:
        thread.start()
    for thread in asked:
        thread.join()
    assert most == [1, 1, 1, 1]


@pytest.mark.parametrize(("host", "own"), [("localhost", True), ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True),
                                           ("0.0.0.0", False), ("192.168.1.2", False), ("", False)])  # fmt: skip
def test_which_addresses_are_this_machine_alone(host, own):
    assert serving.is_loopback(host) is own
