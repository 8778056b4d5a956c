"""Writing a result to a file: all of it or nothing."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from simulator.cli.refusal import CannotDo


def check_target(name: str, option: str = "--output") -> Path:
    """The file a result will go to; raises `CannotDo` before anything is run when it cannot."""
    path = Path(name)
    folder = path.parent
    if "\0" in name:
        raise CannotDo(f"{option}: a file name has no NUL character")
    if path.is_dir():
        raise CannotDo(f"{option} {name} is a folder; give a file")
    if not folder.is_dir():
        raise CannotDo(f"{option} {name}: there is no folder {folder}")
    target = path if path.exists() and not path.is_file() else folder
    if not os.access(target, os.W_OK):
        raise CannotDo(f"{option} {name}: no permission to write to {target}")
    return path


def write_whole(path: Path, content: str | bytes, option: str = "--output") -> None:
    """Write `content` (text as UTF-8) to `path` through a file beside it: no reader ever sees half of it.

    A device or a pipe is written to as it is. Raises `CannotDo`.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        real = path.resolve()
        handle, name = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name[:100]}.", suffix=".part")
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.chmod(real.stat().st_mode & 0o777 if real.exists() else 0o666 & ~_umask())
            part.replace(real)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CannotDo(f"{option} {path} cannot be written: {error.strerror or error}") from error


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
