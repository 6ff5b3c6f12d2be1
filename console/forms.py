"""Forms: the token that binds a form to its session, and the fields that were sent."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from domain.forms.form import LONGEST_TEXT
from domain.values.refusals import NotReadable
from domain.values.words import gettext

from . import cookies

TOKEN = "token"
"""The field of every form that holds its token."""
BUILDS_ON = "builds-on-"
"""Begins the names of fields that hold the version of an answer that whoever typed had before them."""
_PURPOSE = b"form"
_URLENCODED = "application/x-www-form-urlencoded"
_IN_PARTS = "multipart/form-data"
_MOST_FIELDS = 50
_MOST_ANSWERS = 2_000
_LONGEST = 4 * LONGEST_TEXT
"""The most bytes of one answer."""


def token_for(secret: str) -> str:
    """The token of a form. Who knows the token does not know the secret, which only the browser's cookie holds."""
    digest = hmac.new(secret.encode(), _PURPOSE, hashlib.sha256).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")


class Form(Mapping[str, str]):
    """The fields of a form whose token is right. A field that was not sent is empty.

    Args:
        fields: by their names, with all values of each.
    """

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self._fields = dict(fields)

    def __getitem__(self, name: str) -> str:
        return self.all(name)[0] if self.all(name) else ""

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def all(self, name: str) -> Sequence[str]:
        """All values of a field that can have several, in the order of the page."""
        return self._fields.get(name, ())


async def read_form(request: Request) -> Form:
    """The form of a page that this visitor has opened. Every POST begins with this, so that what was typed is known.

    Raises:
        HTTPException: the token is missing, or belongs to another session; or it is no form.
        NotReadable: a field was sent twice, or has characters that no text has.
    """
    fields, _ = await _parts_of(request, (_URLENCODED,), max_files=0, max_fields=_MOST_FIELDS)
    if any(len(values) > 1 for values in fields.values()):
        raise NotReadable(gettext("A field of the form was sent twice: open the page again, and send the form once."))
    return _ours(request, fields)


async def read_long_form(request: Request) -> Form:
    """The form of a page with long texts, or with fields that have several values. As `read_form`.

    Such pages send their forms in parts: the other way, a text takes up to three times its bytes.
    """
    fields, _ = await _parts_of(
        request, (_IN_PARTS, _URLENCODED), max_files=0, max_fields=_MOST_ANSWERS, max_part_size=_LONGEST
    )
    return _ours(request, fields)


async def read_files(request: Request) -> tuple[Form, Mapping[str, UploadFile]]:
    """The form of a page with files, and the files, by the names of their fields. As `read_form`.

    The files are on the disk, not in memory, and gone once the request is answered.
    """
    fields, files = await _parts_of(request, (_IN_PARTS, _URLENCODED), max_files=1, max_fields=_MOST_FIELDS)
    return _ours(request, fields), files


async def _parts_of(
    request: Request, kinds: Sequence[str], **limits: int
) -> tuple[Mapping[str, Sequence[str]], Mapping[str, UploadFile]]:
    """What was sent, whatever its token. It is remembered, so that it can be given back where it cannot be taken."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in kinds:
        text = gettext("What you sent is no form of a page: send it as {kind}.")
        raise HTTPException(415, text.format(kind=kinds[0]))
    form = request.state.form = await request.form(**limits)
    fields, files = defaultdict[str, list[str]](list), dict[str, UploadFile]()
    for name, value in form.multi_items():
        if isinstance(value, str):
            fields[name].append(value)
        else:
            files[name] = value
    request.state.fields = {name: "\n".join(values) for name, values in fields.items()}
    if any("\0" in each or "\ufffd" in each for values in fields.values() for each in values):
        raise NotReadable(gettext("A field of the form has characters that are no text: type it again."))
    return fields, files


def _ours(request: Request, fields: Mapping[str, Sequence[str]]) -> Form:
    form = Form(fields)
    secret = cookies.read(request, cookies.SESSION) or cookies.read(request, cookies.BROWSER)
    if not secret or not hmac.compare_digest(token_for(secret).encode(), form[TOKEN].encode()):
        raise HTTPException(
            403,
            gettext(
                "The page with this form is too old, or belongs to another sign-in, so nothing was done: open the page "
                "again, and send it once more. Your browser has to take cookies."
            ),
        )
    return form
