"""Runs of a comparison that end as they are told; light to import, as each is in a process of its own."""

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StandIn:
    """Waits, then ends with a code, or by a signal where that is negative; keeps when it was there."""

    name: str
    folder: Path
    seconds: float
    code: int

    def train_apart(self) -> None:
        began = time.time()
        signal.signal(signal.SIGTERM, self._stop)
        (self.folder / f"{self.name}.began").touch()
        time.sleep(self.seconds)
        threads = os.environ.get("OMP_NUM_THREADS", "")
        (self.folder / f"{self.name}.txt").write_text(f"{began} {time.time()} {threads}")
        if self.code < 0:
            os.kill(os.getpid(), -self.code)
        sys.exit(self.code)

    def _stop(self, *_: object) -> None:
        (self.folder / f"{self.name}.saved").touch()
        sys.exit(143)
