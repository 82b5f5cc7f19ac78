"""Counting: where limits are kept as long as there is no Redis."""

import time
from threading import Lock

from limits.storage import Storage

URI = "process://"
SWEEP_SECONDS = 60


class ProcessStorage(Storage):
    """Counts in the memory of this process; its address is ``URI``.

    What has ended is forgotten on the way. The ``memory://`` of ``limits`` does so in a thread
    that it starts anew for nearly every request, which costs more than the counting.
    """

    STORAGE_SCHEME = ["process"]  # noqa: RUF012 - how Storage declares it

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False) -> None:
        super().__init__(uri, wrap_exceptions)
        self.lock = Lock()
        self.windows: dict[str, tuple[int, float]] = {}
        """The count of each key, and when it ends, in seconds since 1970."""
        self.swept_at = 0.0

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = time.time()
        with self.lock:
            if now - self.swept_at > SWEEP_SECONDS:
                self.windows = {each: it for each, it in self.windows.items() if it[1] > now}
                self.swept_at = now
            count, ends = self.windows.get(key, (0, 0.0))
            if ends <= now:
                count, ends = 0, now + expiry
            self.windows[key] = count + amount, ends
            return count + amount

    def get(self, key: str) -> int:
        count, ends = self.windows.get(key, (0, 0.0))
        return count if ends > time.time() else 0

    def get_expiry(self, key: str) -> float:
        now = time.time()
        return max(now, self.windows.get(key, (0, now))[1])

    def check(self) -> bool:
        return True

    def clear(self, key: str) -> None:
        with self.lock:
            self.windows.pop(key, None)

    def reset(self) -> int:
        with self.lock:
            count = len(self.windows)
            self.windows.clear()
            return count
