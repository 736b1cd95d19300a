"""Reading what strangers send: so many bytes and no more, and JSON without its dark corners."""

import json
import math
import re
from collections.abc import Mapping
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

import orjson
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.types import Receive

from music_sync.web.webhooks_answers import BODY_CAP_BYTES, ClientGoneError, RefusedError

DRAINED_BYTES = 1024 * 1024
"""A body that is too long is read on so far, for a sender that still sends would not see the answer."""
DEEPEST = 64
MOST_FIELDS = 200
LARGEST_NUMBER = 2**63 - 1
_CLOSE = (b"connection", b"close")


async def read_body(receive: Receive, announced: int | None) -> bytes:
    """The whole body; raises RefusedError(413) beyond the cap, counted while it comes and not only by what it announces."""
    body = bytearray()
    is_too_long = announced is not None and announced > BODY_CAP_BYTES
    read = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        block = message.get("body", b"")
        read += len(block)
        is_too_long = is_too_long or read > BODY_CAP_BYTES
        if is_too_long:
            body.clear()
        else:
            body += block
        if is_too_long and (read > DRAINED_BYTES or not message.get("more_body")):
            sentence = f"a body has at most {BODY_CAP_BYTES} bytes"
            raise RefusedError(413, "too_long", sentence, _CLOSE)
        if not message.get("more_body"):
            return bytes(body)


def announced_length(value: bytes | None) -> int | None:
    """What Content-Length says; the connection let only numbers through."""
    return int(value) if value is not None else None


def kind_in(content_type: bytes | None) -> str:
    """The media type without its parameters, in lower case."""
    return (content_type or b"").decode("latin-1").partition(";")[0].strip().lower()


def json_object(body: bytes) -> dict[str, Any]:
    """Strict JSON, and an object; raises RefusedError(400) for anything else, whatever it is.

    orjson refuses what is no UTF-8, NaN, lone surrogates and endless depth; the second reading finds what it lets
    through: names that stand there twice, numbers that no database holds.
    """
    try:
        orjson.loads(body)
        said = _STRICT.decode(body.decode())
        # What has neither a NUL, which JSON can only escape, nor so many brackets needs no closer look.
        if b"\\u0000" in body or body.count(b"{") + body.count(b"[") > DEEPEST:
            _check(said, DEEPEST)
    except (ValueError, RecursionError) as error:
        raise RefusedError(400, "bad_json", "the body is no JSON that can be read") from error
    if not isinstance(said, dict):
        raise RefusedError(400, "no_object", "the body is no JSON object")
    return said


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) < len(pairs):
        raise ValueError("a name stands there twice")
    return said


def _number(text: str) -> int:
    number = int(text) if len(text) <= 20 else LARGEST_NUMBER + 1
    if abs(number) > LARGEST_NUMBER:
        raise ValueError("a number is too large")
    return number


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _constant(text: str) -> float:
    raise ValueError(text)


_STRICT = json.JSONDecoder(object_pairs_hook=_once, parse_int=_number, parse_float=_finite, parse_constant=_constant)


def _check(said: Any, deeper: int) -> None:
    if deeper < 0:
        raise ValueError("it is nested too deep")
    if isinstance(said, str):
        if "\0" in said:
            raise ValueError("a text holds a NUL")
    elif isinstance(said, dict):
        for name, value in said.items():
            _check(name, deeper - 1)
            _check(value, deeper - 1)
    elif isinstance(said, list):
        for value in said:
            _check(value, deeper - 1)


# Bodies that people write by hand


_MARK = re.compile(r'(?:^\s*\{|"\s*,)\s*"([A-Za-z_][A-Za-z0-9_ -]{0,40})"\s*:\s*"')


def flat_json(body: bytes) -> dict[str, Any]:
    """As `json_object`; where a title with quotes was put into hand-written JSON, those quotes are taken literally.

    Only for a flat object of texts, and never where a name would stand there twice: then somebody's title reads like
    a field of its own.
    """
    try:
        return json_object(body)
    except RefusedError as refusal:
        mended = _mended(body)
        if mended is None:
            raise
        try:
            return json_object(json.dumps(mended).encode())
        except ValueError:
            raise refusal from None


def _mended(body: bytes) -> dict[str, str] | None:
    try:
        text = body.decode("utf-8").strip()
    except UnicodeDecodeError:
        return None
    marks = list(_MARK.finditer(text))
    if not marks or not re.search(r'"\s*\}$', text) or not text.startswith("{"):
        return None
    ends = [*(mark.start() for mark in marks[1:]), text.rindex('"')]
    said = {mark[1]: text[mark.end() : end] for mark, end in zip(marks, ends, strict=True)}
    # What is escaped already was written by a program, which would not leave quotes bare.
    is_plain = all("\\" not in value and value.isprintable() for value in said.values())
    return said if len(said) == len(marks) <= MOST_FIELDS and is_plain else None


def form_fields(body: bytes) -> dict[str, str]:
    """An URL-encoded form, each name once; raises RefusedError(400)."""
    try:
        pairs = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError as error:
        raise RefusedError(400, "bad_form", "the body is no form that can be read") from error
    said = dict(pairs)
    if len(said) < len(pairs) or any("\0" in text for pair in pairs for text in pair):
        raise RefusedError(400, "bad_form", "the body is no form that can be read")
    return said


def multipart_part(body: bytes, content_type: bytes, name: str) -> bytes:
    """One part of a multipart form; raises RefusedError(400) when it is not there, or twice."""
    found = _Parts(name)
    try:
        _kind, options = parse_options_header(content_type)
        parser = MultipartParser(options[b"boundary"], found.callbacks())  # type: ignore[arg-type]
        parser.write(body)
        parser.finalize()
    except (FormParserError, KeyError, ValueError) as error:
        raise RefusedError(400, "bad_form", "the body is no form that can be read") from error
    if len(found.contents) != 1:
        raise RefusedError(400, "bad_form", f"the form has no part {name!r}, or several")
    return bytes(found.contents[0])


class _Parts:
    """Collects the contents of parts of one name."""

    def __init__(self, name: str) -> None:
        self.contents: list[bytearray] = []
        self._name = name
        self._headers: list[bytearray] = []
        self._is_meant = False
        self._parts = 0

    def callbacks(self) -> Mapping[str, Any]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._field,
            "on_header_value": self._value,
            "on_header_end": self._ended,
            "on_headers_finished": self._head,
            "on_part_data": self._data,
        }

    def _begin(self) -> None:
        self._parts += 1
        self._headers = [bytearray()]
        self._is_meant = False
        if self._parts > MOST_FIELDS:
            raise ValueError("too many parts")

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._headers[-1] += data[start:end]

    def _value(self, data: bytes, start: int, end: int) -> None:
        if b":" not in self._headers[-1]:
            self._headers[-1] += b": "
        self._headers[-1] += data[start:end]

    def _ended(self) -> None:
        self._headers.append(bytearray())

    def _head(self) -> None:
        head = Message()
        for line in self._headers:
            field, _, value = bytes(line).decode("utf-8", "replace").partition(": ")
            if field.lower() == "content-disposition":
                head["Content-Disposition"] = value
        named = head.get_param("name", header="Content-Disposition")
        self._is_meant = named == self._name
        if self._is_meant:
            self.contents.append(bytearray())

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._is_meant:
            self.contents[-1] += data[start:end]
