"""What the settings choose for attached files: where they are kept, their keys, and the virus scanner."""

from __future__ import annotations

import structlog

from domain.values.refusals import Unavailable
from gateways.files.place import FilePlace, place_at
from gateways.files.scanner import Scanner
from store.database.database import Database
from store.files import sweeping
from store.files.keys import SETTING, USE, FileKeys
from store.key_file import make_key_file

from .settings import Settings

_logger = structlog.get_logger("files")


def place_of(options: Settings) -> FilePlace:
    """Where files are kept.

    Raises:
        FileRefused: the settings name no place.
        Unavailable: the folder cannot be made.
    """
    return place_at(
        options.files_place,
        url=options.files_url,
        region=options.files_region,
        access_key=options.files_access_key,
        secret_key=options.files_secret_key.get_secret_value(),
    )


def whole_place_of(options: Settings, database: Database) -> FilePlace:
    """Where files are kept, if what was kept before is still there.

    A folder whose disk is not mounted takes files as well, and hides them once the disk is back.

    Raises:
        FileRefused, Unavailable: as in `place_of`; or the folder is empty, although files are kept.
    """
    place = place_of(options)
    # Looked at twice, because the first file of all may have come in between.
    if place.is_empty_folder() and sweeping.are_in_the_store(database) and place.is_empty_folder():
        raise Unavailable(
            f"The folder for files {options.files_place} is empty, although files are kept there: see that its disk is "
            "mounted, or restore it from its backup."
        )
    place.check()
    return place


def file_keys_of(options: Settings, database: Database) -> FileKeys:
    """The keys of files. If there are none and no file is kept yet, keys are made.

    Raises:
        Unavailable: the keys cannot be used, or are gone although files are sealed with them.
    """
    path = options.files_key_file
    if not path.exists():
        if sweeping.are_kept(database):
            raise Unavailable(
                f"The key file {path} is gone, and attached files are sealed with its keys: restore it from its "
                f"backup, or name it in {SETTING}."
            )
        if make_key_file(path, USE):
            _logger.warning("attached files are sealed with a new key: keep a copy of it elsewhere", file=str(path))
    return FileKeys.from_file(path)


def scanner_of(options: Settings) -> Scanner | None:
    """The virus scanner; None if there is none.

    Raises:
        FileRefused: the setting is no address.
    """
    return Scanner(options.files_scanner) if options.files_scanner else None
