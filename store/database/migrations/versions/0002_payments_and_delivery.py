"""Payments that a second person releases and that can come back; notices that are delivered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("challenges", sa.Column("contact", sa.String(), nullable=False, server_default=""))
    _attention()
    op.add_column("people", sa.Column("role", sa.String(), nullable=False, server_default=""))
    op.add_column("people", sa.Column("sponsor", sa.String(), nullable=False, server_default=""))
    op.execute("CREATE TABLE payments_before AS SELECT * FROM payments")
    op.drop_table("payments")
    _payments()
    _payees()
    _transfers()
    _files()
    _take_over()
    op.drop_table("payments_before")
    _second_person()
    _what_was_said_stays()
    _notices()
    _feedback()


def _attention() -> None:
    """The one text of a challenge, from any of its workflows, becomes a row for each workflow."""
    op.create_table(
        "attention",
        sa.Column("workflow", sa.String(), nullable=False),
        sa.Column("challenge", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("workflow", name="attention_pk"),
        sa.ForeignKeyConstraint(["challenge"], ["challenges.id"], name="attention_challenge_fk"),
    )
    op.create_index("attention_challenge", "attention", ["challenge"])
    op.execute(
        "INSERT INTO attention (workflow, challenge, text, at) "
        "SELECT id, id, attention, opened_at FROM challenges WHERE attention <> ''"
    )
    op.drop_column("challenges", "attention")


def _payments() -> None:
    op.create_table(
        "payments",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("challenge", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("of", sa.Integer(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("vat", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("selected_by", sa.String(), nullable=False, server_default=""),
        sa.Column("accepted_by", sa.String(), nullable=False, server_default=""),
        sa.Column("amended_by", sa.String(), nullable=False, server_default=""),
        sa.Column("status", sa.String(), nullable=False, server_default="requested"),
        sa.Column("version", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("pay_by", MOMENT),
        sa.Column("pay_by_law", MOMENT),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("key", name="payments_pk"),
        sa.ForeignKeyConstraint(["challenge"], ["challenges.id"], name="payments_challenge_fk"),
        sa.ForeignKeyConstraint(["team"], ["applications.id"], name="payments_team_fk"),
        sa.UniqueConstraint("challenge", "stage", "team", "number", name="payments_challenge_stage_team_number_uq"),
        sa.UniqueConstraint("key", "team", name="payments_key_team_uq"),
        sa.CheckConstraint("net >= 0 AND vat >= 0", name=op.f("payments_amount_not_negative")),
        sa.CheckConstraint('number BETWEEN 1 AND "of"', name=op.f("payments_number_is_one_of_them")),
        sa.CheckConstraint(
            "status IN ('requested', 'payee known', 'released', 'submitted', 'settled', 'rejected', 'returned', "
            "'cancelled')",
            name=op.f("payments_status_is_one_of_them"),
        ),
        sa.CheckConstraint("(pay_by IS NULL) = (pay_by_law IS NULL)", name=op.f("payments_both_dates_or_none")),
    )
    op.create_index("payments_challenge", "payments", ["challenge"])
    op.create_index("payments_status", "payments", ["status"])


def _payees() -> None:
    op.create_table(
        "payees",
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("masked", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False, server_default=""),
        sa.Column("fingerprint", sa.String(), nullable=False, server_default=""),
        sa.Column("given_by", sa.String(), nullable=False),
        sa.Column("given_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("team", "version", name="payees_pk"),
        sa.ForeignKeyConstraint(["team"], ["applications.id"], name="payees_team_fk"),
        sa.CheckConstraint("version >= 1", name=op.f("payees_version_counts_from_one")),
    )
    op.create_index("payees_fingerprint", "payees", ["fingerprint"])


def _transfers() -> None:
    op.create_table(
        "transfers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("payment", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("payee_version", sa.Integer()),
        sa.Column("released_by", sa.String(), nullable=False),
        sa.Column("released_at", MOMENT, nullable=False),
        sa.Column("begun_at", MOMENT),
        sa.Column("rail", sa.String(), nullable=False, server_default=""),
        sa.Column("submitted_at", MOMENT),
        sa.Column("settled_at", MOMENT),
        sa.Column("returned_at", MOMENT),
        sa.Column("returned_by", sa.String(), nullable=False, server_default=""),
        sa.Column("ended_as", sa.String(), nullable=False, server_default=""),
        sa.Column("rail_reference", sa.String(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="transfers_pk"),
        sa.ForeignKeyConstraint(["payment", "team"], ["payments.key", "payments.team"], name="transfers_payment_fk"),
        sa.ForeignKeyConstraint(
            ["team", "payee_version"], ["payees.team", "payees.version"], name="transfers_payee_fk"
        ),
        sa.UniqueConstraint("payment", "attempt", name="transfers_payment_attempt_uq"),
        sa.CheckConstraint("attempt >= 1", name=op.f("transfers_attempt_counts_from_one")),
        sa.CheckConstraint(
            "payee_version IS NOT NULL OR released_by = 'service'", name=op.f("transfers_goes_to_somebody")
        ),
        sa.CheckConstraint(
            "submitted_at IS NULL OR begun_at IS NOT NULL", name=op.f("transfers_begun_before_it_is_submitted")
        ),
        sa.CheckConstraint(
            "settled_at IS NULL OR submitted_at IS NOT NULL", name=op.f("transfers_submitted_before_it_is_settled")
        ),
        sa.CheckConstraint(
            "(submitted_at IS NULL) = (rail_reference = '')", name=op.f("transfers_submitted_under_a_reference")
        ),
        sa.CheckConstraint(
            "returned_by = '' OR returned_at IS NOT NULL", name=op.f("transfers_returned_if_somebody_says_so")
        ),
        sa.CheckConstraint(
            "ended_as IN ('', 'rejected', 'cancelled', 'returned')", name=op.f("transfers_ended_as_is_one_of_them")
        ),
        sa.CheckConstraint("(ended_as = '') = (returned_at IS NULL)", name=op.f("transfers_ended_as_it_did")),
    )
    under_way = sa.text("returned_at IS NULL")
    op.create_index(
        "transfers_one_under_way",
        "transfers",
        ["payment"],
        unique=True,
        sqlite_where=under_way,
        postgresql_where=under_way,
    )


def _files() -> None:
    op.create_table(
        "payment_files",
        sa.Column("id", sa.String(35), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("abroad", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("execute_on", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("written_at", MOMENT),
        sa.Column("written_by", sa.String(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="payment_files_pk"),
    )
    op.create_table(
        "filed_transfers",
        sa.Column("transfer", sa.String(), nullable=False),
        sa.Column("file", sa.String(35), nullable=False),
        sa.Column("end_to_end", sa.String(35), nullable=False),
        sa.Column("plain_reference", sa.String(16), nullable=False),
        sa.Column("pence", sa.BigInteger(), nullable=False),
        sa.Column("progress", sa.String(), nullable=False, server_default="taken"),
        sa.Column("arrived_on", sa.String()),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("said_by", sa.String(), nullable=False, server_default=""),
        sa.Column("news_at", MOMENT),
        sa.Column("doubt", sa.String(), nullable=False, server_default=""),
        sa.Column("reported_at", MOMENT),
        sa.Column("reported_by", sa.String(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("transfer", name="filed_transfers_pk"),
        sa.ForeignKeyConstraint(["transfer"], ["transfers.id"], name="filed_transfers_transfer_fk"),
        sa.ForeignKeyConstraint(["file"], ["payment_files.id"], name="filed_transfers_file_fk"),
        sa.UniqueConstraint("end_to_end", name="filed_transfers_end_to_end_uq"),
        sa.CheckConstraint(
            "progress IN ('taken', 'settled', 'rejected', 'cancelled', 'returned')",
            name=op.f("filed_transfers_progress_is_one_of_them"),
        ),
    )
    op.create_index("filed_transfers_file", "filed_transfers", ["file"])
    op.create_index("filed_transfers_plain_reference", "filed_transfers", ["plain_reference"])
    op.create_table(
        "bank_words",
        sa.Column("transfer", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("progress", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("is_copy", sa.Boolean(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("arrived_on", sa.String()),
        sa.Column("booked_on", sa.String()),
        sa.Column("by_day", sa.Boolean(), nullable=False),
        sa.Column("heard_at", MOMENT, nullable=False),
        sa.Column("heard_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("transfer", "number", name="bank_words_pk"),
        sa.ForeignKeyConstraint(["transfer"], ["filed_transfers.transfer"], name="bank_words_transfer_fk"),
    )


def _take_over() -> None:
    """A payment that an older release made becomes one transfer, released by the service, at the embedded rail."""
    op.execute(
        'INSERT INTO payments (key, challenge, stage, team, number, "of", net, vat, currency, requested_at, status) '
        'SELECT key, challenge, stage, team, number, "of", net, vat, currency, requested_at, '
        "CASE WHEN settled_at IS NOT NULL THEN 'settled' WHEN submitted_at IS NOT NULL THEN 'submitted' "
        "ELSE 'requested' END FROM payments_before"
    )
    op.execute(
        "INSERT INTO transfers (id, payment, attempt, team, released_by, released_at, begun_at, rail, submitted_at, "
        "settled_at, rail_reference) "
        "SELECT key || '/1', key, 1, team, 'service', requested_at, submitted_at, 'embedded', submitted_at, "
        "settled_at, rail_reference "
        "FROM payments_before WHERE submitted_at IS NOT NULL"
    )
    op.add_column("rail_transfers", sa.Column("currency", sa.String(), nullable=False, server_default=""))
    op.execute(
        "UPDATE rail_transfers SET currency = "
        "COALESCE((SELECT currency FROM payments_before WHERE payments_before.key = rail_transfers.key), '')"
    )
    op.execute("UPDATE rail_transfers SET key = key || '/1'")


def _second_person() -> None:
    """Nobody can release a payment that follows from their own decision or word, however the row is written."""
    last = "SELECT max(attempt) FROM transfers WHERE payment = NEW.payment AND attempt < NEW.attempt"
    own = (
        "EXISTS (SELECT 1 FROM payments WHERE key = NEW.payment "
        "AND NEW.released_by IN (selected_by, accepted_by, amended_by)) "
        "OR EXISTS (SELECT 1 FROM payees WHERE team = NEW.team AND given_by = NEW.released_by) "
        "OR EXISTS (SELECT 1 FROM applications WHERE id = NEW.team "
        "AND ' ' || contact_by || ' ' LIKE '% ' || NEW.released_by || ' %') "
        f"OR EXISTS (SELECT 1 FROM transfers WHERE payment = NEW.payment AND attempt = ({last}) "
        "AND returned_by = NEW.released_by)"
    )
    complaint = (
        "released by whoever selected the team, accepted its evidence, amended its amount, gave its bank details, "
        "changed its contact or said that it came back"
    )
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER transfers_second_person BEFORE INSERT ON transfers "
            f"WHEN {own} BEGIN SELECT RAISE(ABORT, '{complaint}'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION transfers_second_person() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {own} THEN RAISE EXCEPTION '{complaint}' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER transfers_second_person BEFORE INSERT ON transfers "
        "FOR EACH ROW EXECUTE FUNCTION transfers_second_person()"
    )


def _what_was_said_stays() -> None:
    """The rows that say who may not release a payment never change, so they always name the same people."""
    if op.get_context().dialect.name != "sqlite":
        op.execute(
            "CREATE FUNCTION stays_as_it_is() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'check_violation'; END $$"
        )
    released = "id, payment, attempt, team, payee_version, released_by, released_at"
    _refuse("transfers", f"UPDATE OF {released}", "a release stays as it was given")
    # The name may be removed only when the return itself is undone because the money has arrived. A person can be named
    # later who confirms what the rail said.
    undone = "NEW.returned_at IS NULL AND NEW.settled_at IS NOT NULL"
    said = f"OLD.returned_by <> '' AND NEW.returned_by <> OLD.returned_by AND NOT ({undone})"
    _refuse("transfers", "UPDATE OF returned_by", "who said that it came back stays", said)
    _refuse("transfers", "DELETE", "an attempt that a rail may have stays", "OLD.begun_at IS NOT NULL")
    _refuse("payees", "UPDATE OF team, version, given_by, given_at", "bank details stay as they were given")
    # The only change of what people see is the erasure, which empties all and is for good.
    erasing = "NEW.masked = '' AND NEW.country = '' AND NEW.sealed = '' AND NEW.fingerprint = ''"
    changed = "NEW.masked <> OLD.masked OR NEW.country <> OLD.country OR NEW.sealed = '' OR OLD.sealed = ''"
    columns, complaint = "masked, country, sealed, fingerprint", "bank details stay until they are erased"
    _refuse("payees", f"UPDATE OF {columns}", complaint, f"({changed}) AND NOT ({erasing})")
    _bank_details_stay_until_all_is_paid()
    _refuse("payees", "DELETE", "bank details stay as they were given")
    _refuse("payments", "UPDATE OF selected_by, accepted_by", "whose decisions a payment follows from stays")
    _amount_stays()


def _amount_stays() -> None:
    """The amount of a payment that a rail may have, or may have had, never changes."""
    complaint = "the amount of a payment that may have left stays"
    left = "EXISTS (SELECT 1 FROM transfers WHERE payment = OLD.key AND begun_at IS NOT NULL)"
    if op.get_context().dialect.name == "sqlite":
        _refuse("payments", "UPDATE OF net, vat", complaint, left)
        return
    op.execute(  # the condition of a trigger in PostgreSQL can look at no other table
        "CREATE FUNCTION payments_keeps_net() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {left} THEN RAISE EXCEPTION '{complaint}' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER payments_keeps_net BEFORE UPDATE OF net, vat ON payments "
        "FOR EACH ROW EXECUTE FUNCTION payments_keeps_net()"
    )


def _bank_details_stay_until_all_is_paid() -> None:
    """Nobody can erase the bank details to which money is on its way."""
    erased = "NEW.sealed = '' AND OLD.sealed <> ''"
    on_its_way = "EXISTS (SELECT 1 FROM payments WHERE team = NEW.team AND status NOT IN ('settled', 'cancelled'))"
    complaint = "bank details stay while money is on its way to them"
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER payees_are_paid_first BEFORE UPDATE OF sealed ON payees "
            f"WHEN {erased} AND {on_its_way} BEGIN SELECT RAISE(ABORT, '{complaint}'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION payees_are_paid_first() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {on_its_way} THEN RAISE EXCEPTION '{complaint}' USING ERRCODE = 'check_violation'; END IF; "
        "RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER payees_are_paid_first BEFORE UPDATE OF sealed ON payees "
        f"FOR EACH ROW WHEN ({erased}) EXECUTE FUNCTION payees_are_paid_first()"
    )


def _refuse(table: str, event: str, complaint: str, when: str = "") -> None:
    name = f"{table}_{event.replace('UPDATE OF ', 'keeps_').split(',')[0].lower()}"
    condition = f"WHEN ({when}) " if when else ""
    if op.get_context().dialect.name == "sqlite":
        action = f"BEGIN SELECT RAISE(ABORT, '{complaint}'); END"
    else:
        action = f"EXECUTE FUNCTION stays_as_it_is('{complaint}')"
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW {condition}{action}")


def _notices() -> None:
    with op.batch_alter_table("notices") as notices:
        notices.add_column(sa.Column("while_waiting_for", sa.String(), nullable=False, server_default=""))
        notices.add_column(sa.Column("while_until", MOMENT))
        notices.add_column(sa.Column("while_payment", sa.String()))
        notices.add_column(sa.Column("status", sa.String(), nullable=False, server_default="created"))
        notices.add_column(sa.Column("status_at", MOMENT))
        notices.add_column(sa.Column("reason", sa.String(), nullable=False, server_default=""))
        notices.add_column(sa.Column("channel", sa.String(), nullable=False, server_default=""))
        notices.add_column(sa.Column("reference", sa.String(), nullable=False, server_default=""))
        notices.add_column(sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
        notices.add_column(sa.Column("maybe_sent", sa.Integer(), nullable=False, server_default="0"))
        notices.add_column(sa.Column("next_try", MOMENT))
        notices.add_column(sa.Column("resent_at", MOMENT))
        notices.create_foreign_key("notices_while_payment_fk", "payments", ["while_payment"], ["key"])
        notices.create_check_constraint(
            op.f("notices_status_is_one_of_them"),
            "status IN ('created', 'sending', 'sent', 'delivered', 'failed', 'lapsed')",
        )
    op.create_index("notices_status_next_try_created_at", "notices", ["status", "next_try", "created_at"])


def _feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("given_by", sa.String(), nullable=False),
        sa.Column("given_at", MOMENT, nullable=False),
        sa.Column("told_at", MOMENT),
        sa.PrimaryKeyConstraint("team", "stage", name="feedback_pk"),
        sa.ForeignKeyConstraint(["team"], ["applications.id"], name="feedback_team_fk"),
    )
