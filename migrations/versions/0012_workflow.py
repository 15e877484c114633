"""The workflow of an edition: its steps, comments, flash sheets and notices."""

import sqlalchemy as sa
from alembic import op

from core.database import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

FINAL = "state IN ('closed', 'published', 'superseded')"


def upgrade() -> None:
    op.create_table(
        "edition_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(12), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "stage IN ('cut_off', 'computed', 'in_comment', 'reviewed', 'published', 'superseded')", name=op.f("ck_edition_step_stage")
        ),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_edition_step_edition_id_edition"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edition_step")),
        sa.UniqueConstraint("edition_id", "stage", name=op.f("uq_edition_step_edition_id")),
    )
    op.create_table(
        "draft_comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("unit_code", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("subject", sa.String(24), nullable=False),
        sa.Column("procedure_code", sa.String(32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_by", sa.String(64), nullable=False),
        sa.Column("written_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("verdict", sa.String(12), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.String(64), nullable=True),
        sa.Column("answered_at", UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('explanation', 'objection')", name=op.f("ck_draft_comment_kind")),
        sa.CheckConstraint("verdict IN ('accepted', 'refused', 'noted')", name=op.f("ck_draft_comment_verdict")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_comment")),
    )
    with op.batch_alter_table("draft_comment") as table:
        table.create_index(table.f("ix_draft_comment_month"), ["month", "unit_code"])
    op.create_table(
        "flash_sheet",
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("made_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("rule_version", sa.String(40), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_flash_sheet")),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("unit_code", sa.String(32), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("key", name=op.f("uq_notice_key")),
    )
    with op.batch_alter_table("notice") as table:
        table.create_index(table.f("ix_notice_month"), ["month"])
        table.create_index(table.f("ix_notice_unit_code"), ["unit_code"])
    op.create_table(
        "recipient",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_code", sa.String(32), nullable=True),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("added_by", sa.String(64), nullable=False),
        sa.Column("added_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("language IN ('vi', 'en')", name=op.f("ck_recipient_language")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipient")),
    )
    with op.batch_alter_table("recipient") as table:
        table.create_index(table.f("ix_recipient_unit_code"), ["unit_code"])
    op.create_table(
        "notice_mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("recipient_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("sent_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed', 'given_up')", name=op.f("ck_notice_mail_state")),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_notice_mail_notice_id_notice")),
        sa.ForeignKeyConstraint(["recipient_id"], ["recipient.id"], name=op.f("fk_notice_mail_recipient_id_recipient")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_mail")),
        sa.UniqueConstraint("notice_id", "recipient_id", name=op.f("uq_notice_mail_notice_id")),
    )
    _steps_of_known_editions()


def _steps_of_known_editions() -> None:
    """What was recorded of editions so far, as steps; who closed a month stands in the audit trail alone."""
    known = (
        ("cut_off", "cutoff_at", "'unknown'", FINAL),
        ("computed", "computed_at", "'unknown'", FINAL),
        ("reviewed", "reviewed_at", "reviewed_by", f"{FINAL} AND reviewed_at IS NOT NULL"),
        ("published", "published_at", "published_by", f"{FINAL} AND published_at IS NOT NULL"),
    )
    for stage, at, by, where in known:
        op.execute(
            f"INSERT INTO edition_step (edition_id, stage, at, by, reason) "  # noqa: S608  # constants of this file
            f"SELECT id, '{stage}', COALESCE({at}, cutoff_at), {by}, '' FROM edition WHERE {where}"
        )


def downgrade() -> None:
    for name in ("notice_mail", "recipient", "notice", "flash_sheet", "draft_comment", "edition_step"):
        op.drop_table(name)
