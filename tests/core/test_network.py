"""Offline is the rule, in a process that is guarded."""

from __future__ import annotations

import json

import pytest

from tests.fresh import run_fresh
from tlstudio.core import network

# 192.0.2.1 is for documents (RFC 5737) and belongs to nobody
GUARDED = """
import json, socket
from tlstudio.core import ledger, network
network.guard()
def tried(act):
    try:
        act()
    except network.Offline:
        return "refused"
    except OSError as error:
        return "no " + type(error).__name__
    return "done"
def connect():
    with socket.socket() as line:
        line.settimeout(0.01)
        line.connect(("192.0.2.1", 9))
def listen():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
found = [tried(connect), tried(lambda: socket.getaddrinfo("hub.example.org", 443)), tried(listen)]
with network.allowed("model", "org/name"):
    found.append(tried(connect))
    found.append(network.current())
found.append(tried(connect))
def send():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.sendto(b"x", ("192.0.2.1", 9))
found.append(tried(send))
print(json.dumps([found, [[one.host, one.result] for one in ledger.read()]]))
"""


def test_a_guarded_process_reaches_this_machine_alone():
    found, noted = json.loads(run_fresh(GUARDED))
    connected, asked, own, allowed, purpose, again, sent = found
    assert (connected, asked, own, again, sent) == ("refused", "refused", "done", "refused", "refused")
    assert allowed.startswith("no ")
    assert purpose == ["model", "org/name"]
    assert noted[-2:] == [["hub.example.org", "refused"], ["192.0.2.1", "refused"]]
    assert len(noted) == 4


@pytest.mark.parametrize(
    ("host", "own"),
    [("localhost", True), ("127.0.0.1", True), ("::1", True), ("fe80::1%eth0", False), ("0.0.0.0", True),
     ("192.0.2.1", False), ("localhost.example.org", False), ("", False)],
)  # fmt: skip
def test_which_hosts_are_this_machine(host, own):
    assert network.is_own(host) is own
