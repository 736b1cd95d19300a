"""Calls to simulators on loopback: httpx's own, but for the world's certificates, whose reading takes 0.1 s a call."""

import ssl
from functools import partial

import httpx

_TRUSTS_NO_ONE = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

get = partial(httpx.get, verify=_TRUSTS_NO_ONE)
head = partial(httpx.head, verify=_TRUSTS_NO_ONE)
post = partial(httpx.post, verify=_TRUSTS_NO_ONE)
request = partial(httpx.request, verify=_TRUSTS_NO_ONE)
Client = partial(httpx.Client, verify=_TRUSTS_NO_ONE)
