"""A browser without a window, spoken to in its own protocol through a pipe, which needs no client library."""

import json
import os
import shutil
import subprocess
from contextlib import contextmanager

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
WHY = "no Chromium is installed"
OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--remote-debugging-pipe",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
)


class Page:
    """A tab of the browser.

    Attributes:
        said: What the page wrote to the console, was refused, or raised.
        asked: The addresses it asked for.
    """

    def __init__(self, to, of):
        self.to, self.of, self.number = to, of, 0
        self.said, self.asked = [], []
        self.loaded = False
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self.to.write(json.dumps(message).encode() + b"\0")
        self.to.flush()
        while (answer := self._next()).get("id") != self.number:
            self._note(answer)
        assert "error" not in answer, answer
        return answer["result"]

    def open(self, path, width, height=900, dark=False):
        """Shows a page of a run and waits until its figures are drawn."""
        self.visit(path.resolve().as_uri(), width, height, dark)
        self.until("document.documentElement.dataset.drawn")

    def visit(self, address, width, height=900, dark=False):
        """Shows any page."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.shine("dark" if dark else "light")
        self.said.clear()
        self.asked.clear()
        self.loaded = False
        self.call("Page.navigate", url=address)
        while not self.loaded:
            self._note(self._next())

    def until(self, condition):
        """Waits until something holds in the page."""
        self.run(
            f"new Promise((done) => {{ const look = () => {condition}"
            " ? done(true) : requestAnimationFrame(look); look(); })"
        )

    def shine(self, scheme):
        """Prefers light or dark."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def run(self, script):
        """The value of an expression in the page, once it is settled."""
        found = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def press(self, key, code):
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text
            )

    def picture(self):
        return self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]

    def _next(self):
        message = bytearray()
        while (letter := self.of.read(1)) != b"\0":
            assert letter, "the browser has gone"
            message += letter
        return json.loads(message)

    def _note(self, event):
        about = event.get("params", {})
        if event.get("method") == "Page.loadEventFired":
            self.loaded = True
        elif event.get("method") == "Network.requestWillBeSent":
            self.asked.append(about["request"]["url"])
        elif event.get("method") == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
            self.said.append(about["entry"]["text"])
        elif event.get("method") == "Runtime.exceptionThrown":
            self.said.append(str(about["exceptionDetails"]))
        elif event.get("method") == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning"):
            self.said.append(str(about["args"]))


@contextmanager
def browser(profile):
    """A tab of a browser that keeps what it keeps in a folder."""
    theirs, to = os.pipe()
    of, also_theirs = os.pipe()
    command = f'exec "$0" "$@" 3<&{theirs} 4>&{also_theirs}'
    options = (*OPTIONS, f"--user-data-dir={profile}", "about:blank")
    process = subprocess.Popen(
        ["bash", "-c", command, CHROMIUM, *options],
        pass_fds=(theirs, also_theirs),
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    os.close(theirs)
    os.close(also_theirs)
    with os.fdopen(to, "wb") as writing, os.fdopen(of, "rb") as reading:
        try:
            yield Page(writing, reading)
        finally:
            process.terminate()
            process.wait(timeout=20)
