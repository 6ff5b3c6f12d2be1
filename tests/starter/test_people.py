"""People who leave, and files that somebody edits once a round is open: at the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

import embedded
from store.database import tables
from store.database.database import Database
from tests.starter.commands import FINANCE, OPERATOR, SPONSOR, Commands, one_line, write_round

TOWN = "town"
LONG = {"square": 86_400, "tower": 86_400}
OPEN = ("open", TOWN, "--as", OPERATOR)
HAND_OVER = ("hand-over", TOWN, "--as", OPERATOR, "--reason", "On leave.")


@pytest.fixture(scope="module")
def town(service: embedded.Service, tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """Commands to the service, with a round of two challenges that is open."""
    folder = tmp_path_factory.mktemp("town")
    starter = Commands(service.address | {"CHALLENGES_PROGRAMMES": str(folder)})
    write_round(folder, LONG, TOWN)
    assert starter(*OPEN).status == 0
    for name in LONG:
        starter.waits_for(name, "applications")
    return starter


def file_of(starter: Commands, kind: str) -> Path:
    [path] = Path(starter.environment["CHALLENGES_PROGRAMMES"]).glob(f"*.{kind}.toml")
    return path


def test_files_as_they_were_are_opened_again_with_status_0(town: Commands) -> None:
    assert (town(*OPEN).status, town(*OPEN).err) == (0, "")


def test_what_was_edited_and_does_not_count_is_named_with_status_1(town: Commands) -> None:
    """Fails as "already open" with status 0: whoever has edited the file would think that it counts."""
    round_, programme = file_of(town, "round"), file_of(town, "programme")
    before = round_.read_text(), programme.read_text()
    round_.write_text(before[0].replace("What about tower?", "What about the tower?"))
    programme.write_text(before[1].replace('fixed = "100.00"', 'fixed = "900.00"'))
    try:
        answer = town(*OPEN)
        document = town(*OPEN, "--json")
    finally:
        round_.write_text(before[0])
        programme.write_text(before[1])

    lines = answer.err.splitlines()
    assert (answer.status, len(lines)) == (1, 2)
    assert "Already open, dates unchanged" in answer.out
    assert lines[0].startswith(
        "programme.stages[1].pay.fixed = 900.00 does not count in town/square, town/tower, and 1"
    )
    assert lines[1].startswith("question = What about the tower? does not count in town/tower, and What about tower? s")
    assert document.status == 1
    for part in ('"round-is-open"', '"already": true', '"field": "question"'):
        assert part in document.out


def test_who_cannot_hand_over_or_take_over_is_told_in_one_line(town: Commands) -> None:
    for words, says in (
        (("--from", FINANCE, "--to", FINANCE), "finance cannot hand over to finance: name somebody else."),
        (("--from", "nobody", "--to", OPERATOR), "nobody has no role in town"),
        (("--from", FINANCE, "--to", "ann"), "ann is new in town: give --name and --email too."),
        (("--from", FINANCE, "--to", SPONSOR), "a person has one role"),
        (("--from", FINANCE, "--to", "Ann", "--name", "x", "--email", "nowhere"), "such as finance-2. Give the succ"),
        (("--from", FINANCE, "--to", "ann", "--name", "Ann", "--email", "DECIDER@council.example"), "belongs to counc"),
    ):
        assert says in one_line(town(*HAND_OVER, *words))
    to_ann = ("--from", FINANCE, "--to", "ann", "--name", "Ann", "--email", "ann@council.example")
    assert "needs a reason" in one_line(town("hand-over", TOWN, "--as", OPERATOR, "--reason", " ", *to_ann))
    for who in (SPONSOR, FINANCE, "nobody"):
        line = one_line(town("hand-over", TOWN, "--as", who, "--reason", "x", *to_ann))
        assert "may not hand over roles of town: office may." in line
    assert "was opened" in one_line(town("hand-over", "nowhere", "--as", OPERATOR, "--reason", "x", *to_ann))


def test_a_hand_over_is_done_once_and_the_file_is_asked_to_follow(town: Commands) -> None:
    to_ann = ("--from", SPONSOR, "--to", "ann", "--name", "Ann", "--email", "ann@council.example")
    done = town(*HAND_OVER, *to_ann)

    assert (done.status, done.err) == (0, "")
    assert done.out == f"{SPONSOR} hands over to ann, as sponsor in town, in 2 challenges.\n"
    assert town.data(*HAND_OVER, "--from", SPONSOR, "--to", "ann")["number"] == 1
    for name in LONG:
        [line] = [each for each in town.data("record", name) if each["action"] == "hand-over" and not each["refused"]]
        assert (line["by"], line["role"], line["reason"]) == (OPERATOR, "operator", "On leave.")
        assert "@" not in line["text"]
        assert "ann may" in one_line(town("decline", name, "exploration", "--as", SPONSOR, "--reason", "x"))
    assert f"{SPONSOR} has handed over to ann: name ann in the file" in town(*OPEN).err
    assert town(*OPEN).status == 1


def test_a_contact_is_changed_and_acts_from_then_on(town: Commands) -> None:
    """Fails where the old address still acts, and where an address is printed or recorded."""
    team = town.apply("square", 7)
    old, new = "team7@company.example", "new7@company.example"
    contact = ("contact", "square", team, "--as", OPERATOR)
    changed = town(*contact, "--email", new, "--organisation", "Company Seven", "--reason", "They moved.")

    assert (changed.status, changed.err) == (0, "")
    assert changed.out == f"Contact of {team}: the e-mail address and the name changed.\n"
    again = town(*contact, "--email", new, "--reason", "They moved.")
    assert (again.status, again.out) == (0, f"Contact of {team}: as before.\n")
    told = [each["address"] for each in town.data("notices", "square") if each["occasion"] == "contact-changed"]
    assert sorted(told) == [new, old]
    [line] = [each for each in town.data("record", "square") if each["action"] == "contact"]
    assert (line["by"], line["reason"]) == (OPERATOR, "They moved.")
    withdraw = ("withdraw", "square", team, "--reason", "No time.", "--as")
    assert "may not withdraw" in one_line(town(*withdraw, old))
    assert town(*withdraw, new).status == 0
    record = str(town.data("record", "square"))
    assert not [each for each in (old, new, "Company Seven") if each in record]


def test_what_a_contact_cannot_be_is_told_in_a_line_for_each_fault(town: Commands) -> None:
    team = town.apply("tower", 8)
    contact = ("contact", "tower", team, "--as", OPERATOR, "--reason", "They moved.")
    two = town(*contact, "--email", "a..b@x.example", "--organisation", "Tay\nLtd")
    address, name = two.err.splitlines()
    assert two.status == 1
    assert address.startswith("The new e-mail address ")
    assert name.startswith("The new name has a line break")
    for words, says in (
        (("--email", "a..b@x.example"), "The new e-mail address "),
        (("--email", "finance@scheme.example"), "The address is that of finance, who has or had a role in town"),
        (("--organisation", "T" * 301), "The new name has 301 characters"),
    ):
        line = one_line(town(*contact, *words))
        assert says in line
        assert "x.example" not in line
    no_reason = ("contact", "tower", team, "--email", "new8@company.example")
    assert "needs a reason" in one_line(town(*no_reason, "--as", OPERATOR))
    assert "Say what changes" in one_line(town(*contact), status=2)
    assert "is not an application" in one_line(town("contact", "square", team, "--resend", "--as", OPERATOR))
    for who in ("team8@company.example", FINANCE, "nobody"):
        assert "may not change the contact" in one_line(town(*no_reason, "--reason", "x", "--as", who))


def test_failed_notices_are_sent_again_to_the_present_address(town: Commands, database: Database) -> None:
    """Fails where what failed stays failed, or goes where it has failed before."""
    team = town.apply("tower", 9)
    with database.writing() as connection:
        theirs = tables.notices.c.recipient == team
        connection.execute(update(tables.notices).where(theirs).values(status="failed", reason="No such mailbox."))
    contact = ("contact", "tower", team, "--as", OPERATOR, "--reason", "A typing error.")
    done = town.data(*contact, "--email", "new9@company.example", "--resend")

    [key] = done["resent"]
    assert done["answer"] == f"Contact of {team}: the e-mail address changed; 1 failed notice sent again."
    [notice] = [each for each in town.data("notices", "tower") if each["key"] == key]
    assert (notice["status"], notice["address"]) == ("created", "new9@company.example")
    assert town.data("contact", "tower", team, "--resend", "--as", OPERATOR)["resent"] == []
