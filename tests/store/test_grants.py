"""Each role of the database gets what it needs and no more, also for tables that are still to come."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from domain.values.refusals import Unavailable
from store.database.database import Database
from store.database.grants import DESK, OWNER, READER, WORKER
from store.database.tables import METADATA
from store.erasure import REWRITTEN
from tests.store.postgres import fresh_postgres
from tests.store.roles import PASSWORDS, Logins, database_with_roles, logins_of, make_roles

TABLES = {table.name for table in METADATA.sorted_tables}
SIGN_IN = {"sessions", "links", "begun_sign_ins", "passkeys", "passkey_challenges", "terminal_keys"}
NOTHING = {
    WORKER: {"calendar_feeds", "draft_answers", "evidence_drafts", "evidence_sent", "passkeys", "terminal_keys"},
    DESK: set[str](),
    READER: SIGN_IN
    | {
        "calendar_feeds",
        "evidence_drafts",
        "payees",
        "drafts",
        "draft_answers",
        "late_applications",
        "files",
        "attachments",
        "bank_words",
        "writers",
    },
}
"""The tables at which a role has no right at all."""
NOT_FOR_REPORTS = {
    *("secret", "code", "browser", "state", "nonce", "verifier", "handle", "public_key", "challenge_key", "signatures"),
    *("email", "mailbox", "address", "name", "organisation", "firm", "contact", "former", "issuer", "subject", "body"),
    *("answers", "answer", "content", "sealed", "masked", "fingerprint", "country", "what", "submission", "principal"),
    "statement",
}
"""Columns with secrets, bank details, addresses, names or what people wrote."""


@pytest.fixture(scope="module")
def logins(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Logins:
    """A database with roles; no test changes what is in it."""
    return database_with_roles(postgres, tmp_path_factory.mktemp("passwords"))


@contextmanager
def asking(url: str) -> Iterator[Connection]:
    """A transaction that changes nothing for good."""
    database = Database(url)
    try:
        with database.engine.connect() as connection:
            yield connection
            connection.rollback()
    finally:
        database.close()


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """A database that is closed again."""
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


def rights(logins: Logins, role: str) -> set[tuple[str, str, str]]:
    """What a role may do: table, column, privilege."""
    wanted = text(
        "SELECT table_name, column_name, privilege_type FROM information_schema.column_privileges "
        "WHERE grantee = :role AND table_schema = 'public' "
        "UNION SELECT table_name, '', privilege_type FROM information_schema.table_privileges "
        "WHERE grantee = :role AND table_schema = 'public'"
    )
    with asking(logins.administrator) as connection:
        return {(row[0], row[1], row[2]) for row in connection.execute(wanted, {"role": role})}


@pytest.mark.parametrize("role", [WORKER, DESK, READER])
def test_every_table_has_been_thought_of(logins: Logins, role: str) -> None:
    """Fails for a new table without a line in grants.sql: then no process could use the table."""
    granted = {table for table, _, privilege in rights(logins, role) if privilege != "MAINTAIN"}

    assert TABLES - granted == NOTHING[role], "name the table in store/database/grants.sql, or here if nobody may"


def test_reports_show_no_secrets_no_bank_details_and_no_names(logins: Logins) -> None:
    """Fails for a new column with such a name in a table that reports may read as a whole."""
    seen = {(table, column) for table, column, privilege in rights(logins, READER) if column}

    assert {privilege for *_, privilege in rights(logins, READER)} == {"SELECT"}
    assert [f"{table}.{column}" for table, column in sorted(seen) if column in NOT_FOR_REPORTS] == []


def test_the_columns_that_reports_do_not_show_are_there() -> None:
    """Fails when a column is renamed, so that the test above would look for nothing."""
    columns = {column.name for table in METADATA.sorted_tables for column in table.columns}

    assert NOT_FOR_REPORTS - columns <= {"nonce", "verifier", "challenge_key"}


@pytest.mark.parametrize(
    ("who", "statement"),
    [
        ("worker", "UPDATE record SET text = ''"),
        ("worker", "DELETE FROM record"),
        ("worker", "TRUNCATE record"),
        ("desk", "UPDATE record SET hash = ''"),
        ("desk", "DELETE FROM record"),
        ("desk", "ALTER TABLE record DISABLE TRIGGER ALL"),
        ("desk", "DROP TRIGGER record_refuses_change ON record"),
        ("desk", "SET session_replication_role = replica"),  # no trigger fires then
        ("worker", "SELECT secret FROM sessions"),
        ("worker", "SELECT * FROM terminal_keys"),
        ("worker", "SELECT * FROM passkeys"),
        ("worker", "UPDATE people SET role = 'operator'"),
        ("worker", "UPDATE payees SET sealed = ''"),
        ("worker", "INSERT INTO challenges (id) VALUES ('x/y')"),
        ("desk", "INSERT INTO payments (key) VALUES ('x')"),
        ("desk", "INSERT INTO transfers (id) VALUES ('x')"),
        ("desk", "INSERT INTO rail_transfers (key) VALUES ('x')"),
        ("desk", "CREATE TABLE mine (id int)"),
        ("desk", "CREATE TEMPORARY TABLE mine (id int)"),
        ("desk", "COPY record TO PROGRAM 'cat'"),
        ("desk", f"SET ROLE {OWNER}"),
        ("worker", f"SET ROLE {DESK}"),
        ("reader", "SELECT email FROM people"),
        ("reader", "SELECT * FROM payees"),
        ("reader", "SELECT body FROM notices"),
        ("reader", "SELECT answers FROM applications"),
        ("reader", "SELECT 1 FROM sessions"),
        ("reader", "SET default_transaction_read_only = off; COMMIT; UPDATE challenges SET outcome = ''"),
        ("owner", "CREATE ROLE another"),
    ],
)
def test_what_a_stolen_password_cannot_do(logins: Logins, who: str, statement: str) -> None:
    """Fails when a role gets more than it needs: whoever has its password could then do this."""
    with (
        asking(getattr(logins, who)) as connection,
        pytest.raises(Unavailable, match="does not let this login do that"),
    ):
        connection.exec_driver_sql(statement)


def test_grants_are_taken_back_when_they_are_no_longer_in_the_file(postgres: str, tmp_path: Path) -> None:
    logins = database_with_roles(postgres, tmp_path)
    before = rights(logins, READER)
    with opened(logins.owner) as owner:
        with owner.writing() as connection:
            connection.exec_driver_sql(f"GRANT SELECT ON payees TO {READER}")
            connection.exec_driver_sql(f"GRANT SELECT (email), UPDATE (email) ON people TO {READER}")
        assert rights(logins, READER) != before

        owner.migrate()

    assert rights(logins, READER) == before


def test_only_the_owner_changes_tables_and_a_worker_says_who_does(postgres: str, tmp_path: Path) -> None:
    """Fails when a worker would try, and when it needs more than a look at tables that are as they should be."""
    logins = database_with_roles(postgres, tmp_path)
    for url in (logins.worker, logins.desk, logins.owner):
        with opened(url) as database:
            database.migrate()
            database.check_migrated()
    with opened(logins.owner) as owner, owner.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")

    with opened(logins.worker) as worker, pytest.raises(Unavailable) as said:
        worker.migrate()

    assert "this login may not change them: run `starter.py migrate` with the login that owns them." in str(said.value)
    assert "\n" not in str(said.value)


def test_a_database_without_these_roles_is_migrated_as_ever(postgres: str) -> None:
    with opened(fresh_postgres(postgres)) as database:
        database.migrate()
        database.check_migrated()


def test_the_desk_has_tables_written_again_after_an_erasure(logins: Logins) -> None:
    """Fails without MAINTAIN: PostgreSQL only warns then, and what was blanked stays in its files."""
    wanted = text("SELECT relname, pg_relation_filenode(oid) FROM pg_class WHERE relname = ANY(:names)")
    names = {"names": [*REWRITTEN, "pg_statistic"]}
    with asking(logins.administrator) as connection:
        before = {(row[0], row[1]) for row in connection.execute(wanted, names)}

    with opened(logins.desk) as desk:
        desk.rewrite(REWRITTEN)

    with asking(logins.administrator) as connection:
        after = {(row[0], row[1]) for row in connection.execute(wanted, names)}
    assert {name for name, _ in before & after} == set()
    assert len(after) == len(REWRITTEN) + 1


def test_a_login_that_may_not_write_tables_again_says_so(logins: Logins) -> None:
    with opened(logins.worker) as worker, pytest.raises(Unavailable) as said:
        worker.rewrite(["people"])

    assert "does not let this login write its tables again, so its files may keep what was erased" in str(said.value)
    assert "permission denied" in str(said.value)


@pytest.mark.parametrize("name", PASSWORDS)
def test_each_role_has_the_password_of_its_file_whatever_is_in_it(logins: Logins, name: str) -> None:
    with asking(logins.administrator) as connection:
        kept = connection.scalar(text(f"SELECT rolpassword FROM pg_authid WHERE rolname = 'challenges_{name}'"))
    scheme, salted, proofs = str(kept).split("$")
    rounds, salt = salted.split(":")

    assert scheme == "SCRAM-SHA-256"
    key = hashlib.pbkdf2_hmac("sha256", PASSWORDS[name].encode(), b64decode(salt), int(rounds))
    stored = hashlib.sha256(hmac.digest(key, b"Client Key", "sha256")).digest()
    assert stored == b64decode(proofs.split(":")[0])


def test_roles_are_made_again_without_harm_and_not_without_passwords(postgres: str, tmp_path: Path) -> None:
    logins = database_with_roles(postgres, tmp_path)
    assert make_roles(logins.administrator, tmp_path).returncode == 0
    (tmp_path / "database-desk").write_text("\n")

    refused = make_roles(logins.administrator, tmp_path)

    assert refused.returncode != 0
    assert "one of the four passwords is missing: write it into its file" in refused.stderr
    assert PASSWORDS["owner"] not in refused.stderr
    assert logins_of(logins.administrator) == logins
