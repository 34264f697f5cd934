"""Says where a process spends its time: a look at the stack at every millisecond of processor time."""

import json
import signal
from collections import Counter
from pathlib import Path
from types import FrameType

EVERY = 0.001  # seconds of processor time
ROOT = str(Path(__file__).parent.parent)
SERVER = "server: uvicorn, Starlette, the loop"
READ, WRITE = "read: who it is and where they are", "write: events, conversations, gifts, votes"
# The innermost frame of one of these files tells the part; what every part uses tells nothing.
USED_BY_ALL = ("columns", "database", "ids", "inline", "ready", "secrets")
PARTS = {
    **{f"storage/{name}.py": "" for name in USED_BY_ALL},
    "flows/": "engine: understand, step, say",
    "storage/turning/states.py": "conversations: unpacked and packed",
    "storage/turning/load.py": READ,
    "storage/turning/views.py": READ,
    "storage/sending/outbox.py": "write: the outbox",
    "storage/": WRITE,
    "channels/twilio.py": "signature and form",
    "channels/": "decode and encode",
    "bot/web/": "webhook: in and out",
    "bot/intake/arriving.py": "addresses hashed",
    "bot/intake/queue.py": "the queue, begin and commit",
    "bot/serving.py": SERVER,
    "bot/tasks.py": SERVER,
    "bot/": "a turn's own steps",
}


class Samples:
    """Counts, part by part, from `begin` on."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def begin(self) -> None:
        """Look from now on."""
        signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)

    def write(self, path: Path) -> None:
        """Stop, and keep what was counted."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        path.write_text(json.dumps(self._counts))

    def _look(self, number: int, frame: FrameType | None) -> None:
        while frame is not None:
            name = frame.f_code.co_filename
            if name.startswith(ROOT) and (part := _part(name.removeprefix(ROOT + "/"))):
                self._counts[part] += 1
                return
            frame = frame.f_back
        self._counts[SERVER] += 1


def _part(name: str) -> str:
    return next((part for beginning, part in PARTS.items() if name.startswith(beginning)), "")
