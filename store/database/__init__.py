"""The database itself: connections, tables, migrations, and how statements run."""
