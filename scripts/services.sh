# shellcheck shell=bash
# The private PostgreSQL cluster and the private Redis of this folder. Sourced by ./run.
# Both listen on a socket in one 0700 folder and nowhere else: that folder is the whole authentication.
# Every ./run that needs them holds a shared lock; the last one out turns off the light, unless they were
# asked for by `./run db start`, which keeps them until `./run stop`.

RUNNING=$LOCAL/running
KEEP=$LOCAL/keep-services
DATABASE=maillage

# --- who serves, and where ----------------------------------------------------------------------------

server_user() { if is_root; then echo postgres; else id -un; fi; } # initdb refuses root

as_server() ( # the server user may not be able to see the current folder
  cd /
  if is_root; then exec runuser -u postgres -- "$@"; else exec "$@"; fi
)

own_folder() { # a 0700 folder of the server user; refuses one that somebody else prepared under /tmp
  [ -d "$1" ] || install -d -m 700 -o "$(server_user)" "$1"
  if [ -L "$1" ] || [ "$(stat -c '%U %a' "$1")" != "$(server_user) 700" ]; then
    die "Le dossier $1 existe déjà et n'est pas celui de ce projet : supprimez-le puis relancez."
  fi
}

choose_places() { # sets PGDATA_DIR and SOCKETS
  local id
  id=$(printf %s "$ROOT" | sha256sum | cut -c1-10)
  PGDATA_DIR=$LOCAL/pg
  SOCKETS=$LOCAL/sock
  if [ -d "/var/tmp/maillage-$id" ] || ! as_server test -x "$LOCAL"; then
    own_folder "/var/tmp/maillage-$id"
    PGDATA_DIR=/var/tmp/maillage-$id/pg
    SOCKETS=/tmp/maillage-$id-sock
  elif [[ ! $SOCKETS =~ ^[A-Za-z0-9/._-]{1,70}$ ]]; then # a socket path holds 107 bytes, and goes into addresses
    SOCKETS=/tmp/maillage-$id-sock
  fi
}

# --- PostgreSQL ---------------------------------------------------------------------------------------

db_bin() {
  local version=
  if is_cluster; then version=$(as_server cat "$PGDATA_DIR/PG_VERSION"); fi
  pg_bin "$version" ||
    die "La base a été créée avec PostgreSQL $version, qui n'est plus installé : réinstallez-le, ou refaites la base par ./run db reset."
}

is_cluster() { as_server test -s "$PGDATA_DIR/PG_VERSION"; }

db_running() { is_cluster && as_server "$(db_bin)/pg_ctl" -D "$PGDATA_DIR" status >/dev/null 2>&1; }

psql_db() { "$(db_bin)/psql" -X -q -h "$SOCKETS" -U maillage "$@"; }

db_create() { # made beside, then moved: a cluster is whole or absent
  local new=$PGDATA_DIR.tmp
  rm -rf "$new"
  install -d -m 700 -o "$(server_user)" "$new"
  as_server "$(pg_bin)/initdb" -D "$new" --username=maillage --auth=trust --encoding=UTF8 \
    --locale=C.UTF-8 --locale-provider=icu --icu-locale=fr-FR --no-instructions
  echo "include 'maillage.conf'" | as_server tee -a "$new/postgresql.conf" >/dev/null
  rm -f "$STAMPS"/db-*
  mv "$new" "$PGDATA_DIR"
}

db_start() {
  local bin
  db_running && return 0
  is_cluster || db_create
  bin=$(db_bin)
  as_server tee "$PGDATA_DIR/maillage.conf" >/dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '$SOCKETS'
unix_socket_permissions = 0700
port = 5432
synchronous_commit = off # the last instant may be lost in a power cut, never the database
shared_buffers = 256MB
work_mem = 16MB
maintenance_work_mem = 256MB
max_wal_size = 2GB
jit = off
CONF
  trap '' TERM # half a second without interruption: a server that nobody knows of would be left behind
  as_server "$bin/pg_ctl" -D "$PGDATA_DIR" -l "$PGDATA_DIR/server.log" -w -t 60 start 8>&- 9>&-
  if ! psql_db -d "$DATABASE" -c 'CREATE EXTENSION IF NOT EXISTS postgis'; then
    "$bin/createdb" -h "$SOCKETS" -U maillage "$DATABASE"
    psql_db -d "$DATABASE" -c 'CREATE EXTENSION IF NOT EXISTS postgis'
  fi
}

db_stop() {
  if db_running; then as_server "$(db_bin)/pg_ctl" -D "$PGDATA_DIR" -m fast -w -t 30 stop >/dev/null; fi
}

db_recreate() { # an empty database in the same cluster
  rm -f "$STAMPS"/db-*
  psql_db -d postgres -c "DROP DATABASE IF EXISTS $DATABASE WITH (FORCE)" -c "CREATE DATABASE $DATABASE"
  psql_db -d "$DATABASE" -c 'CREATE EXTENSION postgis'
}

db_erase() {
  rm -rf "$PGDATA_DIR" "$PGDATA_DIR.tmp" "$STAMPS"/db-*
  [ "$PGDATA_DIR" = "$LOCAL/pg" ] || rmdir "${PGDATA_DIR%/*}"
}

# --- Redis --------------------------------------------------------------------------------------------

redis_say() { "$(first_command redis-cli valkey-cli)" -s "$SOCKETS/redis.sock" "$@" 2>/dev/null; }

redis_running() { [ "$(redis_say ping)" = PONG ]; }

redis_start() { # a broker, not a store: nothing is written to disk, unfinished work is found again in the database
  redis_running && return 0
  trap '' TERM # as above
  as_server "$(first_command redis-server valkey-server)" --port 0 --unixsocket "$SOCKETS/redis.sock" --unixsocketperm 700 \
    --save '' --appendonly no --dir "$SOCKETS" --logfile "$SOCKETS/redis.log" --daemonize yes 8>&- 9>&-
  for _ in {1..100}; do
    redis_running && return 0
    sleep 0.1
  done
  as_server tail "$SOCKETS/redis.log"
  return 1
}

redis_stop() {
  if redis_running; then redis_say shutdown nosave || true; fi
}

# --- shared use ---------------------------------------------------------------------------------------

enter() { # this process now uses the services
  mkdir -p "$RUNNING"
  echo "$1" >"$RUNNING/$$"
  exec 8>"$LOCAL/services.lock"
  flock -s 8
  own_folder "$SOCKETS"
  USING_SERVICES=yes
}

leave() { # the last one out stops them
  rm -f "${RUNNING:?}/$$"
  if [ ! -e "$KEEP" ] && flock -n -x 8; then stop_services; fi
  exec 8>&-
}

start_services() { under_lock db_start; under_lock redis_start; }

stop_services() {
  redis_stop
  db_stop
  [ "$SOCKETS" = "$LOCAL/sock" ] || rm -rf "$SOCKETS"
}

users() { # process ids of the other ./run that use the services
  local file pid
  for file in "$RUNNING"/*; do
    pid=${file##*/}
    [ "$pid" = $$ ] && continue
    if tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -q 'run '; then echo "$pid"; else rm -f "$file"; fi
  done
}
