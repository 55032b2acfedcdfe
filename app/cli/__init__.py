"""The `handbell` command, one file per subject; an error is one clear line and exit status 1."""

import sys
from importlib import import_module

import click

from app.keys.signing_key import BadKeys
from app.settings import BadSettings
from app.store.database import DatabaseUnusable

_FILES = {
    "audit": "audit",
    "check": "server",
    "department": "desk",
    "desk": "desk_options",
    "figures": "figures",
    "hours": "hours",
    "keys": "keys",
    "notice": "notices",
    "prune": "requests",
    "request": "requests",
    "serve": "server",
    "site": "sites",
    "technician": "desk",
    "ticket": "tickets",
    "worker": "server",
}


class _Commands(click.Group):
    """Loads only the file of the command that is run, as loading takes half the time of a short command."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_FILES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _FILES:
            return None
        file = import_module(f"app.cli.{_FILES[cmd_name]}")
        command: click.Command = getattr(file, cmd_name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def handbell() -> None:
    """The front door between a website and a remote-support session."""


def main() -> None:
    """Run the command; faults of the installation are printed as one line each."""
    try:
        sys.exit(handbell.main(standalone_mode=False) or 0)
    except click.exceptions.NoArgsIsHelpError as asked:
        asked.show()
        sys.exit(1)
    except click.ClickException as error:
        click.echo(f"handbell: {error.format_message()}", err=True)
        sys.exit(1)
    except UnicodeEncodeError:
        click.echo("handbell: an argument is not valid UTF-8", err=True)
        sys.exit(1)
    except click.Abort:
        sys.exit(130)
    except (BadSettings, BadKeys, DatabaseUnusable) as error:
        for line in str(error).splitlines():
            click.echo(f"handbell: {line}", err=True)
        sys.exit(1)
