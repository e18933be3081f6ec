"""Two machines on this one: network namespaces that reach the database and the broker by an address, or not at all."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer


@dataclass(frozen=True, slots=True)
class Host:
    """``here``: the address under which it reaches the machine that holds the services."""

    namespace: str
    here: str

    def start(self, command: Sequence[str], env: Mapping[str, str], cwd: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["ip", "netns", "exec", self.namespace, *command],
            cwd=cwd,
            env=dict(env),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def impossible() -> str:
    """Why no namespace can be made here; "" when one can."""
    if shutil.which("ip") is None:
        return "la commande ip (iproute2) est absente"
    if os.geteuid() != 0:
        return "il faut être root pour créer un espace de noms réseau"
    name = f"essai-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)
    return f"le noyau refuse un espace de noms réseau : {made.stderr.strip()}" if made.returncode else ""


@contextmanager
def hosts(count: int) -> Iterator[list[Host]]:
    """Hosts that see this machine only, each by a cable of its own; gone at the end whatever happens."""
    with ExitStack() as stack:
        yield [stack.enter_context(_host(number)) for number in range(count)]


@contextmanager
def _host(number: int) -> Iterator[Host]:
    pid = os.getpid()
    namespace, cable = f"maillage-{pid}-{number}", f"mg{pid}x{number}"
    net = f"10.{200 + pid // 250 % 50}.{pid % 250}.{4 * number}".rsplit(".", 1)
    here, there = (f"{net[0]}.{int(net[1]) + end}" for end in (1, 2))
    try:
        _ip("netns", "add", namespace)
        _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        _ip("address", "add", f"{here}/30", "dev", cable)
        _ip("link", "set", cable, "up")
        _ip("-n", namespace, "address", "add", f"{there}/30", "dev", "eth0")
        _ip("-n", namespace, "link", "set", "eth0", "up")
        _ip("-n", namespace, "link", "set", "lo", "up")
        yield Host(namespace, here)
    finally:
        for gone in (["link", "delete", cable], ["netns", "delete", namespace]):
            subprocess.run(["ip", *gone], capture_output=True, check=False)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextmanager
def served(address: str, path: Path) -> Iterator[int]:
    """The service behind a socket file, at a free port of an address of this machine."""

    class Relay(BaseRequestHandler):
        def handle(self) -> None:
            with socket.socket(socket.AF_UNIX) as service:
                service.connect(str(path))
                back = threading.Thread(target=_pump, args=(service, self.request))
                back.start()
                _pump(self.request, service)
                back.join()

    class Server(ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server((address, 0), Relay) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
