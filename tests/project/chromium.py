"""A headless Chromium driven over its own pipe: no driver program, no library, no open port.

Protocol: https://chromedevtools.github.io/devtools-protocol/ . With `--remote-debugging-pipe` the
browser reads commands from descriptor 3 and writes answers and events to 4, each ended by a NUL.
"""

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import tempfile
import time
from pathlib import Path

_FLAGS = (
    "--headless",
    "--no-sandbox",  # the pages are ours, and in a container there are no user namespaces
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
_PATIENCE = 30
"""Seconds that one answer may take."""
OVERFLOWING = """[...document.querySelectorAll('body *')].filter(e =>
  !e.closest('.wide, svg, .skip') && e.getBoundingClientRect().right > innerWidth + 1
).map(e => e.outerHTML.slice(0, 120))"""
"""What of a page is wider than the window, and does not scroll by itself."""


def found():
    """The browser's path, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


class Chromium:
    """One browser with one page.

    `requests` holds every address that the page asks for, `blocked` those that its own policy stopped,
    `logged` what the browser says in the console.
    """

    def __init__(self, path):
        self.requests, self.blocked, self.logged, self._asked = [], [], [], {}
        self._home = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        self._pid, self._to, self._from = _spawn(
            [path, *_FLAGS, f"--user-data-dir={self._home.name}"]
        )
        self._pending, self._number, self._session = b"", 0, None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._session = None
        try:
            self.call("Browser.close")
        except OSError:  # it hangs or has gone: its end must not hang on it
            os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._to)
        os.close(self._from)
        self._home.cleanup()

    def open(self, address, *, width, height, scheme):
        """Load a page in a window of that many CSS pixels, dark or light, and wait until it is."""
        self.requests, self.blocked, self.logged = [], [], []
        mobile = width < 600
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.prefer(scheme)
        self.call("Page.navigate", url=address)
        self._until("Page.loadEventFired")

    def prefer(self, scheme, *, media="screen"):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", media=media, features=[feature])

    def evaluate(self, expression):
        """The JSON value of a JavaScript expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def screenshot(self, path, *, whole=False):
        shot = self.call(
            "Page.captureScreenshot", captureBeyondViewport=whole, **_clip(self, whole)
        )
        Path(path).write_bytes(base64.b64decode(shot["data"]))

    def call(self, method, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return answer["result"]

    def _until(self, event):
        while self._read().get("method") != event:
            pass

    def _read(self):
        message = json.loads(self._next())
        match message:
            case {"method": "Network.requestWillBeSent", "params": reported}:
                self._asked[reported["requestId"]] = reported["request"]["url"]
                self.requests.append(reported["request"]["url"])
            case {
                "method": "Network.loadingFailed",
                "params": {"blockedReason": "csp"} as reported,
            }:
                self.blocked.append(self._asked[reported["requestId"]])
            case {"method": "Log.entryAdded", "params": reported}:
                self.logged.append(reported["entry"]["text"])
        return message

    def _next(self):
        until = time.monotonic() + _PATIENCE
        while b"\0" not in self._pending:
            ready, _, _ = select.select([self._from], [], [], max(until - time.monotonic(), 0))
            read = os.read(self._from, 1 << 20) if ready else b""
            if not read:
                raise TimeoutError("Chromium did not answer" if not ready else "Chromium ended")
            self._pending += read
        message, self._pending = self._pending.split(b"\0", 1)
        return message


def _clip(browser, whole):
    if not whole:
        return {}
    size = browser.call("Page.getLayoutMetrics")["cssContentSize"]
    return {"clip": {**size, "scale": 1}}


def _spawn(command):
    """Start with our pipes as descriptors 3 and 4. Above 9, so that neither is in the other's way."""
    pipes = [*os.pipe(), *os.pipe()]
    reads, to, from_, writes = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in pipes)
    for fd in pipes:
        os.close(fd)
    quiet = (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)
    actions = [(os.POSIX_SPAWN_DUP2, reads, 3), (os.POSIX_SPAWN_DUP2, writes, 4), quiet]
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
    os.close(reads)
    os.close(writes)
    return pid, to, from_
