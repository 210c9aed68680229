import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lamina.errors import SpoolError
from lamina.files.disk_arrays import create_npy, create_unnamed, is_mapped
from lamina.files.spool import open_spool, remove_stale_spools

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no kill -9")
HOLD = """
import sys
from lamina.files.spool import open_spool
with open_spool(sys.argv[1], n_bytes=8000) as spool:
    X = spool.create("X", (1000, 2), "float32")
    X[:] = 1
    print(spool.path, flush=True)
    sys.stdin.read()
"""


def holder(folder: Path) -> tuple[subprocess.Popen[str], Path]:
    """Start a process that holds a spool until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_a_spool_holds_arrays_that_numpy_loads(tmp_path: Path) -> None:
    with open_spool(tmp_path, 800) as spool:
        X = spool.create("X", (50, 4), "float32")
        X[:] = np.arange(200).reshape(50, 4)
        loaded = np.load(spool.path / "X.npy", mmap_mode="r")
        assert (loaded == np.arange(200).reshape(50, 4)).all()
        assert type(X) is np.ndarray
        assert is_mapped(X)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
def test_no_spool_is_left_after_an_error(tmp_path: Path, error: type[BaseException]) -> None:
    def fail() -> None:
        with open_spool(tmp_path, 800) as spool:
            spool.create("X", (50, 4), "float32")
            raise error

    with pytest.raises(error):
        fail()
    assert list(tmp_path.iterdir()) == []


@posix
def test_the_next_spool_removes_that_of_a_killed_process(tmp_path: Path) -> None:
    process, path = holder(tmp_path)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert (path / "X.npy").exists()
    with open_spool(tmp_path, 0) as spool:
        assert not path.exists()
        assert spool.path.exists()
    assert list(tmp_path.iterdir()) == []


@posix
def test_the_spool_of_a_living_process_stays(tmp_path: Path) -> None:
    process, path = holder(tmp_path)
    with open_spool(tmp_path, 0):
        assert (path / "X.npy").exists()
    process.communicate(timeout=60)
    assert list(tmp_path.iterdir()) == []


@posix
def test_a_spool_half_removed_by_a_killed_cleanup_is_removed(tmp_path: Path) -> None:
    process, path = holder(tmp_path)
    process.kill()
    process.communicate(timeout=60)
    (path / "X.npy").unlink()
    path.rmdir()
    remove_stale_spools(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_too_little_space_is_an_error_before_anything_is_written(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, 10**14)
    with pytest.raises(SpoolError, match=r"the spool needs 100\.0 TB: free some") as caught:
        spool.__enter__()
    assert caught.value.errno == errno.ENOSPC
    assert str(tmp_path) in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_in_between_is_an_error_and_leaves_no_spool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with open_spool(tmp_path, 800) as spool:
        with pytest.raises(SpoolError, match="choose a folder on another disk"):
            spool.create("X", (50, 4), "float32")
        assert list(spool.path.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


@posix
def test_a_limit_on_the_size_of_files_is_reported_like_a_full_disk(tmp_path: Path) -> None:
    code = (
        "import resource, signal, sys; from lamina.files.spool import open_spool\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "with open_spool(sys.argv[1], 800) as spool: spool.create('X', (5000, 4), 'float32')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert "SpoolError: the disk of" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")
    spool = open_spool(path, 1)
    with pytest.raises(SpoolError, match="cannot hold a spool, it is a file"):
        spool.__enter__()


def test_a_system_without_preallocation_writes_zeros(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "posix_fallocate", raising=False)
    array = create_npy(tmp_path / "X.npy", (1000, 300), "float32")
    assert (tmp_path / "X.npy").stat().st_size == 128 + array.nbytes
    assert not array.any()


def test_an_unnamed_array_has_no_file_to_remove(tmp_path: Path) -> None:
    array = create_unnamed((5, 2), "int64", tmp_path)
    array[:] = 7
    assert list(tmp_path.iterdir()) == []
    assert int(array.sum()) == 70
    assert is_mapped(array[1:])


@pytest.mark.parametrize("shape", [(0,), (0, 3), (4, 0)])
def test_an_empty_array_needs_no_map(tmp_path: Path, shape: tuple[int, ...]) -> None:
    assert create_npy(tmp_path / "X.npy", shape, "float32").shape == shape
    assert create_unnamed(shape, "float32").shape == shape
