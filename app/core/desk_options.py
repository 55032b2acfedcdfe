"""Options for the whole desk, set by an administrator."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Self

from app.core.fact import Fact
from app.core.role import Role

LONGEST_KEPT_DAYS = 90
LONGEST_WAIT_MINUTES = 24 * 60
HIGHEST = {"long_wait": LONGEST_WAIT_MINUTES, "retention_days": LONGEST_KEPT_DAYS}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskOptions:
    """Options of the desk.

    `long_wait` is minutes after which a waiting ticket also appears in the general queue. `retention_days`, where set,
    replaces HANDBELL_RETENTION_DAYS. `second_factor_roles` are the roles whose log-in needs a second factor; None means
    administrators, if the public address is https. With `call_backs` customers may ask to be called back, within the
    opening hours, where there are any.
    """

    long_wait: int = 10
    retention_days: int | None = None
    second_factor_roles: tuple[str, ...] | None = None
    call_backs: bool = True

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """From plain JSON values; options of a newer version are ignored."""
        known = {name: stored[name] for name in cls.__slots__ if name in stored}
        if known.get("second_factor_roles") is not None:
            known["second_factor_roles"] = tuple(known["second_factor_roles"])
        return cls(**known)

    def stored(self) -> dict[str, Any]:
        """The options as plain JSON values."""
        return asdict(self)

    def problems(self) -> list[Fact]:
        """Faults that prevent storing the options."""
        numbers = {"long_wait": self.long_wait, "retention_days": self.retention_days}
        return [
            Fact(name, "range", {"least": 1, "most": HIGHEST[name]})
            for name, number in numbers.items()
            if number is not None and not 1 <= number <= HIGHEST[name]
        ]

    def demands_second_factor(self, role: Role, *, https: bool) -> bool:
        """Whether this role must have a second factor. `https`: whether the public address is https."""
        if self.second_factor_roles is None:
            return https and role is Role.ADMINISTRATOR
        return role in self.second_factor_roles

    def retention(self, default_days: int) -> timedelta:
        """How long personal data is kept after a request has ended."""
        return timedelta(days=self.retention_days or default_days)
