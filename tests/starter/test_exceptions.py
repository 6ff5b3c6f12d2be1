"""Exceptions to the rules of a programme, as an operator and a sponsor make them at a terminal."""

from __future__ import annotations

import json

from tests.starter.commands import FINANCE, OPERATOR, SPONSOR, Commands, refused

WHY = ("--reason", "The site was down.")


def test_one_late_application_an_amended_amount_and_a_longer_stage(
    starter: Commands, purse: dict[str, list[str]]
) -> None:
    """The whole way of one team. Fails when an exception is not taken, or is not told, or is taken when it is late."""
    first, second = purse["moat"]
    starter.waits_for("moat", "selection for exploration")
    answer = ["--organisation", "Tardy Ltd", "--email", "tardy@company.example", "--proposal", "-"]
    text = refused(starter, "moat", "admit", "moat", *answer, *WHY, "--as", SPONSOR, text="Late, and good.")
    assert f"{SPONSOR} may not admit a late application to purse/moat" in text
    said = starter("admit", "moat", *answer, *WHY, "--as", OPERATOR, "--json", text="Late, and good.")
    assert said.status == 0, said
    tardy = json.loads(said.out)["application"]
    assert starter.status("moat")["applications"] == 3
    again = starter("admit", "moat", *answer, *WHY, "--as", OPERATOR, text="Late, and good.")
    assert "was here already: nothing has changed" in again.out
    told = {each["recipient"] for each in starter.data("notices", "moat") if each["occasion"] == "application-admitted"}
    assert told == {tardy, OPERATOR, SPONSOR}
    starter.declares_none("moat", OPERATOR)
    assert [each["id"] for each in starter.data("applications", "moat")] == [first, second, tardy]
    text = refused(starter, "moat", "admit", "moat", *answer, *WHY, "--as", OPERATOR, text="Another answer.")
    assert "were first read on" in text
    assert "Another answer" not in starter("applications", "moat", "--full").out

    starter.exploring("moat", [first, tardy])
    starter.waits_for("moat", "selection for accelerator")
    chosen = starter("select", "moat", "accelerator", tardy, "--as", SPONSOR, "--amount", "4000")
    assert chosen.status == 0, chosen
    key = f"purse/moat/accelerator/{tardy}/1"
    starter.ordered("moat", 3)
    until = starter.status("moat")["until"]
    text = refused(starter, "moat", "extend-stage", "moat", "accelerator", *WHY, "--as", OPERATOR)
    assert "either when the stage ends or how much longer it lasts" in text
    words = ["extend-stage", "moat", "accelerator", "--team", tardy, "--longer", "P1W", *WHY, "--as", OPERATOR]
    longer = starter(*words)
    assert longer.status == 0, longer
    assert starter.status("moat")["until"] > until

    over = ["amend", "moat", "accelerator", tardy, "--amount", "5000.01", *WHY, "--as", SPONSOR]
    assert "over the cap" in refused(starter, "moat", *over)
    amended = starter("amend", "moat", "accelerator", tardy, "--amount", "3000", *WHY, "--as", SPONSOR)
    assert amended.status == 0, amended
    assert starter.payment(key)["amount"] == {"net": "1500.00", "vat": "300.00"}
    assert starter.payee("moat", tardy).status == 0
    starter.until_payment(key, "payee known")
    released = starter("release", key, "--as", FINANCE)
    assert released.status == 0, released
    assert starter.until_payment(key, "settled")["amount"] == {"net": "1500.00", "vat": "300.00"}
    record = starter("record", "moat").out
    assert record.count("Reason: The site was down.") >= 3
