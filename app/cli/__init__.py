"""The `handbell` command. Each file holds one subject; a mistake is one clear line and exit status 1."""

import sys

import click

from app.cli import audit, desk, desk_options, figures, keys, requests, second_factor, server, site_key, sites, tickets
from app.key_file import BadKeys
from app.settings import BadSettings
from app.store.database import DatabaseUnusable


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def handbell() -> None:
    """Ring for support: the front door between a website and a remote-support session."""


desk.technician.add_command(second_factor.second_factor)
for command in (
    server.serve,
    server.worker,
    server.check,
    sites.site,
    desk.department,
    desk.technician,
    desk_options.desk_options,
    requests.request,
    requests.prune,
    figures.figures,
    tickets.ticket,
    keys.keys,
    audit.audit,
):
    handbell.add_command(command)
sites.site.add_command(site_key.uid)


def main() -> None:
    """Run the command; what is wrong with the installation is said in one line each."""
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
