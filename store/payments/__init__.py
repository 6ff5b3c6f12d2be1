"""The ledger, bank details, payment files, and the rails that keep their own tables here."""
