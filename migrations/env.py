"""Alembic's entry: always on a connection that ``core.schema`` hands over."""

from alembic import context

import core.models
import core.notice_models
import exports.models
import exports.report_models
import procedures.models
import procedures.service_models
import scorecard.answers_models
import scorecard.followup_models
import scorecard.integrity_models
import scorecard.models
import scorecard.workflow_models
import surveys.models
import surveys.outside_models
from core.database import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=Base.metadata, render_as_batch=connection.dialect.name == "sqlite", compare_type=True
)
with context.begin_transaction():
    context.run_migrations()
