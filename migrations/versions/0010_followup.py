"""Follow-up: what localities did about findings, and the conditions under which they work."""

import sqlalchemy as sa
from alembic import op

from core.database import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "local_action",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_code", sa.String(32), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("procedure_code", sa.String(32), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.String(64), nullable=False),
        sa.Column("recorded_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_local_action")),
    )
    with op.batch_alter_table("local_action") as table:
        table.create_index(table.f("ix_local_action_unit_code"), ["unit_code"])
    op.create_table(
        "local_condition",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_code", sa.String(32), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=True),
        sa.Column("computers", sa.Integer(), nullable=True),
        sa.Column("scanners", sa.Integer(), nullable=True),
        sa.Column("network", sa.String(8), nullable=True),
        sa.Column("population_lookup", sa.String(8), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("declared_by", sa.String(64), nullable=False),
        sa.Column("declared_at", UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("network IN ('none', 'weak', 'stable')", name=op.f("ck_local_condition_network")),
        sa.CheckConstraint("population_lookup IN ('none', 'some', 'all')", name=op.f("ck_local_condition_population_lookup")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_local_condition")),
        sa.UniqueConstraint("unit_code", "as_of", name=op.f("uq_local_condition_unit_code")),
    )


def downgrade() -> None:
    op.drop_table("local_condition")
    op.drop_table("local_action")
