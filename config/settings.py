"""All settings, read from the environment once; this file is the only reader of it."""

from __future__ import annotations

import secrets
from pathlib import Path
from urllib.parse import quote

from cryptography.fernet import Fernet
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment, database, kept_secret

env = Environment()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("DATA_DIR", str(BASE_DIR / "var"))).expanduser().resolve()

# --- Secrets -----------------------------------------------------------------------------------------------------
SECRET_KEY = env.secret("SECRET_KEY") or kept_secret(DATA_DIR / "secret_key", secrets.token_urlsafe(48))
# The key ring for account secrets: the first key seals, all of them open. Never derived from SECRET_KEY.
TRIBUTARY_KEYS = (
    env.secret("TRIBUTARY_KEYS") or kept_secret(DATA_DIR / "tributary_keys", Fernet.generate_key().decode())
).split()
for _position, _key in enumerate(TRIBUTARY_KEYS, start=1):
    try:
        Fernet(_key)
    except ValueError as error:
        raise ImproperlyConfigured(
            f"TRIBUTARY_KEYS: key {_position} is not a Fernet key (32 random bytes, url-safe base64)."
        ) from error

# --- Web ---------------------------------------------------------------------------------------------------------
HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000)
WEB_PROCESSES = env.integer("WEB_PROCESSES", 1)
WORKER_PROCESSES = env.integer("WORKER_PROCESSES", 2)
DEBUG = env.boolean("DEBUG", False)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1 localhost [::1]")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
HTTPS = env.boolean("HTTPS", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SESSION_COOKIE_NAME = "tributary_session"
CSRF_COOKIE_NAME = "tributary_csrf"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
# A mapping of 1,000 rows posts about four values a row.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

INSTALLED_APPS = [
    "config",
    "connectors",
    "dataflows",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "axes",
    "crispy_bootstrap5",
    "crispy_forms",
    "csp",
    "django_htmx",
    "ninja",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "dataflows.api.gateway.Gateway",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.sessions.LoginRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"
AXES_VERBOSE = False

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "config.shell.shell",
            ],
        },
    }
]
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or env.boolean("PLAIN_STATIC_FILES", False)
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG or env.boolean("PLAIN_STATIC_FILES", False)

# --- Language and time -------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
USE_THOUSAND_SEPARATOR = True
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]

# --- Stores ------------------------------------------------------------------------------------------------------
DATABASE_URL = env.secret("DATABASE_URL") or f"sqlite:///{quote(str(DATA_DIR / 'tributary.sqlite3'))}"
DATABASES = {"default": database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LAKE_URL = env.text("LAKE_URL", str(DATA_DIR / "lake"))
LANDING_URL = env.text("LANDING_URL", str(DATA_DIR / "landing"))
# The Iceberg catalog: tables in our own PostgreSQL database, or, on SQLite, a file of its own beside it,
# because two writers of one SQLite file with different transaction modes block each other.
LAKE_CATALOG_URL = (
    DATABASE_URL.replace("postgres://", "postgresql://", 1).replace("postgresql://", "postgresql+psycopg://", 1)
    if "postgres" in str(DATABASES["default"]["ENGINE"])
    else f"sqlite:///{DATA_DIR / 'lake-catalog.sqlite3'}"
)
SCRATCH_DIR = Path(env.text("SCRATCH_DIR", str(DATA_DIR / "scratch")))

# --- Mixpanel ----------------------------------------------------------------------------------------------------
MIXPANEL_EXTRA_HOSTS = env.base_urls("MIXPANEL_EXTRA_HOSTS")
# The limits Mixpanel publishes for the raw export of one project (can be raised by contract).
EXPORTS_PER_HOUR = env.integer("EXPORTS_PER_HOUR", 60)
EXPORTS_PER_SECOND = env.integer("EXPORTS_PER_SECOND", 3)
EXPORTS_AT_ONCE = env.integer("EXPORTS_AT_ONCE", 100)
# What a backfill leaves of the hour, so that scheduled runs need not wait for it.
EXPORTS_RESERVED = env.integer("EXPORTS_RESERVED", 10, minimum=0)
CONNECT_TIMEOUT_SECONDS = env.integer("CONNECT_TIMEOUT_SECONDS", 10)
IDLE_TIMEOUT_SECONDS = env.integer("IDLE_TIMEOUT_SECONDS", 300)
TENANT = env.text("TENANT", "tributary")

# --- Runs --------------------------------------------------------------------------------------------------------
LEASE_SECONDS = env.integer("LEASE_SECONDS", 60, minimum=2)
TICK_SECONDS = env.integer("TICK_SECONDS", 10)
WINDOW_ATTEMPTS = env.integer("WINDOW_ATTEMPTS", 6)
WINDOWS_AT_ONCE = env.integer("WINDOWS_AT_ONCE", 2)
RETRY_SECONDS = env.integer("RETRY_SECONDS", 30)
LANDING_RETENTION_DAYS = env.integer("LANDING_RETENTION_DAYS", 30)
# 0 keeps them for ever.
REJECTED_RETENTION_DAYS = env.integer("REJECTED_RETENTION_DAYS", 0, minimum=0)
SNAPSHOT_RETENTION_DAYS = env.integer("SNAPSHOT_RETENTION_DAYS", 30, minimum=0)

REDIS_URL = env.secret("REDIS_URL")
BROKER_DIR = DATA_DIR / "broker"
CELERY_TIMEZONE = "UTC"
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True  # no result backend: the Run table is the truth
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "dataflows.tasks.tick", "schedule": TICK_SECONDS, "options": {"expires": TICK_SECONDS}},
    "upkeep": {"task": "dataflows.tasks.upkeep", "schedule": 24 * 3600},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    # Longer than any window: the lease does the quick recovery. Throttle 1, because kombu looks for lost
    # messages only every interval x throttle seconds (kombu PR 2558).
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {
        "visibility_timeout": 6 * 3600,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        "socket_timeout": 30,
    }
else:
    CELERY_BROKER_URL = "filesystem://localhost//"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": 0.2,
    }
    # The transport answers the first message with an error when its folders are missing.
    for _folder in (BROKER_DIR / "queue", BROKER_DIR / "control"):
        _folder.mkdir(parents=True, exist_ok=True)

# --- Logs --------------------------------------------------------------------------------------------------------
LOG_LEVEL = env.text("LOG_LEVEL", "INFO").upper()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname:<7} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        **{name: {"level": LOG_LEVEL} for name in ("connectors", "dataflows", "config", "celery.worker", "django")},
        # An ordinary 403 or 404 is no news; errors of ours are.
        "django.request": {"level": "ERROR"},
        # It misses the least and greatest values of ids, which are left out because they say nothing.
        "pyiceberg.io.pyarrow": {"level": "ERROR"},
    },
}
