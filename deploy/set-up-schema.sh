#!/bin/sh
# Makes Temporal's two databases and brings their tables to the server's version. You can safely run this again.
# Host, port, user and password come from SQL_HOST, SQL_PORT, SQL_USER and SQL_PASSWORD.
set -eu

set_up() {
    database=$1
    versions=$2
    temporal-sql-tool --plugin postgres12 --database "$database" create-database
    temporal-sql-tool --plugin postgres12 --database "$database" setup-schema --version 0.0
    temporal-sql-tool --plugin postgres12 --database "$database" update-schema --schema-dir "$versions"
}

set_up temporal /etc/temporal/schema/postgresql/v12/temporal/versioned
set_up temporal_visibility /etc/temporal/schema/postgresql/v12/visibility/versioned
