"""Ready answers: texts that technicians send often."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0020"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "ready_answers",
        sa.Column("id", number, nullable=False),
        sa.Column("technician_id", number, nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["technician_id"], ["technicians.id"], name="fk_ready_answers_technician_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ready_answers"),
    )
    op.create_index("ix_ready_answers_technician_id", "ready_answers", ["technician_id"])
