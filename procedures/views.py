"""Pages about what was sent in."""

from flask import Blueprint

blueprint = Blueprint("procedures", __name__)
