#!/usr/bin/env bash
# obstore 0.12.1.
#
# The library has an exception NotFoundError, in obstore.exceptions, beside AlreadyExistsError and others. One would expect
# it to be raised for an object that is not there, and a handler of the library's BaseError to catch everything that it
# raises.
#
# For an object that is not there, get raises Python's own FileNotFoundError, which is neither, from every kind of store.
# For one that is there already, put does raise AlreadyExistsError.
#
# This service: gateways/files/place.py handles both, and OSError beside the library's errors. Held by
# tests/gateways/test_file_place.py.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check obstore==0.12.1

cat > "$folder/seen.py" <<'PYTHON'
import sys

from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import LocalStore, MemoryStore


def raised(work) -> Exception:
    """What a call raises."""
    try:
        work()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


seen = []
for store in (LocalStore(sys.argv[1]), MemoryStore()):
    missing = raised(lambda: store.get("missing"))
    store.put("there", b"-")
    twice = raised(lambda: store.put("there", b"-", mode="create"))
    print(f"{type(store).__name__}: missing {type(missing)}, twice {type(twice)}")
    seen.append((type(missing), isinstance(missing, (NotFoundError, BaseError)), isinstance(twice, AlreadyExistsError)))
if seen == [(FileNotFoundError, False, True)] * 2:
    sys.exit(0)
print("This has changed: a missing object is the library's own error now.")
sys.exit(1)
PYTHON

mkdir "$folder/place"
"$folder/venv/bin/python" "$folder/seen.py" "$folder/place"
