#!/bin/sh
# Gives every slot's volume its device again, before Docker starts what runs on them. nodekeeper does the same when it starts.
set -eu
volumes=${1:-/var/lib/automna/volumes}
devices=${2:-/dev/automna}
mkdir -p "$devices"
for file in "$volumes"/slt_*/volume.ext4; do
  [ -e "$file" ] || continue
  slot=$(basename "$(dirname "$file")")
  # Still arriving from another node: nothing may start on it.
  [ ! -e "$volumes/$slot/arriving" ] || continue
  # Only what says whose it is.
  [ "$(debugfs -R 'cat /.automna-slot' "$file" 2>/dev/null)" = "$slot" ] || continue
  ln -sfn "$(losetup --find --show --nooverlap "$file")" "$devices/$slot"
done
