"""Roles at the desk and their rights."""

from enum import StrEnum


class Role(StrEnum):
    """Each role includes those before it: work on tickets; see every queue and hand-off; administer the desk."""

    TECHNICIAN = "technician"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"

    def includes(self, other: "Role") -> bool:
        """Whether this role may do what `other` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)
