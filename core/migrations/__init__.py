"""Alembic migrations; they travel in the wheel and equal `core.tables`."""
