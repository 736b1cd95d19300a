"""What a person is asked at a terminal, or what a program gives on standard input, a line each."""

import itertools
import os
import sys

import click

LARGEST_BYTES = 256 * 1024

END_OF_INPUT = b"\x04"
"""What Ctrl-D sends."""


def person_is_there() -> bool:
    return sys.stdin.isatty()


def word(what: str, *, is_secret: bool, kept: str = "") -> str:
    """One word; on a terminal it is hidden when it is secret, and an empty answer keeps the one that is there."""
    if not person_is_there():
        return line(what) or kept
    hint = " (Enter keeps the one there is)" if kept else ""
    answer = click.prompt(what + hint, default="", show_default=False, hide_input=is_secret, err=True)
    return str(answer).strip() or kept


def line(what: str) -> str | None:
    """One line of standard input; None at its end."""
    click.echo(f"{what}: ", nl=False, err=True)
    given = sys.stdin.buffer.readline(LARGEST_BYTES)
    return given.decode(errors="replace").strip() if given else None


def long_word(what: str) -> str:
    """Several lines, up to an empty one; a terminal does not show them."""
    prompt = f"{what}; end with an empty line:"
    given = _typed_unseen(prompt) if person_is_there() else sys.stdin.buffer.read(LARGEST_BYTES)
    lines = given.decode(errors="replace").strip().splitlines()
    return "\n".join(itertools.takewhile(str.strip, lines))


def _typed_unseen(prompt: str) -> bytes:
    """What is typed or pasted up to an empty line.

    The terminal's own editing of lines is switched off: it cuts a line at 4096 bytes (1024 on macOS), and the cookies
    of a browser are longer.
    """
    import termios
    import tty

    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    typed = bytearray()
    try:
        tty.setcbreak(number)
        click.echo(prompt, err=True)
        while not _is_whole(typed):
            keys = os.read(number, 1024)
            _type(typed, keys or END_OF_INPUT)
    finally:
        termios.tcsetattr(number, termios.TCSAFLUSH, before)
        click.echo(err=True)
    return bytes(typed.partition(END_OF_INPUT)[0])


def _is_whole(typed: bytearray) -> bool:
    """Is there an empty line, at the beginning too, or the end?"""
    return typed[:1] == b"\n" or b"\n\n" in typed or END_OF_INPUT in typed or len(typed) >= LARGEST_BYTES


def _type(typed: bytearray, keys: bytes) -> None:
    """Put keys behind what stands there; a backspace takes one away."""
    for key in keys.replace(b"\r", b"\n"):
        if key in {0x7F, 0x08}:
            del typed[-1:]
        else:
            typed.append(key)
