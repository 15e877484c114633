"""The one place where the parts are joined; nothing else lives here."""

from collections.abc import Collection
from importlib import import_module

import click
from flask import Flask
from flask.cli import AppGroup
from pydantic import ValidationError

from core import access, database, web
from core.cli import commands as core_commands
from core.settings import Settings
from core.views import blueprint as core_pages
from core.views import health

PARTS = frozenset({"survey", "site"})
COMMANDS = ("procedures.cli", "surveys.cli", "scorecard.cli", "exports.cli", "simulation.cli")
PAGES = {
    "survey": ("surveys.views", "surveys.open_views"),
    "site": (
        "surveys.desk_views",
        "surveys.api",
        "procedures.views",
        "procedures.api",
        "procedures.coverage_views",
        "procedures.list_views",
        "scorecard.views",
        "scorecard.service_views",
        "scorecard.target_views",
        "scorecard.satisfaction_views",
        "scorecard.declare_once_views",
        "scorecard.mismatch_views",
        "scorecard.scoring.views",
        "scorecard.followup_views",
        "scorecard.integrity_views",
        "scorecard.workflow_views",
        "scorecard.answers_views",
        "exports.views",
        "exports.report_views",
        "exports.verify_views",
        "exports.open_data",
        "exports.publication_views",
    ),
}


def create_app(parts: Collection[str] = PARTS, settings: Settings | None = None) -> Flask:
    """The application with the chosen parts. ``{"survey"}`` alone loads no data library.

    Raises ``pydantic.ValidationError`` where a setting is missing or wrong; on the command line, what needs no setting works all the same.
    """
    if unknown := set(parts) - PARTS:
        raise ValueError(f"unknown parts {unknown}")
    try:
        settings = settings or Settings.load()
    except ValidationError as error:
        command = click.get_current_context(silent=True)
        if command is None or command.info_name == "run":
            raise
        return _without_settings(error)
    app = Flask(__name__)
    app.extensions["settings"] = settings
    app.extensions["jobs"] = []
    app.extensions["health"] = {}
    database.init_app(app, settings.sqlalchemy_url)
    web.init_app(app, settings)
    access.init_app(app)
    app.register_blueprint(health)
    for command in core_commands:
        app.cli.add_command(command)
    for part in sorted(parts):
        for name in PAGES[part]:
            app.register_blueprint(import_module(name).blueprint)
    if "survey" in parts:
        import_module("surveys.weight").check(app)
    if "site" in parts:
        app.register_blueprint(core_pages)
        for name in COMMANDS:
            for command in import_module(name).commands:
                app.cli.add_command(command)
        app.extensions["pdf"] = import_module("exports.render").render  # for the rooms below exports
        app.extensions["release"] = import_module("exports.office").release  # for the office's page
        app.extensions["paper"] = import_module("exports.report_views").paper  # for a place's pages
        app.extensions["health"]["lake"] = import_module("procedures.queries").lake_health
        for name in ("procedures.jobs", "surveys.jobs", "scorecard.jobs", "exports.jobs"):
            app.extensions["jobs"].extend(import_module(name).jobs())
    return app


def _without_settings(error: ValidationError) -> Flask:
    """Commands for somebody who has files alone; what else is asked for is not there, and why is said."""
    wrong = ", ".join(sorted({f"TTHC_{str(found['loc'][0]).upper()}" for found in error.errors()}))
    click.echo(
        f"Chưa đặt đúng: {wrong}. Chỉ dùng được lệnh chấm điểm từ tệp (scorecard score, rules); lệnh khác cần các thiết đặt này.\n"
        f"Not set, or wrong: {wrong}. Only scoring from files works (scorecard score, rules); other commands need these settings.",
        err=True,
    )
    app = Flask(__name__)
    group = AppGroup("scorecard")
    for command in import_module("scorecard.scoring.cli").files_alone:
        group.add_command(command)
    app.cli.add_command(group)
    return app
