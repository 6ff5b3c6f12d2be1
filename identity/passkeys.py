"""Passkeys: how somebody adds one, uses one as the second step, and removes one.

The browser and its authenticator sign what we ask them to, for the address of the web front only. So a page elsewhere
that looks like ours gets nothing that it could use here. The authenticator must check the person (user verification):
who only finds the device cannot use it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

import structlog
import webauthn
from sqlalchemy import Connection
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    generate_challenge,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from whenever import Instant, TimeDelta

from domain.announcements.announcement import Announcement
from domain.identity.passkey import FIRST_WITHIN, LONGEST_NAME, MOST, Passkey
from domain.identity.session import Session
from domain.values.refusals import (
    NotAllowed,
    NotReadable,
    Problem,
    SecondStepMissing,
    SignInOver,
    SignInRefused,
    UnknownPasskey,
)
from domain.values.text import on_one_line
from service.settings import Settings
from store.database.database import Database
from store.database.instants import to_microsecond
from store.identity import passkeys as rows
from store.record.notices import Compose
from store.record.record import put

Announcing = Callable[[Passkey], Sequence[Announcement]]
"""What the record of each challenge says of a passkey, in the order in which records are locked."""

_logger = structlog.get_logger("passkeys")
_SERVICE = "Challenge service"
_ASKED_FOR = TimeDelta(minutes=5)
"""How long the person has to use their authenticator."""
_MILLISECONDS = round(_ASKED_FOR.total("milliseconds"))
_PROVES_NOTHING = (
    "Your browser's answer does not show that the passkey is yours: open the page again, and try once more."
)
_REQUIRED = UserVerificationRequirement.REQUIRED


class Passkeys:
    """The passkeys of all people. All functions block: on an event loop, call them in a thread.

    All functions raise:
        Unavailable: the database cannot be reached.

    Args:
        options: `web_address` is where passkeys are used.
        database: where they are kept.
        clock: tells the present instant.
    """

    def __init__(self, options: Settings, database: Database, clock: Callable[[], Instant] = Instant.now) -> None:
        self._origin = options.web_origin
        self._host = str(urlsplit(self._origin).hostname)
        self._database = database
        self._clock = clock

    def of(self, mailbox: str) -> tuple[Passkey, ...]:
        """The passkeys of a person, in the order in which they were added."""
        return rows.of(self._database, mailbox)

    def check_may_add(self, session: Session) -> None:
        """Checks that somebody may add a passkey.

        Raises:
            SecondStepMissing: they have one, and have not used it since they signed in. Otherwise whoever reads their
                mailbox could add one.
            SignInOver: they have none, and signed in too long ago.
            NotAllowed: they have very many.
        """
        had = len(self.of(session.mailbox))
        if had and not session.passkey:
            raise SecondStepMissing("To add another passkey, use one that you have first.")
        if not had and self._clock() - session.begun >= FIRST_WITHIN:
            raise SignInOver(
                f"A first passkey can be added within {FIRST_WITHIN.total('minutes'):.0f} minutes after signing in: "
                "sign out, sign in again, and add it then."
            )
        if had >= MOST:
            raise NotAllowed(f"You have {had} passkeys, and nobody has more than {MOST}: remove one first.")

    def begin_adding(self, session: Session) -> str:
        """What the browser needs to make a passkey, as JSON.

        Raises:
            SecondStepMissing, SignInOver, NotAllowed: see `check_may_add`.
        """
        self.check_may_add(session)
        challenge = generate_challenge()
        options = webauthn.generate_registration_options(
            rp_id=self._host,
            rp_name=_SERVICE,
            user_name=session.mailbox,
            user_id=self._handle(session.mailbox, challenge),
            challenge=challenge,
            timeout=_MILLISECONDS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED, user_verification=_REQUIRED
            ),
            exclude_credentials=self._described(session.mailbox),
        )
        self._ask(challenge, session, "add")
        return webauthn.options_to_json(options)

    def add(self, session: Session, name: str, answer: str, announcing: Announcing, compose: Compose) -> Passkey:
        """Adds the passkey that a browser has made, with what the record and the person are told of it.

        Args:
            session: of the person.
            name: by which they will know it.
            answer: what the browser says, as JSON.
            announcing: what the record of each challenge of the person says.
            compose: finds the words of notices.

        Raises:
            NotReadable: the name is empty or too long.
            SecondStepMissing, SignInOver, NotAllowed: see `check_may_add`; or the person took too long.
            SignInRefused: the browser's answer proves nothing.
        """
        name = _read_name(name)
        self.check_may_add(session)
        with _doubting("made", session):
            made = parse_registration_credential_json(answer)
            challenge = self._taken(made.response.client_data_json, session, "add")
            verified = webauthn.verify_registration_response(
                credential=made,
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                require_user_verification=True,
            )
        now = to_microsecond(self._clock())
        credential = bytes_to_base64url(verified.credential_id)
        passkey = Passkey(id=credential, mailbox=session.mailbox, name=name, made=now)
        handle = self._handle(session.mailbox, challenge)
        with self._database.writing() as connection:
            if rows.is_known(connection, credential):
                raise SignInRefused("This passkey was added before: use it, or make another one.")
            rows.add(connection, passkey, handle, verified.credential_public_key, verified.sign_count)
            _put_all(connection, announcing(passkey), compose)
        return passkey

    def begin_using(self, session: Session) -> str:
        """What the browser needs to use a passkey of the person, as JSON.

        Raises:
            UnknownPasskey: the person has none.
        """
        known = self._described(session.mailbox)
        if not known:
            raise UnknownPasskey("You have no passkey yet: add one first.")
        options = webauthn.generate_authentication_options(
            rp_id=self._host,
            challenge=generate_challenge(),
            timeout=_MILLISECONDS,
            allow_credentials=known,
            user_verification=_REQUIRED,
        )
        self._ask(options.challenge, session, "use")
        return webauthn.options_to_json(options)

    def use(self, session: Session, answer: str) -> None:
        """Checks that the person of a session has just used a passkey of theirs.

        Args:
            session: of the person.
            answer: what the browser says, as JSON.

        Raises:
            SignInOver: the person took too long, or the answer was sent before.
            SignInRefused: it is no passkey of theirs, or it was removed; or a copy of it was used.
        """
        with _doubting("used", session):
            used = parse_authentication_credential_json(answer)
            challenge = self._taken(used.response.client_data_json, session, "use")
            kept = rows.find(self._database, session.mailbox, bytes_to_base64url(used.raw_id))
            if kept is None:
                raise SignInRefused("This is no passkey of yours, or it was removed: use another one.")
            verified = webauthn.verify_authentication_response(
                credential=used,
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                credential_public_key=kept.public_key,
                credential_current_sign_count=0,  # compared below, where we know that the signature is right
                require_user_verification=True,
            )
        now_made = verified.new_sign_count
        went_on = now_made > kept.signatures or now_made == kept.signatures == 0  # many authenticators do not count
        if not went_on or not rows.note_use(self._database, kept, now_made, to_microsecond(self._clock())):
            _logger.warning("a passkey was refused: a copy of it may exist", made=now_made, known=kept.signatures)
            raise SignInRefused(
                "This passkey has been used elsewhere meanwhile, so a copy of it may exist: remove it with another "
                "passkey, or have the programme office remove it."
            )

    def check_may_remove(self, session: Session) -> None:
        """Checks that somebody may remove passkeys of their own.

        Raises:
            SecondStepMissing: they have not used one since they signed in. Otherwise whoever reads their mailbox could
                remove it, and add another.
        """
        if not session.passkey:
            raise SecondStepMissing(
                "To remove a passkey, use one first. If you have lost all of them, ask the programme office."
            )

    def remove(self, mailbox: str, passkey: str, by: str, announcing: Announcing, compose: Compose) -> Passkey:
        """Removes a passkey of a person, with what the record and the person are told of it.

        Args:
            mailbox: whose.
            passkey: its id.
            by: who removes it, as lists name them.
            announcing, compose: see `add`.

        Raises:
            UnknownPasskey: they have none with this id.
        """
        with self._database.writing() as connection:
            removed = rows.remove(connection, mailbox, passkey, by, to_microsecond(self._clock()))
            if removed is None:
                raise UnknownPasskey("There is no such passkey, or it was removed before: see the list of passkeys.")
            _put_all(connection, announcing(removed), compose)
        return removed

    def _handle(self, mailbox: str, challenge: bytes) -> bytes:
        """By what authenticators know a person. It is chance, so that it tells nothing about them."""
        return rows.handle_of(self._database, mailbox) or hashlib.sha256(challenge).digest()

    def _described(self, mailbox: str) -> list[PublicKeyCredentialDescriptor]:
        return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(each.id)) for each in self.of(mailbox)]

    def _ask(self, challenge: bytes, session: Session, purpose: rows.Purpose) -> None:
        now = to_microsecond(self._clock())
        text = bytes_to_base64url(challenge)
        rows.keep_challenge(self._database, text, session.id, purpose, now + _ASKED_FOR, now)

    def _taken(self, client_data: bytes, session: Session, purpose: rows.Purpose) -> bytes:
        """What was signed, if this session was asked to sign it; nobody can send it a second time.

        Raises:
            SignInOver: nobody asked for it here, it was sent before, or it took too long.
            SignInRefused: it was signed in a frame of another site.
        """
        said = parse_client_data_json(client_data)
        if said.cross_origin:
            raise SignInRefused(_PROVES_NOTHING)
        text, now = bytes_to_base64url(said.challenge), to_microsecond(self._clock())
        if not rows.take_challenge(self._database, text, session.id, purpose, now):
            raise SignInOver("This took too long, or was sent before: open the page again, and try once more.")
        return said.challenge


def _put_all(connection: Connection, announcements: Sequence[Announcement], compose: Compose) -> None:
    for each in announcements:
        put(connection, each, compose)


@contextmanager
def _doubting(what: str, session: Session) -> Iterator[None]:
    """Refuses answers of a browser that prove nothing. What exactly is wrong is no news to an honest person."""
    try:
        yield
    except (WebAuthnException, ValueError, TypeError, KeyError, OverflowError) as error:
        _logger.info("a passkey was refused", what=what, session=session.id, fault=type(error).__name__)
        raise SignInRefused(_PROVES_NOTHING) from None


def _read_name(text: str) -> str:
    name = on_one_line(text)
    if not 1 <= len(name) <= LONGEST_NAME:
        told = f"Give the passkey a name of at most {LONGEST_NAME} characters, such as My laptop."
        raise NotReadable.for_problems([Problem(field="name", text=told)])
    return name
