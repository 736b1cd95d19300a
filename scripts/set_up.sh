#!/bin/sh
# Bring .venv to what the locked requirements say: scripts/set_up.sh run|test|check|bench
# Everything is installed by hash and nothing is built but Music Sync itself, so that no unlocked code ever runs.
# Plain sh and no GNU options: it runs under dash and under macOS's shell of 2007.
set -eu

case "${1:-}" in
    run | test | check | bench) wanted=$1 ;;
    *)
        echo "usage: scripts/set_up.sh run|test|check|bench" >&2
        exit 2
        ;;
esac
cd "$(dirname "$0")/.."
here=$(pwd -P)

# The engine's tables need a function of SQLite 3.42 from Python 3.12 on; before that Python's own clock serves.
is_fit() {
    "$1" -c '
import sys
assert sys.version_info >= (3, 11)
import ensurepip, sqlite3, ssl, venv
assert sys.version_info < (3, 12) or sqlite3.sqlite_version_info >= (3, 42)
' >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        if is_fit "$PYTHON"; then
            echo "$PYTHON"
            return
        fi
    else
        for python in python3.13 python3.12 python3.11 python3; do
            if is_fit "$python"; then
                echo "$python"
                return
            fi
        done
    fi
    echo "Music Sync needs Python 3.11 or newer with its venv module (from 3.12 on with SQLite 3.42 or newer) and" \
        "${PYTHON:-none of python3.13, python3.12, python3.11 and python3} is not it:" \
        "install one, or name one with PYTHON=/path/to/python3." >&2
    return 1
}

is_usable() {
    is_fit .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1 &&
        { [ ! -f .venv/.place ] || [ "$(cat .venv/.place)" = "$here" ]; }
}

if ! is_usable; then
    python=$(find_python)
    echo "Making .venv with $("$python" --version)" >&2
    "$python" -m venv --clear .venv
fi
echo "$here" >.venv/.place

if [ ! -f .venv/.setup ] || ! cmp -s .venv/.setup requirements/setup.txt; then
    echo "Installing the installer into .venv" >&2
    .venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --no-input \
        --require-hashes --only-binary :all: -r requirements/setup.txt
    cp requirements/setup.txt .venv/.setup
fi

# uv does not read pip's settings: who named a package index or a certificate to pip alone means it for both.
told_to_pip() {
    .venv/bin/python -m pip config list 2>/dev/null | sort |
        sed -n -e "s/^:env:\.$1='\(.*\)'\$/\1/p" -e "s/^global\.$1='\(.*\)'\$/\1/p" | head -n 1
}
if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
    index=$(told_to_pip index-url)
    [ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
fi
if [ -z "${SSL_CERT_FILE:-}" ]; then
    certificate=$(told_to_pip cert)
    [ -z "$certificate" ] || export SSL_CERT_FILE="$certificate"
fi
echo "Installing what requirements/$wanted.txt lists into .venv" >&2
uv_install() {
    .venv/bin/uv pip install --quiet --python .venv/bin/python "$@"
}
uv_install --require-hashes --no-build -r "requirements/$wanted.txt"
uv_install --no-deps --no-build-isolation --editable .
touch ".venv/.ready-$wanted"
