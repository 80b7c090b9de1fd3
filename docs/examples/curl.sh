#!/bin/sh
# An account, a room and a message, over JSON: from a shell, by curl.
#
#   sh curl.sh http://127.0.0.1:5000 Ada "correct horse battery"
#
# Neither name nor password may hold quotes or backslashes; `jq -n --arg` makes JSON of anything.
set -eu
server=$1 name=$2 password=$3
token=none

# The text under a name, in a JSON answer. With jq it would be: jq -r .access_token
field() {
  sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p"
}

ask() {
  curl --silent --show-error --fail-with-body -H "Authorization: Bearer $token" "$@"
}

post() {
  ask -H "Content-Type: application/json" -d "$2" "$server$1"
}

sign() {
  curl --silent --fail -H "Content-Type: application/json" "$server/api/auth/$1" \
    -d "{\"name\": \"$name\", \"password\": \"$password\"}" | field access_token
}

token=$(sign register)
[ -n "$token" ] || token=$(sign login) # there is such an account already
[ -n "$token" ] || { echo "not signed in" >&2; exit 1; }

code=$(post /api/chat/rooms '{"name": "Opened by curl"}' | field code)
echo "Room $code is open: $server/room/$code"

post "/api/chat/rooms/$code/messages" '{"data": "Hello from a shell"}'
ask "$server/api/chat/rooms/$code/messages"
