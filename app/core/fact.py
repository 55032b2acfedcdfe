"""A fact that a rule returns. Commands, pages and APIs word it, each in their own terms."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

Value = str | int | float | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """`code` says what was found about `field`, which is an element, an option or a step. `values` go into the
    words."""

    field: str
    code: str
    values: Mapping[str, Value] = dataclasses.field(default_factory=dict, hash=False)
