"""Commands of the month."""

from flask.cli import AppGroup

scorecard = AppGroup("scorecard", help="Close, replay, review and publish months.")

commands = (scorecard,)
