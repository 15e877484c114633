"""The rate limiter's counters in this process's memory (``memory://`` in the settings).

In place of the library's own, which starts a thread every few milliseconds to look at every counter there is: at the rate of a survey
that costs more than storing the answer. Here a request pays for its own counter, and now and then for sweeping out what has run out.
"""

import threading
import time

from limits.storage import Storage

SCHEME = "process"
SWEEP_SECONDS = 30.0


class ProcessStorage(Storage):
    """Counters with the instant at which each runs out. One lock for all: nothing done under it takes time, but the sweep."""

    STORAGE_SCHEME = [SCHEME]

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **_options: float | str | bool) -> None:
        super().__init__(uri, wrap_exceptions)
        self._counters: dict[str, tuple[int, float]] = {}  # key → count, end
        self._lock = threading.Lock()
        self._swept = time.monotonic()

    @property
    def base_exceptions(self) -> type[Exception]:
        """None of ours: memory does not fail."""
        return MemoryError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count; the first count of a span says when it ends."""
        now = time.time()
        with self._lock:
            count, end = self._counters.get(key, (0, 0.0))
            if end <= now:
                count, end = 0, now + expiry
            self._counters[key] = count + amount, end
            if time.monotonic() - self._swept > SWEEP_SECONDS:
                self._swept = time.monotonic()
                self._counters = {name: counter for name, counter in self._counters.items() if counter[1] > now}
            return count + amount

    def get(self, key: str) -> int:
        """The count of the span that is running; 0: none is."""
        count, end = self._counters.get(key, (0, 0.0))
        return count if end > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """When the span ends, seconds since 1970."""
        return self._counters.get(key, (0, time.time()))[1]

    def check(self) -> bool:
        """Always there."""
        return True

    def reset(self) -> int | None:
        """Forget everything; how many counters there were."""
        with self._lock:
            count = len(self._counters)
            self._counters = {}
        return count

    def clear(self, key: str) -> None:
        """Forget one counter."""
        with self._lock:
            self._counters.pop(key, None)
