"""The dashboard in a real Chromium: a person signs in, watches a sync, settles a review, takes back and tries again."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from tests.web.filled import fill
from tests.web.serving import PASSWORD, Served, served

from music_sync.demo.music import PIECES, SAMPLE_RATE_HZ, render, tag_words, write_encoded, write_tags

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PAGES = ("/", "/library", "/library?ending=failed", "/reviews", "/buy-list", "/numbers?key=8A", "/runs", "/tasks")
FURTHER = ("/settings", "/webhooks-log", "/docs", "/act/sync")
WIDE, NARROW = 1200, 380
SOON_MS = 30_000
"""A command of ours on a machine that has much else to do."""
HOSTILE = "<img src=x onerror=document.title='owned'>"


@dataclass(frozen=True)
class Home:
    """A home with a drop folder, and the server that shows it."""

    folder: Path
    server: Served

    def offer(self, number: int, name: str, codec: str = "flac", title: str = "") -> Path:
        """Put a short piece into the drop folder; it looks old enough to have stopped growing."""
        piece = replace(PIECES[number], length_s=8.0)
        path = self.folder / "drop" / f"{name}.{codec}"
        write_encoded(path, render(piece), SAMPLE_RATE_HZ, codec)
        words = tag_words(piece)
        write_tags(path, {**words, "title": title} if title else words)
        os.utime(path, (1_700_000_000, 1_700_000_000))
        return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no chromium on this machine: `apt-get install chromium` brings it")
    with sync_playwright() as driver, tempfile.TemporaryDirectory(prefix="music-sync-browser-") as profile:
        launched = driver.chromium.launch(
            executable_path=program, args=[*FLAGS, f"--disk-cache-dir={profile}"], headless=True
        )
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    folder = tmp_path_factory.mktemp("browsed")
    (folder / "drop").mkdir()
    (folder / "music-sync.toml").write_text('sources = ["folder", "list"]\nenrich = ["none"]\n')
    with served(folder) as server:
        yield Home(folder, server)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home that holds one of each already."""
    folder = tmp_path_factory.mktemp("filled")
    with served(folder) as server:
        fill(folder)
        yield Home(folder, server)


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the pictures of the pages are left; with the test's other output."""
    return tmp_path_factory.mktemp("pictures")


@contextmanager
def opened(browser: Browser, home: Home, width: int = WIDE, scheme: str = "light") -> Iterator[Page]:
    """A page of somebody who has just signed in."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.set_default_timeout(SOON_MS)
    page.goto(home.server.url + "/library")
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_selector("h1:has-text('Library')")
    yield page
    context.close()


def done(page: Page) -> str:
    """Say yes, and wait for the sentence that tells what was done."""
    page.click("main form button")
    page.wait_for_selector("#job .verdict")
    return page.inner_text("#job .verdict")


def synced(page: Page, home: Home) -> str:
    page.goto(home.server.url + "/")
    page.click("a.button:has-text('Sync now')")
    return done(page)


def test_a_person_watches_a_sync_and_settles_what_it_left(browser: Browser, home: Home, shots: Path) -> None:
    home.offer(0, "first")
    hostile = home.offer(1, "second", title=HOSTILE)
    broken = home.offer(2, "third")
    whole = broken.read_bytes()
    broken.write_bytes(whole[: len(whole) // 2])
    os.utime(broken, (1_700_000_000, 1_700_000_000))
    with opened(browser, home) as page, opened(browser, home) as watching:
        watching.goto(home.server.url + "/")
        watching.evaluate(
            """() => { window.seen = new Set();
            new MutationObserver(() => document.querySelectorAll("[data-live-active] .stage")
              .forEach((stage) => window.seen.add(stage.textContent)))
              .observe(document.querySelector("[data-live]"), { childList: true, subtree: true }); }"""
        )
        told = synced(page, home)
        watching.wait_for_selector("#facts dd:has-text('2')")
        watching.wait_for_selector("#runs tbody tr")
        watching.wait_for_selector("[data-live-last] li:has-text('filed')")
        stages = watching.evaluate("() => [...window.seen]")
        watching.screenshot(path=shots / "now.png")

    assert told.startswith("2 new")
    assert stages, "nothing was seen while the sync ran"
    assert hostile.exists()

    with opened(browser, home) as page:
        page.click("tbody th a:has-text('onerror')")
        page.wait_for_selector("h1:has-text('onerror')")
        assert page.title() != "owned"
        plays = page.evaluate(
            """async () => { const sound = document.querySelector("audio"); sound.muted = true;
            await sound.play(); return [sound.duration > 7, sound.error === null]; }"""
        )
        assert plays == [True, True]
        page.wait_for_function("document.querySelector('.sound img').naturalWidth > 0")
        page.screenshot(path=shots / "track.png", full_page=True)
        page.click("text=Undo the filing")
        assert "is out of the library" in done(page)

        page.goto(home.server.url + "/library?ending=failed")
        broken.write_bytes(whole)
        os.utime(broken, (1_700_000_000, 1_700_000_000))
        page.click("tr:has-text('cut off') >> text=Retry")
        assert "filed" in done(page)

        home.offer(0, "again", "mp3", title="Four On The Floor (Extended Mix)")
        assert "1 to review" in synced(page, home)
        page.goto(home.server.url + "/reviews")
        page.wait_for_selector("article audio >> nth=1")
        page.screenshot(path=shots / "review.png", full_page=True)
        page.click("article >> text=The same recording")
        assert "already yours" in done(page)
        page.goto(home.server.url + "/reviews")
        page.wait_for_selector("text=Nothing waits for your verdict.")

        page.goto(home.server.url + "/library?words=four+on+the+floor")
        page.click("tbody th a")
        page.click("text=Not this version")
        assert "filed" in done(page)
        page.goto(home.server.url + "/library?words=extended+mix")
        page.wait_for_selector("tbody th a:has-text('Extended Mix')")


@pytest.mark.parametrize(("width", "scheme"), [(WIDE, "light"), (NARROW, "dark")])
def test_no_page_has_a_serious_fault_for_a_screen_reader(
    browser: Browser, filled: Home, shots: Path, width: int, scheme: str
) -> None:
    with opened(browser, filled, width, scheme) as page:
        page.click("tbody th a >> nth=0")
        page.wait_for_selector("h1")
        track = page.url.removeprefix(filled.server.url)
        faults: dict[str, list[str]] = {}
        for path in (*PAGES, *FURTHER, track):
            page.goto(filled.server.url + path)
            found = Axe().run(page).response["violations"]
            grave = [f"{each['id']}: {each['nodes'][0]['html'][:120]}" for each in found if is_grave(each)]
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                grave.append("wider than the screen")
            faults |= {path: grave} if grave else {}
            page.screenshot(path=shots / f"{path.strip('/?').partition('?')[0] or 'now'}-{width}-{scheme}.png")

    assert faults == {}


def is_grave(fault: dict[str, object]) -> bool:
    return fault["impact"] in {"serious", "critical"}


def test_the_pages_work_by_keyboard_and_without_javascript(browser: Browser, filled: Home) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(filled.server.url + "/library")
    page.wait_for_selector("#password:focus")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('Library')")
    page.keyboard.press("Tab")
    skip = page.locator(":focus").inner_text()
    page.keyboard.press("Enter")
    page.locator("#words").focus()
    page.keyboard.type("no such words")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=No track fits")
    context.close()

    assert skip == "Skip to the content"
