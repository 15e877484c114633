"""Commands of the survey."""

from flask.cli import AppGroup

surveys = AppGroup("surveys", help="Invitations and answers.")

commands = (surveys,)
