"""Acknowledged means on disk: web processes are killed while customers submit, some of them twice at once."""

import http.client
import os
import random
import signal
import subprocess
import threading
from collections import Counter, defaultdict
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.live_server import LiveServer, serving

CUSTOMERS = 6
REQUESTS_EACH = 40
KILLS = 4


class Crowd:
    """Customers who submit, and what they were told."""

    def __init__(self, server: LiveServer, token: str) -> None:
        self._server = server
        self._token = token
        self._changed = threading.Condition()
        self.told: dict[str, set[str]] = defaultdict(set)
        self.over = False

    def run(self) -> None:
        customers = [threading.Thread(target=self._customer, args=(number,)) for number in range(CUSTOMERS)]
        for customer in customers:
            customer.start()
        for customer in customers:
            customer.join()
        with self._changed:
            self.over = True
            self._changed.notify_all()

    def wait_for(self, acknowledged: int) -> bool:
        """Until that many requests were acknowledged; False when the crowd went home before."""
        with self._changed:
            self._changed.wait_for(lambda: self.over or len(self.told) >= acknowledged)
            return not self.over

    def _customer(self, number: int) -> None:
        for request in range(REQUESTS_EACH):
            presses = [
                threading.Thread(target=self._press, args=(f"{number}-{request}", number))
                for _ in range(random.randint(1, 3))
            ]
            for press in presses:
                press.start()
            for press in presses:
                press.join()

    def _press(self, customer_number: str, address: int) -> None:
        body = urlencode({"form_token": self._token, "customer_number": customer_number})
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Forwarded-For": f"10.{address}.{random.randrange(250)}.{random.randrange(250)}",
        }
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=30)
        try:
            connection.request("POST", "/s/default", body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return  # killed in the middle: nothing was acknowledged
        finally:
            connection.close()
        if answer.status == 303:
            with self._changed:
                self.told[customer_number].add(answer.headers["Location"])
                self._changed.notify_all()


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_or_doubled_when_web_processes_are_killed(tmp_path: Path) -> None:
    with serving(tmp_path, HANDBELL_TRUSTED_PROXIES="127.0.0.1/32", HANDBELL_LOG_LEVEL="error") as server:
        crowd = Crowd(server, server.form_token())
        thread = threading.Thread(target=crowd.run)
        thread.start()
        kills = 0
        while kills < KILLS and crowd.wait_for((kills + 1) * 40):
            os.kill(random.choice(web_processes(server)), signal.SIGKILL)
            kills += 1
        thread.join()
        rows = server.run_json("request", "list", "--most", "10000")
        tickets = server.run_json("ticket", "list", "--most", "10000")
    assert kills == KILLS
    kept = Counter(row["customer_number"] for row in rows)
    assert not [number for number in crowd.told if number not in kept]
    assert not [number for number, times in kept.items() if times > 1]
    assert not [number for number, addresses in crowd.told.items() if len(addresses) > 1]
    assert sorted(t["reference"] for t in tickets) == sorted(row["reference"] for row in rows)


def web_processes(server: LiveServer) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(server.pid)], capture_output=True, text=True, check=True)
    return [int(pid) for pid in found.stdout.split()]
