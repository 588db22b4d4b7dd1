"""How a conversation becomes one text that a model can continue.

The chat formats of common models are written out here, and a GGUF's own Jinja template tells which
one is meant: the text is then the same for every runtime, byte-stable, and can end inside the
assistant's answer, which Jinja templates cannot say. A template of no known family is rendered by
jinja2 where that is installed.

BOS is left out: the runtimes add it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Line:
    """One message of a conversation: `role` is system, user or assistant."""

    role: str
    text: str


Render = Callable[[Sequence[Line], str], str]
"""(lines, opening) -> text that ends with the begun answer `opening`."""


class NoTemplate(ValueError):
    """The model has no chat template, or one that cannot be used."""


def choose(template: str) -> Render:
    """The format that a model's own template means.

    Raises:
        NoTemplate: says why.
    """
    if not template:
        raise NoTemplate(
            "it has no chat template: this is a base model, which cannot hold a conversation; "
            "take one that is called instruct, chat or it"
        )
    for markers, render in _FAMILIES:
        if all(marker in template for marker in markers):
            return render
    return _jinja(template)


def chatml(lines: Sequence[Line], opening: str) -> str:
    """SmolLM2, Qwen and many others."""
    said = "".join(f"<|im_start|>{line.role}\n{line.text}<|im_end|>\n" for line in lines)
    return f"{said}<|im_start|>assistant\n{opening}"


def llama3(lines: Sequence[Line], opening: str) -> str:
    """Llama 3 and later."""
    said = "".join(f"{_llama3_head(line.role)}{line.text}<|eot_id|>" for line in lines)
    return f"{said}{_llama3_head('assistant')}{opening}"


def _llama3_head(role: str) -> str:
    return f"<|start_header_id|>{role}<|end_header_id|>\n\n"


def gemma(lines: Sequence[Line], opening: str) -> str:
    """Gemma: no system role, its text begins the first user's turn."""
    said = "".join(
        f"<start_of_turn>{'model' if line.role == 'assistant' else 'user'}\n"
        f"{line.text}<end_of_turn>\n"
        for line in _fold_system(lines)
    )
    return f"{said}<start_of_turn>model\n{opening}"


def mistral(lines: Sequence[Line], opening: str) -> str:
    """Mistral and Mixtral: no system role either."""
    said = "".join(
        f" {line.text}</s>" if line.role == "assistant" else f"[INST] {line.text} [/INST]"
        for line in _fold_system(lines)
    )
    return f"{said} {opening}"


def phi3(lines: Sequence[Line], opening: str) -> str:
    """Phi 3 and 3.5."""
    said = "".join(f"<|{line.role}|>\n{line.text}<|end|>\n" for line in lines)
    return f"{said}<|assistant|>\n{opening}"


def zephyr(lines: Sequence[Line], opening: str) -> str:
    """Zephyr, TinyLlama and StableLM."""
    said = "".join(f"<|{line.role}|>\n{line.text}</s>\n" for line in lines)
    return f"{said}<|assistant|>\n{opening}"


_FAMILIES: tuple[tuple[tuple[str, ...], Render], ...] = (
    (("<|im_start|>",), chatml),
    (("<|start_header_id|>",), llama3),
    (("<start_of_turn>",), gemma),
    (("[INST]",), mistral),
    (("<|end|>", "<|assistant|>"), phi3),
    (("<|assistant|>",), zephyr),
)


def _fold_system(lines: Sequence[Line]) -> list[Line]:
    folded: list[Line] = []
    system = ""
    for line in lines:
        if line.role == "system":
            system += line.text + "\n\n"
        elif line.role == "user" and system:
            folded.append(Line("user", system + line.text))
            system = ""
        else:
            folded.append(line)
    if system:
        folded.insert(0, Line("user", system.strip()))
    return folded


def _jinja(template: str) -> Render:
    try:
        from jinja2 import TemplateError
        from jinja2.sandbox import ImmutableSandboxedEnvironment
    except ImportError:
        raise NoTemplate(
            "its chat template is of no family that is built in; "
            "`pip install jinja2` lets it be used as it is"
        ) from None

    def refuse(message: str) -> Any:
        raise TemplateError(message)

    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.globals["raise_exception"] = refuse
    try:
        compiled = environment.from_string(template)
    except TemplateError as err:
        raise NoTemplate(f"its chat template cannot be read: {err}") from None

    def fill(lines: Sequence[Line]) -> str:
        messages = [{"role": line.role, "content": line.text} for line in lines]
        return compiled.render(
            messages=messages, add_generation_prompt=True, bos_token="", eos_token=""
        )

    def render(lines: Sequence[Line], opening: str) -> str:
        try:
            return fill(lines) + opening
        except TemplateError:
            return fill(_fold_system(lines)) + opening  # a template without a system role

    try:
        render([Line("system", "a"), Line("user", "b")], "")
    except Exception as err:
        raise NoTemplate(f"its chat template cannot be used: {err}") from None
    return render
