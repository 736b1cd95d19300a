"""`config`: show and check the settings."""

import click

from music_sync.cli import show
from music_sync.settings import FILE_ONLY, Settings, load, shown, variable


@click.group()
def config() -> None:
    """Show and check the settings."""


@config.command("show")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def show_settings(*, as_json: bool) -> int:
    """Each setting with its value and where it came from; secrets stay hidden."""
    loaded = load()
    rows = {
        name: {"value": shown(name, getattr(loaded.settings, name)), "origin": loaded.origins[name]}
        for name in Settings.model_fields
    }
    if as_json:
        show.as_json(rows)
        return 0
    width = max(map(len, rows))
    for name, row in rows.items():
        click.echo(f"{name:<{width}}  {show.clean(str(row['value']))}  ({row['origin']})")
    return 0


@config.command()
def check() -> int:
    """Say whether all settings are right; exit 2 with the first wrong one."""
    loaded = load()
    click.echo(f"settings are right; home is {loaded.settings.home}")
    return 0


@config.command()
def docs() -> int:
    """Print the page that documents every setting."""
    click.echo(page(), nl=False)
    return 0


def page() -> str:
    """Every setting as Markdown, one row each."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = _default(name)
        rows.append(f"| `{name}` | {_variable(name)} | {default} | {field.description} |")
    head = (
        "# Settings\n\n"
        "Made by `make docs` from `src/music_sync/settings.py`; do not edit it by hand.\n\n"
        "A setting comes from its environment variable, else from `music-sync.toml` in the home folder, else from its"
        " default.\nLists are separated by commas in the environment and are arrays in the file.\n"
        "A secret may also stand in a file named by the variable with `_FILE` behind it.\n\n"
        "| key | variable | default | meaning |\n| --- | --- | --- | --- |\n"
    )
    return head + "\n".join(rows) + "\n"


def _variable(name: str) -> str:
    return "file only" if name in FILE_ONLY else f"`{variable(name)}`"


def _default(name: str) -> str:
    field = Settings.model_fields[name]
    if name == "home":
        return "the platform's data folder; the checkout for the kept scripts"
    if name in FILE_ONLY:
        return "those of the original system"
    if name == "workers":
        return "number of cores, at most 4"
    if field.is_required():
        return f"`{name}` in the home"
    value = shown(name, field.get_default())
    return f"`{value}`" if value != "" else "none"
