"""b22: whatever is sent to the doors, no answer is 500 or more and nothing breaks."""

import hmac
import json
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from tests.web.sender import FIRST_SECRET, Sender, key_of
from tests.web.serving import Served, served

from music_sync.adapters.hook_file import HookFile
from music_sync.web.pages_docs import schema
from music_sync.web.webhooks_schemes import sign

FUZZER = Path(__file__).parent.parent / "fuzz" / "webhooks.py"
NOTION, HUB = "secret_obviously_fake_verification", "an obviously fake hub secret"
EXAMPLES = (
    b'{"type": "track.liked", "data": {"url": "https://open.spotify.com/track/11dFghVXANMlKmJXsNCbNl", "title": "x"}}',
    b'{"type": "sync.requested", "data": {"source": "spotify:likes"}}',
    b'{"type": "playlist.changed", "data": {"url": "https://soundcloud.com/a/sets/b"}}',
    b'{"id": "e", "type": "page.created", "entity": {"id": "a"}, "data": {"parent": {"id": "b"}}}',
    b'{"verification_token": "secret_1234567890"}',
    b"TrackName=a&ArtistName=b&TrackURL=http%3A%2F%2F127.0.0.1",
    b'{"title": "a "b"", "artist": "c"}',
    b'--b\r\nContent-Disposition: form-data; name="payload"\r\n\r\n{"event": "media.rate", "Metadata": {}}\r\n--b--\r\n',
    b"hub.mode=subscribe&hub.topic=t&hub.challenge=c&hub.lease_seconds=60",
)


@pytest.mark.parametrize("runs", [3000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_b22_what_a_fuzzer_makes_up_is_answered_below_500(tmp_path: Path, runs: int) -> None:
    pytest.importorskip("atheris")
    for number, example in enumerate(EXAMPLES):
        for door in range(7):
            # The last bytes choose door, kind and name.
            (tmp_path / f"{number}-{door}").write_bytes(example + bytes([0, number % 5, door]))
    command = [sys.executable, str(FUZZER), f"-runs={runs}", "-max_len=2000", "-seed=1", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1500, cwd=tmp_path)

    assert done.returncode == 0, done.stderr[-3000:]
    assert f"Done {runs} runs" in done.stderr or int(done.stderr.rpartition("#")[2].split()[0]) >= runs


@pytest.fixture(scope="module")
def hooked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("home")
    HookFile(home / "var" / "webhooks.json").put("youtube", HUB, signed=True)
    variables = {"MUSIC_SYNC_WEBHOOK_SECRETS": FIRST_SECRET, "NOTION_WEBHOOK_TOKEN": NOTION}
    with served(home, MUSIC_SYNC_WEBHOOK_RATE="100000", **variables) as running:
        yield running


@pytest.fixture(scope="module")
def sender(hooked: Served) -> Iterator[Sender]:
    with httpx.Client() as client:
        yield Sender(hooked.url, client)


QUICK = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
OPERATIONS = [
    found.ok() for found in schemathesis.openapi.from_dict(schema()).get_all_operations() if isinstance(found, Ok)
]


def signed(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Prove the request at whichever door it is for, so that it reaches what lies behind."""
    given = request.body or b""
    body = given if isinstance(given, bytes) else given.encode("utf-8", "surrogatepass")
    proof = sign(key_of(FIRST_SECRET), secrets.token_hex(8), int(time.time()), body)
    for method, header, secret in (("sha256", "x-notion-signature", NOTION), ("sha1", "x-hub-signature", HUB)):
        proof[header] = f"{method}=" + hmac.new(secret.encode(), body, method).hexdigest()
    request.headers.update(proof)
    return request


LONG = 100_000
"""Cases of the long form, over all operations."""


@pytest.mark.parametrize("cases", [25, pytest.param(LONG // len(OPERATIONS) + 1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_b22_what_the_description_allows_and_forbids_is_answered_as_described(
    hooked: Served, operation: Any, cases: int, record_property: Callable[[str, object], None]
) -> None:
    """schemathesis makes cases from our OpenAPI, right and wrong ones, for the real server; every other one is signed."""
    allowed = {int(status) for status in operation.definition.raw["responses"]}
    answers: Counter[int] = Counter()

    with requests.Session() as session:

        @settings(QUICK, max_examples=cases)
        @given(case=operation.as_strategy())
        def send(case: Any) -> None:
            session.auth = signed if answers.total() % 2 else None
            status = case.call(base_url=hooked.url, session=session).status_code
            answers[status] += 1
            assert status in allowed

        send()

    record_property("answers", dict(answers))
    assert answers.total() >= cases
    assert max(answers) < 500


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
KINDS = ("track.liked", "sync.requested", "playlist.changed", "task.created")


@QUICK
@given(said=JSON, kind=st.sampled_from(KINDS))
def test_b22_signed_json_of_any_shape_is_answered_below_500(sender: Sender, said: object, kind: str) -> None:
    for body in (said, {"type": kind, "data": said}):
        assert sender.send(json.dumps(body).encode()).status_code in {202, 400, 422}
