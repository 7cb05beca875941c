#!/bin/bash
# For HEALTHCHECK in images that have neither curl nor wget: `health-check.sh <port> <path>` exits 0 when this container answers
# 2xx there. By bash alone, because a Node for each look costs a tenth of a second of a processor: with every container
# looking every few seconds, a busy machine then has time for nothing else, checks time out, and what was well is restarted.
TIMEOUT_S=5
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$2" >&3
read -r -t "$TIMEOUT_S" _ status _ <&3
[[ $status == 2* ]]
