"""How a WebSocket begins (RFC 6455, section 4), whoever speaks it from then on."""

import base64
import binascii
import hashlib

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What a key is answered with (section 4.2.2)."""


def refusal(environ):
    """The HTTP status to refuse a handshake with, or None."""
    if not is_key(environ.get("HTTP_SEC_WEBSOCKET_KEY", "")):
        return "400 Bad Request"
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13":
        return "426 Upgrade Required"
    return None


def is_key(key):
    """Whether it stands for 16 bytes in base 64."""
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def asks_to_upgrade(environ):
    """Whether a request's headers ask for a WebSocket."""
    words = {word.strip().lower() for word in environ.get("HTTP_CONNECTION", "").split(",")}
    return "upgrade" in words and environ.get("HTTP_UPGRADE", "").lower() == "websocket"


def switching_protocols(key):
    """The bytes that answer a handshake."""
    accept = base64.b64encode(hashlib.sha1(key.encode() + MAGIC).digest())  # noqa: S324 - the RFC's
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


def read_ahead(environ):
    """What came right behind the handshake: it is in gunicorn's buffer already."""
    unreader = getattr(getattr(environ["wsgi.input"], "reader", None), "unreader", None)
    return unreader.buf.getvalue() if unreader else b""
