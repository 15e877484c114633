"""Reach of the survey: how people were drawn, how an invitation was delivered, how an answer came."""

import sqlalchemy as sa
from alembic import op

from core.database import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = UtcDateTime(timezone=True)
ROLES = "role IN ('centre', 'office', 'admin', 'clerk', 'interviewer', 'observer')"
OLD_ROLES = "role IN ('centre', 'office', 'admin')"
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
        "handover_id": sa.Integer(),
    },
    "answer": {
        "receiving_unit_code": sa.String(32),
        "provider_code": sa.String(32),
        "device": sa.String(64),
        "seconds": sa.SmallInteger(),
        "entry_hash": sa.String(64),
        "probability": sa.Float(),
        "second_probability": sa.Float(),
        "stratum": sa.String(60),
        "frequent": sa.Boolean(),
    },
}


def upgrade() -> None:
    _new_tables()
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
        table.create_unique_constraint(table.f("uq_answer_entry_hash"), ["entry_hash"])
    with op.batch_alter_table("invitation") as table:
        table.create_index(table.f("ix_invitation_handover_id"), ["handover_id"])
        table.create_foreign_key(table.f("fk_invitation_handover_id_handover"), "handover", ["handover_id"], ["id"])
    op.execute("UPDATE answer SET probability = 1.0, stratum = 'all'")
    with op.batch_alter_table("app_user") as table:
        table.drop_constraint(table.f("ck_app_user_role"), type_="check")
        table.create_check_constraint(table.f("ck_app_user_role"), ROLES)


def _new_tables() -> None:
    op.create_table(
        "sampling_plan",
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("design", sa.String(40), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("frame_month", sa.String(7), nullable=False),
        sa.Column("shares", sa.JSON(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_sampling_plan")),
    )
    op.create_table(
        "handover",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(16), nullable=False),
        sa.Column("source_code", sa.String(32), nullable=False),
        sa.Column("months", sa.JSON(), nullable=False),
        sa.Column("way", sa.String(8), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("invitations", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("next_try_at", INSTANT, nullable=True),
        sa.Column("received_at", INSTANT, nullable=True),
        sa.Column("error", sa.String(200), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.CheckConstraint("way IN ('file', 'webhook', 'mail', 'calls')", name=op.f("ck_handover_way")),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'received', 'failed')", name=op.f("ck_handover_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
        sa.UniqueConstraint("key", name=op.f("uq_handover_key")),
    )
    op.create_table(
        "survey_place",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(8), nullable=False),
        sa.Column("mode", sa.String(10), nullable=False),
        sa.Column("unit_code", sa.String(32), nullable=False),
        sa.Column("province_code", sa.String(32), nullable=True),
        sa.Column("point", sa.String(120), nullable=False),
        sa.Column("counter", sa.String(20), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.CheckConstraint("mode IN ('open', 'kiosk')", name=op.f("ck_survey_place_mode")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_place")),
        sa.UniqueConstraint("code", name=op.f("uq_survey_place_code")),
    )
    op.create_table(
        "slip_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_code", sa.String(32), nullable=False),
        sa.Column("province_code", sa.String(32), nullable=True),
        sa.Column("point", sa.String(120), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("printed_on", sa.Date(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slip_batch")),
    )
    op.create_table(
        "slip",
        sa.Column("id", BIG, nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("twice", sa.Boolean(), nullable=False),
        sa.Column("first_by", sa.Integer(), nullable=True),
        sa.Column("second_by", sa.Integer(), nullable=True),
        sa.Column("first", sa.JSON(), nullable=True),
        sa.Column("compared", sa.SmallInteger(), nullable=True),
        sa.Column("differing", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["slip_batch.id"], name=op.f("fk_slip_batch_id_slip_batch")),
        sa.ForeignKeyConstraint(["first_by"], ["app_user.id"], name=op.f("fk_slip_first_by_app_user")),
        sa.ForeignKeyConstraint(["second_by"], ["app_user.id"], name=op.f("fk_slip_second_by_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slip")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_slip_code_hash")),
    )
    with op.batch_alter_table("slip") as table:
        table.create_index(table.f("ix_slip_batch_id"), ["batch_id"])
    op.create_table(
        "follow_up",
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("silent", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.Column("drawn_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_follow_up")),
    )
    op.create_table(
        "phone_case",
        sa.Column("id", BIG, nullable=False),
        sa.Column("invitation_id", BIG, nullable=True),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(8), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("outcome", sa.String(24), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("last_tried_on", sa.Date(), nullable=True),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.CheckConstraint("purpose IN ('phone', 'followup')", name=op.f("ck_phone_case_purpose")),
        sa.ForeignKeyConstraint(["invitation_id"], ["invitation.id"], name=op.f("fk_phone_case_invitation_id_invitation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_case")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_phone_case_code_hash")),
        sa.UniqueConstraint("invitation_id", name=op.f("uq_phone_case_invitation_id")),
    )
    with op.batch_alter_table("phone_case") as table:
        table.create_index("ix_phone_case_month", ["month"])
    op.create_table(
        "no_signal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_code", sa.String(32), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("document", sa.String(200), nullable=False),
        sa.Column("declared_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_no_signal")),
        sa.UniqueConstraint("unit_code", "valid_from", name=op.f("uq_no_signal_unit_code")),
    )


def downgrade() -> None:
    op.execute("DELETE FROM slip")
    op.execute("DELETE FROM app_user WHERE role NOT IN ('centre', 'office', 'admin')")
    with op.batch_alter_table("app_user") as table:
        table.drop_constraint(table.f("ck_app_user_role"), type_="check")
        table.create_check_constraint(table.f("ck_app_user_role"), OLD_ROLES)
    with op.batch_alter_table("invitation") as table:
        table.drop_constraint(table.f("fk_invitation_handover_id_handover"), type_="foreignkey")
        table.drop_index(table.f("ix_invitation_handover_id"))
    for name in ("no_signal", "phone_case", "follow_up", "slip", "slip_batch", "survey_place", "handover", "sampling_plan"):
        op.drop_table(name)
    op.execute("DELETE FROM answer WHERE mode IN ('open', 'kiosk', 'paper')")
    op.execute("DELETE FROM answer WHERE length(language) > 2")
    with op.batch_alter_table("answer") as table:
        table.drop_constraint(table.f("uq_answer_entry_hash"), type_="unique")
        table.alter_column("language", existing_type=sa.String(8), type_=sa.String(2), existing_nullable=False)
    for name in ("answer", "invitation"):
        with op.batch_alter_table(name) as table:
            for check in CHECKS[name]:
                table.drop_constraint(table.f(f"ck_{name}_{check}"), type_="check")
            for column in (*FILLED[name], *EMPTY[name]):
                table.drop_column(column)
