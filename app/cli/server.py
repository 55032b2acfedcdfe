"""`handbell serve`, `handbell worker`, `handbell check`."""

import errno
import os
import signal
import socket
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from app import log, metrics
from app.actions.applet_program import list_programs
from app.actions.keep_file import WRITTEN_WITHIN
from app.actions.sealing import lost_second_factors
from app.actions.seed import EXAMPLE_PEOPLE, FirstLogin, seed
from app.actions.signing_keys import ensure_keys, opened_keys
from app.actions.site_check import site_problems
from app.cli.live_check import check_live
from app.cli.opening import commands_log, now, open_database, open_keys
from app.cli.relay_check import check_relays
from app.cli.served_address import keep_address
from app.cli.site_words import worded_all
from app.cli.transport_words import transport_warnings
from app.core.kept_file import written_size
from app.core.moment import iso
from app.core.platform import PLATFORMS
from app.core.role import Role
from app.core.security_acts import Told
from app.core.security_event import SecurityEvent
from app.core.staff import Staff
from app.core.vendor_account import account_warnings
from app.files.resources import resource
from app.keys.installation_secret import installation_secret
from app.process.keyring import KeyRing
from app.process.running import Running
from app.process.schedule import Schedule
from app.settings import Settings, load_settings
from app.store.database import Database
from app.store.erasures import outstanding_since
from app.store.files import bytes_kept
from app.store.sites import load_sites
from app.store.staff import load_staff

_ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@click.command()
def serve() -> None:
    """Set everything up and run the site, the desk and the worker in the foreground."""
    settings = load_settings()
    _refuse_busy_port(settings)
    first_login = _set_up(settings)
    keep_address(settings)
    click.echo(_addresses(settings, first_login))
    with open_database(settings) as database, database.read() as connection:
        staff = load_staff(connection)
        _remind_of_administrator(staff)
        _warn_of_example_people(settings, staff)
    _run_gunicorn(settings)


@click.command()
def worker() -> None:
    """Hand requests off and do the background work, without the website, in the foreground."""
    settings = load_settings()
    log.set_up(settings.log_level)
    metrics.share(settings.metrics_dir)
    metrics.forget_dead_processes(settings.metrics_dir)
    metrics.prepare()
    # Blocked in all its threads and waited for: a handler that sets an Event can meet its lock held, and hang.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING_SIGNALS)
    here = Running(settings)
    schedule = Schedule(here.database, settings, here.clock, here.keys)
    here.hand_offs.start()
    schedule.start()
    click.echo("ready")
    signal.sigwait(_ENDING_SIGNALS)
    schedule.stop()
    here.close()


_ERASURE_LATE = timedelta(hours=1)
_FILES_MANY = 0.8


@click.command()
@click.option("--live", is_flag=True, help="Also open one real session for each site, and show what came back.")
@click.option("--site", "slug", metavar="KEY", help="With --live: for this site alone.")
def check(live: bool, slug: str | None) -> None:
    """Check the configuration, the keys, the database and each site; exit status 1 when something is wrong."""
    if slug and not live:
        raise click.ClickException("--site goes with --live")
    settings = load_settings()
    wrong = _check_at_rest(settings)
    if live:
        with open_database(settings) as database:
            wrong |= not check_live(database, settings, slug)
    if wrong:
        raise click.exceptions.Exit(1)


def _check_at_rest(settings: Settings) -> bool:
    """Print the checks that need no call to a vendor; returns whether something is wrong."""
    click.echo(f"settings   good, {settings.base_url}")
    wrong = []
    with open_database(settings) as database, database.read() as connection:
        keys = _keys_at_rest(database, settings)
        click.echo(f"database   good, {database.url.render_as_string(hide_password=True)}")
        wrong += _warn_of_clock(database)
        for warning in transport_warnings(connection, settings):
            click.echo(f"warning    {warning}")
        staff = load_staff(connection)
        _remind_of_administrator(staff)
        wrong += _warn_of_example_people(settings, staff)
        sites = load_sites(connection)
        for site in sites:
            problems = worded_all(site_problems(site, staff, keys, now().date(), targets=settings.targets), site)
            click.echo(f"site       {site.slug}: {'; '.join(problems) or 'good'}, {site.backend}")
            for warning in worded_all(account_warnings(site, now().date()), site):
                click.echo(f"warning    {site.slug}: {warning}")
            wrong += problems
        for email, problem in lost_second_factors(connection, keys).items():
            click.echo(f"technician {email}: {problem}")
            wrong.append(problem)
        if since := outstanding_since(connection):
            click.echo(f"warning    erased at {iso(since)}, still in the database's log: a reader holds it")
            wrong += ["erasure"] if now() - since > _ERASURE_LATE else []
        _tell_of_files(bytes_kept(connection, now() - WRITTEN_WITHIN), settings.files_max)
    if not check_relays(settings, sites):
        wrong.append("relays")
    for platform in PLATFORMS:
        folder = settings.applets_dir / platform
        programs = list_programs(settings.applets_dir, platform)
        if len(programs) > 1:
            wrong.append(platform)
            click.echo(f"applet     {folder} holds {len(programs)} files; only {programs[0].name} is handed out")
    return bool(wrong)


def _keys_at_rest(database: Database, settings: Settings) -> KeyRing | None:
    """Print where the keys are; None before the first start. Raises BadKeys."""
    secret = installation_secret(settings)
    with database.read() as connection:
        if not opened_keys(connection, secret) and not secret.exists():
            click.echo("keys       none yet; made on first start")
            return None
    keys = open_keys(database, settings)
    click.echo(f"keys       {len(keys.session_keys)} in the database, sealed by {secret}")
    return keys


def _tell_of_files(used: int, most: int) -> None:
    """Print how much room kept files take, as a warning from 80 % on."""
    click.echo(f"files      {written_size(used)} of {written_size(most)}")
    if used >= _FILES_MANY * most:
        click.echo("warning    files have taken 80 % of their room or more; raise HANDBELL_FILES_MAX")


def _warn_of_clock(database: Database) -> list[str]:
    """Print how far this host's clock is from PostgreSQL's, where that is 2 seconds or more; a fault over 30."""
    skew = 0.0 if database.is_sqlite else (now() - database.time()).total_seconds()
    if abs(skew) < 2:
        return []
    way = "ahead of" if skew > 0 else "behind"
    click.echo(f"warning    this host's clock is {abs(skew):.0f} s {way} the database's")
    return ["clock"] if abs(skew) > 30 else []


def _remind_of_administrator(staff: Staff) -> None:
    """Warn when no technician can log in, or none is an administrator."""
    if not staff.technicians:
        click.echo("warning    nobody can log in yet; see: handbell technician add MAIL --name NAME")
    elif not any(t.role is Role.ADMINISTRATOR and not t.disabled for t in staff.technicians.values()):
        click.echo("warning    nobody is administrator; see: handbell technician role MAIL administrator")


def _warn_of_example_people(settings: Settings, staff: Staff) -> list[str]:
    """Warn of people of the demo desk who can take customers' requests while the public address is https.

    Returns their mail addresses.
    """
    if not settings.https:
        return []
    found = [t.email for t in staff.technicians.values() if t.email in EXAMPLE_PEOPLE and not t.disabled]
    for email in found:
        click.echo(f"warning    {email} is an example; see: handbell technician disable {email}")
    return found


def _set_up(settings: Settings) -> FirstLogin | None:
    """Make what is missing: folder, keys, database, migrations, demo desk."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        _prove_writable(settings.data_dir)
    except OSError as error:
        raise click.ClickException(
            f"cannot write to {error.filename or settings.data_dir}: {error.strerror}; set HANDBELL_DATA_DIR"
        ) from None
    with open_database(settings) as database:
        ensure_keys(database, installation_secret(settings), now=now())
        first_login = seed(database, now=now(), demo=settings.makes_demo_desk)
        if first_login:
            told = Told(SecurityEvent.DEMO_DESK_MADE, account=first_login.email)
            commands_log(database, settings).tell(told)
    return first_login


def _prove_writable(folder: Path) -> None:
    probe = folder / f".writable-{os.getpid()}"
    probe.touch()
    probe.unlink()


def _refuse_busy_port(settings: Settings) -> None:
    """Refuse a port in use: gunicorn shares its port by design, so a second Handbell on it would go unnoticed."""
    family = socket.AF_INET6 if ":" in settings.bind else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.bind, settings.port))
        except OSError as error:
            why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
            raise click.ClickException(
                f"port {settings.port} on {settings.bind} {why}; set PORT to another one"
            ) from None


def _addresses(settings: Settings, first_login: FirstLogin | None) -> str:
    lines = [
        f"request page   {settings.base_url}/",
        f"console        {settings.base_url}/console/",
        f"data           {settings.data_dir.absolute()}",
    ]
    if first_login:
        lines.append(f"first log-in   {first_login.email}  password {first_login.password}  (shown this once)")
    return "\n".join(lines)


def _run_gunicorn(settings: Settings) -> None:
    from gunicorn.app.base import Application

    from app.factory import create_app

    class Server(Application):  # type: ignore[misc]
        """gunicorn with our configuration file and our application."""

        def init(self, parser: Any, opts: Any, args: Any) -> None:
            """Do nothing, as gunicorn gets no options from the command line."""

        def load_config(self) -> None:
            self.load_config_from_file(str(resource("gunicorn.conf.py")))
            self.cfg.set("post_worker_init", _say_ready)

        def load(self) -> Any:
            return create_app(settings)

    sys.argv = ["handbell"]
    Server("handbell").run()


def _say_ready(worker: Any) -> None:
    if worker.age == 1:
        click.echo("ready")
        sys.stdout.flush()
