"""Who somebody is: sign-in, sessions, proofs, and the chain of the record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from domain.values.addresses import mailbox_of

revision = "0007"
down_revision = "0006"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _mailboxes()
    _persons_and_record()
    _sessions_and_links()
    _sign_ins_and_keys()
    _unconfirmed()
    _second_human()


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False, server_default="")


def _mailboxes() -> None:
    for name, key in (("people", ("round", "id")), ("applications", ("id",)), ("drafts", ("application", "stage"))):
        op.add_column(name, _text("mailbox"))
        with_role = ["mailbox", "role"] if name == "people" else ["mailbox"]
        op.create_index(f"{name}_{'_'.join(with_role)}", name, with_role)
        table = sa.table(name, *(sa.column(each) for each in (*key, "email", "mailbox")))
        for row in op.get_bind().execute(sa.select(table)).all():
            here = (table.c[each] == row._mapping[each] for each in key)
            op.execute(sa.update(table).where(*here).values(mailbox=mailbox_of(row.email)))
    op.drop_index("drafts_email", "drafts")


def _persons_and_record() -> None:
    for name in ("issuer", "subject"):
        op.add_column("people", _text(name))
    op.create_index("people_issuer_subject", "people", ["issuer", "subject"])
    op.add_column("challenges", sa.Column("unproven", sa.String(), nullable=False, server_default="accept"))
    op.add_column("challenges", sa.Column("record_lines", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("challenges", _text("record_head"))
    op.add_column("record", _text("proof"))
    op.add_column("record", sa.Column("signed", sa.Text(), nullable=False, server_default=""))
    op.add_column("record", _text("principal"))
    op.add_column("record", sa.Column("number", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("record", _text("previous"))
    op.add_column("record", _text("hash"))
    chained = sa.text("number > 0")
    op.create_index(
        "record_challenge_number",
        "record",
        ["challenge", "number"],
        unique=True,
        sqlite_where=chained,
        postgresql_where=chained,
    )
    unproven = sa.text("proof = 'not proven'")
    op.create_index(
        "record_challenge_proof", "record", ["challenge", "proof"], sqlite_where=unproven, postgresql_where=unproven
    )


def _sessions_and_links() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("passkey", sa.Boolean(), nullable=False),
        _text("issuer"),
        _text("subject"),
        sa.Column("where", sa.String(), nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="sessions_pk"),
        sa.UniqueConstraint("secret", name="sessions_secret_uq"),
    )
    op.create_index("sessions_mailbox_begun_at_id", "sessions", ["mailbox", "begun_at", "id"])
    op.create_table(
        "links",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("secret", sa.String()),
        sa.Column("browser", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        _text("wanted"),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.Column("status", sa.String(), nullable=False, server_default="waiting"),
        sa.Column("letters", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("next_try", MOMENT),
        _text("reason"),
        sa.PrimaryKeyConstraint("id", name="links_pk"),
        sa.UniqueConstraint("secret", name="links_secret_uq"),
        sa.CheckConstraint(
            "status IN ('waiting', 'sending', 'sent', 'failed', 'printed')", name=op.f("links_status_is_one_of_them")
        ),
    )
    op.create_index("links_mailbox_asked_at_id", "links", ["mailbox", "asked_at", "id"])
    op.create_index("links_browser", "links", ["browser"])
    op.create_index("links_status_next_try_asked_at_id", "links", ["status", "next_try", "asked_at", "id"])


def _sign_ins_and_keys() -> None:
    op.create_table(
        "begun_sign_ins",
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("browser", sa.String(), nullable=False),
        _text("wanted"),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.PrimaryKeyConstraint("state", name="begun_sign_ins_pk"),
    )
    op.create_table(
        "passkeys",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("handle", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("signatures", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.Column("removed_at", MOMENT),
        _text("removed_by"),
        sa.PrimaryKeyConstraint("id", name="passkeys_pk"),
    )
    op.create_index("passkeys_mailbox_made_at_id", "passkeys", ["mailbox", "made_at", "id"])
    op.create_table(
        "passkey_challenges",
        sa.Column("challenge", sa.String(), nullable=False),
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.CheckConstraint("purpose IN ('add', 'use')", name=op.f("passkey_challenges_purpose_is_one_of_them")),
        sa.PrimaryKeyConstraint("challenge", name="passkey_challenges_pk"),
    )
    op.create_index("passkey_challenges_ends_at", "passkey_challenges", ["ends_at"])
    op.create_table(
        "terminal_keys",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        _text("ended_by"),
        sa.PrimaryKeyConstraint("id", name="terminal_keys_pk"),
        sa.UniqueConstraint("secret", name="terminal_keys_secret_uq"),
    )
    op.create_index("terminal_keys_mailbox_made_at_id", "terminal_keys", ["mailbox", "made_at", "id"])


def _unconfirmed() -> None:
    op.create_table(
        "unconfirmed",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("challenge", sa.String(), nullable=False),
        sa.Column("workflow", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        _text("principal"),
        sa.Column("came_at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT),
        _text("settled_how"),
        sa.PrimaryKeyConstraint("id", name="unconfirmed_pk"),
        sa.ForeignKeyConstraint(["challenge"], ["challenges.id"], name="unconfirmed_challenge_fk"),
        sa.CheckConstraint(
            "settled_how IN ('', 'confirmed', 'dropped')", name=op.f("unconfirmed_settled_how_is_one_of_them")
        ),
        sa.CheckConstraint("(settled_at IS NULL) = (settled_how = '')", name=op.f("unconfirmed_settled_somehow")),
    )
    op.create_index("unconfirmed_challenge_came_at_id", "unconfirmed", ["challenge", "came_at", "id"])
    op.create_index("unconfirmed_person_came_at_id", "unconfirmed", ["person", "came_at", "id"])


def _second_human() -> None:
    """Nobody can release, under another id, a payment that follows from their own decision, however the row is written.

    The rule in `store/payments/humans.py` also looks at other rounds, at sessions and at addresses before.
    """
    op.add_column("applications", sa.Column("former", sa.Text(), nullable=False, server_default=""))
    last = "SELECT max(attempt) FROM transfers WHERE payment = NEW.payment AND attempt < NEW.attempt"
    part = (
        "other.id IN (paid.selected_by, paid.accepted_by, paid.amended_by) "
        "OR EXISTS (SELECT 1 FROM payees WHERE team = NEW.team AND given_by = other.id) "
        "OR EXISTS (SELECT 1 FROM applications WHERE id = NEW.team "
        "AND ' ' || contact_by || ' ' LIKE '% ' || other.id || ' %') "
        f"OR EXISTS (SELECT 1 FROM transfers WHERE payment = NEW.payment AND attempt = ({last}) "
        "AND returned_by = other.id)"
    )
    one = (
        "(own.mailbox <> '' AND own.mailbox = other.mailbox) "
        "OR (own.subject <> '' AND own.issuer = other.issuer AND own.subject = other.subject)"
    )
    own = (
        "EXISTS (SELECT 1 FROM payments paid JOIN challenges ON challenges.id = paid.challenge "
        "JOIN people own ON own.round = challenges.round AND own.id = NEW.released_by "
        "WHERE paid.key = NEW.payment AND ("
        "EXISTS (SELECT 1 FROM applications WHERE id = NEW.team AND own.mailbox <> '' AND mailbox = own.mailbox) "
        "OR EXISTS (SELECT 1 FROM people other WHERE other.round = own.round AND other.id <> own.id "
        f"AND ({one}) AND ({part}))))"
    )
    complaint = "released by whoever had a part in it under another id, or is the contact of the team"
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER transfers_second_human BEFORE INSERT ON transfers "
            f"WHEN {own} BEGIN SELECT RAISE(ABORT, '{complaint}'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION transfers_second_human() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {own} THEN RAISE EXCEPTION '{complaint}' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER transfers_second_human BEFORE INSERT ON transfers "
        "FOR EACH ROW EXECUTE FUNCTION transfers_second_human()"
    )
