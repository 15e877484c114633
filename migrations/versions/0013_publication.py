"""Publication: numbers, signatures, published files, deliveries to the Monitoring System."""

import sqlalchemy as sa
from alembic import op

from core.database import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
