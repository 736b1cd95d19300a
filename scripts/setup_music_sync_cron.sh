#!/bin/sh
# Kept name: `music-sync cron setup|list|remove|test` from this checkout, without an activated environment.
# The schedule is MUSIC_SYNC_SCHEDULE, five cron fields; without a verb it sets up, as it always did.
set -eu

script=$0
while [ -L "$script" ]; do # no readlink -f: older macOS has none
    target=$(readlink "$script")
    case $target in
        /*) script=$target ;;
        *) script=$(dirname "$script")/$target ;;
    esac
done
checkout=$(cd "$(dirname "$script")/.." && pwd -P)
python=$checkout/.venv/bin/python

if [ ! -x "$python" ]; then
    echo "Music Sync is not set up in $checkout: run \`make setup\` there first." >&2
    exit 7
fi
[ $# -gt 0 ] || set -- setup
MUSIC_SYNC_HOME=${MUSIC_SYNC_HOME:-$checkout}
export MUSIC_SYNC_HOME
exec "$python" -P -m music_sync cron "$@"
