"""Django's settings: one file, safe as it stands; docs/operations.md lists the environment variables."""

from __future__ import annotations

import os

from architect import environment

DATA_DIRECTORY = environment.data_directory()
IS_CHECKOUT = environment.is_checkout()

DEBUG = os.environ.get("HEADRACE_DEBUG") == "1"
SECRET_KEY = environment.secret_key(DATA_DIRECTORY)
ALLOWED_HOSTS = environment.allowed_hosts()

INSTALLED_APPS = [
    "django.contrib.staticfiles",
    "channels",
    "architect",
    "architect.designs",
    "architect.runs",
    "architect.experiments",
]
MIDDLEWARE = [
    "architect.middleware.SecurityHeaders",
    "architect.middleware.ApiErrors",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "architect.middleware.OwnOriginOnly",
    "django.middleware.common.CommonMiddleware",
]
ROOT_URLCONF = "architect.urls"
ASGI_APPLICATION = "architect.asgi.application"

# In a checkout templates/ and static/ stand at the top; an installed package carries them inside itself,
# where APP_DIRS and the finder of app folders see them.
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [environment.CHECKOUT / "templates"] if IS_CHECKOUT else [],
        "APP_DIRS": True,
    },
]
STATIC_URL = "/static/"
STATICFILES_DIRS = [environment.CHECKOUT / "static"] if IS_CHECKOUT else []
WHITENOISE_USE_FINDERS = True
# Files are looked up when they are asked for: a list made at the start would give 404 for every file of a
# front end that was built again meanwhile (and costs time at every start).
WHITENOISE_AUTOREFRESH = True
WHITENOISE_ALLOW_ALL_ORIGINS = False
# Vite puts a hash of the content into the names under dist/assets: such a file never changes.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/dist/assets/.+[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$"

DATABASES = {"default": environment.database(DATA_DIRECTORY)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CHANNEL_LAYERS = environment.channel_layers()

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"

# A body above this is refused with 413 before anything reads it (architect/body_limit.py); Django's own
# limit is set just above, so that it never answers first with its 400.
BODY_LIMIT = 10_000_000  # bytes, the largest design document
DATA_UPLOAD_MAX_MEMORY_SIZE = BODY_LIMIT + 1_000_000
FILE_UPLOAD_MAX_MEMORY_SIZE = BODY_LIMIT + 1_000_000

SILENCED_SYSTEM_CHECKS = [
    "security.W003",  # no cookie carries authority, so there is nothing to forge; origins are checked instead
    "security.W004",  # the server listens on this machine only, without TLS: no HSTS
    "security.W008",  # and there is no https address to redirect to
]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "architect": {"level": "INFO"},
        # One handler for all; answers of the 4xx family are the client's story and would drown the log.
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        "django.request": {"handlers": [], "level": "ERROR", "propagate": True},
        "django.security": {"handlers": [], "level": "ERROR", "propagate": True},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
    },
}
