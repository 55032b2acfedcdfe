"""What is known of the installation as a whole: which versions may run on this schema, and where the data lives.

Ticket numbers jump ahead when PostgreSQL's data lives elsewhere than when the last one was given: a standby that was
promoted may lack numbers that customers were told.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

# The timeline, which every promotion raises, and the database. NULL where the server does not tell, as in recovery.
_PLACE = """
CREATE FUNCTION handbell_place() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) || '/'
        || (SELECT oid FROM pg_database WHERE datname = current_database());
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END $$
"""
_NUMBER = """
CREATE FUNCTION handbell_ticket_number() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    here text := handbell_place();
    first bigint;
BEGIN
    SELECT first_number INTO first FROM installation WHERE here IS NULL OR numbers_place = here;
    IF NOT FOUND THEN
        UPDATE installation SET numbers_place = here, first_number = nextval('tickets_number_seq') + 10000
            WHERE numbers_place IS DISTINCT FROM here RETURNING first_number INTO first;
        IF FOUND THEN
            PERFORM setval('tickets_number_seq', first, false);
        ELSE
            SELECT first_number INTO first FROM installation;
        END IF;
    END IF;
    IF NEW.number < first THEN
        NEW.number := nextval('tickets_number_seq');
    END IF;
    RETURN NEW;
END $$
"""
_TRIGGER = """
CREATE TRIGGER tickets_number BEFORE INSERT ON tickets FOR EACH ROW EXECUTE FUNCTION handbell_ticket_number()
"""


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), autoincrement=False, primary_key=True),
        sa.Column("compatible_from", sa.Text(), nullable=True),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("numbers_place", sa.Text(), nullable=True),
        sa.Column("first_number", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.execute("INSERT INTO installation (id) VALUES (1)")
    if op.get_bind().dialect.name == "postgresql":
        for statement in (_PLACE, _NUMBER, _TRIGGER):
            op.execute(statement)
        op.execute("UPDATE installation SET place = handbell_place(), numbers_place = handbell_place()")
