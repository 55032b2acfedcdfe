"""Pictures sent with requests; their bytes are in `files`."""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
compatible_from = "0060"


def upgrade() -> None:
    op.create_table(
        "request_pictures",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["kept"], ["files.id"], name="fk_request_pictures_kept", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["reference"], ["requests.reference"], name="fk_request_pictures_reference"),
        sa.PrimaryKeyConstraint("id", name="pk_request_pictures"),
        sa.UniqueConstraint("form", "position", name="uq_request_pictures_form_position"),
    )
    op.create_index("ix_request_pictures_reference", "request_pictures", ["reference"])
    op.create_index("ix_request_pictures_at", "request_pictures", ["at"])
    op.create_index("ix_request_pictures_kept", "request_pictures", ["kept"])
