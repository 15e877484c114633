"""Feeds: ways in, replacement and release of rows, tokens of sources, reported counts."""

import sqlalchemy as sa
from alembic import op

from core.database import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATES = "state IN ('received', 'checked', 'accepted', 'partly_accepted', 'rejected')"
OLD_STATES = "state IN ('received', 'accepted', 'partly_accepted', 'rejected')"
WAYS = "way IN ('upload', 'cli', 'api', 'folder', 'release')"
# Rows that are there already need a value; afterwards the program gives every value itself.
FILLED = {
    "way": (sa.String(16), "cli"),
    "size_bytes": (sa.BigInteger(), "0"),
    "reason_en": (sa.Text(), ""),
    "rows_released": (sa.Integer(), "0"),
    "warnings": (sa.JSON(), "{}"),
    "quarantined": (sa.JSON(), "{}"),
    "notes": (sa.JSON(), "[]"),
    "coverage": (sa.JSON(), "{}"),
    "difference": (sa.JSON(), "{}"),
}
EMPTY = {
    "idempotency_key": sa.String(80),
    "replaces_month": sa.String(7),
    "parent_id": sa.Integer(),
    "checked_at": UtcDateTime(timezone=True),
    "confirmed_at": UtcDateTime(timezone=True),
    "lake_version": sa.Integer(),
    "spool_destroyed_at": UtcDateTime(timezone=True),
}


def upgrade() -> None:
    op.create_table(
        "reported_count",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(16), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("label", sa.String(300), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("document", sa.String(300), nullable=False),
        sa.Column("reported_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_reported_count_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reported_count")),
        sa.UniqueConstraint("unit_id", "form", "month", "label", name=op.f("uq_reported_count_unit_id")),
    )
    op.create_table(
        "source_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_source_token_source_id_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_token")),
        sa.UniqueConstraint("key_id", name=op.f("uq_source_token_key_id")),
    )
    with op.batch_alter_table("source_token") as table:
        table.create_index(table.f("ix_source_token_source_id"), ["source_id"])
    op.create_table(
        "unit_successor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("document", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_unit_successor_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_successor")),
        sa.UniqueConstraint("code", "unit_id", name=op.f("uq_unit_successor_code")),
    )
    with op.batch_alter_table("unit_code") as table:
        table.alter_column("code", existing_type=sa.String(32), type_=sa.String(200), existing_nullable=False)
    with op.batch_alter_table("submission") as table:
        for name, (kind, value) in FILLED.items():
            table.add_column(sa.Column(name, kind, nullable=False, server_default=value))
        for name, kind in EMPTY.items():
            table.add_column(sa.Column(name, kind, nullable=True))
        table.drop_constraint(table.f("ck_submission_state"), type_="check")
        table.create_check_constraint(table.f("ck_submission_state"), STATES)
        table.create_check_constraint(table.f("ck_submission_way"), WAYS)
        table.create_index(table.f("ix_submission_finished_at"), ["finished_at"])
        table.create_unique_constraint(table.f("uq_submission_source_id"), ["source_id", "idempotency_key"])
        table.create_foreign_key(table.f("fk_submission_parent_id_submission"), "submission", ["parent_id"], ["id"])
    with op.batch_alter_table("submission") as table:
        for name, (kind, _value) in FILLED.items():
            table.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)


def downgrade() -> None:
    op.execute("UPDATE submission SET state = 'received' WHERE state = 'checked'")
    with op.batch_alter_table("submission") as table:
        table.drop_constraint(table.f("fk_submission_parent_id_submission"), type_="foreignkey")
        table.drop_index(table.f("ix_submission_finished_at"))
        table.drop_constraint(table.f("uq_submission_source_id"), type_="unique")
        table.drop_constraint(table.f("ck_submission_way"), type_="check")
        table.drop_constraint(table.f("ck_submission_state"), type_="check")
        table.create_check_constraint(table.f("ck_submission_state"), OLD_STATES)
        for name in (*FILLED, *EMPTY):
            table.drop_column(name)
    op.execute("DELETE FROM unit_code WHERE length(code) > 32")
    with op.batch_alter_table("unit_code") as table:
        table.alter_column("code", existing_type=sa.String(200), type_=sa.String(32), existing_nullable=False)
    op.drop_table("unit_successor")
    op.drop_table("source_token")
    op.drop_table("reported_count")
