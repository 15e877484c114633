"""Commands that take in units, the catalogue and feeds."""

import click

commands: tuple[click.Command, ...] = ()
