from pathlib import Path

import pytest
from pydantic import SecretStr

from music_sync.demo import sandbox, story
from music_sync.demo.likes import LikedServices
from music_sync.demo.offers import Offer, Offers
from music_sync.settings import load

LINK = Offer("a link", "link", "http://127.0.0.1:8000/a.mp3", None, "synced", "because")


def test_the_program_of_the_demo_can_ask_nobody_but_the_simulators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "SPOTIFY_REFRESH_TOKEN",
        "YOUTUBE_CLIENT_SECRET",
        "LASTFM_API_KEY",
        "NOTION_TOKEN",
        "LISTENBRAINZ_USER",
    ):
        monkeypatch.setenv(name, "theirs")
    for name in ("SPOTIFY", "NOTION", "YTMUSIC", "LASTFM"):
        monkeypatch.setenv(f"MUSIC_SYNC_{name}_URL", "https://real.invalid")
    monkeypatch.setenv("MUSIC_SYNC_EXTRACTORS", "soundcloud,youtube")
    offers = Offers(tmp_path, tmp_path, tmp_path, (LINK,), ())
    with (
        sandbox.opened(tmp_path / "demo") as opened,
        LikedServices(opened.accounts, is_later=False) as services,
    ):
        settings = load(story.program_in(opened, offers, services).environment).settings
    addresses = [value for name, value in settings if name.endswith("_url") and value is not None]
    secret = {name: value.get_secret_value() for name, value in settings if isinstance(value, SecretStr)}

    assert len(addresses) >= 10
    assert all(address.startswith("http://127.0.0.1:") for address in addresses)
    assert "theirs" not in secret.values()
    assert settings.webhook_secrets == ()
    assert {name.partition("_")[0] for name in secret} == {"spotify", "soundcloud", "youtube"}
    assert (settings.notion_token, settings.lastfm_api_key, settings.listenbrainz_user) == (None, None, "")
    assert (settings.extractors, settings.extractors_url.partition(":")[0]) == (("soundcloud",), "http")
