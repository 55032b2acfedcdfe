"""What an administrator sets for the whole desk."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

LONGEST_KEPT_DAYS = 90
LONGEST_WAIT_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskOptions:
    """`long_wait` is minutes after which a waiting ticket is in the general queue as well. `retention_days`, where
    set, stands in for HANDBELL_RETENTION_DAYS."""

    long_wait: int = 10
    retention_days: int | None = None

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """From plain JSON values; an option of a newer version is left alone."""
        return cls(**{name: stored[name] for name in cls.__slots__ if name in stored})

    def stored(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"long_wait": self.long_wait, "retention_days": self.retention_days}

    def problems(self) -> dict[str, str]:
        """What is wrong, by option."""
        wrong = {}
        if not 1 <= self.long_wait <= LONGEST_WAIT_MINUTES:
            wrong["long_wait"] = f"must be 1 to {LONGEST_WAIT_MINUTES} minutes"
        if self.retention_days is not None and not 1 <= self.retention_days <= LONGEST_KEPT_DAYS:
            wrong["retention_days"] = f"must be 1 to {LONGEST_KEPT_DAYS} days"
        return wrong

    def retention(self, default_days: int) -> timedelta:
        """How long personal data is kept after a request has ended."""
        return timedelta(days=self.retention_days or default_days)
