"""Measures: what the registers, lists and plans behind the indicators hold."""

import sqlalchemy as sa
from alembic import op

from core.database import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('official_count',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('unit_code', sa.String(length=32), nullable=False),
    sa.Column('period', sa.String(length=10), nullable=False),
    sa.Column('indicator', sa.String(length=40), nullable=False),
    sa.Column('numerator', sa.BigInteger(), nullable=False),
    sa.Column('denominator', sa.BigInteger(), nullable=False),
    sa.Column('source', sa.String(length=300), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_official_count')),
    sa.UniqueConstraint('unit_code', 'period', 'indicator', name=op.f('uq_official_count_unit_code'))
    )
    op.create_table(
        "standard_component",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("name_en", sa.String(200), nullable=False),
        sa.Column("register_id", sa.Integer(), nullable=True),
        sa.Column("aliases", sa.JSON(), nullable=False),
        sa.Column("is_head", sa.Boolean(), nullable=False),
        sa.Column("is_exact", sa.Boolean(), nullable=False),
        sa.Column("published_from", sa.Date(), nullable=True),
        sa.Column("source_document", sa.String(300), nullable=False),
        sa.ForeignKeyConstraint(["register_id"], ["state_register.id"], name=op.f("fk_standard_component_register_id_state_register")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standard_component")),
        sa.UniqueConstraint("code", name=op.f("uq_standard_component_code")),
    )
    with op.batch_alter_table("component") as table:
        table.add_column(sa.Column("standard_id", sa.Integer(), nullable=True))
        table.create_foreign_key(table.f("fk_component_standard_id_standard_component"), "standard_component", ["standard_id"], ["id"])
    with op.batch_alter_table("state_register") as table:
        table.add_column(sa.Column("lookup_codes", sa.JSON(), nullable=False, server_default="[]"))
        table.drop_column("keywords")
    with op.batch_alter_table("state_register") as table:
        table.alter_column("lookup_codes", existing_type=sa.JSON(), existing_nullable=False, server_default=None)
    with op.batch_alter_table("register_connection") as table:
        table.add_column(sa.Column("source_id", sa.Integer(), nullable=True))
        table.create_foreign_key(table.f("fk_register_connection_source_id_source"), "source", ["source_id"], ["id"])
        table.drop_constraint(table.f("uq_register_connection_register_id"), type_="unique")
        table.create_unique_constraint(
            table.f("uq_register_connection_register_id"), ["register_id", "unit_id", "source_id", "connected_from"]
        )
    op.create_table(
        "boundary_list",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(300), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_boundary_list_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boundary_list")),
        sa.UniqueConstraint("unit_id", "valid_from", name=op.f("uq_boundary_list_unit_id")),
    )
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "boundary_entry",
        sa.Column("id", big, nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("procedure_code", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["boundary_list.id"], name=op.f("fk_boundary_entry_list_id_boundary_list"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boundary_entry")),
        sa.UniqueConstraint("list_id", "procedure_code", name=op.f("uq_boundary_entry_list_id")),
    )
    op.create_table(
        "queue_ticket",
        sa.Column("id", big, nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("field", sa.String(200), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(300), nullable=False),
        sa.Column("reported_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.CheckConstraint("tickets >= 0", name=op.f("ck_queue_ticket_tickets")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_queue_ticket_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_ticket")),
        sa.UniqueConstraint("unit_id", "day", "field", name=op.f("uq_queue_ticket_unit_id")),
    )
    op.create_index(op.f("ix_queue_ticket_day"), "queue_ticket", ["day"])
    op.create_table(
        "petition_count",
        sa.Column("id", big, nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("on_time", sa.Integer(), nullable=False),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("document", sa.String(300), nullable=False),
        sa.Column("reported_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.CheckConstraint("on_time >= 0 AND on_time <= received", name=op.f("ck_petition_count_on_time")),
        sa.CheckConstraint("reopened >= 0 AND reopened <= received", name=op.f("ck_petition_count_reopened")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_petition_count_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_petition_count")),
        sa.UniqueConstraint("unit_id", "month", "subject", name=op.f("uq_petition_count_unit_id")),
    )
    op.create_index(op.f("ix_petition_count_month"), "petition_count", ["month"])


def downgrade() -> None:
    for name in ("petition_count", "queue_ticket", "boundary_entry", "boundary_list"):
        op.drop_table(name)
    op.execute("DELETE FROM register_connection WHERE source_id IS NOT NULL")
    with op.batch_alter_table("register_connection") as table:
        table.drop_constraint(table.f("uq_register_connection_register_id"), type_="unique")
        table.create_unique_constraint(table.f("uq_register_connection_register_id"), ["register_id", "unit_id", "connected_from"])
        table.drop_constraint(table.f("fk_register_connection_source_id_source"), type_="foreignkey")
        table.drop_column("source_id")
    with op.batch_alter_table("state_register") as table:
        table.add_column(sa.Column("keywords", sa.JSON(), nullable=False, server_default="[]"))
        table.drop_column("lookup_codes")
    with op.batch_alter_table("component") as table:
        table.drop_constraint(table.f("fk_component_standard_id_standard_component"), type_="foreignkey")
        table.drop_column("standard_id")
    op.drop_table("standard_component")
    op.drop_table("official_count")
