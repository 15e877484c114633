"""How often an answer was deleted with its link; of when an answer came only the hour; alerts of receiving units, without numbers."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NUMBERS = ("before", "after", "change_low", "change_high")


def upgrade() -> None:
    # in place: SQLite would make the table anew otherwise, which its answers refer to; hence also the default that stays
    op.add_column("invitation", sa.Column("withdrawn", sa.SmallInteger(), nullable=False, server_default="0"))
    hour = {
        "postgresql": "date_trunc('hour', first_answered_at)",
        "sqlite": "substr(first_answered_at, 1, 13) || ':00:00.000000'",
    }[op.get_bind().dialect.name]
    op.execute(f"UPDATE answer SET first_answered_at = {hour}")
    with op.batch_alter_table("rating_alert") as table:
        table.add_column(sa.Column("party", sa.String(10), nullable=False, server_default="handling"))
        for name in NUMBERS:
            table.alter_column(name, existing_type=sa.Double(), nullable=True)
        table.drop_constraint(table.f("uq_rating_alert_unit_code"), type_="unique")
        table.create_unique_constraint(table.f("uq_rating_alert_unit_code"), ["unit_code", "month", "party"])
        table.create_check_constraint(table.f("ck_rating_alert_party"), "party IN ('handling', 'receiving')")
    with op.batch_alter_table("rating_alert") as table:
        table.alter_column("party", existing_type=sa.String(10), existing_nullable=False, server_default=None)


def downgrade() -> None:
    op.execute("DELETE FROM rating_alert WHERE party = 'receiving'")
    with op.batch_alter_table("rating_alert") as table:
        table.drop_constraint(table.f("ck_rating_alert_party"), type_="check")
        table.drop_constraint(table.f("uq_rating_alert_unit_code"), type_="unique")
        table.create_unique_constraint(table.f("uq_rating_alert_unit_code"), ["unit_code", "month"])
        for name in NUMBERS:
            table.alter_column(name, existing_type=sa.Double(), nullable=False)
        table.drop_column("party")
    op.drop_column("invitation", "withdrawn")
