#!/bin/sh
# What the official image's entry point does with what our stack gives it, around npm's Postgres of the same version.
set -eu
: "${PGDATA:=/var/lib/postgresql/18/docker}"
export PGDATA
mkdir -p "$PGDATA"
chown -R 999:999 /var/lib/postgresql /var/run/postgresql
as_postgres="setpriv --reuid=999 --regid=999 --clear-groups --"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  # shellcheck disable=SC2086 # options are words
  $as_postgres initdb --username=postgres --pwfile="$POSTGRES_PASSWORD_FILE" ${POSTGRES_INITDB_ARGS:-} > /dev/null
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
  echo "CREATE DATABASE ${POSTGRES_DB};" | $as_postgres postgres --single -D "$PGDATA" postgres > /dev/null
fi
exec $as_postgres "$@" -c "listen_addresses=*"
