"""The report's two human parts with their history, what it asks of whom, and papers of single places among an edition's files."""

import sqlalchemy as sa
from alembic import op

from core.database import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("part", sa.String(8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("author_name", sa.String(200), nullable=False),
        sa.Column("written_at", UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("part IN ('remark', 'request')", name=op.f("ck_report_text_part")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_text")),
    )
    with op.batch_alter_table("report_text") as table:
        table.create_index(table.f("ix_report_text_month"), ["month"])
    op.create_table(
        "report_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("addressee", sa.String(200), nullable=False),
        sa.Column("deed", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("author_name", sa.String(200), nullable=False),
        sa.Column("written_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_by", sa.String(64), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("settled_note", sa.Text(), nullable=False),
        sa.Column("settled_by", sa.String(64), nullable=True),
        sa.Column("settled_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_request")),
    )
    with op.batch_alter_table("report_request") as table:
        table.create_index(table.f("ix_report_request_month"), ["month"])
    with op.batch_alter_table("export_file") as table:
        table.add_column(sa.Column("subject", sa.String(32), nullable=False, server_default=""))
    with op.batch_alter_table("export_file") as table:
        table.alter_column("subject", existing_type=sa.String(32), existing_nullable=False, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("export_file") as table:
        table.drop_column("subject")
    op.drop_table("report_request")
    op.drop_table("report_text")
