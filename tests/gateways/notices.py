"""The notice that tests of the channels send, and what of the notice no error and no log may show."""

from __future__ import annotations

import traceback

from gateways.messaging.channels import Message

ADDRESS = "breathe@applicants.example"
NOTICE = Message(
    key="test-2016/air-quality/selected/1",
    address=ADDRESS,
    subject="Göran, you are in",
    body="Dear Göran,\n.\nyour team is chosen.\r\n" + "Well done. " * 200,
)
PERSONAL = (ADDRESS, "breathe", "Göran", "G\\u00f6ran", "your team", "Well done")


def notice(key: str = NOTICE.key, **other: str) -> Message:
    """The notice under a key, with some of its words changed."""
    return NOTICE.model_copy(update={"key": key, **other})


def told(error: BaseException) -> str:
    """Everything that a log would show of an error."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(error.__context__)
