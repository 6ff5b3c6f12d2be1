#!/usr/bin/env bash
# obstore 0.12.1, on Linux.
#
# A process writes a file of 5 MB into a folder and is killed half-way. One would expect the list of the folder to show
# nothing or what is there, so that somebody can remove it.
#
# What was written stays under another name, big#1. No list of the library shows it, whatever it is asked for, and it
# counts for nobody until the disk is full.
#
# This service: gateways/files/place.py writes parts that are small enough to be written at once, each into the folder of
# its file, and removes the whole folder when the database says that nobody has the file. Held by
# tests/gateways/test_file_place.py and tests/crashes/test_uploads.py.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check obstore==0.12.1

cat > "$folder/seen.py" <<'PYTHON'
import os
import signal
import sys

import obstore
from obstore.store import LocalStore

place = sys.argv[1]
child = os.fork()
if child == 0:
    writer = obstore.open_writer(LocalStore(place), "big", buffer_size=1024)
    writer.write(bytes(5_000_000))
    os.kill(os.getpid(), signal.SIGKILL)
os.waitpid(child, 0)

listed = [each["path"] for piece in LocalStore(place).list() for each in piece]
there = os.listdir(place)
print(f"the library lists {listed}; the folder has {there}")
if listed == [] and there == ["big#1"]:
    sys.exit(0)
print("This has changed: what a killed process leaves is listed, or nothing is left.")
sys.exit(1)
PYTHON

mkdir "$folder/place"
"$folder/venv/bin/python" "$folder/seen.py" "$folder/place"
