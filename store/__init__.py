"""Everything that the service keeps: applications, payments, notices and the record, in SQLite or PostgreSQL."""
