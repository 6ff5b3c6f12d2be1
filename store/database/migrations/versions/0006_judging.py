"""Scorecards, readers, their interests, their scores, and what was agreed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _readers_and_interests()
    _scores()
    _marks_stay_as_they_were_given()


def _readers_and_interests() -> None:
    op.create_table(
        "readers",
        sa.Column("round", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("sponsor", sa.String(), nullable=False, server_default=""),
        sa.Column("challenge", sa.String(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("round", "person", "sponsor", "challenge", name="readers_pk"),
        sa.CheckConstraint("(sponsor = '') <> (challenge = '')", name=op.f("readers_for_a_sponsor_or_a_challenge")),
    )
    op.create_table(
        "assignments",
        sa.Column("application", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("application", "person", name="assignments_pk"),
        sa.ForeignKeyConstraint(["application"], ["applications.id"], name="assignments_application_fk"),
    )
    op.create_table(
        "interests",
        sa.Column("application", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("conflict", sa.Boolean(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("application", "person", "version", name="interests_pk"),
        sa.ForeignKeyConstraint(["application"], ["applications.id"], name="interests_application_fk"),
        sa.CheckConstraint("version >= 1", name=op.f("interests_version_counts_from_one")),
        sa.CheckConstraint("NOT conflict OR what <> ''", name=op.f("interests_a_conflict_is_named")),
    )
    op.create_index("interests_person", "interests", ["person"])


def _scores() -> None:
    op.create_table(
        "scorecards",
        sa.Column("challenge", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("challenge", "stage", name="scorecards_pk"),
        sa.ForeignKeyConstraint(["challenge"], ["challenges.id"], name="scorecards_challenge_fk"),
    )
    op.create_table(
        "scores",
        sa.Column("application", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("criterion", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("mark", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("application", "stage", "person", "criterion", "version", name="scores_pk"),
        sa.ForeignKeyConstraint(["application"], ["applications.id"], name="scores_application_fk"),
        sa.CheckConstraint("version >= 1", name=op.f("scores_version_counts_from_one")),
    )
    op.create_table(
        "agreed_marks",
        sa.Column("application", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("criterion", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("mark", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("application", "stage", "criterion", "version", name="agreed_marks_pk"),
        sa.ForeignKeyConstraint(["application"], ["applications.id"], name="agreed_marks_application_fk"),
        sa.CheckConstraint("version >= 1", name=op.f("agreed_marks_version_counts_from_one")),
    )


def _marks_stay_as_they_were_given() -> None:
    """Another mark is another row. The only change is the erasure of a reason."""
    for table, who in (("scores", "person"), ("agreed_marks", '"by"')):
        columns = f"application, stage, criterion, version, mark, {who}, at"
        _refuse(f"{table}_keeps_marks", f"UPDATE OF {columns} ON {table}")
        _refuse(f"{table}_keeps_reasons", f"UPDATE OF reason ON {table}", "WHEN (NEW.reason <> '') ")
        _refuse(f"{table}_refuses_delete", f"DELETE ON {table}")


def _refuse(name: str, event: str, when: str = "") -> None:
    complaint = "a mark stays as it was given"
    if op.get_context().dialect.name == "sqlite":
        action = f"BEGIN SELECT RAISE(ABORT, '{complaint}'); END"
    else:
        action = f"EXECUTE FUNCTION stays_as_it_is('{complaint}')"
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} FOR EACH ROW {when}{action}")
