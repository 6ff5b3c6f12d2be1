#!/bin/sh
# Makes the folder secrets/ beside docker-compose.yml, with a password of its own for each login of the service's database, and an
# empty file for each secret of somebody else. You can safely run this again: nothing
# that is in a file changes.
set -eu
cd "$(dirname "$0")/.."

umask 077
mkdir -p secrets
# Nobody else enters the folder. The files are readable, because containers read them as users whom this machine does not
# know.
umask 022

for name in database-administrator database-owner database-worker database-desk database-reader; do
    if [ ! -s "secrets/$name" ]; then
        head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' > "secrets/$name"
        echo "Made secrets/$name"
    fi
done

for name in smtp-password notify-key rail-token files-secret-key; do
    if [ ! -e "secrets/$name" ]; then
        : > "secrets/$name"
        echo "Made secrets/$name, empty: write the secret into it if it is used"
    fi
done
