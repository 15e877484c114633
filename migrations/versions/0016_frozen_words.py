"""What persons wrote into a report, as it was when the report got its number."""

import sqlalchemy as sa
from alembic import op

from core.database import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "frozen_words",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("frozen_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_frozen_words_edition_id_edition")),
        sa.PrimaryKeyConstraint("edition_id", "language", name=op.f("pk_frozen_words")),
    )


def downgrade() -> None:
    op.drop_table("frozen_words")
