"""What is kept: applications, payments, notices and the record, in SQLite or PostgreSQL."""
