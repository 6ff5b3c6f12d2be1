"""Letters through a mail server, step by step: what is sent again, what fails, and whom a server may hold up."""

from __future__ import annotations

from itertools import pairwise

from tests.gateways.mailbox import Fault as MailFault
from tests.gateways.mailbox import Mailbox, Step
from tests.rounds import OPERATOR, SPONSOR
from tests.workflows.posting import Post


def test_a_letter_of_unknown_fate_is_sent_again_under_the_same_message_id(mail: Post, mailbox: Mailbox) -> None:
    """A mail server cannot be asked: twice is better than never, and mail programs show it once."""
    key = mail.write()
    mailbox.will(Step.LETTER, MailFault.KEPT_AND_DROPPED)
    mail.step()
    assert mail.notice(key).status == "sending"
    mail.step(10)

    assert mail.notice(key).status == "sent"
    first, second = mailbox.message_ids()
    assert first == second


def test_a_letter_whose_answer_is_always_lost_is_sent_three_times_and_no_more(mail: Post, mailbox: Mailbox) -> None:
    """Fails when somebody gets the same letter eighty times from a server that takes it and hangs up."""
    key = mail.write()
    mailbox.will(Step.LETTER, *[MailFault.KEPT_AND_DROPPED] * 10)
    for _ in range(10):
        mail.step(3600)

    left = mail.notice(key)
    assert (left.status, "Nobody knows whether it arrived" in left.reason) == ("sent", True)
    assert len(mailbox.received) == 3


def test_a_recipient_that_is_refused_fails_at_once_and_operators_are_told(mail: Post, mailbox: Mailbox) -> None:
    """Fails when it is tried again, or when operators hear nothing of it."""
    key = mail.write()
    mailbox.will(Step.RECIPIENT, "550 5.1.1 No such user")
    mail.step()
    failed = mail.notice(key)
    assert (failed.status, "the address does not exist" in failed.reason) == ("failed", True)
    assert failed.address not in failed.reason

    mail.step()
    [letter] = mailbox.received
    assert letter.letter["To"] == "programme.office@digital-directorate.example"
    assert "the notice closing-soon did not reach sepa-decider" in " ".join(letter.letter.get_content().split())


def test_a_server_that_takes_nothing_is_asked_less_and_less_often(mail: Post, mailbox: Mailbox) -> None:
    """Fails when each of many notices is tried at full speed while the server is down, or slowly when it is up."""
    for _ in range(40):
        mail.write()
    tries = []
    mailbox.will(Step.SENDER, *["451 4.3.0 later"] * 1000)
    for second in range(300):
        planned = len(mailbox._planned[Step.SENDER])
        mail.step(1)
        if len(mailbox._planned[Step.SENDER]) < planned:
            tries.append(second)

    gaps = [later - earlier for earlier, later in pairwise(tries)]
    assert gaps[:3] == [1, 1, 2]
    assert gaps == sorted(gaps)
    assert max(gaps) == 60

    mailbox._planned[Step.SENDER].clear()
    for _ in range(60 + 40):
        mail.step(1)
    assert len(mailbox.received) == 40

    mailbox.will(Step.SENDER, "451 4.3.0 later")
    for _ in range(2):
        mail.write()
        mail.step(1)
    assert len(mailbox.received) == 41, "the trouble from before is forgotten"


def test_recipients_who_are_turned_away_for_now_hold_up_nobody_else(mail: Post, mailbox: Mailbox) -> None:
    """Fails when a word about one recipient slows down the channel, or when what is due again always comes first."""
    bad = [mail.write(SPONSOR) for _ in range(12)]
    good = [mail.write(OPERATOR) for _ in range(12)]
    mailbox.turns_away(mail.notice(bad[0]).address, "450 4.2.0 Greylisted")
    for _ in range(40):
        mail.step(1)

    assert {mail.notice(key).status for key in good} == {"sent"}
    assert {mail.notice(key).status for key in bad} == {"created"}
    assert "cannot take a letter to this recipient now (450)" in mail.notice(bad[0]).reason
    assert len(mailbox.received) == 12


def test_a_server_that_does_not_relay_for_this_service_costs_no_notice_and_calls_a_person(
    mail: Post, mailbox: Mailbox
) -> None:
    """Fails when its words are taken for one recipient's, or when the same notice is tried for ever before others."""
    refused = [mail.write(SPONSOR) for _ in range(2)]
    mailbox.turns_away(mail.notice(refused[0]).address, "554 5.7.1 Relay access denied")
    good = mail.write(OPERATOR)
    calls = mail.calls(2, seconds=1)
    assert ["relays for this service. The channel took no other notice lately" in call.message for call in calls] == [
        True
    ] * 2
    assert {mail.notice(key).status for key in refused} == {"created"}

    mail.step(1)
    assert mail.notice(good).status == "sent"
    mail.step(600)
    mail.step(1)
    assert {mail.notice(key).status for key in refused} == {"failed"}, "others are taken: it is about these two"


def test_a_server_that_refuses_everybody_in_a_row_costs_few_notices_and_calls_a_person(
    mail: Post, mailbox: Mailbox
) -> None:
    """Fails when a server whose list of addresses is lost makes every notice a failed one, at full rate."""
    keys = [mail.write(OPERATOR) for _ in range(15)]
    mailbox.turns_away(mail.notice(keys[0]).address, "550 5.1.1 No such user")
    calls = mail.calls(15, seconds=1)
    assert ([mail.notice(key).status for key in keys].count("failed"), len(calls)) == (9, 6)

    mailbox.turns_away(mail.notice(keys[0]).address, "250 2.1.5 Ok")
    for _ in range(6):
        mail.step(600)
    assert [mail.notice(key).status for key in keys].count("sent") == 6


def test_a_server_that_turns_everybody_away_for_now_costs_no_notice_and_calls_a_person_after_an_hour(
    mail: Post, mailbox: Mailbox
) -> None:
    """Fails when a server that has no name for this machine yet uses up the tries of every notice in three days."""
    keys = [mail.write(OPERATOR) for _ in range(12)]
    mailbox.turns_away(mail.notice(keys[0]).address, "450 4.7.1 Cannot find your hostname")
    assert mail.calls(12, seconds=1) == []
    first, *_ = mail.calls(75, seconds=60)
    assert "now (450). The channel took no other notice lately" in first.message
    assert {mail.notice(key).status for key in keys} == {"created"}


def test_days_without_a_mail_server_cost_no_notice_and_a_person_hears_of_it(mail: Post, mailbox: Mailbox) -> None:
    """Fails when the tries of a server that is away are the notice's, or when nobody is called for four days."""
    key = mail.write()
    mailbox.stop()
    calls = mail.calls(65, seconds=60) + mail.calls(48, seconds=7200)
    waiting = mail.notice(key)
    mailbox.start()
    mail.step(60)

    assert (waiting.status, "cannot be reached" in waiting.reason) == ("created", True)
    assert all("check that it runs" in call.message for call in calls)
    assert 3 <= len(calls) <= 5, "after the first hour, and not on a single trouble hours after the last"
    assert mail.notice(key).status == "sent"
