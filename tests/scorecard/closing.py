"""A process that closes October again and dies where it is told to; run by ``test_close_kill.py``.

``python -m tests.scorecard.closing PLACE WHEN``: PLACE ``module:name``, WHEN ``before`` or ``after``. Settings come from the environment.
"""

import sys

from tests.procedures.killing import arm


def main(place: str, when: str) -> None:
    """Close, and die on the way."""
    from app import create_app
    from core.settings import Settings
    from scorecard import operations
    from tests.scorecard.small import MONTH
    from tests.scorecard.test_close_kill import AGAIN

    app = create_app(settings=Settings.load())
    with app.app_context():
        arm(place, when)
        operations.close(MONTH, AGAIN, "worker")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
