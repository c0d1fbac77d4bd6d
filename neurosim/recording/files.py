"""Recordings on disk: a folder of ``.npy`` segments with a manifest, or one ``.npz`` file."""

import io
import os
import re
import shutil
import weakref
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..errors import RecordingError
from .channel import Channel
from .manifest import Manifest, Pieces, check_pieces

MANIFEST = "manifest.json"
MAPPED_ABOVE = 64 << 20
"""Bytes from which a folder is mapped into memory rather than read."""


class Folder:
    """A folder that holds a readable recording at any moment while it is written.

    A file gets its name only when it is whole, and the manifest names no file that has none, so what was
    committed stays readable whatever happens next.
    """

    def __init__(self, path: Path, *, overwrite: bool = False, temporary: bool = False):
        self.path = path
        self.segments: dict[str, list[dict[str, str]]] = {}
        self._prepare(overwrite)
        if temporary:
            weakref.finalize(self, shutil.rmtree, path, ignore_errors=True)

    def _prepare(self, overwrite: bool) -> None:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if any(self.path.iterdir()):
                _refuse_unless_ours(self.path, overwrite)
                # the manifest goes first: without it the rest is nothing
                for file in (self.path / MANIFEST, *self.path.glob("*.npy")):
                    file.unlink()
            probe = self.path / ".writable"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise RecordingError(f"cannot record into {self.path}: {_reason(error)}") from None

    def add(
        self, number: int, channel: Channel, pieces: dict[str, list[np.ndarray]], name: str | None = None
    ) -> None:
        """Write a segment; ``commit`` makes it part of the recording."""
        segments = self.segments.setdefault(channel.key, [])
        serial = f"{len(segments):06d}" if name is None else name
        stem = re.sub(r"[^A-Za-z0-9._]+", "_", channel.key)
        names = {column: f"{number:02d}-{stem}-{column}-{serial}.npy" for column in channel.columns}
        for column, file in names.items():
            write_array(self.path / file, pieces[column])
        segments.append(names)

    def commit(self, manifest: Manifest) -> None:
        """Make everything added so far part of the recording."""
        text = replace(manifest, segments=self.segments).to_json()
        _write(self.path / MANIFEST, [text.encode()])

    def merge(self, manifest: Manifest) -> None:
        """Make one segment of each channel's many, where the disk has room for it."""
        for number, channel in enumerate(manifest.channels):
            old = self.segments.get(channel.key, [])
            bytes_needed = sum((self.path / file).stat().st_size for names in old for file in names.values())
            if len(old) < 2 or 2 * bytes_needed > shutil.disk_usage(self.path).free:
                continue
            try:
                self.segments[channel.key] = []
                self.add(number, channel, self.pieces(channel, old), name="all")
                self.commit(manifest)
            except RecordingError:
                # the many segments hold the same: leave them
                self.segments[channel.key] = old
                continue
            for names in old:
                for file in names.values():
                    (self.path / file).unlink()

    def pieces(
        self, channel: Channel, segments: Sequence[dict[str, str]] | None = None
    ) -> dict[str, list[np.ndarray]]:
        """The arrays of a channel, mapped into memory."""
        chosen = self.segments.get(channel.key, []) if segments is None else segments
        return {
            column: [read_array(self.path / names[column], True) for names in chosen]
            for column in channel.columns
        }


def write_array(path: Path, pieces: Sequence[np.ndarray]) -> None:
    """Write arrays, one after another along their first axis, as one ``.npy`` file."""
    shape = (sum(len(piece) for piece in pieces), *pieces[0].shape[1:])
    head = io.BytesIO()
    descr = np.lib.format.dtype_to_descr(pieces[0].dtype)
    np.lib.format.write_array_header_1_0(head, {"descr": descr, "fortran_order": False, "shape": shape})
    # not np.save: it hides why a write failed, and would need the pieces joined
    _write(path, [head.getvalue(), *(np.ascontiguousarray(piece).data for piece in pieces if piece.size)])


def _write(path: Path, blocks: Sequence[bytes | memoryview]) -> None:
    """Write a file that has its name only when it is whole and on the disk."""
    unfinished = path.with_name(f".{path.name}.tmp")
    try:
        with open(unfinished, "wb") as file:
            for block in blocks:
                write_block(file, block)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise RecordingError(
            f"cannot write {path}: {_reason(error)}; what was written before is readable"
        ) from error


def write_block(file: BinaryIO, block: bytes | memoryview) -> None:
    """Write one block of bytes."""
    file.write(block)


def read_array(path: Path, mapped: bool) -> np.ndarray:
    """One ``.npy`` file; a short or foreign one is refused."""
    try:
        return np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False)
    except Exception as error:  # a changed byte of the header may be anything to NumPy
        raise RecordingError(f"{path} is damaged or missing: {_reason(error)}") from None


def load_folder(path: Path) -> tuple[Manifest, Pieces]:
    """A recording from its folder; mapped into memory when it is large."""
    place = path / MANIFEST
    try:
        manifest = Manifest.from_json(place.read_text(encoding="utf-8"), str(place))
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingError(f"no recording in {path}: cannot read {MANIFEST}: {_reason(error)}") from None
    files = [file for segments in manifest.segments.values() for names in segments for file in names.values()]
    foreign = [file for file in files if Path(file).name != file]
    if foreign:
        raise RecordingError(f"{place} is damaged: {foreign[0]!r} is not a file of that folder")
    try:
        mapped = sum((path / file).stat().st_size for file in files) > MAPPED_ABOVE
    except OSError as error:
        raise RecordingError(f"the recording in {path} is damaged: {_reason(error)}") from None
    pieces: Pieces = {}
    for channel in manifest.channels:
        try:
            parts = {
                column: [read_array(path / names[column], mapped) for names in manifest.segments[channel.key]]
                for column in channel.columns
            }
        except KeyError as error:
            raise RecordingError(f"{place} is damaged: no file for {error} of {channel.key!r}") from None
        check_pieces(channel, parts, str(path))
        pieces[channel.key] = parts
    return manifest, pieces


def save_folder(path: Path, manifest: Manifest, pieces: Pieces, overwrite: bool) -> None:
    """Write a recording beside ``path`` and give it its name when it is whole."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        _refuse_unless_ours(path, overwrite)
    unfinished = path.with_name(f".{path.name}.tmp{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = Folder(unfinished)
        for number, channel in enumerate(manifest.channels):
            if pieces[channel.key]["steps"]:
                folder.add(number, channel, pieces[channel.key], name="all")
        folder.commit(manifest)
        if path.exists():
            shutil.rmtree(path)
        os.replace(unfinished, path)
    except OSError as error:
        raise RecordingError(f"cannot save to {path}: {_reason(error)}") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def save_archive(path: Path, manifest: Manifest, pieces: Pieces, overwrite: bool) -> None:
    """Write a recording as one ``.npz`` file."""
    if path.exists():
        _refuse_unless_ours(path, overwrite)
    arrays = {
        f"{number:02d}-{column}": np.concatenate(parts)
        for number, channel in enumerate(manifest.channels)
        for column, parts in pieces[channel.key].items()
        if parts
    }
    held: dict[str, list[dict[str, str]]] = {
        channel.key: [{column: f"{number:02d}-{column}" for column in channel.columns}]
        for number, channel in enumerate(manifest.channels)
        if pieces[channel.key]["steps"]
    }
    unfinished = path.with_name(f".{path.name}.tmp")
    text = replace(manifest, segments=held).to_json()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(unfinished, "wb") as file:
            np.savez(file, allow_pickle=False, manifest=np.frombuffer(text.encode(), np.uint8), **arrays)
        os.replace(unfinished, path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise RecordingError(f"cannot save to {path}: {_reason(error)}") from None


def load_archive(path: Path) -> tuple[Manifest, Pieces]:
    """A recording from one ``.npz`` file, read whole."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            if not isinstance(archive, np.lib.npyio.NpzFile) or "manifest" not in archive:
                raise RecordingError(f"{path} is not a recording of neurosim")
            manifest = Manifest.from_json(archive["manifest"].tobytes().decode(), str(path))
            pieces: Pieces = {}
            for channel in manifest.channels:
                segments = manifest.segments[channel.key]
                pieces[channel.key] = {c: [archive[names[c]] for names in segments] for c in channel.columns}
                check_pieces(channel, pieces[channel.key], str(path))
            return manifest, pieces
    except RecordingError:
        raise
    # a changed byte may ask zipfile and NumPy for anything: another compression, a password, too much memory
    except Exception as error:
        raise RecordingError(f"{path} is not a whole recording: {_reason(error)}") from None


def check_place(path: Path, overwrite: bool) -> None:
    """Refuse a folder to record into that is a file, or holds something else; nothing is touched.

    Raises
    ------
    RecordingError
        Saying what there is.
    """
    if path.exists() and not path.is_dir():
        raise RecordingError(f"{path} exists and is no folder: choose another place")
    if path.is_dir() and any(path.iterdir()):
        _refuse_unless_ours(path, overwrite)


def _refuse_unless_ours(path: Path, overwrite: bool) -> None:
    """Only a recording may be written over, and only when that was asked for."""
    ours = (path / MANIFEST).exists() if path.is_dir() else path.suffix == ".npz"
    if not ours:
        raise RecordingError(f"{path} exists and is not a recording: choose another place")
    if not overwrite:
        raise RecordingError(f"{path} holds a recording already: choose another place or pass overwrite=True")


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
