"""A scorecard: the criteria by which a stage's applicants are judged, public before anybody writes."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from domain.values.model import Line, Name, Value


class Mark(Value):
    """One step of a scale, in words."""

    mark: Annotated[int, Field(ge=0, le=100, strict=True)]
    means: Line


class Criterion(Value):
    """One thing that readers judge.

    Args:
        id: its name.
        title: what is judged.
        hint: what helps to judge it.
        weight: how much it counts in relation to the others. 0 adds nothing to the total: the criterion informs, and
            decides only by its pass mark if it has one.
        scale: the marks that can be given, with what each means, from the lowest.
        looks_at: ids of the questions whose answers it is judged by; all if left out.
        pass_mark: the lowest mark with which an application can pass; none if left out.
    """

    id: Name
    title: Line
    hint: Line | None = None
    weight: Annotated[int, Field(ge=0, le=1000, strict=True)] = 1
    scale: Annotated[tuple[Mark, ...], Field(min_length=2, max_length=101)]
    looks_at: tuple[Name, ...] = ()
    pass_mark: Annotated[int, Field(ge=0, le=100, strict=True)] | None = None

    @property
    def weighed(self) -> str:
        """The title with the weight: "How much do citizens gain? (weight 3)"."""
        return f"{self.title} ({f'weight {self.weight}' if self.weight else 'only informs'})"

    @model_validator(mode="after")
    def _scale_rises(self) -> Self:
        marks = [each.mark for each in self.scale]
        if sorted(set(marks)) != marks:
            raise ValueError(f"has a scale of {marks}: write each mark once, from the lowest to the highest")
        if self.pass_mark is not None and self.pass_mark not in marks:
            raise ValueError(f"has pass_mark {self.pass_mark}, which is not a mark of its scale: write one of {marks}")
        return self


class Scorecard(Value):
    """The criteria of a stage."""

    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1, max_length=50)]

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        ids = [each.id for each in self.criteria]
        if twice := sorted({each for each in ids if ids.count(each) > 1}):
            raise ValueError(f"two criteria have the id {twice[0]!r}: give each criterion its own")
        if not any(each.weight for each in self.criteria):
            raise ValueError("has no criterion with a weight: give at least one a weight above 0")
        return self
