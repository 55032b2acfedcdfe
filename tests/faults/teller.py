"""One process that makes and delivers notices, for tests that kill it: `python -m tests.faults.teller URL SMTP SPEED`.

Its clock runs SPEED times faster than the world's, so that leases and pauses are short.
"""

import sys
import time
from datetime import UTC, datetime, timedelta

from app.actions.fan_out import fan_out
from app.actions.tell import Teller
from app.channels import calling, channels, mail
from app.core.mail_server import Mailing, read_mail_server
from app.core.targets import ANYWHERE
from app.process import telling
from app.process.configuration import LoadedDesk
from app.store.database import Database
from tests.actions.outbox import SEALER

EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANSWERS_WITHIN = 0.3  # seconds


def main() -> None:
    """Deliver until it is killed."""
    url, smtp, speed, began = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])
    calling.READ_TIMEOUT = mail.STEP_TIMEOUT = ANSWERS_WITHIN
    telling._FIRST_REST = telling._LONGEST_REST = 0.02
    database = Database(url)
    desk = LoadedDesk(database)

    def clock() -> datetime:
        return EPOCH + timedelta(seconds=(time.time() - began) * speed)

    def teller() -> Teller:
        now = desk.current()
        return Teller(
            database=database,
            clock=clock,
            sites=now.sites,
            unseal=SEALER.unseal,
            channels=channels(),
            targets=ANYWHERE,
            staff=now.staff,
            book=now.notices,
            mail=Mailing(read_mail_server(smtp), "help@example.com"),
            base_url="http://127.0.0.1:8000",
        )

    at_work = telling.Telling(teller)
    while True:
        while fan_out(database, desk.current(), channels(), now=clock()):
            pass
        at_work.look()
        time.sleep(0.05)


if __name__ == "__main__":
    main()
