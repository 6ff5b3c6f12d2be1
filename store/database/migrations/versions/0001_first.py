"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _people_and_challenges()
    _applications()
    _payments()
    _notices_and_record()
    _record_is_append_only()


def _people_and_challenges() -> None:
    op.create_table(
        "people",
        sa.Column("round", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("former", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("round", "id", name="people_pk"),
    )
    op.create_table(
        "hand_overs",
        sa.Column("round", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("successor", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("sponsor", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("round", "number", name="hand_overs_pk"),
        sa.CheckConstraint("number >= 1", name=op.f("hand_overs_number_counts_from_one")),
        sa.CheckConstraint("person <> successor", name=op.f("hand_overs_goes_to_somebody_else")),
    )
    op.create_table(
        "challenges",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("round", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("sponsor", sa.String(), nullable=False),
        sa.Column("sponsor_name", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("stage", sa.String(), nullable=False, server_default=""),
        sa.Column("waits_for", sa.String(), nullable=False, server_default=""),
        sa.Column("until", MOMENT),
        sa.Column("attention", sa.String(), nullable=False, server_default=""),
        sa.Column("outcome", sa.String(), nullable=False, server_default=""),
        sa.Column("outcome_reason", sa.String(), nullable=False, server_default=""),
        sa.Column("status_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="challenges_pk"),
        sa.UniqueConstraint("round", "slug", name="challenges_round_slug_uq"),
        sa.CheckConstraint("id = round || '/' || slug", name=op.f("challenges_id_is_round_and_slug")),
    )

    op.create_table(
        "frozen",
        sa.Column("challenge", sa.String(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("challenge", name="frozen_pk"),
        sa.ForeignKeyConstraint(["challenge"], ["challenges.id"], name="frozen_challenge_fk"),
    )


def _applications() -> None:
    op.create_table(
        "windows",
        sa.Column("challenge", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False, server_default=""),
        sa.Column("opens", MOMENT, nullable=False),
        sa.Column("closes", MOMENT, nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("sealed_at", MOMENT),
        sa.Column("sealed_count", sa.Integer()),
        sa.Column("admitted_count", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("read_at", MOMENT),
        sa.PrimaryKeyConstraint("challenge", "stage", name="windows_pk"),
        sa.ForeignKeyConstraint(["challenge"], ["challenges.id"], name="windows_challenge_fk"),
        sa.CheckConstraint("opens < closes", name=op.f("windows_opens_before_it_closes")),
        sa.CheckConstraint("(sealed_at IS NULL) = (sealed_count IS NULL)", name=op.f("windows_sealed_with_its_count")),
        sa.CheckConstraint("sealed_count >= 0", name=op.f("windows_count_not_negative")),
        sa.CheckConstraint("read_at IS NULL OR sealed_at IS NOT NULL", name=op.f("windows_read_once_sealed")),
    )
    op.create_table(
        "late_applications",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("challenge", sa.String(), nullable=False),
        sa.Column("organisation", sa.String(), nullable=False),
        sa.Column("firm", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("submission", sa.String(), nullable=False),
        sa.Column("received", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="late_applications_pk"),
        sa.UniqueConstraint("submission", name="late_applications_submission_uq"),
        sa.ForeignKeyConstraint(["challenge"], ["challenges.id"], name="late_applications_challenge_fk"),
    )
    op.create_table(
        "applications",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("challenge", sa.String(), nullable=False),
        sa.Column("organisation", sa.String(), nullable=False),
        sa.Column("firm", sa.String(), nullable=False, server_default=""),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False, server_default=""),
        sa.Column("answers", sa.Text(), nullable=False, server_default=""),
        sa.Column("submission", sa.String(), nullable=False),
        sa.Column("received", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("withdrawn", MOMENT),
        sa.Column("contact_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("erased", MOMENT),
        sa.PrimaryKeyConstraint("id", name="applications_pk"),
        sa.ForeignKeyConstraint(["challenge"], ["challenges.id"], name="applications_challenge_fk"),
        sa.UniqueConstraint("submission", name="applications_submission_uq"),
    )
    op.create_index("applications_firm", "applications", ["firm"])


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
        sa.Column("submitted_at", MOMENT),
        sa.Column("settled_at", MOMENT),
        sa.Column("rail_reference", sa.String(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("key", name="payments_pk"),
        sa.ForeignKeyConstraint(["challenge"], ["challenges.id"], name="payments_challenge_fk"),
        sa.ForeignKeyConstraint(["team"], ["applications.id"], name="payments_team_fk"),
        sa.UniqueConstraint("challenge", "stage", "team", "number", name="payments_challenge_stage_team_number_uq"),
        sa.CheckConstraint("net >= 0 AND vat >= 0", name=op.f("payments_amount_not_negative")),
        sa.CheckConstraint('number BETWEEN 1 AND "of"', name=op.f("payments_number_is_one_of_them")),
        sa.CheckConstraint(
            "settled_at IS NULL OR submitted_at IS NOT NULL",
            name=op.f("payments_submitted_before_it_is_settled"),
        ),
        sa.CheckConstraint(
            "(submitted_at IS NULL) = (rail_reference = '')",
            name=op.f("payments_submitted_under_a_reference"),
        ),
    )
    op.create_index("payments_challenge", "payments", ["challenge"])
    op.create_table(
        "rail_transfers",
        sa.Column("key", sa.String(300), nullable=False),
        sa.Column("reference", sa.String(100), nullable=False),
        sa.Column("pence", sa.BigInteger(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="rail_transfers_pk"),
    )


def _notices_and_record() -> None:
    op.create_table(
        "notices",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("challenge", sa.String(), nullable=False),
        sa.Column("occasion", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="notices_pk"),
        sa.ForeignKeyConstraint(["challenge"], ["challenges.id"], name="notices_challenge_fk"),
    )
    op.create_index("notices_challenge", "notices", ["challenge"])
    op.create_table(
        "record",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, autoincrement=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("challenge", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="record_pk"),
        sa.ForeignKeyConstraint(["challenge"], ["challenges.id"], name="record_challenge_fk"),
        sa.UniqueConstraint("key", name="record_key_uq"),
        sqlite_autoincrement=True,
    )
    op.create_index("record_challenge", "record", ["challenge"])


def _record_is_append_only() -> None:
    if op.get_context().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER record_refuses_{change.lower()} BEFORE {change} ON record "
                "BEGIN SELECT RAISE(ABORT, 'the record is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION record_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'the record is append-only' USING ERRCODE = 'restrict_violation'; END $$"
    )
    op.execute(
        "CREATE TRIGGER record_refuses_change BEFORE UPDATE OR DELETE ON record "
        "FOR EACH ROW EXECUTE FUNCTION record_is_append_only()"
    )
    op.execute(
        "CREATE TRIGGER record_refuses_truncate BEFORE TRUNCATE ON record "
        "FOR EACH STATEMENT EXECUTE FUNCTION record_is_append_only()"
    )
