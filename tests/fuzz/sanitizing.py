"""Build the core with AddressSanitizer and UndefinedBehaviorSanitizer, in a separate folder."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

SANITIZERS = "address,undefined"
# The runtime must be loaded before Python: GCC's name for it, then clang's.
RUNTIMES = ("libasan.so", "libclang_rt.asan-x86_64.so", "libclang_rt.asan.so")
ROOT = Path(__file__).parents[2]
CURE = (
    "Install one (libasan of GCC, libclang-rt of clang), choose another compiler with CXX=…, or "
    "run the fuzzers with the ordinary core: python -m tests.fuzz --ordinary-core"
)


def build_core(folder: Path) -> Path:
    """Build the extension into a folder; return its path.

    Raises
    ------
    SystemExit
        If the compiler has no sanitizers or the build fails; names the cure.
    """
    scripts = Path(sysconfig.get_path("scripts"))
    nanobind = _output([sys.executable, "-m", "nanobind", "--cmake_dir"])
    configure = [
        *(str(scripts / "cmake"), "-S", str(ROOT), "-B", str(folder), "-G", "Ninja"),
        f"-DCMAKE_MAKE_PROGRAM={scripts / 'ninja'}",
        f"-DPython_EXECUTABLE={sys.executable}",
        f"-Dnanobind_DIR={nanobind}",
        f"-DLAMINA_SANITIZER={SANITIZERS}",
        "-DCMAKE_BUILD_TYPE=Release",
    ]
    _require(configure, folder)
    print(
        f"fuzz: building the core with -fsanitize={SANITIZERS}, some minutes at first", flush=True
    )
    _require([str(scripts / "cmake"), "--build", str(folder)], folder, shows=True)
    return folder / f"_native{sysconfig.get_config_var('EXT_SUFFIX')}"


def environment(core: Path) -> dict[str, str]:
    """Return the environment variables with which a process uses this core."""
    return {
        "LAMINA_FUZZ_CORE": str(core),
        "LD_PRELOAD": " ".join(map(str, _runtimes(compiler_of(core.parent)))),
        # Python leaks by design. lamina itself must refuse sizes that no allocator can provide.
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }


def compiler_of(folder: Path) -> str:
    """Return the C++ compiler of a build folder."""
    lines = (folder / "CMakeCache.txt").read_text().splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith("CMAKE_CXX_COMPILER:"))


def _runtimes(compiler: str) -> list[Path]:
    found = [Path(_output([compiler, f"-print-file-name={name}"])) for name in RUNTIMES]
    # A compiler prints the bare name if it has no such file.
    asan = next((path for path in found if path.is_absolute()), None)
    if asan is None:
        raise SystemExit(f"fuzz: {compiler} has no shared library of AddressSanitizer. {CURE}")
    # Loading libstdc++ here lets the sanitizer intercept __cxa_throw.
    return [asan, Path(_output([compiler, "-print-file-name=libstdc++.so.6"]))]


def _output(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _require(command: list[str], folder: Path, shows: bool = False) -> None:
    try:
        done = subprocess.run(command, capture_output=not shows, text=True)
    except FileNotFoundError as error:
        raise SystemExit(f"fuzz: {error.filename} is missing; run `make build` first") from None
    if done.returncode:
        text = "" if shows else f"{done.stdout}{done.stderr}\n"
        raise SystemExit(f"{text}fuzz: the core cannot be built with a sanitizer. {CURE}")
