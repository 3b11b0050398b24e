"""Prefect's server for one home folder: on this machine alone, with a password of this start, gone when its starter is.

Run as a program it is the server: `python -m flows.local_server FD`, FD being a socket that listens.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from flows.home import HomeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START_SECONDS = 300.0
STOP_SECONDS = 10.0
_ENVIRONMENT = (
    "PREFECT_API_URL",
    "PREFECT_API_AUTH_STRING",
    "PREFECT_SERVER_API_AUTH_STRING",
    "PREFECT_UI_ENABLED",
)


@contextlib.contextmanager
def local_server(*, schedules: bool) -> Iterator[Callable[[], None]]:
    """Run a server and point this process and its children to it; give what waits until it answers.

    `schedules`: whether it also plans runs. Nothing where PREFECT_API_URL names the operator's own server. Prefect must
    not have been imported before. What waits raises HomeError where the server does not come up.
    """
    if "PREFECT_API_URL" in os.environ:
        yield lambda: None
        return
    password = f"shortpay:{secrets.token_urlsafe(24)}"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
        os.environ |= dict(zip(_ENVIRONMENT, (url, password, password, "false"), strict=True))
        as_ephemeral = {} if schedules else {"PREFECT__SERVER_EPHEMERAL": "1"}
        server = subprocess.Popen(  # noqa: S603  (our own program)
            [sys.executable, "-m", "flows.local_server", str(listener.fileno())],
            stdin=subprocess.PIPE,
            pass_fds=[listener.fileno()],
            start_new_session=True,
            env=os.environ | as_ephemeral,
        )
    try:
        yield lambda: _wait_for(server, url)
    finally:
        _end(server)
        for name in _ENVIRONMENT:
            os.environ.pop(name, None)


def _wait_for(server: subprocess.Popen[bytes], url: str) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        with (
            contextlib.suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(f"{url}/health", timeout=5),  # noqa: S310  (our own address)
        ):
            return
        time.sleep(0.2)
    raise HomeError("Prefect's server does not start; its own message is above")


def _end(server: subprocess.Popen[bytes]) -> None:
    assert server.stdin is not None  # noqa: S101  (opened above)
    server.stdin.close()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _main(descriptor: int) -> None:
    """Serve until the other end of stdin is closed, be it that the starter ends or that it is killed."""
    import uvicorn  # noqa: PLC0415  (the program alone needs it)

    config = uvicorn.Config(
        "prefect.server.api.server:create_app", factory=True, log_level="error", timeout_graceful_shutdown=3
    )
    server = uvicorn.Server(config)

    def until_alone() -> None:
        sys.stdin.buffer.read()
        server.should_exit = True
        time.sleep(STOP_SECONDS / 2)
        os._exit(0)

    threading.Thread(target=until_alone, name="starter", daemon=True).start()
    server.run(sockets=[socket.socket(fileno=descriptor)])


if __name__ == "__main__":
    _main(int(sys.argv[1]))
