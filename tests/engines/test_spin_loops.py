"""The loops that measure the machine's peak, as the compiler left them: registers and nothing else.

A sum that the compiler spills to memory halves the measured peak, and a fraction of it would be
twice too large.
"""

import platform
import re
import shutil
import subprocess
from collections import defaultdict

import pytest

_native = pytest.importorskip("lamina._native")

OBJDUMP = shutil.which("objdump")
pytestmark = [
    pytest.mark.skipif(OBJDUMP is None, reason="objdump is not installed"),
    pytest.mark.skipif(
        platform.machine() not in {"x86_64", "AMD64"} or platform.system() == "Windows",
        reason="the mnemonics are those of x86",
    ),
]
REGISTERS = {"avx512": "zmm", "avx2": "ymm", "baseline": "xmm", "avx512_bf16": "zmm"}
MNEMONICS = {
    "multiply_add": {"fused": r"vfmadd\d+{}", "baseline": "v?mul{}"},
    "multiply_add_bfloat16": {"fused": "vdpbf16ps"},
    "divide": {"fused": "vdiv{}", "baseline": "v?div{}"},
    "square_root": {"fused": "vsqrt{}", "baseline": "v?sqrt{}"},
}
LINE = re.compile(r"\s*([0-9a-f]+):\t(\S+)\s*(.*)")
# Longer loops are no spin loops: at most 24 chains, of two instructions in the baseline.
LONGEST = 60


def instructions():
    """Yield address, mnemonic and operands of each instruction of the extension."""
    command = [OBJDUMP, "-d", "--no-show-raw-insn", _native.__file__]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        for line in run.stdout:
            if found := LINE.match(line):
                yield int(found[1], 16), found[2], found[3]


@pytest.fixture(scope="module")
def loops():
    """Return the bodies of the short inner loops that write no memory and read none."""
    found, recent = [], []
    for address, mnemonic, operands in instructions():
        recent = [*recent[-LONGEST:], (address, mnemonic, operands)]
        target = re.match(r"([0-9a-f]+)\b", operands)
        if not (mnemonic.startswith("j") and target and mnemonic != "jmp"):
            continue
        start = int(target[1], 16)
        body = [each for each in recent if start <= each[0] < address]
        if not body or body[0][0] != start:
            continue
        if not any("(" in each[2] and not each[1].startswith("nop") for each in body):
            found.append([each[1:] for each in body])
    return found


def chains_of(body, mnemonic, register):
    """Return how often the instruction updates such a register in a loop."""
    return sum(
        bool(re.fullmatch(mnemonic, name)) and operands.rpartition("%")[2].startswith(register)
        for name, operands in body
    )


@pytest.mark.parametrize("suffix", ["ps", "pd"])
def test_every_loop_keeps_its_chains_in_registers(loops, suffix):
    numbers = defaultdict(set)
    for name, operation, chains in _native.spin_loops():
        if operation == "multiply_add_bfloat16" and suffix == "pd":
            continue
        mnemonics = MNEMONICS[operation]
        kind = "baseline" if name == "baseline" else "fused"
        mnemonic = mnemonics[kind].format(suffix)
        key = mnemonic, REGISTERS[name]
        if key not in numbers:
            numbers[key] = {chains_of(body, *key) for body in loops}
        assert chains in numbers[key], f"{name}, {operation}: no loop of {chains} registers"
