"""Integrity: questions to units, their answers and decisions; surveys brought in from elsewhere."""

import sqlalchemy as sa
from alembic import op

from core.database import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "integrity_question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("subject_kind", sa.String(16), nullable=False),
        sa.Column("subject_code", sa.String(32), nullable=False),
        sa.Column("detector", sa.String(32), nullable=False),
        sa.Column("rules", sa.String(40), nullable=False),
        sa.Column("fixed_before", sa.Boolean(), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("trials", sa.Integer(), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("peers", sa.Double(), nullable=False),
        sa.Column("p", sa.Double(), nullable=False),
        sa.Column("q", sa.Double(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("still_found", sa.Boolean(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("explained_by", sa.String(64), nullable=True),
        sa.Column("explained_at", INSTANT, nullable=True),
        sa.Column("first_by", sa.String(64), nullable=True),
        sa.Column("first_at", INSTANT, nullable=True),
        sa.Column("first_reason", sa.Text(), nullable=False),
        sa.Column("second_by", sa.String(64), nullable=True),
        sa.Column("second_at", INSTANT, nullable=True),
        sa.Column("second_reason", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'explained', 'referred', 'named', 'closed')", name=op.f("ck_integrity_question_state")),
        sa.CheckConstraint("subject_kind IN ('unit', 'provider')", name=op.f("ck_integrity_question_subject_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrity_question")),
        sa.UniqueConstraint("month", "subject_kind", "subject_code", "detector", name=op.f("uq_integrity_question_month")),
    )
    op.create_index(op.f("ix_integrity_question_subject_code"), "integrity_question", ["subject_code"])
    op.create_table(
        "integrity_override",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("unit_code", sa.String(32), nullable=False),
        sa.Column("mark", sa.String(16), nullable=False),
        sa.Column("action", sa.String(8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("proposed_by", sa.String(64), nullable=False),
        sa.Column("proposed_at", INSTANT, nullable=False),
        sa.Column("decided_by", sa.String(64), nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.CheckConstraint("action IN ('keep', 'remove')", name=op.f("ck_integrity_override_action")),
        sa.CheckConstraint("state IN ('proposed', 'accepted', 'refused')", name=op.f("ck_integrity_override_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrity_override")),
        sa.UniqueConstraint("month", "unit_code", "mark", name=op.f("uq_integrity_override_month")),
    )
    op.create_table(
        "edition_remark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("author_name", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", INSTANT, nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition_remark")),
        sa.UniqueConstraint("month", "author", name=op.f("uq_edition_remark_month")),
    )
    op.create_table(
        "outside_series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("title_vi", sa.String(300), nullable=False),
        sa.Column("title_en", sa.String(300), nullable=False),
        sa.Column("source_vi", sa.Text(), nullable=False),
        sa.Column("source_en", sa.Text(), nullable=False),
        sa.Column("profile", sa.JSON(), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("rows_read", sa.Integer(), nullable=False),
        sa.Column("rows_used", sa.Integer(), nullable=False),
        sa.Column("excluded", sa.JSON(), nullable=False),
        sa.Column("imported_by", sa.String(64), nullable=False),
        sa.Column("imported_at", INSTANT, nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_series")),
        sa.UniqueConstraint("code", name=op.f("uq_outside_series_code")),
    )
    op.create_table(
        "outside_figure",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(20), nullable=False),
        sa.Column("group_key", sa.String(200), nullable=False),
        sa.Column("question", sa.String(40), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("plain", sa.Double(), nullable=True),
        sa.Column("satisfied", sa.Double(), nullable=True),
        sa.Column("answered", sa.Integer(), nullable=True),
        sa.Column("offered", sa.Integer(), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.CheckConstraint("value IS NULL OR (value >= 1 AND value <= 5)", name=op.f("ck_outside_figure_value")),
        sa.CheckConstraint("answered IS NULL OR answered >= 0", name=op.f("ck_outside_figure_answered")),
        sa.ForeignKeyConstraint(
            ["series_id"], ["outside_series.id"], name=op.f("fk_outside_figure_series_id_outside_series"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_figure")),
        sa.UniqueConstraint("series_id", "period", "group_key", "question", name=op.f("uq_outside_figure_series_id")),
    )


def downgrade() -> None:
    for name in ("outside_figure", "outside_series", "edition_remark", "integrity_override", "integrity_question"):
        op.drop_table(name)
