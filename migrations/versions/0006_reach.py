"""Reach of the survey: how people were drawn, how an invitation was delivered, how an answer came."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MODES = "mode IN ('link', 'open', 'kiosk', 'paper', 'phone', 'followup')"
CHECKS = {
    "invitation": {
        "mode": MODES,
        "probability": "probability > 0 AND probability <= 1",
        "delivery": "delivery IN ('none', 'sent', 'delivered', 'failed')",
    },
    "answer": {"mode": MODES, "device_kind": "device_kind IN ('private', 'counter', 'staff')"},
}
# Rows that are there already need a value; afterwards the program gives every value itself.
FILLED = {
    "invitation": {
        "mode": (sa.String(10), "link"),
        "probability": (sa.Float(), "1.0"),
        "stratum": (sa.String(60), "all"),
        "frequent": (sa.Boolean(), sa.false()),
        "delivery": (sa.String(10), "none"),
    },
    "answer": {
        "mode": (sa.String(10), "link"),
        "raised": (sa.SmallInteger(), "0"),
        "lowered": (sa.SmallInteger(), "0"),
        "is_test": (sa.Boolean(), sa.false()),
        "device_kind": (sa.String(8), "private"),
    },
}
EMPTY = {
    "invitation": {
        "receiving_unit_code": sa.String(32),
        "provider_code": sa.String(32),
        "contact_load": sa.SmallInteger(),
    },
    "answer": {
        "receiving_unit_code": sa.String(32),
        "provider_code": sa.String(32),
        "device": sa.String(64),
        "seconds": sa.SmallInteger(),
    },
}


def upgrade() -> None:
    for name in ("invitation", "answer"):
        with op.batch_alter_table(name) as table:
            for column, (kind, value) in FILLED[name].items():
                table.add_column(sa.Column(column, kind, nullable=False, server_default=value))
            for column, kind in EMPTY[name].items():
                table.add_column(sa.Column(column, kind, nullable=True))
            for check, text in CHECKS[name].items():
                table.create_check_constraint(table.f(f"ck_{name}_{check}"), text)
        with op.batch_alter_table(name) as table:
            for column, (kind, _value) in FILLED[name].items():
                table.alter_column(column, existing_type=kind, existing_nullable=False, server_default=None)
    with op.batch_alter_table("answer") as table:
        table.alter_column("language", existing_type=sa.String(2), type_=sa.String(8), existing_nullable=False)


def downgrade() -> None:
    op.execute("DELETE FROM answer WHERE length(language) > 2")
    with op.batch_alter_table("answer") as table:
        table.alter_column("language", existing_type=sa.String(8), type_=sa.String(2), existing_nullable=False)
    for name in ("answer", "invitation"):
        with op.batch_alter_table(name) as table:
            for check in CHECKS[name]:
                table.drop_constraint(table.f(f"ck_{name}_{check}"), type_="check")
            for column in (*FILLED[name], *EMPTY[name]):
                table.drop_column(column)
