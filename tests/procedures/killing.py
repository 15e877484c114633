"""A process that loads what waits and dies where it is told to; run by ``test_kill.py``.

``python -m tests.procedures.killing PLACE WHEN FILE``: PLACE ``module:name`` or ``-``, WHEN ``before`` or ``after``. Settings come from
the environment. FILE is sent by command first, then everything that waits is taken.
"""

import importlib
import os
import sys
from functools import reduce
from pathlib import Path
from typing import Any

DIED = 9


def arm(place: str, when: str) -> None:
    """From now on the process ends at once, as if killed, before or after a function runs."""
    module, _, dotted = place.partition(":")
    *outer, name = dotted.split(".")
    owner = reduce(getattr, outer, importlib.import_module(module))
    function = getattr(owner, name)

    def deadly(*arguments: Any, **named: Any) -> None:
        if when == "after":
            function(*arguments, **named)
        os._exit(DIED)

    setattr(owner, name, deadly)


def main(place: str, when: str, file: Path) -> None:
    """Load, and die on the way."""
    from app import create_app
    from core.settings import Settings
    from procedures import feeds
    from tests.procedures.feed import NOW

    app = create_app(settings=Settings.load())
    with app.app_context():
        if place != "-":
            arm(place, when)
        print("ready", flush=True)
        feeds.load_feed(file, "h26", "flat-en", NOW)
        feeds.process_waiting(NOW)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
