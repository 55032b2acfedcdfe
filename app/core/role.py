"""Roles at the desk and their rights."""

from enum import StrEnum


class Role(StrEnum):
    """Each may do what those before may: work tickets; see every queue and hand-off; run the place."""

    TECHNICIAN = "technician"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"

    def includes(self, other: "Role") -> bool:
        """Whether this role may do what `other` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)
