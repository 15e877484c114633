"""How often an answer was deleted with its link; and of when an answer came only the hour."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("invitation") as table:
        table.add_column(sa.Column("withdrawn", sa.SmallInteger(), nullable=False, server_default="0"))
    with op.batch_alter_table("invitation") as table:
        table.alter_column("withdrawn", existing_type=sa.SmallInteger(), existing_nullable=False, server_default=None)
    hour = {
        "postgresql": "date_trunc('hour', first_answered_at)",
        "sqlite": "substr(first_answered_at, 1, 13) || ':00:00.000000'",
    }[op.get_bind().dialect.name]
    op.execute(f"UPDATE answer SET first_answered_at = {hour}")


def downgrade() -> None:
    with op.batch_alter_table("invitation") as table:
        table.drop_column("withdrawn")
