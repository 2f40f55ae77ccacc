"""A console on this machine, and requests to it as a browser, another page or another program would send them."""

import http.client
import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from urllib.parse import urlsplit

from tuning.cli.console_server import ConsoleServer
from tuning.cli.console_session import ConsoleSession

ANSWERED = {
    "outcome": "answered",
    "answer": "At nine [1].",
    "cut": False,
    "citations": [{"number": 1, "document": "handbook.pdf", "place": "page 2"}],
    "use": {"input_tokens": 1200, "output_tokens": 5, "usd": "0.00010000"},
}


@dataclass
class Api:
    """Answers with `says`, or what that gives of a question; raises what is an exception."""

    says: object = field(default_factory=lambda: ANSWERED)
    asked: list = field(default_factory=list)

    def ask(self, name, question):
        self.asked.append((name, question))
        said = self.says(question) if callable(self.says) else self.says
        if isinstance(said, Exception):
            raise said
        return said


@dataclass
class Console:
    server: ConsoleServer
    api: Api

    def send(self, method, path, body=None, **headers):
        """The answer, its headers by name in lower case, and its content. `headers`: None leaves one out."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(*self.server.server_address, timeout=10)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        length = {} if content is None else {"Content-Length": str(len(content))}
        for name, value in {"Host": self.server.host, **length, **named}.items():
            for each in value if isinstance(value, list) else [value]:
                if each is not None:
                    connection.putheader(name, each)
        connection.endheaders(content)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, content

    @property
    def path(self):
        return urlsplit(self.server.url).path

    def get(self, part="", **headers):
        return self.send("GET", self.path + part, **headers)

    def ask(self, body=None, **headers):
        """As the page itself asks, but for what is said."""
        usual = {"Origin": self.server.origin, "Content-Type": "application/json"}
        given = {"assistant": "help-desk", "question": "When?"} if body is None else body
        return self.send("POST", f"{self.path}questions", given, **(usual | headers))


def a_session(api=None, **more):
    known = {
        "environment": "dev",
        "region": "us-east-1",
        "assistants": ("help-desk", "plain"),
        "emulated": None,
    }
    return ConsoleSession(ask=(api or Api()).ask, **(known | more))


@contextmanager
def a_console(api=None, **more):
    api = api or Api()
    with ConsoleServer(a_session(api, **more), 0) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield Console(server, api)
        finally:
            server.shutdown()
            thread.join()
