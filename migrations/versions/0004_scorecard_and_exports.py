"""Tables of scorecard and exports."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('edition',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('month', sa.String(length=7), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.Column('rule_version', sa.String(length=40), nullable=False),
    sa.Column('cutoff_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('computed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reviewed_by', sa.String(length=64), nullable=True),
    sa.Column('reviewed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('published_by', sa.String(length=64), nullable=True),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('folder', sa.String(length=200), nullable=False),
    sa.Column('checksum', sa.String(length=64), nullable=False),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.CheckConstraint("state IN ('computing', 'running', 'closed', 'published', 'superseded')", name=op.f('ck_edition_state')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_edition')),
    sa.UniqueConstraint('month', 'version', name=op.f('uq_edition_month'))
    )
    with op.batch_alter_table('edition', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_edition_month'), ['month'], unique=False)
    op.create_table('official_score',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('unit_code', sa.String(length=32), nullable=False),
    sa.Column('period', sa.String(length=10), nullable=False),
    sa.Column('group_code', sa.String(length=8), nullable=False),
    sa.Column('score', sa.Double(), nullable=False),
    sa.Column('maximum', sa.Double(), nullable=False),
    sa.Column('source', sa.String(length=300), nullable=False),
    sa.Column('source_en', sa.String(length=300), nullable=False),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_official_score')),
    sa.UniqueConstraint('unit_code', 'period', 'group_code', name=op.f('uq_official_score_unit_code'))
    )
    op.create_table('export_file',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('wanted_by', sa.String(length=64), nullable=False),
    sa.Column('wanted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('stored_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('path', sa.String(length=300), nullable=False),
    sa.Column('size', sa.Integer(), nullable=True),
    sa.Column('pages', sa.Integer(), nullable=True),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('error', sa.Text(), nullable=False),
    sa.CheckConstraint("state IN ('wanted', 'building', 'stored', 'failed')", name=op.f('ck_export_file_state')),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_export_file_edition_id_edition')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_export_file')),
    sa.UniqueConstraint('edition_id', 'kind', 'name', name=op.f('uq_export_file_edition_id'))
    )
    op.create_table('measurement',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('edition_id', sa.Integer(), nullable=False),
    sa.Column('period_kind', sa.String(length=12), nullable=False),
    sa.Column('window', sa.Integer(), nullable=False),
    sa.Column('subject_kind', sa.String(length=16), nullable=False),
    sa.Column('subject_code', sa.String(length=32), nullable=False),
    sa.Column('breakdown', sa.String(length=24), nullable=False),
    sa.Column('category', sa.String(length=32), nullable=False),
    sa.Column('indicator', sa.String(length=40), nullable=False),
    sa.Column('variant', sa.String(length=16), nullable=False),
    sa.Column('numerator', sa.Integer(), nullable=True),
    sa.Column('denominator', sa.Integer(), nullable=True),
    sa.Column('value', sa.Double(), nullable=True),
    sa.Column('low', sa.Double(), nullable=True),
    sa.Column('high', sa.Double(), nullable=True),
    sa.Column('n', sa.Integer(), nullable=True),
    sa.Column('n_eff', sa.Double(), nullable=True),
    sa.Column('rule_version', sa.String(length=40), nullable=False),
    sa.Column('provisional', sa.Boolean(), nullable=False),
    sa.Column('status', sa.String(length=16), nullable=False),
    sa.CheckConstraint("status IN ('value', 'not_applicable', 'not_reported', 'too_few', 'suppressed')", name=op.f('ck_measurement_status')),
    sa.ForeignKeyConstraint(['edition_id'], ['edition.id'], name=op.f('fk_measurement_edition_id_edition'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_measurement')),
    sa.UniqueConstraint('edition_id', 'period_kind', 'window', 'subject_kind', 'subject_code', 'breakdown', 'category', 'indicator', 'variant', name=op.f('uq_measurement_edition_id'))
    )
    with op.batch_alter_table('measurement', schema=None) as batch_op:
        batch_op.create_index('ix_measurement_indicator', ['edition_id', 'indicator', 'subject_kind'], unique=False)


def downgrade() -> None:
    op.drop_table("measurement")
    op.drop_table("export_file")
    op.drop_table("official_score")
    op.drop_table("edition")
