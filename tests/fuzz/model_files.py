"""Mutants of model files and checkpoints with a valid checksum, so that loading reads them."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tests.fuzz.mutations import mutate_array, mutate_bytes, mutate_json, places

from lamina.files.model_file import DTYPES, read_model_file, to_chunks

START = b'{"__metadata__":{"format":"lamina model","sha256":"'
DIGEST = slice(8 + len(START), 8 + len(START) + 64)


@dataclass
class Seed:
    """Valid file from which mutants are made.

    Attributes
    ----------
    content : bytes
    metadata : dict of str to str
    tensors : dict of str to ndarray
    part : str
        Key of the metadata that holds the model's or the checkpoint's JSON.
    plain : object
        That JSON.
    places : list of tuple
        Path of every value in it.
    """

    content: bytes
    metadata: dict[str, str]
    tensors: dict[str, np.ndarray]
    part: str
    plain: Any
    places: list[tuple[Any, ...]]

    @classmethod
    def read(cls, path: Path) -> Seed:
        """Read a file."""
        metadata, tensors = read_model_file(path)
        kept = {k: v for k, v in metadata.items() if k not in ("format", "sha256")}
        part = "model" if "model" in kept else "checkpoint"
        plain = json.loads(kept[part])
        return cls(path.read_bytes(), kept, dict(tensors), part, plain, list(places(plain)))

    def mutant(self, rng: random.Random) -> bytes:
        """Return the file with one to three mutations and a checksum that matches."""
        draw = rng.random()
        if draw < 0.04:
            return mended(mutate_bytes(self.content, rng))
        if draw < 0.1:
            return self._with_other_header(rng)
        plain, tensors = self.plain, self.tensors
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            if tensors and rng.random() < 0.35:
                tensors = _other_tensors(tensors, rng)
            else:
                everywhere = self.places if plain is self.plain else list(places(plain))
                plain = mutate_json(plain, everywhere, rng)
        return self.written(plain, tensors)

    def written(self, plain: Any, tensors: dict[str, np.ndarray]) -> bytes:
        """Return a file with this JSON and these tensors."""
        metadata = {**self.metadata, self.part: json.dumps(plain)}
        return b"".join(bytes(chunk) for chunk in to_chunks(metadata, tensors))

    def _with_other_header(self, rng: random.Random) -> bytes:
        length = int.from_bytes(self.content[:8], "little")
        header = json.loads(self.content[8 : 8 + length])
        everywhere = list(places(header))
        name = rng.choice([*self.tensors, "__metadata__"])
        if name != "__metadata__" and rng.random() < 0.5:
            header[name]["dtype"] = rng.choice(list(DTYPES))
        else:
            header = mutate_json(header, everywhere, rng)
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)
        return mended(len(text).to_bytes(8, "little") + text + self.content[8 + length :])


def mended(content: bytes) -> bytes:
    """Return a file with the checksum of its content, if it has a place for one."""
    if content[8 : DIGEST.start] != START or len(content) < DIGEST.stop:
        return content
    blank = content[: DIGEST.start] + b"0" * 64 + content[DIGEST.stop :]
    digest = hashlib.sha256(blank).hexdigest().encode()
    return content[: DIGEST.start] + digest + content[DIGEST.stop :]


def _other_tensors(tensors: dict[str, np.ndarray], rng: random.Random) -> dict[str, np.ndarray]:
    name, other = rng.choice(list(tensors)), rng.choice(list(tensors))
    draw = rng.random()
    if draw < 0.05:
        return {key: value for key, value in tensors.items() if key != name}
    if draw < 0.15:
        return {**tensors, name: tensors[other], other: tensors[name]}
    return {**tensors, name: mutate_array(tensors[name], rng)}
