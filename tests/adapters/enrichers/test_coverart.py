"""Cover Art Archive: its redirect is followed to where it keeps its pictures, and nowhere else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.enriching import KNOWN, WORK, Services, serving

from music_sync.adapters.enrichers import coverart
from music_sync.demo.loopback import Loopback
from music_sync.demo.metadata import mbid, picture
from music_sync.model.errors import GiveUp


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with serving(tmp_path, WORK) as opened:
        yield opened


def test_the_picture_behind_the_redirect_is_the_cover(services: Services) -> None:
    [answer] = services.client("coverart").ask(KNOWN)

    assert answer.cover is not None
    assert answer.cover.picture == services.coverart.pictures[mbid(11)]
    assert [seen.status for seen in services.coverart.seen] == [307, 200]


def test_a_redirect_to_another_host_is_not_followed(services: Services) -> None:
    with Loopback() as other:
        for address in (f"{other.url}/x.jpg", "https://example.com/x.jpg", "https://archive.org.evil.test/x.jpg"):
            services.coverart.redirects_to = address
            with pytest.raises(GiveUp, match="is not followed"):
                services.client("coverart").ask(KNOWN)

        assert other.seen == []


def test_a_redirect_in_a_circle_ends(services: Services) -> None:
    services.coverart.redirects_to = f"{services.coverart.url}/release/{mbid(11)}/front-1200"
    with pytest.raises(GiveUp, match="again and again"):
        services.client("coverart").ask(KNOWN)


def test_what_is_no_picture_is_none(services: Services) -> None:
    services.coverart.pictures[mbid(11)] = b"<html>no picture</html>"
    with pytest.raises(GiveUp, match="cannot be used"):
        services.client("coverart").ask(KNOWN)


def test_a_picture_that_is_far_too_large_is_not_read_to_its_end(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coverart, "LARGEST_BYTES", 100)
    with pytest.raises(GiveUp, match="has more than"):
        services.client("coverart").ask(KNOWN)


def test_a_large_picture_is_made_modest(services: Services) -> None:
    services.coverart.pictures[mbid(11)] = picture(side=1800)
    [answer] = services.client("coverart").ask(KNOWN)

    assert answer.cover is not None
    assert answer.cover.picture != services.coverart.pictures[mbid(11)]
