#!/bin/sh
# Takes the engine's own record of networks away before it starts. Of the agents' network, which the whole cell shares, it keeps
# one half only: after any end that was not in order it would answer every start of an agent with "network … exists"
# (moby/moby#37087). Docker makes its own networks again at each start, nodekeeper the node's part of the agents' network.
set -eu
rm -f "${1:-/var/lib/docker}/network/files/local-kv.db"

# What an engine that was killed had plugged into the agents' bridge stays there, and the next engine, which remembers nothing of it,
# gives the same addresses away again: whoever has them then is not reached. The engine ends all containers when it starts
# (no live-restore), so nothing that is to live on loses its network here.
PATH="$PATH:/usr/sbin:/sbin"
ip -oneline link show master "${2:-br-agents}" 2>/dev/null | sed -n 's/^[0-9]*: \([^:@]*\).*/\1/p' | while read -r port; do
  ip link delete "$port" || true
done
