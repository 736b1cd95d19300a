"""Whom a connection trusts, read once in a process: reading it takes a tenth of a second, as long as a whole call."""

import ssl
from functools import cache

import httpx


@cache
def certificates() -> ssl.SSLContext:
    """The authorities that certifi lists, and no others: only the settings read the environment."""
    return httpx.create_ssl_context(trust_env=False)
