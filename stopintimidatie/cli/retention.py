"""Commands of terms and destruction."""

from __future__ import annotations

import click

from stopintimidatie.cli.content import registry_of
from stopintimidatie.privacy.retention.words import page
from stopintimidatie.settings import Settings


@click.command("bewaartermijnen")
@click.pass_obj
def terms(settings: Settings) -> None:
    """Toon alle soorten gegevens die deze installatie bewaart, met hun voorgestelde termijn."""
    with registry_of(settings) as registry:
        click.echo(page(registry), nl=False)
