"""Tables of surveys."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('invitation',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('questionnaire', sa.SmallInteger(), nullable=False),
    sa.Column('issued_on', sa.Date(), nullable=False),
    sa.Column('expires_on', sa.Date(), nullable=False),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.Column('month', sa.String(length=7), nullable=False),
    sa.Column('procedure_code', sa.String(length=32), nullable=False),
    sa.Column('unit_code', sa.String(length=32), nullable=False),
    sa.Column('province_code', sa.String(length=32), nullable=True),
    sa.Column('channel', sa.SmallInteger(), nullable=False),
    sa.Column('end_point', sa.String(length=12), nullable=False),
    sa.Column('applicant_type', sa.String(length=10), nullable=True),
    sa.Column('recorded_supplements', sa.SmallInteger(), nullable=False),
    sa.Column('recorded_on_time', sa.Boolean(), nullable=True),
    sa.Column('recorded_online', sa.Boolean(), nullable=False),
    sa.CheckConstraint("end_point IN ('returned', 'refused', 'withdrawn', 'stopped', 'supplement')", name=op.f('ck_invitation_end_point')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitation')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_invitation_token_hash'))
    )
    with op.batch_alter_table('invitation', schema=None) as batch_op:
        batch_op.create_index('ix_invitation_month_unit', ['month', 'unit_code'], unique=False)
    op.create_table('answer',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('invitation_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('questionnaire', sa.SmallInteger(), nullable=False),
    sa.Column('rating', sa.SmallInteger(), nullable=True),
    sa.Column('responses', sa.JSON(), nullable=False),
    sa.Column('comment', sa.Text(), nullable=False),
    sa.Column('answered_on', sa.Date(), nullable=False),
    sa.Column('first_answered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revision', sa.SmallInteger(), nullable=False),
    sa.Column('language', sa.String(length=2), nullable=False),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.Column('month', sa.String(length=7), nullable=False),
    sa.Column('procedure_code', sa.String(length=32), nullable=False),
    sa.Column('unit_code', sa.String(length=32), nullable=False),
    sa.Column('province_code', sa.String(length=32), nullable=True),
    sa.Column('channel', sa.SmallInteger(), nullable=False),
    sa.Column('end_point', sa.String(length=12), nullable=False),
    sa.Column('applicant_type', sa.String(length=10), nullable=True),
    sa.Column('recorded_supplements', sa.SmallInteger(), nullable=False),
    sa.Column('recorded_on_time', sa.Boolean(), nullable=True),
    sa.Column('recorded_online', sa.Boolean(), nullable=False),
    sa.CheckConstraint('rating IS NULL OR rating BETWEEN 1 AND 5', name=op.f('ck_answer_rating')),
    sa.ForeignKeyConstraint(['invitation_id'], ['invitation.id'], name=op.f('fk_answer_invitation_id_invitation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_answer')),
    sa.UniqueConstraint('invitation_id', name=op.f('uq_answer_invitation_id'))
    )
    with op.batch_alter_table('answer', schema=None) as batch_op:
        batch_op.create_index('ix_answer_month_unit', ['month', 'unit_code'], unique=False)


def downgrade() -> None:
    op.drop_table("answer")
    op.drop_table("invitation")
