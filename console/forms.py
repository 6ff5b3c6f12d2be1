"""Forms: the token that binds a form to its session, and the fields that were sent."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request

from domain.values.refusals import NotReadable
from domain.values.words import gettext

from . import cookies

TOKEN = "token"
"""The field of every form that holds its token."""
_PURPOSE = b"form"
_URLENCODED = "application/x-www-form-urlencoded"
_MOST_FIELDS = 50


def token_for(secret: str) -> str:
    """The token of a form. Who knows the token does not know the secret, which only the browser's cookie holds."""
    digest = hmac.new(secret.encode(), _PURPOSE, hashlib.sha256).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")


class Form(Mapping[str, str]):
    """The fields of a form whose token is right. A field that was not sent is empty.

    Args:
        fields: by their names.
    """

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = dict(fields)

    def __getitem__(self, name: str) -> str:
        return self._fields.get(name, "")

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


async def _fields_of(request: Request) -> Mapping[str, str]:
    """What was sent, whatever its token. It is remembered, so that it can be given back where it cannot be taken.

    Raises:
        HTTPException: it is no form of a page.
        NotReadable: a field was sent twice, or has characters that no text has.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _URLENCODED:
        raise HTTPException(
            415, gettext("What you sent is no form of a page: send it as {kind}.").format(kind=_URLENCODED)
        )
    async with request.form(max_files=0, max_fields=_MOST_FIELDS) as form:
        fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        if len(fields) != len(form.multi_items()):
            raise NotReadable(
                gettext("A field of the form was sent twice: open the page again, and send the form once.")
            )
    if any("\0" in each or "\ufffd" in each for each in fields.values()):
        raise NotReadable(gettext("A field of the form has characters that are no text: type it again."))
    request.state.fields = fields
    return fields


async def read_form(request: Request) -> Form:
    """The form of a page that this visitor has opened. Every POST begins with this, so that what was typed is known.

    Raises:
        HTTPException: the token is missing, or belongs to another session; or it is no form.
        NotReadable: a field cannot be read.
    """
    fields = await _fields_of(request)
    secret = cookies.read(request, cookies.SESSION) or cookies.read(request, cookies.BROWSER)
    if not secret or not hmac.compare_digest(token_for(secret).encode(), fields.get(TOKEN, "").encode()):
        raise HTTPException(
            403,
            gettext(
                "The page with this form is too old, or belongs to another sign-in, so nothing was done: open the page "
                "again, and send it once more. Your browser has to take cookies."
            ),
        )
    return Form(fields)
