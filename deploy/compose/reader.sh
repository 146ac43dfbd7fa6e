#!/bin/sh
# Run once by the Postgres image, when the database is made: Grafana reads as somebody who can write nothing.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$READER_PASSWORD" -U "$POSTGRES_USER" -d "$POSTGRES_DB" <<'SQL'
create role reader login password :'password' in role pg_read_all_data;
alter role reader set default_transaction_read_only = on;
alter role reader set statement_timeout = '30s';
SQL
