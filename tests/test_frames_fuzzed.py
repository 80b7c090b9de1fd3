"""The WebSocket codec against wsproto, which is sans-I/O, too, and here anyway (simple-websocket).

Both get the same bytes. Where they may differ:

- wsproto knows no limit; `Limit` is one, as an extension of its.
- It waits for a whole header, Parlor's Reader for no more than it needs to refuse it; so what is
  compared goes on long enough to end whatever has begun.
- It decodes a text as it comes, Reader once it is complete. So it may refuse one earlier; then
  Reader must not deliver that text, nor anything but control frames after it.
- It does not know the close code 1014, which came later.
"""

from hypothesis import given, settings
from hypothesis import strategies as st
from wsproto.extensions import Extension
from wsproto.frame_protocol import CloseReason, FrameProtocol, ParseFailed, RsvBits

from parlor.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    NOT_TEXT,
    PING,
    PONG,
    TEXT,
    Reader,
    Violation,
    frame,
    is_close_code,
)  # fmt: skip
from tests.support.wire import client_frame

fuzzed = settings(derandomize=True, deadline=None, max_examples=400)
DATA, CONTROL = (TEXT, BINARY), (CLOSE, PING, PONG)


class Limit(Extension):
    """Bytes in a message. An empty fragment counts as one, so that they come to an end."""

    name = "limit"

    def __init__(self, largest):
        self.largest, self.size = largest, 0
        self.is_data, self.length = False, 0

    def enabled(self):
        return True

    def offer(self):
        return True

    def frame_inbound_header(self, proto, opcode, rsv, payload_length):
        self.is_data, self.length = not opcode.iscontrol(), payload_length
        return RsvBits(False, False, False)

    def frame_inbound_payload_data(self, proto, data):
        is_too_big = self.is_data and self.size + self.length > self.largest
        return CloseReason.MESSAGE_TOO_BIG if is_too_big else data

    def frame_inbound_complete(self, proto, fin):
        if self.is_data:
            self.size = 0 if fin else self.size + (self.length or 1)


class Reference:
    """Reads as `Reader` does, with wsproto."""

    def __init__(self, largest):
        self.protocol = FrameProtocol(client=False, extensions=[Limit(largest)])
        self.pieces = []

    def read(self, data):
        self.protocol.receive_bytes(data)
        try:
            for frame in self.protocol.received_frames():
                if frame.opcode.iscontrol():
                    yield int(frame.opcode), control(frame)
                elif self.gather(frame):
                    yield int(frame.opcode), self.whole(frame)
        except ParseFailed as failure:
            raise Violation(int(failure.code)) from None

    def gather(self, frame):
        self.pieces.append(frame.payload)
        return frame.message_finished

    def whole(self, frame):
        pieces, self.pieces = self.pieces, []
        return ("" if frame.opcode == TEXT else b"").join(pieces)


def control(frame):
    """A control frame's payload, as it was written."""
    if frame.opcode != CLOSE:
        return frame.payload
    code, reason = frame.payload
    return b"" if code == CloseReason.NO_STATUS_RCVD else code.to_bytes(2) + reason.encode()


def outcome(reader, chunks):
    """(what was read up to a close, the code it was refused with or None)."""
    came = []
    try:
        for chunk in chunks:
            for message in reader.read(chunk):
                came.append(message)
                if message[0] == CLOSE:
                    return came, None
    except Violation as violation:
        return came, violation.code
    return came, None


def agree(ours, theirs):
    """Whether both say the same, or wsproto refused a text before it was complete."""
    if ours == theirs:
        return True
    came, code = theirs
    after = ours[0][len(came) :]
    is_earlier = code == NOT_TEXT and ours[0][: len(came)] == came
    return is_earlier and all(opcode in CONTROL for opcode, _ in after)


@st.composite
def chunked(draw, data):
    """Bytes, cut anywhere."""
    data = draw(data)
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=12)))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


LARGEST = 300
LONG = 70_000
around = st.sampled_from([124, 125, 126, 127, 128, 299, 300, 301]).map(lambda size: "x" * size)
texts = st.one_of(st.text(max_size=8), st.text(max_size=200), around)
payloads = texts.map(str.encode)
masks = st.binary(min_size=4, max_size=4)
short = st.one_of(st.binary(max_size=8), st.binary(min_size=124, max_size=125))
reasons = st.one_of(
    st.just(b""), st.text(max_size=30).map(lambda text: b"\x03\xe8" + text.encode())
)


def frames(**fields):
    """A whole text in one frame, except for what is given otherwise."""
    return st.builds(client_frame, **{"payload": payloads, "mask": masks, **fields})


control_frames = frames(payload=short, opcode=st.sampled_from([PING, PONG]))
any_opcode = st.sampled_from([CONTINUATION, *DATA, *CONTROL])
odd_frames = st.one_of(
    frames(mask=st.none(), opcode=any_opcode),
    frames(reserved=st.integers(1, 7), opcode=any_opcode),
    frames(opcode=st.sampled_from([3, 4, 5, 6, 7, 11, 12, 13, 14, 15])),
    frames(form=st.sampled_from([2, 8]), opcode=any_opcode),
    frames(payload=st.binary(min_size=126, max_size=130), opcode=st.sampled_from(CONTROL)),
    frames(final=st.just(False), opcode=any_opcode),
    frames(opcode=any_opcode),
    frames(payload=st.binary(max_size=40)),
    frames(payload=st.binary(max_size=9).map(b"\x03\xe8".__add__), opcode=st.just(CLOSE)),
)


@st.composite
def messages(draw, between=control_frames):
    """The frames of one message: whole, or in fragments with something between."""
    opcode, payload = draw(st.sampled_from([TEXT, TEXT, TEXT, BINARY])), draw(payloads)
    cuts = sorted(draw(st.lists(st.integers(0, len(payload)), max_size=4)))
    pieces = [payload[a:b] for a, b in zip([0, *cuts], [*cuts, len(payload)], strict=True)]
    kinds = [opcode] + [CONTINUATION] * len(cuts)
    finals = [False] * len(cuts) + [True]
    parts = []
    for piece, kind, final in zip(pieces, kinds, finals, strict=True):
        parts += draw(st.lists(between, max_size=2)) if parts else []
        parts.append(client_frame(piece, kind, final, mask=draw(masks)))
    return b"".join(parts)


closes = frames(payload=st.one_of(st.just(b""), reasons), opcode=st.just(CLOSE))
sound = st.lists(st.one_of(messages(), control_frames), max_size=6).map(b"".join)
disturbed = messages(st.one_of(control_frames, control_frames, odd_frames))
anything = st.one_of(messages(), disturbed, control_frames, odd_frames, closes)
unsound = st.lists(anything, max_size=8).map(b"".join)


def compare(chunks, largest=LARGEST):
    theirs = outcome(Reference(largest), chunks)
    ours = outcome(Reader(largest), chunks)
    assert agree(ours, theirs), f"{ours}, and not {theirs}"
    return ours


@fuzzed
@given(chunked(sound), st.sampled_from([LARGEST, LONG]))
def test_what_is_sound_is_read_the_same(chunks, largest):
    ours, theirs = outcome(Reader(largest), chunks), outcome(Reference(largest), chunks)
    assert ours == theirs


@settings(fuzzed, max_examples=60)
@given(st.lists(st.one_of(texts, st.just("é" * LONG)), max_size=5), st.data())
def test_texts_arrive_as_they_were_sent(sent, data):
    whole = b"".join(client_frame(text) for text in sent)
    came, code = compare(data.draw(chunked(st.just(whole))), largest=4 * LONG)
    assert (came, code) == ([(TEXT, text) for text in sent], None)


@settings(fuzzed, max_examples=1500)
@given(chunked(unsound))
def test_what_is_unsound_is_refused_the_same(chunks):
    """The zeros complete whatever has begun, and are no frame themselves."""
    came, code = compare([*chunks, bytes(LARGEST + 14)])
    assert code or came[-1][0] == CLOSE


@fuzzed
@given(chunked(st.binary(max_size=200)))
def test_noise_is_refused_the_same(chunks):
    compare([*chunks, bytes(LARGEST + 14)])


@fuzzed
@given(sound.filter(len), st.data())
def test_one_flipped_bit_is_taken_the_same(whole, data):
    at = data.draw(st.integers(0, 8 * len(whole) - 1))
    flipped = int.from_bytes(whole, "little") ^ 1 << at
    compare([flipped.to_bytes(len(whole), "little"), bytes(LARGEST + 14)])


@fuzzed
@given(chunked(st.one_of(sound, unsound, st.binary(max_size=200))))
def test_where_it_is_cut_makes_no_difference(chunks):
    whole = b"".join(chunks)
    expected = outcome(Reader(LARGEST), [whole])
    assert outcome(Reader(LARGEST), chunks) == expected
    assert outcome(Reader(LARGEST), [bytes([byte]) for byte in whole]) == expected


def test_the_same_close_codes_are_taken():
    differing = []
    for code in range(0x10000):
        chunks = [client_frame(code.to_bytes(2), CLOSE)]
        _, refusal = outcome(Reference(LARGEST), chunks)
        if is_close_code(code) != (refusal is None):
            differing.append(code)
    assert differing == [1014]


@fuzzed
@given(st.lists(st.tuples(st.sampled_from([*DATA, PING, PONG]), short), max_size=8), st.data())
def test_a_client_reads_what_the_server_sends(sent, data):
    sent = [(opcode, b"text" if opcode == TEXT else payload) for opcode, payload in sent]
    whole = b"".join(frame(payload, opcode) for opcode, payload in sent)
    assert client_reads(data.draw(chunked(st.just(whole)))) == sent


def test_a_client_reads_any_length_that_the_server_sends():
    for length in [*range(300), 65_534, 65_535, 65_536, LONG]:
        assert client_reads([frame(b"x" * length)]) == [(TEXT, b"x" * length)]


def client_reads(chunks):
    """What wsproto reads as a client."""
    client, came = FrameProtocol(client=True, extensions=[]), []
    for chunk in chunks:
        client.receive_bytes(chunk)
        for part in client.received_frames():
            payload = part.payload.encode() if part.opcode == TEXT else part.payload
            came.append((int(part.opcode), payload, part.frame_finished))
    return joined_parts(came)


def joined_parts(parts):
    whole, pending = [], b""
    for opcode, payload, is_finished in parts:
        pending += payload
        if is_finished:
            whole.append((opcode, pending))
            pending = b""
    return whole
