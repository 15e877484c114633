"""Settings of one installation, read from the environment (prefix ``TTHC_``) or from the file named by ``TTHC_ENV_FILE``."""

import os
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.schedule import Schedule

ROOT = Path(__file__).resolve().parent.parent

LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")


class Webhook(BaseModel):
    """Where a source's system takes invitations over: its address (HTTPS) and the secret that signs what is sent there."""

    url: str
    secret: SecretStr = Field(min_length=32)

    @field_validator("url")
    @classmethod
    def _encrypted(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise ValueError("a webhook's address starts with https://")
        return url


DATA_DIR = ROOT / "var" / "data"


class Settings(BaseSettings):
    """Everything an operator may choose. Secrets have no default: without them the program does not start."""

    model_config = SettingsConfigDict(env_prefix="TTHC_", extra="ignore")

    secret_key: SecretStr = Field(min_length=32, description="signs log-in cookies and forms")
    invitation_key: SecretStr = Field(min_length=32, description="makes survey tokens from dossier codes")
    answer_key: SecretStr = Field(min_length=32, description="hashes survey tokens before they are stored")
    spool_key: SecretStr = Field(min_length=32, description="encrypts received files until they are finished with")
    applicant_key: SecretStr = Field(min_length=32, description="hashes what a source says of who applied; never stored in clear")
    device_key: SecretStr | None = Field(default=None, min_length=32, description="hashes an answer's device; none: made of the answer key")
    data_dir: Path = Field(default=DATA_DIR, description="lake, edition folders, reports, spool, quarantined rows")
    database_url: str = Field(default="", description="SQLAlchemy address; empty means SQLite inside data_dir")
    public_url: str = Field(default="http://127.0.0.1:8000", description="address that survey links start with")
    survey_agency_vi: str = Field(default="", description="who is responsible for the survey, as its notice names it")
    survey_agency_en: str = Field(default="", description="the same in English")
    survey_contact: str = Field(default="", description="telephone number or mail address for questions about the survey")
    survey_languages: tuple[str, ...] = Field(default=(), description="JSON: further languages of the survey, files of surveys/languages")
    survey_contacts: Path | None = Field(default=None, description="YAML file: where people complain, by unit; none: the national portal")
    survey_design: str = Field(default="all", description="design by which people are drawn, a file of surveys/designs")
    survey_seed: int = Field(default=1, ge=0, description="seed of the draw; another one draws other people")
    counter_codes: bool = Field(default=False, description="allow posters and kiosks of a single counter, which is a single person")
    handover_webhooks: dict[str, Webhook] = Field(default={}, description='JSON: {"SOURCE": {"url": "https://…", "secret": "…"}}')
    handover_ca: Path | None = Field(default=None, description="PEM file of the authority behind the webhooks; none: the system's")
    handover_days: int = Field(default=7, ge=1, le=30, description="longest that a hand-over file waits for its receipt, days")
    smtp_host: str = Field(default="", description="mail server for operators who send invitations by mail")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="its port")
    smtp_security: Literal["starttls", "tls", "none"] = Field(default="starttls", description="none is only taken on this machine")
    smtp_user: str = Field(default="", description="log-in at the mail server; empty: none")
    smtp_password: SecretStr = Field(default=SecretStr(""), description="its password")
    smtp_from: str = Field(default="", description="address that mail comes from")
    signing_certificate: Path | None = Field(default=None, description="PKCS #12 file that reports are signed with; none: signed outside")
    signing_password: SecretStr = Field(default=SecretStr(""), description="its password")
    signing_timestamps: str = Field(default="", description="address of the time-stamp service (RFC 3161); empty: no time-stamp")
    signing_roots: Path | None = Field(default=None, description="PEM file of authorities whose signatures are taken; none: anybody's")
    monitoring_url: str = Field(default="", description="where the Resolution 57 Monitoring System takes editions (HTTPS); empty: by hand")
    monitoring_key: Path | None = Field(default=None, description="PEM file of the Ed25519 key that signs what is sent there")
    monitoring_ca: Path | None = Field(default=None, description="PEM file of the authority behind that address; none: the system's")
    schedule: Schedule = Field(default=Schedule(), description='JSON: days of the following month, e.g. {"compute": 18, "hour": 8}')
    secure_cookies: bool = Field(default=True, description="False only where the service is reached without TLS")
    trusted_proxies: int = Field(default=0, ge=0, description="number of reverse proxies in front")
    proxy_networks: str = Field(default="127.0.0.0/8, ::1/128", description="where those reach us from; others' headers are not read")
    rate_limit_storage: str = Field(default="memory://", description="the limiter's store: memory://, redis://HOST, memcached://HOST:PORT")
    web_processes: int = Field(default=1, ge=1, description="web processes; with memory:// each holds its share of the survey's limits")
    survey_per_address: int = Field(default=600, ge=1, description="survey requests a minute from one address, without unused tokens")
    survey_unknown_per_address: int = Field(default=60, ge=1, description="the same with links that there are not")
    max_upload_mb: int = Field(default=200, ge=1, description="largest request body, MiB")
    max_unpacked_mb: int = Field(default=8192, ge=1, description="largest feed file once unpacked, MiB")
    spool_days: int = Field(default=7, ge=1, le=7, description="longest that a received file is kept, days")
    quarantine_days: int = Field(default=90, ge=1, description="how long quarantined rows are kept, days")
    inbox_dir: Path | None = Field(default=None, description="watched folder <source>/<profile>/FILE; none: not watched")

    @field_validator("monitoring_url")
    @classmethod
    def _encrypted(cls, url: str) -> str:
        return Webhook._encrypted(url) if url else url

    @classmethod
    def load(cls) -> Self:
        """Read the environment and, if ``TTHC_ENV_FILE`` names one, an env file. Raises ``pydantic.ValidationError``."""
        return cls(_env_file=os.environ.get("TTHC_ENV_FILE", ROOT / ".env"))  # type: ignore[call-arg]  # pydantic-settings' own keyword

    @property
    def sqlalchemy_url(self) -> str:
        """The database's address, with the embedded default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir / 'scorecard.sqlite'}"
