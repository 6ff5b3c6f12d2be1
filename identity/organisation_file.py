"""The file of the organisations with which people can sign in: read, checked, and refused without its secrets."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, SecretStr, StringConstraints, ValidationError, field_validator, model_validator

from domain.identity.issuer import Issuer
from domain.values.addresses import in_ascii
from domain.values.model import Line, Name, Value
from domain.values.refusals import FileRefused, Problem
from service.toml_files import read_toml
from service.wrong_files import problems_of

_SECRET = re.compile(r"[\x20-\x7e]+")
_TOO_OPEN = 0o077


class Organisation(Value):
    """An organisation with which people can sign in, by OpenID Connect.

    Args:
        id: its name in addresses of pages, such as "sepa".
        name: its name for people.
        issuer: the address of its sign-in, exactly as the organisation announces it.
        client_id: the name under which it knows this service.
        client_secret, client_secret_file, client_secret_variable: the secret that it gave to this service; or a file
            that holds the secret; or an environment variable. Exactly one of the three.
        domains: the mail domains that it vouches for. Its word about any other address counts for nothing: otherwise
            each organisation could sign in as the people of all others.
    """

    id: Annotated[Name, Field(examples=["sepa"])]
    name: Line
    issuer: Issuer
    client_id: Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[\x21-\x7e]+$")]
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = None
    client_secret_variable: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    domains: Annotated[tuple[str, ...], Field(min_length=1, examples=[["body.example"]])]

    @field_validator("domains")
    @classmethod
    def _in_ascii(cls, domains: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(_domain, domains))

    @model_validator(mode="after")
    def _has_one_secret(self) -> Self:
        named = (self.client_secret, self.client_secret_file, self.client_secret_variable)
        if sum(each is not None for each in named) != 1:
            raise ValueError("write one of client_secret, client_secret_file and client_secret_variable")
        return self

    def vouches_for(self, address: str) -> bool:
        """Whether the address is one of those that this organisation gives to people."""
        try:
            return in_ascii(address).rpartition("@")[2].casefold() in self.domains
        except ValueError:
            return False

    @property
    def secret(self) -> str:
        """The secret, once the file has been read by `read_organisations`."""
        return self.client_secret.get_secret_value() if self.client_secret else ""


class _File(Value):
    organisations: tuple[Organisation, ...] = ()

    @model_validator(mode="after")
    def _are_different(self) -> Self:
        for key in ("id", "name", "issuer"):
            values = [getattr(each, key) for each in self.organisations]
            if twice := next((value for value in values if values.count(value) > 1), None):
                raise ValueError(f"two organisations have {key} = {twice}: correct one, or remove it")
        return self


def read_organisations(path: Path) -> tuple[Organisation, ...]:
    """The organisations in a file, each with its secret at hand.

    Args:
        path: a TOML file with `[[organisations]]` tables. A folder has none: that is the setting's default. A
            `client_secret_file` is looked for from the folder of this file.

    Raises:
        FileRefused: the file cannot be read, is open to others though it holds a secret, or is wrong. Each problem has
            a line, and no line repeats a secret.
    """
    if path.is_dir():
        return ()
    data, problems = read_toml(path, quoting=False)
    if data is None:
        raise FileRefused.for_problems(problems)
    try:
        found = _File.model_validate(data).organisations
    except ValidationError as error:
        raise FileRefused.for_problems(problems_of(_File, data, path, error)) from None
    return _with_secrets(path, found)


def _with_secrets(path: Path, found: Sequence[Organisation]) -> tuple[Organisation, ...]:
    problems: list[Problem] = []
    if (
        any(each.client_secret for each in found)
        and os.name == "posix"
        and stat.S_IMODE(path.stat().st_mode) & _TOO_OPEN
    ):
        problems.append(_problem(path, "", f"holds a secret and is open to more than its owner: run chmod 600 {path}"))
    ready: list[Organisation] = []
    for each in found:
        try:
            ready.append(each.model_copy(update={"client_secret": SecretStr(_secret_of(each, path.parent))}))
        except ValueError as error:
            problems.append(_problem(path, each.id, str(error)))
    if problems:
        raise FileRefused.for_problems(problems)
    return tuple(ready)


def _problem(path: Path, organisation: str, text: str) -> Problem:
    of_whom = f"organisations ({organisation}): " if organisation else ""
    return Problem(field="organisations", text=f"{path}: {of_whom}{text}")


def _secret_of(organisation: Organisation, folder: Path) -> str:
    """The secret, from where it is kept.

    Raises:
        ValueError: it is not there, or cannot be one.
    """
    if variable := organisation.client_secret_variable:
        where, secret = f"the environment variable {variable}", os.environ.get(variable, "")
    elif organisation.client_secret_file:
        where = f"the file {organisation.client_secret_file}"
        try:
            secret = (folder / organisation.client_secret_file).read_text(encoding="utf-8").strip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise ValueError(f"{where} with the secret cannot be read ({reason}): check its name and owner") from None
    else:
        where, secret = "client_secret", organisation.secret
    if not _SECRET.fullmatch(secret):
        raise ValueError(f"{where} holds no secret, or one with a character that no secret has: copy it there again")
    return secret


def _domain(text: Any) -> str:
    try:
        return in_ascii(f"someone@{text}").rpartition("@")[2].casefold()
    except ValueError:
        raise ValueError(f"{text!r} is not a mail domain: write each as body.example, without an @") from None
