"""The report's two human parts and its profiles."""

import sqlalchemy as sa
from alembic import op

from core.database import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
