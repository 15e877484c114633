"""Publication: numbers, signatures, published files, deliveries to the Monitoring System."""

import sqlalchemy as sa
from alembic import op

from core.database import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("export_file") as table:
        table.add_column(sa.Column("built_with", sa.JSON(), nullable=False, server_default="{}"))
    op.create_table(
        "publication",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("dated_on", sa.Date(), nullable=False),
        sa.Column("numbered_by", sa.String(64), nullable=False),
        sa.Column("numbered_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("signed_way", sa.String(12), nullable=True),
        sa.Column("signed_by", sa.String(64), nullable=True),
        sa.Column("signed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("signers", sa.JSON(), nullable=False),
        sa.Column("confirmed_by", sa.String(64), nullable=True),
        sa.Column("comparison", sa.JSON(), nullable=False),
        sa.CheckConstraint("signed_way IN ('here', 'appended', 'compared')", name=op.f("ck_publication_signed_way")),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_publication_edition_id_edition")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication")),
        sa.UniqueConstraint("edition_id", name=op.f("uq_publication_edition_id")),
    )
    op.create_table(
        "file_digest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("stage", sa.String(8), nullable=False),
        sa.Column("stored_at", UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("stage IN ('draft', 'final', 'signed')", name=op.f("ck_file_digest_stage")),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_file_digest_edition_id_edition")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_digest")),
        sa.UniqueConstraint("sha256", "name", name=op.f("uq_file_digest_sha256")),
    )
    with op.batch_alter_table("file_digest") as table:
        table.create_index(table.f("ix_file_digest_size"), ["size"])
    # What was stored before is known by its digest, too.
    op.execute(
        sa.text(
            "INSERT INTO file_digest (edition_id, sha256, size, name, stage, stored_at) "
            "SELECT edition_id, sha256, size, name, CASE WHEN name LIKE '%DU-THAO%' THEN 'draft' ELSE 'final' END, stored_at "
            "FROM export_file WHERE state = 'stored'"
        )
    )
    op.create_table(
        "monitoring_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(64), nullable=False),
        sa.Column("asked_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("body_sha256", sa.String(64), nullable=False),
        sa.Column("path", sa.String(300), nullable=False),
        sa.Column("received_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("receipt", sa.JSON(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'received', 'refused', 'by_hand')", name=op.f("ck_monitoring_delivery_state")),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_monitoring_delivery_edition_id_edition")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitoring_delivery")),
        sa.UniqueConstraint("edition_id", name=op.f("uq_monitoring_delivery_edition_id")),
        sa.UniqueConstraint("key", name=op.f("uq_monitoring_delivery_key")),
    )
    op.create_table(
        "monitoring_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(12), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["monitoring_delivery.id"], name=op.f("fk_monitoring_attempt_delivery_id_monitoring_delivery")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitoring_attempt")),
    )
    with op.batch_alter_table("monitoring_attempt") as table:
        table.create_index(table.f("ix_monitoring_attempt_delivery_id"), ["delivery_id"])


def downgrade() -> None:
    op.drop_table("monitoring_attempt")
    op.drop_table("monitoring_delivery")
    op.drop_table("file_digest")
    op.drop_table("publication")
    with op.batch_alter_table("export_file") as table:
        table.drop_column("built_with")
