"""The pages behind an invitation's link."""

from flask import Blueprint

blueprint = Blueprint("survey", __name__, url_prefix="/s")
