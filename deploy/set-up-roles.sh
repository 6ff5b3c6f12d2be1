#!/bin/sh
# Makes the logins of the service's database, or changes their passwords, as roles.sql says. You can safely run this again.
set -eu
PGPASSWORD=$(cat /run/secrets/database-administrator)
export PGPASSWORD
exec psql --no-psqlrc --quiet --host challenges-db --username postgres --dbname challenges \
    --variable secrets=/run/secrets --file /roles.sql
