"""Cuts a VITS voice in two: what decides how a sentence is said, and what turns that into sound.

The vocoder (`/dec/` in Piper's exports) takes three quarters of the time and sees only some frames
around each moment, so with it cut off a sentence is planned whole, prosody and all, and voiced
piece by piece: the first sound comes after one short piece, not after the sentence.

The file is cut as bytes, along the protobuf fields of the ONNX IR (onnx/onnx.proto in the ONNX
specification): a graph is a list of fields, and each half is a selection of them. That takes 30 ms
where parsing and writing 60 MB with the `onnx` package takes half a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

# Field numbers of onnx.proto.
MODEL_GRAPH = 7
GRAPH_NODE, GRAPH_NAME, GRAPH_INITIALIZER = 1, 2, 5
GRAPH_INPUT, GRAPH_OUTPUT, GRAPH_VALUE_INFO = 11, 12, 13
NODE_INPUT, NODE_OUTPUT, NODE_NAME, NODE_OP = 1, 2, 3, 4
TENSOR_NAME = 8
VALUE_NAME = 1

VOCODER = b"/dec/"
"""How the names of the vocoder's nodes begin in every export of Piper's training code."""


class BadModel(ValueError):
    """Not an ONNX model, or cut short."""


class NotSplittable(ValueError):
    """A sound model of another shape: run it whole."""


class Halves(NamedTuple):
    """A voice in two parts, each a serialized ONNX model.

    Attributes:
        planner: the voice's inputs to the latent and the frames of each phoneme id.
        vocoder: latent (1, channels, frames) and `shared` to sound, a hop of samples a frame.
        latent: name of the tensor that passes between them.
        durations: name of the planner's output of frames for each phoneme id.
        shared: further tensors that the vocoder takes (a speaker's embedding).
    """

    planner: bytes
    vocoder: bytes
    latent: str
    durations: str
    shared: tuple[str, ...]


class _Node(NamedTuple):
    raw: memoryview
    name: bytes
    op: bytes
    inputs: list[bytes]
    outputs: list[bytes]


def split(model: bytes) -> Halves:
    """Cut a voice.

    Raises:
        BadModel: the bytes are not a whole ONNX model.
        NotSplittable: it has no vocoder that can be told apart.
    """
    head, graph = _model(model)
    nodes: list[_Node] = []
    tensors: dict[bytes, memoryview] = {}
    inputs: list[memoryview] = []
    outputs: list[memoryview] = []
    for number, raw, body in _fields(graph):
        if number == GRAPH_NODE:
            nodes.append(_node(raw, body))
        elif number == GRAPH_INITIALIZER:
            tensors[_name(body, TENSOR_NAME)] = raw
        elif number == GRAPH_INPUT:
            inputs.append(raw)
        elif number == GRAPH_OUTPUT:
            outputs.append(raw)
    if not nodes or not outputs:
        raise BadModel("it holds no graph")
    durations = [node.outputs[0] for node in nodes if node.op == b"Ceil"]
    if len(durations) != 1:
        raise NotSplittable("its durations cannot be told apart")
    planner, vocoder = _part(nodes)
    passing = _passing(planner, vocoder)
    latent = [name for name in passing if _feeds(vocoder, name, b"/dec/conv_pre/Conv")]
    if len(latent) != 1:
        raise NotSplittable("its vocoder cannot be told apart")
    values = [_value(name) for name in passing]
    planner_out = [_tagged(GRAPH_OUTPUT, value) for value in [*values, _value(durations[0])]]
    vocoder_in = [_tagged(GRAPH_INPUT, value) for value in values]
    return Halves(
        planner=_join(head, planner, tensors, inputs, planner_out),
        vocoder=_join(head, vocoder, tensors, vocoder_in, outputs),
        latent=latent[0].decode(),
        durations=durations[0].decode(),
        shared=tuple(name.decode() for name in passing if name != latent[0]),
    )


def _part(nodes: list[_Node]) -> tuple[list[_Node], list[_Node]]:
    """The nodes before the vocoder, and the vocoder with everything behind it (ONNX is sorted)."""
    planner: list[_Node] = []
    vocoder: list[_Node] = []
    behind: set[bytes] = set()
    for node in nodes:
        if node.name.startswith(VOCODER) or not behind.isdisjoint(node.inputs):
            vocoder.append(node)
            behind.update(node.outputs)
        else:
            planner.append(node)
    if not vocoder or not planner:
        raise NotSplittable("it has no vocoder by that name")
    # Constants are free: the vocoder keeps its own copy of those that it uses.
    used = {name for node in vocoder for name in node.inputs}
    constants = [n for n in planner if n.op == b"Constant" and not used.isdisjoint(n.outputs)]
    return planner, [*constants, *vocoder]


def _passing(planner: list[_Node], vocoder: list[_Node]) -> list[bytes]:
    made = {name for node in planner for name in node.outputs}
    own = {name for node in vocoder for name in node.outputs}
    return sorted({n for node in vocoder for n in node.inputs if n in made and n not in own})


def _feeds(nodes: list[_Node], name: bytes, into: bytes) -> bool:
    return any(node.name == into and name in node.inputs for node in nodes)


def _join(
    head: bytes,
    nodes: list[_Node],
    tensors: dict[bytes, memoryview],
    inputs: Sequence[bytes | memoryview],
    outputs: Sequence[bytes | memoryview],
) -> bytes:
    # A node with a graph inside (If, Loop) may name tensors there: it then keeps them all.
    used = {name for node in nodes for name in node.inputs}
    nested = any(node.op in (b"If", b"Loop", b"Scan") for node in nodes)
    kept = [raw for name, raw in tensors.items() if nested or name in used]
    parts = [*(node.raw for node in nodes), _tagged(GRAPH_NAME, b"voice"), *kept, *inputs, *outputs]
    # One join: every copy of 60 MB costs 40 ms.
    size = sum(len(part) for part in parts)
    return b"".join([head, _varint(MODEL_GRAPH << 3 | 2), _varint(size), *parts])


def _model(model: bytes) -> tuple[bytes, memoryview]:
    head = b""
    graph: memoryview | None = None
    for number, raw, body in _fields(memoryview(model)):
        if number == MODEL_GRAPH:
            graph = body
        else:
            head += bytes(raw)
    if graph is None:
        raise BadModel("it holds no graph")
    return head, graph


def _node(raw: memoryview, body: memoryview) -> _Node:
    name, op = b"", b""
    inputs: list[bytes] = []
    outputs: list[bytes] = []
    for number, _, value in _fields(body):
        if number == NODE_INPUT:
            inputs.append(bytes(value))
        elif number == NODE_OUTPUT:
            outputs.append(bytes(value))
        elif number == NODE_NAME:
            name = bytes(value)
        elif number == NODE_OP:
            op = bytes(value)
    return _Node(raw, name, op, inputs, outputs)


def _name(body: memoryview, field: int) -> bytes:
    for number, _, value in _fields(body):
        if number == field:
            return bytes(value)
    return b""


def _value(name: bytes) -> bytes:
    """ValueInfoProto of a float tensor of any shape: type.tensor_type.elem_type = FLOAT."""
    return _tagged(VALUE_NAME, name) + _tagged(2, _tagged(1, b"\x08\x01"))


def _tagged(number: int, body: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(body)) + body


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _fields(data: memoryview) -> Iterator[tuple[int, memoryview, memoryview]]:
    """Fields of a protobuf message: (number, the field as it stands, its content)."""
    at, end = 0, len(data)
    while at < end:
        start = at
        tag, at = _read_varint(data, at)
        kind = tag & 7
        if kind == 0:
            body = at
            _, at = _read_varint(data, at)
        elif kind in (1, 5):
            body = at
            at += 8 if kind == 1 else 4
        elif kind == 2:
            size, body = _read_varint(data, at)
            at = body + size
        else:
            raise BadModel("it is not ONNX")
        if at > end:
            raise BadModel("it is cut short")
        yield tag >> 3, data[start:at], data[body:at]


def _read_varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise BadModel("it is cut short")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
