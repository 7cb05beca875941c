#!/bin/sh
# Takes the engine's own record of networks away before it starts. Of the agents' network, which the whole cell shares, it keeps
# one half only: after any end that was not in order it would answer every start of an agent with "network … exists"
# (moby/moby#37087). Docker makes its own networks again at each start, nodekeeper the node's part of the agents' network.
set -eu
rm -f "${1:-/var/lib/docker}/network/files/local-kv.db"
