"""The database itself: connection, tables, migrations, and how statements are carried out."""
