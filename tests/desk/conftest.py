"""What tests of the desk share with those of the store: both databases, and a round in them."""

from tests.store.conftest import (  # noqa: F401
    database,
    form_round,
    kept,
    migrated_postgres,
    open_,
    postgres,
    programme,
    round_,
    round_with_files,
    sqlite_folder,
    till,
    url,
)
