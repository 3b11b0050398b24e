"""What alerts are sent to in tests: a mail server and a web hook on this machine that keep what they are sent."""

from __future__ import annotations

import http.server
import socketserver
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Sinks:
    """`mails`: subject and text; `hooks`: what was posted. `urls`: what reaches them, as Apprise writes it."""

    mails: list[tuple[str, str]] = field(default_factory=list)
    hooks: list[str] = field(default_factory=list)
    urls: str = ""


@contextmanager
def sinks() -> Iterator[Sinks]:
    found = Sinks()

    class Mail(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 sink")
            while line := self.rfile.readline():
                command = line[:4].upper()
                if command == b"DATA":
                    self._say("354 go on")
                    found.mails.append(_read(self._body()))
                self._say("221 bye" if command == b"QUIT" else "250 ok")

        def _body(self) -> bytes:
            lines = []
            while (line := self.rfile.readline()) not in {b".\r\n", b""}:
                lines.append(line)
            return b"".join(lines)

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.hooks.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ExitStack() as stack:
        mail = stack.enter_context(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail))
        hook = stack.enter_context(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook))
        for server in (mail, hook):
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
        found.urls = (
            f"mailto://127.0.0.1:{mail.server_address[1]}/?from=night@example.org&to=biller@example.org&mode=insecure"
            f" json://127.0.0.1:{hook.server_address[1]}/"
        )
        yield found


def _read(data: bytes) -> tuple[str, str]:
    message = message_from_bytes(data, policy=policy.default)
    body = message.get_body(("plain",))
    return str(message["Subject"]), body.get_content() if body is not None else ""
