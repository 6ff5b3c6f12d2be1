"""Where files are kept: a folder of this machine, or a bucket of any service that speaks S3.

A file is kept in parts, each an object of its own that is written at once or not at all. Uploads in several steps,
which the services offer for large objects, would stay half done where nobody sees them when a process is killed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar, cast
from urllib.parse import urlsplit

from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, S3Store

from domain.values.refusals import FileRefused, Unavailable

from .encryption import decrypted_part, encrypted_parts, number_of_parts

if TYPE_CHECKING:
    from obstore.store import S3Config

T = TypeVar("T")

_TIMEOUT = timedelta(seconds=30)
_TRIES_WITHIN = timedelta(seconds=60)


class FilePlace:
    """Keeps the content of files, encrypted.

    Args:
        store: the folder or the bucket.
        folder: the path, if the store is a folder.
    """

    def __init__(self, store: LocalStore | S3Store, folder: Path | None = None) -> None:
        self._store = store
        self._folder = folder

    def check(self) -> None:
        """Checks that the store answers. Nothing in it changes.

        Raises:
            Unavailable: it does not.
        """
        if self._folder is None:
            self._asked(lambda: next(iter(self._store.list(chunk_size=1)), None))
        elif not os.access(self._folder, os.R_OK | os.W_OK | os.X_OK):
            raise Unavailable(
                f"The folder for files {self._folder} cannot be written to: check who owns it, and its disk."
            )

    def is_empty_folder(self) -> bool:
        """Whether the store is a folder with nothing in it: as where a disk would be mounted, and is not.

        Raises:
            Unavailable: the folder cannot be read.
        """
        folder = self._folder
        return folder is not None and self._asked(lambda: _is_empty(folder))

    def put(self, name: str, key: bytes, file: IO[bytes], size: int) -> None:
        """Keeps a file. To put the same file again changes nothing.

        Args:
            name: of the file in the store. A name never stands for two contents.
            key: encrypts this file alone.
            file: the content, which is read from its beginning.
            size: of the content, in bytes.

        Raises:
            Unavailable: the store does not take the file. Parts of it may be there.
        """
        for number, part in enumerate(encrypted_parts(key, file, size)):
            self._asked(partial(self._store.put, _object(name, number), part))

    def part(self, name: str, key: bytes, number: int, size: int) -> bytes:
        """The content of one part of a file.

        Args:
            name, key, size: as they were given to `put`.
            number: of the part, below `number_of_parts(size)`.

        Raises:
            Unavailable: the store does not give the part, or the part is damaged.
        """
        content = self._asked(lambda: bytes(self._store.get(_object(name, number)).bytes()))
        return decrypted_part(key, content, number, size)

    def remove(self, name: str, size: int) -> None:
        """Removes a file and what is there of it, if anything is.

        Args:
            name, size: as they were given to `put`.

        Raises:
            Unavailable: the store does not remove the file.
        """
        if self._folder is not None:
            # With what a killed process had begun to write, which the store itself hides.
            self._remove_folder(self._folder / name)
            return
        for number in range(number_of_parts(size)):
            self._asked(partial(self._removed, _object(name, number)))

    def _removed(self, path: str) -> None:
        try:
            self._store.delete(path)
        except (NotFoundError, FileNotFoundError):
            return

    @staticmethod
    def _remove_folder(folder: Path) -> None:
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            return
        except OSError as error:
            raise Unavailable(f"The folder of files cannot be changed ({error.strerror}): check who owns it.") from None

    @staticmethod
    def _asked(question: Callable[[], T]) -> T:
        try:
            return question()
        except (NotFoundError, FileNotFoundError):
            raise Unavailable(
                "A file is not in the store, although it was put there: restore the store from its backup, or check "
                "CHALLENGES_FILES_PLACE."
            ) from None
        except (BaseError, OSError) as error:
            # The library's text has addresses and the store's own words; its class says enough.
            raise Unavailable(
                f"The store of files did not do what was asked ({type(error).__name__}): check "
                "CHALLENGES_FILES_PLACE and the other settings of the store, then try again."
            ) from None


def place_at(place: str, *, url: str = "", region: str = "", access_key: str = "", secret_key: str = "") -> FilePlace:
    """The place that the settings name. A folder is made when it is missing.

    Args:
        place: a folder, or `s3://bucket` with a folder in it if wanted.
        url: of the service, if it is not the one of Amazon. The bucket's name is put behind it.
        region: of the bucket.
        access_key, secret_key: for the bucket. Without them the machine's own role counts.

    Raises:
        FileRefused: the place cannot be one.
        Unavailable: the folder cannot be made.
    """
    if "://" not in place:
        return _folder(Path(place).absolute())
    parts = urlsplit(place)
    if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment or "@" in parts.netloc:
        raise FileRefused(
            "CHALLENGES_FILES_PLACE cannot be used: write the path of a folder, or a bucket as s3://bucket or "
            "s3://bucket/folder."
        )
    store = S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        config=_given(endpoint=url, region=region, access_key_id=access_key, secret_access_key=secret_key),
        client_options={"timeout": _TIMEOUT, "allow_http": url.startswith("http://")},
        retry_config={"max_retries": 3, "retry_timeout": _TRIES_WITHIN},
    )
    return FilePlace(store)


def _folder(path: Path) -> FilePlace:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Unavailable(
            f"The folder for files {path} cannot be made ({error.strerror}): name another in CHALLENGES_FILES_PLACE."
        ) from None
    return FilePlace(LocalStore(path), path)


def _is_empty(folder: Path) -> bool:
    with os.scandir(folder) as found:
        return next(found, None) is None


def _given(**settings: str) -> S3Config:
    return cast("S3Config", {name: value for name, value in settings.items() if value})


def _object(name: str, number: int) -> str:
    return f"{name}/{number:05}"
