#!/bin/sh
# Write the hash-locked requirements/*.txt from pyproject.toml: scripts/lock.sh [--upgrade]
# Each set is held to the versions of the smaller one, so that sets can be installed over each other in any order.
set -eu
cd "$(dirname "$0")/.."

lock() {
    name=$1
    shift
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
        --no-emit-index-url --no-emit-find-links --output-file "requirements/$name.txt" "$@"
}

lock setup --group pyproject.toml:setup "$@"
lock run pyproject.toml -c requirements/setup.txt "$@"
lock test pyproject.toml --group pyproject.toml:test -c requirements/setup.txt -c requirements/run.txt "$@"
lock check pyproject.toml --group pyproject.toml:test --group pyproject.toml:check \
    -c requirements/setup.txt -c requirements/test.txt "$@"
lock bench pyproject.toml --group pyproject.toml:test --group pyproject.toml:bench \
    -c requirements/setup.txt -c requirements/check.txt "$@"
