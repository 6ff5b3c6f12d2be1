"""The desk: everything that operators, sponsors, applicants and finance can do with the service, through any front.

Each method of each subject takes the actor first and asks `domain.permissions`. The method then does what its name
says, or raises a `Refused` with a text for the person who asked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from temporalio.client import Client
from whenever import Instant

from domain.identity.proof import NOT_PROVEN, Proof
from domain.permissions import Actor
from service.settings import Settings
from store.database.database import Database

from .applications import Applications
from .attachments import Attachments
from .bank_reports import BankReports
from .board import Board
from .challenges import Challenges
from .confirmations import Confirmations
from .contacts import Contacts
from .core import Core
from .deciding import DecidingDesk
from .drafts import Drafts
from .erasing import Erasing
from .evidence import Evidence
from .forms import Forms
from .interests import Interests
from .judging import Judging
from .notices import Notices
from .own import OwnApplications
from .own_calendar import OwnCalendar
from .own_data import OwnData
from .passkeys import Passkeys
from .payment_board import PaymentBoard
from .payment_files import PaymentFiles
from .payments import Payments
from .people import People
from .public import PublicDesk
from .questions import Questions
from .readers import Readers
from .reconciliation import Reconciliation
from .record_chain import RecordChain
from .rounds import Rounds
from .sign_ins import SignIns
from .signing_keys import SigningKeys
from .terminal_keys import TerminalKeys
from .writers import Writers


class Desk:
    """Answers requests from the database and through Temporal, by subject.

    Args:
        options, database, connect, clock: see `Core`.
    """

    def __init__(
        self,
        options: Settings,
        database: Database,
        connect: Callable[[], Awaitable[Client]],
        clock: Callable[[], Instant] = Instant.now,
    ) -> None:
        self.core = Core(options, database, connect, clock)
        self.rounds = Rounds(self.core)
        self.people = People(self.core)
        self.terminal_keys = TerminalKeys(self.core)
        self.passkeys = Passkeys(self.core)
        self.sign_ins = SignIns(self.core)
        self.contacts = Contacts(self.core)
        self.erasing = Erasing(self.core)
        self.challenges = Challenges(self.core)
        self.board = Board(self.core)
        self.applications = Applications(self.core)
        self.deciding = DecidingDesk(self.core, self.challenges, self.applications)
        self.public = PublicDesk(self.core)
        self.questions = Questions(self.core)
        self.confirmations = Confirmations(self.core)
        self.record_chain = RecordChain(self.core)
        self.forms = Forms(self.core)
        self.drafts = Drafts(self.core)
        self.writers = Writers(self.core)
        self.own = OwnApplications(self.core)
        self.own_calendar = OwnCalendar(self.core)
        self.own_data = OwnData(self.core)
        self.attachments = Attachments(self.core)
        self.evidence = Evidence(self.core)
        self.readers = Readers(self.core)
        self.interests = Interests(self.core)
        self.judging = Judging(self.core)
        self.notices = Notices(self.core)
        self.payments = Payments(self.core)
        self.payment_board = PaymentBoard(self.core)
        self.payment_files = PaymentFiles(self.core)
        self.bank_reports = BankReports(self.core)
        self.reconciliation = Reconciliation(self.core)
        self.signing_keys = SigningKeys(self.core)

    async def actor(self, name: str = "", proof: Proof = NOT_PROVEN) -> Actor:
        """The person who acts; see `Core.actor`."""
        return await self.core.actor(name, proof)

    async def at_terminal(self, claimed: str) -> Actor:
        """The person at this terminal; see `Core.at_terminal`."""
        return await self.core.at_terminal(claimed)

    def now(self) -> Instant:
        """The present, by the service's clock."""
        return self.core.now()

    def close(self) -> None:
        """Waits until all work in progress is done."""
        self.core.close()
