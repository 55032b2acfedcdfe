"""`handbell figures`."""

import json

import click

from app.actions.figures import Figures, finish_next_day
from app.cli.opening import now, open_database
from app.cli.output import json_option, show
from app.core.csv import BOM
from app.core.figures import COLUMNS, figures_csv, plain_figures


@click.command()
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True, help="How many, today the last.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@json_option
def figures(days: int, as_csv: bool, as_json: bool) -> None:
    """Requests, opened sessions and times by day (UTC), of each site and of all together."""
    if as_csv and as_json:
        raise click.ClickException("give --json or --csv, not both")
    with open_database() as database:
        while finish_next_day(database, now=now()):
            pass
        found, today = Figures(database).of(days, now=now()), now().date()
    if as_csv:
        click.echo("".join(figures_csv(found, today)).removeprefix(BOM), nl=False)
    elif as_json:
        click.echo(json.dumps([plain_figures(one, today) for one in found], indent=2))
    else:
        show([{**plain_figures(one, today), "site": one.site or "(all)"} for one in found], COLUMNS, as_json=False)
