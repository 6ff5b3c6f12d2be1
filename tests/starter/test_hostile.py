"""Whatever people write is kept and told word for word: it runs nothing, and moves nothing on a screen."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from embedded import Service
from tests.starter.commands import (
    FINANCE,
    OPERATOR,
    PURSE,
    SPONSOR,
    WITH_MONEY,
    Commands,
    as_process,
    one_line,
    write_round,
)

TEXTS = {
    "jinja": "{{ 7*7 }}{% for x in range(9) %}{{ self.__class__ }}{% endfor %}{# gone #}",
    "sql": "'; DROP TABLE record; -- \" %s :x ? \\",
    "markup": "[bold red]x[/] <script>alert(1)</script> &lt; | ~~a~~ # *b* `c` [d](http://e.example) ![f](g)",
    "escape": "\x1b[2J\x1b]0;title\x07 \x9b31m \x08\x08 \x7f \rover",
    "directions": "\u202egnp.exe \u2066x\u2069 a\u2028b\u2029c",
    "letters": "Ünïcödé 漢字 🏴\U000e0067\U000e0062 e\u0301 \u200b \ufeff ﷽",
    "keys": "../../etc/passwd wild/moor/exploration/%2e%2e/1 wild//moor",
    "header": "Subject: You won Bcc: a@b.example",
}
"""A proposal may have 200 characters; each of these can be one."""

STEERING = ("escape", "directions", "letters")
"""The kinds that no name may be of."""


def name_of(kind: str) -> str:
    return f"{kind} Ltd" if kind in STEERING else TEXTS[kind]


def harmless(printed: str) -> bool:
    """Whether a text leaves a terminal as it is: no control characters but line ends, and none that turn directions."""
    return not any(
        (unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") and character != "\n")
        or unicodedata.bidirectional(character) in ("RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI", "FSI", "PDI")
        for character in printed
    )


@pytest.fixture(scope="module")
def moor(starter: Commands, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The teams of a challenge, by what their names and proposals are like."""
    write_round(tmp_path_factory.getbasetemp(), {"moor": 10}, "wild", programme=(PURSE, WITH_MONEY))
    assert starter("open", "wild", CHALLENGES_PROGRAMMES=str(tmp_path_factory.getbasetemp())).status == 0
    teams = {}
    for kind, text in TEXTS.items():
        words = ["--email", f"{kind}@company.example", "--proposal", "-", "--json"]
        if kind in STEERING:
            refused = starter("apply", "moor", "--organisation", text, *words, text="Ours.")
            assert (refused.status, "invisible character" in refused.err) == (1, True), refused
        answer = starter("apply", "moor", "--organisation", name_of(kind), *words, text=f"{text}\n{kind}")
        assert answer.status == 0, answer
        teams[kind] = json.loads(answer.out)["application"]
    return teams


def test_applications_are_read_as_they_were_handed_in(starter: Commands, moor: dict[str, str]) -> None:
    starter.waits_for("moor", "selection for exploration")
    starter.declares_none("moor", OPERATOR)
    kept = {each["id"]: each for each in starter.data("applications", "moor")}

    for kind, text in TEXTS.items():
        assert kept[moor[kind]]["organisation"] == name_of(kind)
        assert kept[moor[kind]]["answers"]["proposal"] == f"{text}\n{kind}".replace(
            "\r", "\n"
        )  # standard input is text
    for words in ([], ["--full"]):
        printed = starter("applications", "moor", *words)
        assert printed.status == 0
        assert harmless(printed.out)
        assert all(team in printed.out for team in moor.values())
    assert "{{ 7*7 }}{% for x in range(9) %}" in printed.out
    assert "[bold red]x[/]" in printed.out


def test_feedback_and_reasons_are_told_word_for_word(starter: Commands, moor: dict[str, str]) -> None:
    """Goes on from the sealed window."""
    starter.waits_for("moor", "selection for exploration")
    starter.declares_none("moor", SPONSOR)
    for kind, team in moor.items():
        given = starter("feedback", "moor", "exploration", team, "--text", "-", "--as", SPONSOR, text=TEXTS[kind])
        assert given.status == 0, given
    long = starter("feedback", "moor", "exploration", moor["sql"], "--text", "-", "--as", SPONSOR, text="🏴" * 10_000)
    assert long.status == 0
    reason = " ".join(TEXTS.values())
    words = ["exploration", moor["jinja"], "--as", SPONSOR, "--reason", reason]
    selected = starter("select", "moor", *words)
    assert selected.status == 0, selected

    letters = {
        row["recipient"]: row["body"] for row in starter.data("notices", "moor") if "selected" in row["occasion"]
    }
    assert letters.keys() == {team for kind, team in moor.items() if kind != "jinja"}
    for kind in letters.keys() & set(moor.values()):
        of = next(each for each in moor if moor[each] == kind)
        told = "🏴" * 10_000 if of == "sql" else TEXTS[of].replace("\r", "\n").strip()
        assert told in letters[kind]
    assert starter.data("record", "moor")  # its table is still there
    for command in (["record", "moor"], ["notices", "moor"], ["status", "moor"], ["payments", "moor"]):
        printed = starter(*command)
        assert printed.status == 0
        assert harmless(printed.out)
        json.loads(starter(*command, "--json").out)
    for kind in TEXTS:
        if kind != "jinja":
            assert harmless(starter("notices", "show", f"not-selected/{moor[kind]}").out)


@pytest.mark.parametrize("kind", TEXTS)
def test_a_holder_a_reason_and_an_id_of_any_kind_do_no_harm(starter: Commands, moor: dict[str, str], kind: str) -> None:
    """Goes on from the selection."""
    team, text = moor["jinja"], TEXTS[kind]
    (key,) = starter.ordered("moor", 1)
    details = ["--sort-code", "60-16-13", "--account", "31926819"]
    answers = [
        starter("payee", "moor", team, "--holder", text[:70], *details, "--as", starter.mailbox(team)),
        starter("payee", "moor", team, "--holder", "Tay", *details, "--as", text),
        starter("payee", "moor", text, "--holder", "Tay", *details, "--as", OPERATOR),
        starter("payee", text, team, "--holder", "Tay", *details, "--as", OPERATOR),
        starter("return", key, "--as", FINANCE, "--reason", text),
        starter("return", key, "--as", text, "--reason", "None."),
        starter("cancel-payment", text, "--as", FINANCE, "--reason", text),
        starter("release", key, "--as", OPERATOR, "--id", text),
        starter("evidence", "moor", text, text, "accept", "--as", SPONSOR, "--reason", text),
        starter("answer", "moor", "--question", text, "--answer", text, "--as", SPONSOR),
        starter("feedback", "moor", text, text, "--text", "-", "--as", SPONSOR, text="No."),
        starter("feedback", "moor", "exploration", moor["sql"], "--text", text, "--as", SPONSOR),
        starter("notices", "show", text),
        starter("notices", "list", text),
        starter("settle", text, "--as", FINANCE),
        starter("submit", "--as", text),
        starter("submit", "--as", FINANCE, "--on", text),
        starter("retry", text),
        starter("renew", text),
    ]

    for answer in answers[1:]:
        one_line(answer, status=answer.status)
        assert answer.status in (1, 2)
    for answer in answers:
        assert harmless(answer.out + answer.err)
    assert harmless(starter("record", "moor").out)
    assert all(len(line["by"]) <= 80 for line in starter.data("record", "moor"))


def test_what_is_typed_in_no_encoding_is_a_misuse_of_one_line(
    starter: Commands, service: Service, purse: dict[str, list[str]], tmp_path: Path
) -> None:
    typed: list[list[str | bytes]] = [
        ["status", b"p\xffnd"],
        ["release", b"purse/\xff/a/b/1", "--as", "finance"],
        ["apply", "pond", "--organisation", b"\xff\xfe", "--email", "a@b.example", "--proposal", "-"],
    ]
    for words in typed:
        assert "is not text in UTF-8" in one_line(as_process(service.address, *words), status=2)


def test_names_that_are_far_too_long_do_no_harm(starter: Commands, purse: dict[str, list[str]]) -> None:
    long = "x" * 100_000
    for words in (
        ["status", long],
        ["release", long, "--as", FINANCE],
        ["release", "/".join([long] * 5), "--as", FINANCE],
        ["settle", "/".join([long] * 5), "--as", FINANCE],
        ["notices", "show", long],
        ["payee", "pond", long, "--holder", "Tay", "--iban", long, "--as", OPERATOR],
        ["answer", "pond", "--question", long, "--answer", long, "--as", SPONSOR],
        ["hold", "pond", "--as", long, "--reason", long],
    ):
        assert one_line(starter(*words))
