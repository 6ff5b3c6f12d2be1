"""The part of the Open Contracting Data Standard (OCDS 1.1) that the service publishes, as values.

Names and codes are those of the standard: https://standard.open-contracting.org/1.1/en/schema/reference/.
"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from domain.values.model import Value

VERSION: Literal["1.1"] = "1.1"


class Part(Value):
    """A part of a release, with keys as the standard writes them. What is not known or empty is None, and left out."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Sum(Part):
    """An amount with VAT, in a currency (the standard's Value)."""

    amount: float
    currency: str


class Period(Part):
    """From when to when, in UTC."""

    start_date: str | None = None
    end_date: str | None = None


class ContactPoint(Part):
    """Whom the public can ask."""

    email: str


class Reference(Part):
    """An organisation, by what `parties` calls it (the standard's OrganizationReference)."""

    id: str
    name: str


class Party(Part):
    """An organisation that takes part (the standard's Organization)."""

    id: str
    name: str
    roles: tuple[str, ...]
    contact_point: ContactPoint | None = None


class Document(Part):
    """A page that everybody can read."""

    id: str
    document_type: str
    title: str
    url: str
    format: str
    language: str


class Milestone(Part):
    """Something that is planned for a day, or that was met on one."""

    id: str
    title: str
    type: str
    description: str | None = None
    due_date: str | None = None
    date_met: str | None = None
    status: Literal["scheduled", "met"] | None = None


class Budget(Part):
    """What the programme expects to pay if as many teams come in as are expected."""

    description: str
    amount: Sum | None = None


class Planning(Part):
    """Why the challenge was posed, and what is expected to be paid."""

    rationale: str | None = None
    budget: Budget


class Tender(Part):
    """The challenge as it is posed, and the window of the applications."""

    id: str
    title: str
    description: str | None = None
    status: Literal["planned", "active", "cancelled", "unsuccessful", "complete"]
    procuring_entity: Reference
    value: Sum | None = None
    procurement_method: Literal["open"] = "open"
    procurement_method_details: str
    main_procurement_category: Literal["services"] = "services"
    award_criteria: Literal["ratedCriteria", "qualityOnly"]
    award_criteria_details: str | None = None
    submission_method: tuple[Literal["electronicSubmission"], ...] = ("electronicSubmission",)
    submission_method_details: str
    tender_period: Period
    enquiry_period: Period
    has_enquiries: bool
    number_of_tenderers: int | None = None
    documents: tuple[Document, ...]
    milestones: tuple[Milestone, ...] | None = None


class Award(Part):
    """A team that was selected for a stage, and what it is due."""

    id: str
    title: str
    status: Literal["active"] = "active"
    date: str
    value: Sum | None = None
    suppliers: tuple[Reference, ...]
    contract_period: Period


class Transaction(Part):
    """A payment that was made."""

    id: str
    date: str
    value: Sum
    payer: Reference
    payee: Reference


class Implementation(Part):
    """What was paid, and the sessions with citizens that were held."""

    transactions: tuple[Transaction, ...] | None = None
    milestones: tuple[Milestone, ...] | None = None


class Contract(Part):
    """The work of a team in a stage."""

    id: str
    award_id: str = Field(alias="awardID")
    title: str
    status: Literal["active", "terminated"]
    period: Period
    value: Sum | None = None
    implementation: Implementation | None = None


class Release(Part):
    """All that is public of a challenge at a moment. Each release is whole: the newest replaces the ones before."""

    ocid: str
    id: str
    date: str
    tag: tuple[Literal["planning", "tender", "award", "contract", "implementation"], ...]
    initiation_type: Literal["tender"] = "tender"
    language: str
    parties: tuple[Party, ...]
    buyer: Reference
    planning: Planning
    tender: Tender
    awards: tuple[Award, ...] | None = None
    contracts: tuple[Contract, ...] | None = None


class Publisher(Part):
    """Who publishes."""

    name: str
    uri: str


class Package(Part):
    """A release package of the Open Contracting Data Standard."""

    uri: str
    version: Literal["1.1"] = VERSION
    published_date: str
    publisher: Publisher
    releases: tuple[Release, ...]
