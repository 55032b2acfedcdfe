"""Handbell's settings: the only reader of the environment.

Every setting is an environment variable `HANDBELL_<NAME>`; a file `handbell.env` in the working directory may contain
the same names (the environment wins). Settings that hold a secret may be given as `…_FILE`.
"""

import os
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AliasChoices, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.core.address import LOOPBACK, Address, parse
from app.core.kept_file import read_size
from app.core.mail_server import Mailing, read_mail_server, read_sender
from app.core.relay import STUN_SCHEMES, TURN_SCHEMES, RelayServer, read_servers
from app.core.targets import Network, Targets

PREFIX = "HANDBELL_"
ENV_FILE = "handbell.env"
_SECRETS = ("database_url", "redis_url", "metrics_token", "turn_secret", "smtp_url", "mail_from")
_SHORTEST_TOKEN = 20  # characters
_LOOPBACK_NAMES = ("localhost", LOOPBACK, "[::1]")


class BadSettings(Exception):
    """A setting is invalid; the message names it and says what to do."""


class Settings(BaseSettings):
    """All settings of one process, validated. Times are seconds, limits are counts."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=ENV_FILE,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        str_strip_whitespace=True,
    )

    data_dir: Path = Path("instance")
    database_url: str = ""
    database_url_file: Path | None = None
    redis_url: str = ""
    redis_url_file: Path | None = None
    public_url: str = ""
    bind: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535, validation_alias=AliasChoices("HANDBELL_PORT", "PORT"))
    keys: str = ""
    keys_file: Path | None = None
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()
    trusted_networks: Annotated[tuple[Network, ...], NoDecode] = ()
    private_targets: Annotated[tuple[Network, ...], NoDecode] = ()
    metrics_networks: Annotated[tuple[Network, ...], NoDecode] = ()
    metrics_token: str = Field(default="", repr=False)
    metrics_token_file: Path | None = None
    stun: Annotated[tuple[RelayServer, ...], NoDecode] = ()
    turn: Annotated[tuple[RelayServer, ...], NoDecode] = ()
    turn_secret: str = Field(default="", repr=False)
    turn_secret_file: Path | None = None
    smtp_url: str = Field(default="", repr=False)
    smtp_url_file: Path | None = None
    mail_from: str = ""
    mail_from_file: Path | None = None
    processes: int = Field(default=2, ge=1, le=64)
    threads: int = Field(default=8, ge=1, le=64)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    demo: bool | None = None
    demo_page: bool | None = None
    retention_days: int = Field(default=30, ge=1, le=90)
    files_max: int = Field(default=2 * 1024**3, ge=0)  # bytes

    @field_validator("trusted_proxies", "trusted_networks", "private_targets", "metrics_networks", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())

    @field_validator("stun", mode="before")
    @classmethod
    def _stun(cls, value: object) -> object:
        return read_servers(value, STUN_SCHEMES) if isinstance(value, str) else value

    @field_validator("turn", mode="before")
    @classmethod
    def _turn(cls, value: object) -> object:
        return read_servers(value, TURN_SCHEMES) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _turn_has_secret(self) -> Self:
        if self.turn and len(self.turn_secret) < _SHORTEST_TOKEN:
            raise ValueError(f"HANDBELL_TURN needs HANDBELL_TURN_SECRET, of {_SHORTEST_TOKEN} characters or more")
        return self

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: str) -> str:
        if value:
            read_mail_server(value)
        return value

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        return read_sender(value) if value else value

    @model_validator(mode="after")
    def _mail_has_sender(self) -> Self:
        if self.smtp_url and not self.mail_from:
            raise ValueError("HANDBELL_SMTP_URL needs HANDBELL_MAIL_FROM, the sender of all mails")
        return self

    @field_validator("files_max", mode="before")
    @classmethod
    def _bytes(cls, value: object) -> object:
        return read_size(value) if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("must start with sqlite:/// or postgresql+psycopg://")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must start with redis://, rediss:// or unix://")
        return value

    @field_validator("metrics_token")
    @classmethod
    def _token(cls, value: str) -> str:
        if value and not (len(value) >= _SHORTEST_TOKEN and value.isascii() and value.isprintable()):
            raise ValueError(f"needs {_SHORTEST_TOKEN} printable ASCII characters or more")
        return value

    @field_validator("public_url")
    @classmethod
    def _public(cls, value: str) -> str:
        if not value:
            return value
        address = parse(value)
        if (
            address is None
            or address.scheme not in ("http", "https")
            or not address.port_exists
            or address.query
            or address.fragment
        ):
            raise ValueError("must be an address such as https://support.example.com")
        if address.path.strip("/"):
            raise ValueError("must not have a path: Handbell's addresses start at the root of its own host name")
        if address.scheme == "http" and not address.is_loopback:
            raise ValueError(f"is {value}; in production it must be https (http is for this machine only)")
        return address.origin

    @model_validator(mode="before")
    @classmethod
    def _secrets_from_files(cls, values: dict[str, Any]) -> dict[str, Any]:
        for name in (*_SECRETS, "keys"):
            path = values.get(f"{name}_file")
            if path and values.get(name):
                raise ValueError(f"{PREFIX}{name.upper()} and its _FILE are both set; keep one of them")
            if path and name in _SECRETS:  # the keys file may have to be made
                values[name] = _secret(name, path)
        return values

    @property
    def base_url(self) -> str:
        """The beginning of absolute links: HANDBELL_PUBLIC_URL, or this machine's own address."""
        return self.public_url or f"http://{LOOPBACK}:{self.port}"

    @property
    def https(self) -> bool:
        """Whether the public address is https."""
        return self.base_url.startswith("https://")

    @property
    def targets(self) -> Targets:
        """The addresses at which vendors and webhooks may be called: any, unless the public address is https."""
        return Targets(only_public=self.https, networks=self.private_targets)

    @property
    def mailing(self) -> Mailing | None:
        """The mail server and the sender; None where no mail is sent."""
        return Mailing(read_mail_server(self.smtp_url), self.mail_from) if self.smtp_url else None

    @property
    def makes_demo_desk(self) -> bool:
        """Whether the first start makes example people; by default only without https, so not in production."""
        return not self.https if self.demo is None else self.demo

    @property
    def shows_demo_page(self) -> bool:
        """Whether `/demo` exists; by default only without https, so not in production."""
        return not self.https if self.demo_page is None else self.demo_page

    @property
    def hosts(self) -> frozenset[str]:
        """The `Host` values that we answer to, in lower case. On loopback these include all names of this machine."""
        address = parse(self.public_url) or Address("http", LOOPBACK, str(self.port))
        default = "443" if self.https else "80"
        port = address.port or default
        hosts = {f"{address.host}:{port}"}
        if address.is_loopback:
            hosts |= {f"{name}:{at}" for name in _LOOPBACK_NAMES for at in (self.port, port)}
        return frozenset(hosts | {host.removesuffix(f":{default}") for host in hosts})

    def is_ours(self, origin: str) -> bool:
        """Whether this web origin is ours. Any text a client may send as one is accepted, and compared."""
        scheme, _, host = origin.lower().partition("://")
        return scheme == self.base_url.partition("://")[0] and host in self.hosts

    @property
    def keys_path(self) -> Path:
        """The path of the keys file, which counts unless `keys` is set."""
        return self.keys_file or self.data_dir / "keys"

    @property
    def database(self) -> str:
        """The database's address; SQLite in the data directory unless set."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'handbell.sqlite3').absolute()}"

    @property
    def applets_dir(self) -> Path:
        """The folder where the operator may put remote-support programs, with a folder for each platform."""
        return self.data_dir / "applets"

    @property
    def old_vendor_applets_dir(self) -> Path:
        """The folder in which earlier versions kept vendors' applets; emptied at the start."""
        return self.data_dir / "vendor-applets"

    @property
    def security_spool(self) -> Path:
        """Where commands leave their lines for the security log of the processes that run here."""
        return self.data_dir / "security-events"

    @property
    def pokes_dir(self) -> Path:
        """The folder of the pipes through which the processes of this host tell each other of tickets' news."""
        return self.data_dir / "pokes"

    @property
    def metrics_dir(self) -> Path:
        """The folder in which all processes of this host count, for Prometheus."""
        return self.data_dir / "metrics"


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment and `handbell.env`. Raises BadSettings naming every invalid one."""
    known = {f"{PREFIX}{field.upper()}" for field in Settings.model_fields}
    unknown = [name for name in os.environ if name.startswith(PREFIX) and name not in known]
    if wrong := [name for name in unknown if not name.startswith(f"{PREFIX}TEST_")]:
        raise BadSettings("\n".join(f"{name} is not a setting; docs/settings.md lists them all" for name in wrong))
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise BadSettings("\n".join(_sentence(e["loc"], e["msg"]) for e in error.errors())) from None


def ci() -> bool:
    """Whether this runs in continuous integration, where no test may be skipped."""
    return os.environ.get("CI") == "true"


def share_metrics(folder: Path) -> None:
    """Set the folder that all processes write to in the environment, where prometheus_client reads it."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder.absolute())


def _secret(name: str, path: str | Path) -> str:
    try:
        secret = Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{PREFIX}{name.upper()}_FILE: cannot read {path}: {error}") from None
    if not secret:
        raise ValueError(f"{PREFIX}{name.upper()}_FILE: {path} is empty")
    return secret


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    message = message.removeprefix("Value error, ")
    if not location:
        return message
    name = str(location[0]).upper()
    return f"{name if name.startswith(('HANDBELL_', 'PORT')) else PREFIX + name}: {message}"
