"""Tables of procedures."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('procedure',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('list_code', sa.String(length=32), nullable=False),
    sa.Column('code', sa.String(length=32), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('sector', sa.String(length=200), nullable=False),
    sa.Column('issuing_agencies', sa.JSON(), nullable=False),
    sa.Column('executing_agencies', sa.JSON(), nullable=False),
    sa.Column('levels', sa.JSON(), nullable=False),
    sa.Column('is_local', sa.Boolean(), nullable=False),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.Column('source_note', sa.String(length=300), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_procedure')),
    sa.UniqueConstraint('list_code', 'code', name=op.f('uq_procedure_list_code'))
    )
    op.create_table('provider',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_provider')),
    sa.UniqueConstraint('code', name=op.f('uq_provider_code'))
    )
    op.create_table('quoted_claim',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('text_vi', sa.Text(), nullable=False),
    sa.Column('text_en', sa.Text(), nullable=False),
    sa.Column('value', sa.Double(), nullable=False),
    sa.Column('numerator', sa.Integer(), nullable=True),
    sa.Column('denominator', sa.Integer(), nullable=True),
    sa.Column('source', sa.String(length=300), nullable=False),
    sa.Column('source_en', sa.String(length=300), nullable=False),
    sa.Column('as_of', sa.Date(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_quoted_claim')),
    sa.UniqueConstraint('key', name=op.f('uq_quoted_claim_key'))
    )
    op.create_table('state_register',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('name_en', sa.String(length=200), nullable=False),
    sa.Column('keeper', sa.String(length=200), nullable=False),
    sa.Column('keeper_en', sa.String(length=200), nullable=False),
    sa.Column('keywords', sa.JSON(), nullable=False),
    sa.Column('published_from', sa.Date(), nullable=True),
    sa.Column('source_document', sa.String(length=300), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_state_register')),
    sa.UniqueConstraint('code', name=op.f('uq_state_register_code'))
    )
    op.create_table('unit',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('list_code', sa.String(length=32), nullable=False),
    sa.Column('code', sa.String(length=32), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.CheckConstraint("kind IN ('nation', 'ministry', 'province', 'department', 'vertical_agency', 'centre', 'reception_point', 'commune')", name=op.f('ck_unit_kind')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_unit')),
    sa.UniqueConstraint('list_code', 'code', name=op.f('uq_unit_list_code'))
    )
    op.create_table('component',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('procedure_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=64), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('case_label', sa.Text(), nullable=False),
    sa.Column('originals', sa.Integer(), nullable=True),
    sa.Column('copies', sa.Integer(), nullable=True),
    sa.Column('form_name', sa.String(length=300), nullable=False),
    sa.Column('register_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['procedure_id'], ['procedure.id'], name=op.f('fk_component_procedure_id_procedure')),
    sa.ForeignKeyConstraint(['register_id'], ['state_register.id'], name=op.f('fk_component_register_id_state_register')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_component')),
    sa.UniqueConstraint('procedure_id', 'position', name=op.f('uq_component_procedure_id'))
    )
    op.create_table('offering',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('procedure_id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('online_level', sa.String(length=8), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.CheckConstraint("online_level IN ('none', 'partial', 'full')", name=op.f('ck_offering_online_level')),
    sa.ForeignKeyConstraint(['procedure_id'], ['procedure.id'], name=op.f('fk_offering_procedure_id_procedure')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_offering_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_offering')),
    sa.UniqueConstraint('procedure_id', 'unit_id', 'valid_from', name=op.f('uq_offering_procedure_id'))
    )
    with op.batch_alter_table('offering', schema=None) as batch_op:
        batch_op.create_index('ix_offering_unit', ['unit_id'], unique=False)
    op.create_table('register_connection',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('register_id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('connected_from', sa.Date(), nullable=False),
    sa.Column('source_document', sa.String(length=300), nullable=False),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['register_id'], ['state_register.id'], name=op.f('fk_register_connection_register_id_state_register')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_register_connection_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_register_connection')),
    sa.UniqueConstraint('register_id', 'unit_id', 'connected_from', name=op.f('uq_register_connection_register_id'))
    )
    op.create_table('source',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('list_code', sa.String(length=32), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=True),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_source_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_source')),
    sa.UniqueConstraint('code', name=op.f('uq_source_code'))
    )
    op.create_table('unit_code',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('system', sa.String(length=40), nullable=False),
    sa.Column('code', sa.String(length=32), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_unit_code_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_unit_code')),
    sa.UniqueConstraint('system', 'code', 'valid_from', name=op.f('uq_unit_code_system'))
    )
    with op.batch_alter_table('unit_code', schema=None) as batch_op:
        batch_op.create_index('ix_unit_code_unit', ['unit_id'], unique=False)
    op.create_table('unit_version',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=300), nullable=False),
    sa.Column('short_name', sa.String(length=200), nullable=False),
    sa.Column('name_en', sa.String(length=300), nullable=False),
    sa.Column('type_label', sa.String(length=60), nullable=False),
    sa.Column('parent_id', sa.Integer(), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('document', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['parent_id'], ['unit.id'], name=op.f('fk_unit_version_parent_id_unit')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_unit_version_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_unit_version')),
    sa.UniqueConstraint('unit_id', 'valid_from', name=op.f('uq_unit_version_unit_id'))
    )
    with op.batch_alter_table('unit_version', schema=None) as batch_op:
        batch_op.create_index('ix_unit_version_parent', ['parent_id'], unique=False)
    op.create_table('source_provider',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('source_id', sa.Integer(), nullable=False),
    sa.Column('provider_id', sa.Integer(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['provider_id'], ['provider.id'], name=op.f('fk_source_provider_provider_id_provider')),
    sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_source_provider_source_id_source')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_source_provider')),
    sa.UniqueConstraint('source_id', 'valid_from', name=op.f('uq_source_provider_source_id'))
    )
    op.create_table('submission',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=32), nullable=False),
    sa.Column('source_id', sa.Integer(), nullable=False),
    sa.Column('profile', sa.String(length=40), nullable=False),
    sa.Column('file_name', sa.String(length=300), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sent_by', sa.String(length=64), nullable=False),
    sa.Column('rows_received', sa.Integer(), nullable=False),
    sa.Column('rows_accepted', sa.Integer(), nullable=False),
    sa.Column('rows_superseded', sa.Integer(), nullable=False),
    sa.Column('rows_unchanged', sa.Integer(), nullable=False),
    sa.Column('rows_quarantined', sa.Integer(), nullable=False),
    sa.Column('months', sa.JSON(), nullable=False),
    sa.CheckConstraint("state IN ('received', 'accepted', 'partly_accepted', 'rejected')", name=op.f('ck_submission_state')),
    sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_submission_source_id_source')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_submission')),
    sa.UniqueConstraint('key', name=op.f('uq_submission_key'))
    )
    with op.batch_alter_table('submission', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_submission_source_id'), ['source_id'], unique=False)


def downgrade() -> None:
    op.drop_table("submission")
    op.drop_table("source_provider")
    op.drop_table("unit_version")
    op.drop_table("unit_code")
    op.drop_table("source")
    op.drop_table("register_connection")
    op.drop_table("offering")
    op.drop_table("component")
    op.drop_table("unit")
    op.drop_table("state_register")
    op.drop_table("quoted_claim")
    op.drop_table("provider")
    op.drop_table("procedure")
