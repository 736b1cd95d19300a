"""`serve`: the dashboard and the webhooks of this home."""

import os
import signal
import sys

import click

from music_sync.adapters.lock_file import locked
from music_sync.cli.log import logged
from music_sync.model.errors import BadSetting
from music_sync.settings import Settings, load


@click.command()
def serve() -> int:
    """Serve the dashboard and the webhooks of this home until it is stopped.

    While no password is set it prints a link that sets one, good for one use.
    """
    from music_sync.web.app import create_app
    from music_sync.web.server import Server, address_of, listening
    from music_sync.web.site import open_site
    from music_sync.wiring import serving

    # A command's output may be cut off by its reader; here it is a client that went away, and the server goes on.
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    settings = load().settings
    store = serving.sign_in_store(settings)
    check_binding(settings, has_password=store.has_password())
    with (
        locked(settings.var / "serve.lock", "music-sync serve"),
        logged(settings.home / "logs" / "serve.log"),
        listening(settings.host, settings.port) as bound,
        open_site(settings, store) as site,
    ):
        address = address_of(bound)
        click.echo(f"dashboard: {address}")
        if site.sign_in.first_link:
            click.echo(f"set its password, once: {address}/first-password?link={site.sign_in.first_link}")
        server = Server(create_app(site))
        server.run([bound])
    click.echo("stopped; what waits is taken up by the next start", err=True)
    sys.stderr.flush()
    # A sync that an event started ends by itself; no thread of ours is waited for.
    os._exit(128 + server.ended_by if server.ended_by else 0)


def check_binding(settings: Settings, *, has_password: bool) -> None:
    """Refuse to be reachable by others unless that was wished for and nobody can walk in."""
    from music_sync.web.security import is_loopback

    if is_loopback(settings.host):
        return
    if not settings.open_to_network:
        raise BadSetting(
            f"MUSIC_SYNC_HOST {settings.host} can be reached by others; set MUSIC_SYNC_OPEN_TO_NETWORK=true if that is"
            " meant, else 127.0.0.1"
        )
    if not has_password:
        raise BadSetting(
            f"MUSIC_SYNC_HOST {settings.host} can be reached by others and no password is set; serve on 127.0.0.1 once"
            " and set one by the link that is printed"
        )
