"""The workflow of an edition: its steps, comments, schedule and notifications."""

import sqlalchemy as sa
from alembic import op

from core.database import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
