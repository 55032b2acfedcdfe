"""Rows and transactions: SQLAlchemy Core; functions take a connection and return core objects."""
