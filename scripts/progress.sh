#!/bin/sh
# progress.sh WHAT COMMAND [ARGUMENT...]: runs the command and, when it takes more than a second, says so every ten seconds.
set -u
what=$1
shift
"$@" &
child=$!
trap 'kill "$child" 2>/dev/null; wait "$child"; exit 130' INT TERM
(
  sleep 1
  seconds=1
  while kill -0 "$child" 2>/dev/null; do
    if [ $((seconds % 10)) -eq 1 ]; then
      if [ "$seconds" -eq 1 ]; then printf '%s…\n' "$what"; else printf '%s… %d s\n' "$what" $((seconds - 1)); fi
    fi
    sleep 1
    seconds=$((seconds + 1))
  done
) &
clock=$!
wait "$child"
status=$?
kill "$clock" 2>/dev/null
wait "$clock" 2>/dev/null
exit "$status"
