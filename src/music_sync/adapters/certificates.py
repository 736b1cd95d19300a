"""Whom a connection trusts, read once in a process: reading it takes a tenth of a second, as long as a whole call."""

import ssl
from functools import cache

import httpx


@cache
def certificates(*, trust_env: bool = False) -> ssl.SSLContext:
    """The authorities that certifi lists, or with `trust_env` those that SSL_CERT_FILE or SSL_CERT_DIR names."""
    return httpx.create_ssl_context(trust_env=trust_env)
