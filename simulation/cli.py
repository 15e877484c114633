"""Commands of the demonstration country."""

from flask.cli import AppGroup

demo = AppGroup("demo", help="The simulated demonstration country.")

commands = (demo,)
