"""The desk's departments and technicians."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.core.role import Role


@dataclass(frozen=True, slots=True)
class Department:
    """A queue of the desk. `id` is what callers send, as `1234` or `id_1234`."""

    id: int
    name: str
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Technician:
    """A technician. `email` is the user name, in lower case; `departments` are ids.

    A technician who is `away` still gets requests, and their departments see them too. Without a password nobody can
    log in.
    """

    id: int
    email: str
    name: str
    departments: frozenset[int] = frozenset()
    disabled: bool = False
    role: Role = Role.TECHNICIAN
    away: bool = False
    has_password: bool = True


@dataclass(frozen=True, slots=True)
class Staff:
    """Departments by id and technicians by lower-case mail, disabled ones included."""

    departments: Mapping[int, Department] = field(default_factory=dict)
    technicians: Mapping[str, Technician] = field(default_factory=dict)

    def technician(self, technician_id: int | None) -> Technician | None:
        """The technician with that id, or None."""
        return next((t for t in self.technicians.values() if t.id == technician_id), None)
