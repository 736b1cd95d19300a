"""Every setting: its type, unit, default and meaning; the only reader of the environment.

A setting comes from the environment, else from `music-sync.toml` in the home folder, else from its default here.
"""

import difflib
import os
import re
import sys
import tomllib
from collections.abc import Mapping, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from music_sync.adapters.hook_file import signing_key
from music_sync.adapters.sources import SOURCES, default_order
from music_sync.model.errors import BadSetting
from music_sync.model.formats import FORMATS, ORIGINAL
from music_sync.track.naming import DEFAULT_TEMPLATE, Template

FILE_NAME = "music-sync.toml"
PREFIX = "MUSIC_SYNC_"
LONGEST_INTERVAL_S = 366 * 24 * 3600.0

_YES = frozenset({"true", "1", "yes", "on"})
_NO = frozenset({"false", "0", "no", "off"})


def _as_switch(value: object) -> object:
    if isinstance(value, str):
        word = value.strip().casefold()
        if word not in _YES | _NO:
            raise ValueError(f"{value!r} is neither true, 1, yes, on nor false, 0, no, off")
        return word in _YES
    return value


def _as_list(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(value) if isinstance(value, list) else value


def _as_path(value: object) -> object:
    if isinstance(value, str):
        if not value.strip():
            raise ValueError("it is empty; name a folder")
        return Path(value).expanduser().absolute()
    return value


def _one_of(names: tuple[str, ...], what: str) -> AfterValidator:
    def check(words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            if word not in names:
                raise ValueError(f"there is no {what} {word!r}; known are {', '.join(names)}")
        return words

    return AfterValidator(check)


def _as_template(text: str) -> str:
    try:
        Template.parse(text)
    except BadSetting as error:
        raise ValueError(str(error)) from None
    return text


def _as_address(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
        raise ValueError("it is no address of a Postgres; write postgresql://user@host/database")
    return secret


PROVIDERS = ("owned", "artist", "link", "extractors")
"""Names that the wiring has an adapter for, in their default order."""


EXTRACTORS = ("soundcloud", "youtube")

ENRICHERS = ("musicbrainz", "coverart", "deezer", "acoustid")
"""Services that may be asked what a filed recording is, in the order in which their answers count."""

NONE = "none"
"""Stands for an empty list where the default is not empty."""


def _known_sources(words: tuple[str, ...]) -> tuple[str, ...]:
    for word in words:
        if word.partition(":")[0] not in SOURCES:
            raise ValueError(f"there is no source {word!r}; known are {', '.join(SOURCES)}")
    return words


Switch = Annotated[bool, BeforeValidator(_as_switch)]
Words = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
Place = Annotated[Path, BeforeValidator(_as_path)]
Sources = Annotated[Words, AfterValidator(_known_sources)]
Providers = Annotated[Words, _one_of(PROVIDERS, "provider")]
Enrichers = Annotated[Words, _one_of((*ENRICHERS, NONE), "service that tells of recordings")]
Extractors = Annotated[Words, _one_of(EXTRACTORS, "site whose extractor can be switched on")]
NameTemplate = Annotated[str, AfterValidator(_as_template)]
Address = Annotated[SecretStr, AfterValidator(_as_address)]
Places = Annotated[tuple[Place, ...], BeforeValidator(_as_list)]
Format = Literal["original", "aiff", "alac", "aac", "wav", "flac", "mp3"]
Formats = Annotated[tuple[Format, ...], BeforeValidator(_as_list), Field(min_length=1)]


def _as_hours(value: object) -> object:
    text = str(value).strip()
    if text and not _HOURS.fullmatch(text):
        raise ValueError("quiet hours are two times of day, as 22:00-07:30")
    return text


def _as_secrets(value: object) -> object:
    if isinstance(value, str):
        value = [part.strip() for part in re.split(r"[,\n]", value) if part.strip()]
    return tuple(value) if isinstance(value, list) else value


def _strong(secret: SecretStr) -> SecretStr:
    try:
        signing_key(secret.get_secret_value(), "it is too weak")
    except BadSetting as error:
        raise ValueError(str(error)) from None
    return secret


Secrets = Annotated[tuple[Annotated[SecretStr, AfterValidator(_strong)], ...], BeforeValidator(_as_secrets)]
Quiet = Annotated[str, BeforeValidator(_as_hours)]
_HOURS = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d-(?:[01]\d|2[0-3]):[0-5]\d")


class AgentRule(BaseModel):
    """Tasks that hold one of these words, whole, go to this agent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: Words
    agent: str


AGENTS: dict[str, tuple[str, ...]] = {
    "Claude MM1": ("Claude MM1 Agent",),
    "Claude MM2": ("Claude MM2 Agent", "Claude GD"),
    "Claude Code": ("Claude Code Agent", "Claude Code Agent Trigger"),
    "Cursor MM1": ("Cursor MM1 Agent", "Auto/Cursor MM1 Agent"),
    "Cursor MM2": ("Cursor MM2 Agent", "Cursor GD"),
    "Codex MM1": ("Codex MM1 Agent",),
    "ChatGPT Code Review": ("ChatGPT Code Review Agent",),
    "ChatGPT Strategic": ("ChatGPT Strategic Agent",),
    "ChatGPT Personal Assistant": ("ChatGPT Personal Assistant Agent",),
    "Notion AI Data Operations": ("Notion AI Data Operations Agent", "Notion DataOps"),
    "Notion AI Research": ("Notion AI Research Agent",),
}
"""The original's agents, one spelling each."""

RULES = (
    AgentRule(words=("apps script", "code.gs"), agent="Claude Code"),
    AgentRule(words=("python", ".py", "webhook", "typescript", ".ts"), agent="Cursor MM1"),
    AgentRule(words=("notion database", "notion property", "drivesheets"), agent="Notion AI Data Operations"),
    AgentRule(words=("research",), agent="Notion AI Research"),
)
"""The original's first choices by words."""


class HookFields(BaseModel):
    """What a named webhook asks for, and the fields of its body by our words: `title = "TrackName"`, `url = "a.b"`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["track.liked", "sync.requested", "playlist.changed", "task.created"] = "track.liked"
    artist: str = ""
    title: str = ""
    album: str = ""
    isrc: str = ""
    url: str = ""
    source: str = ""

    @property
    def named(self) -> dict[str, str]:
        return {name: path for name, path in self.model_dump(exclude={"type"}).items() if path}


class Settings(BaseModel):
    """All settings. The environment variable is `MUSIC_SYNC_` and the name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False)

    home: Place = Field(description="Folder that holds settings, state and logs; only the environment can move it.")
    library: Place = Field(description="Folder of the filed tracks, on any drive. Default: `library` in the home.")
    drop: Place = Field(description="Drop folder: what lies there is synced. Default: `drop` in the home.")
    owned: Places = Field(
        (),
        description="Further folders of files you own, separated by commas; they are searched for what you like, and only"
        " read.",
    )
    lists: Places = Field((), description="List files (text, M3U, CSV) that each sync reads, separated by commas.")
    sources: Sources = Field(
        default_order(),
        description="Sources in the order they are asked; `spotify:likes` is one part, `spotify` the rest of them.",
    )
    providers: Providers = Field(PROVIDERS, description="Ways that may bring audio, in order.")
    formats: Formats = Field(
        ("original",),
        description=f"Formats to file: `{ORIGINAL}` (as it came), {', '.join(f'`{f}`' for f in FORMATS)}.",
    )
    template: NameTemplate = Field(DEFAULT_TEMPLATE, description="Where a track goes in the library, no ending.")
    link_hosts: Words = Field(
        (), description="host:port of your own servers that links may name although their addresses are private."
    )
    workers: int = Field(
        default_factory=lambda: min(4, os.cpu_count() or 1), ge=1, le=32, description="Tracks worked on at once."
    )
    database_url: Address | None = Field(
        None, description="postgresql://... for state and flows shared by many machines. Default: SQLite in the home."
    )
    enabled: Switch = Field(default=True, description="Whether `music-sync run` syncs music.")
    interval: float = Field(
        21600, gt=0, le=LONGEST_INTERVAL_S, description="Seconds between two music syncs of `music-sync run`."
    )
    schedule: str = Field("0 */6 * * *", description="Five-field cron text for `music-sync cron setup`.")

    quiet_hours: Quiet = Field(
        "",
        description="Hours, local time, in which the clock starts no sync and no notice is sent: `22:00-07:30`."
        " A task still may start one.",
    )
    notices: SecretStr | None = Field(
        None,
        description="Where to tell you of failures and new tracks: addresses as Apprise knows them (`ntfy://topic`,"
        " `mailto://...`), separated by spaces.",
    )
    digest: Literal["run", "daily", "never"] = Field(
        "daily", description="How often new tracks are told: after each `run`, `daily` at 9:00, or `never`."
    )
    ping_url: SecretStr | None = Field(
        None, description="Address called after each sync, with `/fail` behind it when that failed, as healthchecks.io."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="How log files are written: `text`, or `json` with an object a line for programs."
    )
    otel_endpoint: str = Field(
        "", description="Address of an OpenTelemetry collector (OTLP over HTTP) that gets a span for each run and step."
    )
    metrics_token: SecretStr | None = Field(
        None, description="Token that /metrics asks for; without one only this machine may read them."
    )
    notion_token: SecretStr | None = Field(
        None, description="Token of your Notion connection, for the board and for Music Tracks."
    )
    agent_tasks_db_id: str = Field(
        "", description="Id or address of the Agent-Tasks database on Notion; with it the board is there."
    )
    notion_names: dict[str, Words] = Field(
        {},
        description="Names of the board's properties where they differ from the original's: `status = [\"State\"]`;"
        " a table in the file only.",
    )
    notion_url: str = Field(
        "https://api.notion.com", description="Base address of Notion; plain http for loopback only."
    )
    agents: Place = Field(description="Folder of the agents' inboxes. Default: `agents` in the home.")
    agent_names: dict[str, Words] = Field(
        AGENTS, description="Agents that tasks may go to, each with its other spellings; a table in the file only."
    )
    agent_rules: tuple[AgentRule, ...] = Field(
        RULES, description="Which words of a task choose which agent, in order; tables in the file only."
    )
    default_agent: str = Field("Claude MM1", description="Agent of a task that nobody is assigned to and no rule fits.")
    handoffs: int = Field(0, ge=0, description="Most tasks handed over in one cycle; 0 for all that are ready.")
    reviews: int = Field(3, ge=0, description="Most review tasks made in one cycle; 0 for none.")
    expiry: float = Field(
        14, gt=0, le=36500, description="Days after which an unanswered hand-off is handed over again."
    )

    spotify_client_id: str = Field("", description="Client id of your Spotify app.")
    spotify_client_secret: SecretStr | None = Field(None, description="Its secret; PKCE does without one.")
    spotify_refresh_token: SecretStr | None = Field(
        None, description="Refresh token for a machine without a browser; `music-sync connect spotify` gets one."
    )
    spotify_url: str = Field("https://api.spotify.com", description="Base address of Spotify's Web API.")
    spotify_accounts_url: str = Field("https://accounts.spotify.com", description="Where Spotify signs people in.")
    soundcloud_client_id: str = Field("", description="Client id of your SoundCloud app.")
    soundcloud_client_secret: SecretStr | None = Field(None, description="Its secret.")
    soundcloud_refresh_token: SecretStr | None = Field(
        None, description="Refresh token for a machine without a browser; it is good for one use."
    )
    soundcloud_profile: str = Field(
        "",
        description="A public profile to read without an account: its name or address; needs `soundcloud` in extractors.",
    )
    soundcloud_url: str = Field("https://api.soundcloud.com", description="Base address of SoundCloud's API.")
    soundcloud_auth_url: str = Field("https://secure.soundcloud.com", description="Where SoundCloud signs people in.")
    youtube_client_id: str = Field("", description="Client id of your Google app (of the kind Desktop).")
    youtube_client_secret: SecretStr | None = Field(None, description="Its secret.")
    youtube_refresh_token: SecretStr | None = Field(None, description="Refresh token for a machine without a browser.")
    youtube_playlists: Words = Field(
        (), description="Public playlists to read without an account: links or ids; needs `youtube` in extractors."
    )
    youtube_url: str = Field("https://youtube.googleapis.com", description="Base address of the YouTube Data API.")
    youtube_auth_url: str = Field("https://oauth2.googleapis.com", description="Where Google hands out tokens.")
    ytmusic_headers: SecretStr | None = Field(
        None, description="Request headers of a signed-in browser at music.youtube.com; `music-sync connect ytmusic`."
    )
    ytmusic_url: str = Field("https://music.youtube.com", description="Base address of YouTube Music.")
    listenbrainz_user: str = Field("", description="Whose loved tracks at ListenBrainz.")
    listenbrainz_token: SecretStr | None = Field(
        None, description="User token of ListenBrainz; reading works without it."
    )
    listenbrainz_url: str = Field("https://api.listenbrainz.org", description="Base address of ListenBrainz.")
    lastfm_user: str = Field("", description="Whose loved tracks at Last.fm.")
    lastfm_api_key: SecretStr | None = Field(None, description="API key of Last.fm.")
    lastfm_url: str = Field("https://ws.audioscrobbler.com", description="Base address of Last.fm.")
    extractors: Extractors = Field(
        (),
        description="Sites that yt-dlp may read lists from, search, and fetch audio from: `soundcloud`, `youtube`."
        " Default: none. Whether a site's terms and your law allow that is yours to answer; no DRM is touched.",
    )
    extractors_url: str = Field(
        "", description="Where those sites are found instead, as `{address}/{host}/...`: a simulator on this machine."
    )

    enrich: Enrichers = Field(
        ENRICHERS,
        description="Services asked by ISRC or sound what a filed track is, the first to answer counts; `none` asks none.",
    )
    acoustid_api_key: SecretStr | None = Field(None, description="API key of AcoustID; without one it is not asked.")
    musicbrainz_url: str = Field("https://musicbrainz.org", description="Base address of MusicBrainz.")
    coverart_url: str = Field("https://coverartarchive.org", description="Base address of the Cover Art Archive.")
    deezer_url: str = Field("https://api.deezer.com", description="Base address of Deezer's API; no account is needed.")
    acoustid_url: str = Field("https://api.acoustid.org", description="Base address of AcoustID.")
    tracks_db_id: str = Field(
        "", description="Id or address of the Music Tracks database on Notion, a view of the library."
    )
    artists_db_id: str = Field("", description="Id or address of the Artists database on Notion.")
    playlists_db_id: str = Field("", description="Id or address of the Playlists database on Notion.")

    host: str = Field("127.0.0.1", description="Address that `music-sync serve` listens on.")
    port: int = Field(8765, ge=0, le=65535, description="Port that it listens on; 0 for any free one.")
    open_to_network: Switch = Field(
        default=False,
        description="Whether MUSIC_SYNC_HOST may be an address that others reach; a password must be set before.",
    )
    public_url: str = Field(
        "", description="Address under which the server is reached from outside, through a tunnel or proxy: https://..."
    )
    allowed_hosts: Words = Field((), description="Further host names that the server answers to, without port.")
    webhook_secrets: Secrets = Field(
        (), description="Secrets for signed webhooks beside those that `music-sync webhook add` makes: `whsec_...`."
    )
    webhook_rate: float = Field(100, gt=0, le=1e6, description="Events a second that one sender may send for long.")
    notion_webhook_token: SecretStr | None = Field(
        None, description="Verification token of your webhook at Notion; `music-sync webhook add notion` gets one."
    )
    youtube_channels: Words = Field(
        (), description="Ids of YouTube channels whose uploads start a sync of youtube; needs public_url."
    )
    youtube_hub_url: str = Field(
        "https://pubsubhubbub.appspot.com/subscribe", description="Where such channels are subscribed to."
    )
    hooks: dict[str, HookFields] = Field(
        {}, description="Which fields of a named webhook's body mean what; tables in the file only."
    )
    trusted_proxies: Words = Field((), description="Addresses of your own proxies, whose X-Forwarded-* counts.")

    @property
    def var(self) -> Path:
        return self.home / "var"

    @property
    def state_db(self) -> Path:
        return self.var / "state.db"

    @property
    def flows_db(self) -> Path:
        return self.var / "flows.db"

    @property
    def lock_file(self) -> Path:
        return self.var / "music-sync.lock"

    @property
    def sign_in_file(self) -> Path:
        """The dashboard's password, hashed, and who is signed in."""
        return self.var / "sign-in.json"

    @property
    def hook_file(self) -> Path:
        """The secrets of senders."""
        return self.var / "webhooks.json"

    @property
    def staging(self) -> Path:
        return self.var / "staging"

    @property
    def undone(self) -> Path:
        """Files whose filing was undone, a folder a day."""
        return self.var / "undone"

    @property
    def retag(self) -> Path:
        """Copies of library files whose tags are being changed."""
        return self.var / "retag"

    @property
    def owned_index(self) -> Path:
        """What the owner's own files say of themselves, so that they are read once."""
        return self.var / "owned.json"

    @property
    def log(self) -> Path:
        """What syncs and retries write."""
        return self.home / "logs" / "music_sync.log"

    @property
    def loop_log(self) -> Path:
        """What `music-sync run` writes; the original's name and place."""
        return self.home / "continuous_handoff_orchestrator.log"

    @property
    def wake(self) -> Path:
        """The pipe by which a waiting orchestrator is woken."""
        return self.var / "wake"

    @property
    def cron_log(self) -> Path:
        """Where all that a job of the schedule says goes; the original's name and place."""
        return self.home / "logs" / "music_sync_cron.log"

    @property
    def accounts(self) -> Path:
        """Sign-ins, a file each."""
        return self.var / "accounts"

    @property
    def budgets(self) -> Path:
        """What was used of each service's budget, a file each."""
        return self.var / "budgets"

    @property
    def notion_rows(self) -> Path:
        return self.var / "notion-rows.json"

    @property
    def listening(self) -> Path:
        """What the dashboard made of tracks so that a browser plays and shows them; may be emptied at any time."""
        return self.var / "listening"

    @property
    def progress_file(self) -> Path:
        """What a run does just now."""
        return self.var / "progress.json"

    @property
    def last_run_file(self) -> Path:
        return self.var / "music_sync_last_run.json"


FILE_ONLY = frozenset({"agent_names", "agent_rules", "hooks", "notion_names"})
"""Settings that are tables, which no environment variable can hold."""

SECRETS = frozenset(name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation))
OUTSIDE_NAMES = {
    name: name.upper()
    for name in (
        "notion_token", "notion_webhook_token", "agent_tasks_db_id",
        "spotify_client_id", "spotify_client_secret", "spotify_refresh_token",
        "soundcloud_client_id", "soundcloud_client_secret", "soundcloud_refresh_token", "soundcloud_profile",
        "youtube_client_id", "youtube_client_secret", "youtube_refresh_token",
        "listenbrainz_user", "listenbrainz_token", "lastfm_user", "lastfm_api_key",
        "acoustid_api_key", "tracks_db_id", "artists_db_id", "playlists_db_id",
    )
} | {"otel_endpoint": "OTEL_EXPORTER_OTLP_ENDPOINT"}  # fmt: skip
"""Settings whose variable other programs know, and so has no prefix of ours."""

DERIVED_DEFAULTS = {"library": "library", "drop": "drop", "agents": "agents"}
"""Settings whose default is a folder in the home."""


@dataclass(frozen=True)
class Loaded:
    """Settings, and where each one came from: the variable's name, the file's path, or `default`."""

    settings: Settings
    origins: Mapping[str, str]


def load(environ: Mapping[str, str] | None = None) -> Loaded:
    """Read, check and merge all settings; raises BadSetting that names the first wrong one and where it stands."""
    environ = os.environ if environ is None else environ
    home = _home(environ)
    file = home / FILE_NAME
    given = {name: (value, str(file)) for name, value in _from_file(file).items()}
    given |= _from_environment(environ)
    given["home"] = (str(home), PREFIX + "HOME" if environ.get(PREFIX + "HOME") else "default")
    values = {name: value for name, (value, _) in given.items()}
    for name, folder in DERIVED_DEFAULTS.items():
        values.setdefault(name, str(home / folder))
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise BadSetting(_sentence(error, {name: origin for name, (_, origin) in given.items()})) from None
    origins = {name: given.get(name, (None, "default"))[1] for name in Settings.model_fields}
    return Loaded(settings, origins)


def shown(name: str, value: object) -> object:
    """A setting's value as it may be printed or put on a page."""
    if name in SECRETS:
        return "(hidden)" if value else ""
    if name in FILE_ONLY:
        return f"{len(value)} entries" if isinstance(value, Sized) else ""
    if isinstance(value, tuple):
        return ",".join(str(part) for part in value)
    return value if isinstance(value, bool | int | float) else str(value)


def wants_no_colour() -> bool:
    """Did the person ask for plain text, by the NO_COLOR convention?"""
    return bool(os.environ.get("NO_COLOR"))


def terminal_can_draw() -> bool:
    return os.environ.get("TERM", "") not in {"", "dumb"}


def can_show_browser() -> bool:
    """Is there a screen here that a browser can open on? Through SSH it would open at the other end."""
    if os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY"):
        return False
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return OUTSIDE_NAMES.get(name, PREFIX + name.upper())


def environment_with(**own: str) -> dict[str, str]:
    """The environment for another process of ours: none of the settings of this one, only those given by their names."""
    ours = tuple(OUTSIDE_NAMES.values())
    kept = {key: value for key, value in os.environ.items() if not key.startswith((PREFIX, *ours))}
    return kept | {variable(name): value for name, value in own.items()}


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment for another process of this very home, with the settings of this one."""
    return {**os.environ, variable("home"): str(settings.home)}


def cache_folder() -> Path:
    """Where this platform keeps what a program can make again."""
    from platformdirs import user_cache_path

    return user_cache_path("music-sync", appauthor=False)


def systemd_folder() -> Path:
    """Where systemd looks for units of this person."""
    from platformdirs import user_config_path

    return user_config_path() / "systemd" / "user"


def _home(environ: Mapping[str, str]) -> Path:
    told = environ.get(PREFIX + "HOME", "").strip()
    if told:
        return Path(told).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("music-sync", appauthor=False)


def _from_file(file: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(file.read_text("utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSetting(f"{file} is not valid TOML: {error}; mend that line or remove the file") from None
    except OSError as error:
        raise BadSetting(f"{file} cannot be read: {error.strerror}; make it readable for you") from None
    for key in content:
        if key not in Settings.model_fields or key == "home":
            raise BadSetting(f"{file}: unknown setting {key!r}{_did_you_mean(key, Settings.model_fields)}")
    # As an empty variable does, an empty secret says nothing.
    return {key: value for key, value in content.items() if value != "" or key not in SECRETS}


def _from_environment(environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    given: dict[str, tuple[str, str]] = {}
    known = {variable(name): name for name in Settings.model_fields if name not in FILE_ONLY | {"home"}}
    for key, value in environ.items():
        if key in known and value.strip():
            given[known[key]] = (value, key)
        elif key.endswith("_FILE") and key.removesuffix("_FILE") in known:
            name = known[key.removesuffix("_FILE")]
            if name in SECRETS:
                given.setdefault(name, (_secret_in(Path(value), key), key))
        elif key.startswith(PREFIX) and key not in known and _closest(key, known):
            raise BadSetting(f"unknown environment variable {key}{_did_you_mean(key, known)}")
    return given


def _secret_in(file: Path, key: str) -> str:
    try:
        return file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise BadSetting(f"{key} names {file}, which cannot be read; correct the path") from None


def _closest(word: str, known: Mapping[str, object]) -> list[str]:
    return difflib.get_close_matches(word, known, n=1, cutoff=0.9)


def _did_you_mean(word: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else "; `music-sync config show` lists all settings"


def _sentence(error: ValidationError, origins: Mapping[str, str]) -> str:
    """One sentence for the first wrong setting, without the value when that is a secret."""
    first = error.errors(include_url=False, include_context=False)[0]
    name = str(first["loc"][0])
    what = first["msg"].removeprefix("Value error, ")
    what = what[:1].lower() + what[1:]
    value = "" if name in SECRETS else f" {first['input']!r}"
    return f"setting {name}{value} ({origins.get(name, 'default')}): {what}; correct it there"
