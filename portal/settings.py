"""Django's settings: the one place where the environment is read.

Names in the environment are CULVERT_* and DATABASE_URL; README.md lists them. Without any of
them the portal runs on this machine only, with an embedded PostgreSQL. CULVERT_PRODUCTION=1
asks for everything that a server on the internet needs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import django_stubs_ext
from csp.constants import NONE, SELF

from portal import environment, postgres

# Lets `TextField[str, str]` and its like be written where Django itself is not generic.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
_env = environment.Environment(os.environ)

# --- Where and how we run -------------------------------------------------------------------

CULVERT_PRODUCTION = _env.yes("CULVERT_PRODUCTION")
CULVERT_VAR = Path(_env.text("CULVERT_VAR", str(BASE_DIR / "var"))).resolve()
DEBUG = _env.yes("CULVERT_DEBUG")
ALLOWED_HOSTS = _env.words("CULVERT_HOSTS", "" if CULVERT_PRODUCTION else "127.0.0.1,localhost")
# How many proxies of ours stand in front: they say who asks, and whether it was by TLS.
CULVERT_PROXIES = _env.number("CULVERT_PROXIES", 0, least=0, most=9)
SECRET_KEY, CULVERT_FIELD_KEYS = environment.read_keys(_env, CULVERT_VAR, production=CULVERT_PRODUCTION)
if CULVERT_PRODUCTION and DEBUG:
    _env.faults.append("CULVERT_DEBUG must not be set in production.")
if CULVERT_PRODUCTION and not ALLOWED_HOSTS:
    _env.faults.append("CULVERT_HOSTS is missing: name the hosts under which the portal answers.")

# --- The engine -----------------------------------------------------------------------------

CULVERT_LEASE_S = _env.number("CULVERT_LEASE_S", 60, least=1, most=600)
CULVERT_PRIVATE_HOSTS = _env.host_ports("CULVERT_PRIVATE_HOSTS")
CULVERT_GRAPH_URL = _env.url("CULVERT_GRAPH_URL", "https://graph.microsoft.com")
CULVERT_LOGIN_URL = _env.url("CULVERT_LOGIN_URL", "https://login.microsoftonline.com")
CULVERT_CA_BUNDLE = _env.file("CULVERT_CA_BUNDLE")

# --- Applications ---------------------------------------------------------------------------

INSTALLED_APPS = [
    "partners",
    "tenants",
    "tunnels",
    "portal",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "rest_framework",
    "drf_spectacular",
    "django_q",
    "django_htmx",
    "csp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    # Last: forms are drawn by templates, ours before Django's.
    "django.forms",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Every page asks for a sign-in unless it says that it does not.
    "partners.middleware.SignedInByDefault",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "portal.navigation.frame",
            ],
        },
    },
]

FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Rows and queues ------------------------------------------------------------------------

_database_url = _env.database_url(needed=CULVERT_PRODUCTION)
# Without an address of its own, the portal looks for the embedded server of this folder.
CULVERT_EMBEDDED_POSTGRES = not _database_url
DATABASES: dict[str, dict[str, Any]] = {
    "default": postgres.as_django(_database_url or postgres.address_at(CULVERT_VAR))
}

CULVERT_REDIS_URL = _env.url("CULVERT_REDIS_URL", "", schemes=("redis", "rediss"))
_CACHE_OF_ALL: dict[str, Any] = (
    {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": CULVERT_REDIS_URL}
    if CULVERT_REDIS_URL
    else {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}
)
# Sign-in limits count in "default", so every web process must see the same one. The workers'
# own statistics are written twice a second and worth nothing a minute later.
CACHES = {
    "default": _CACHE_OF_ALL,
    "workers": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}

# Correctness rests on PostgreSQL: the queue only carries wake-ups, may lose or repeat them,
# and forgets what is done.
_CLUSTER: dict[str, Any] = {
    "workers": _env.number("CULVERT_WORKERS", 2, least=1, most=64),
    "timeout": 60,
    "retry": 120,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": -1,
    "cache": "workers",
    **({"redis": CULVERT_REDIS_URL} if CULVERT_REDIS_URL else {"orm": "default"}),
}
Q_CLUSTER: dict[str, Any] = {
    **_CLUSTER,
    "name": "culvert",
    "cluster_name": "live",
    "ALT_CLUSTERS": {"bulk": {**_CLUSTER}},
}

# --- Who comes in ---------------------------------------------------------------------------

AUTH_USER_MODEL = "partners.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {"user_attributes": ("email", "name")}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

ACCOUNT_ADAPTER = "partners.accounts.MembersOnly"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
# A member's address is set by an owner, not by the member: there is nothing to verify by mail.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGIN_TIMEOUT = 900
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ALLAUTH_TRUSTED_PROXY_COUNT = CULVERT_PROXIES
MFA_ADAPTER = "partners.accounts.SealedFactors"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Culvert"
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False

SESSION_COOKIE_NAME = "culvert_session"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CULVERT_PRODUCTION
CSRF_COOKIE_NAME = "culvert_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = CULVERT_PRODUCTION
CSRF_FAILURE_VIEW = "portal.views.forged"
if CULVERT_PRODUCTION:
    CSRF_TRUSTED_ORIGINS = [f"https://{host.removeprefix('.')}" for host in ALLOWED_HOSTS]

# --- What browsers are told -----------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        # The QR code of a second factor is an image inside the page.
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = CULVERT_PRODUCTION
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if CULVERT_PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = CULVERT_PRODUCTION
SECURE_HSTS_PRELOAD = CULVERT_PRODUCTION
if CULVERT_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Files, language, time ------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = CULVERT_VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# In production `collectstatic` names files by their content; elsewhere they are read in place.
WHITENOISE_USE_FINDERS = not CULVERT_PRODUCTION
WHITENOISE_AUTOREFRESH = not CULVERT_PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if CULVERT_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
LANGUAGE_CODE = "en-gb"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
USE_THOUSAND_SEPARATOR = False

# --- The API --------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {"TITLE": "Culvert", "VERSION": "1", "SERVE_INCLUDE_SCHEMA": False}

# --- Logs: ids and counts, never content ----------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": _env.text("CULVERT_LOG_LEVEL", "WARNING").upper()},
}

_env.check()
