"""The form: what its pages store beside the answers; and what is shown of answers to those who read them."""

import sqlalchemy as sa
from alembic import op

from core.database import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "device_key",
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("random", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_device_key")),
    )
    op.create_table(
        "comment_decision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("answer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("unit_code", sa.String(32), nullable=False),
        sa.Column("decision", sa.String(8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("decided_by", sa.String(64), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.CheckConstraint("decision IN ('released', 'held')", name=op.f("ck_comment_decision_decision")),
        sa.ForeignKeyConstraint(["answer_id"], ["answer.id"], name=op.f("fk_comment_decision_answer_id_answer"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment_decision")),
        sa.UniqueConstraint("answer_id", name=op.f("uq_comment_decision_answer_id")),
    )
    op.create_index("ix_comment_decision_month_unit", "comment_decision", ["month", "unit_code"])
    op.create_table(
        "rating_alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_code", sa.String(32), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("before", sa.Double(), nullable=False),
        sa.Column("after", sa.Double(), nullable=False),
        sa.Column("change_low", sa.Double(), nullable=False),
        sa.Column("change_high", sa.Double(), nullable=False),
        sa.Column("raised_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating_alert")),
        sa.UniqueConstraint("unit_code", "month", name=op.f("uq_rating_alert_unit_code")),
    )
    op.create_index(op.f("ix_rating_alert_unit_code"), "rating_alert", ["unit_code"])


def downgrade() -> None:
    op.drop_table("rating_alert")
    op.drop_table("comment_decision")
    op.drop_table("device_key")
