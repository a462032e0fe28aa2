# A private Docker Engine, as long as this script's input is open: it ends with whoever started it, however
# that ends. A word on the input is another signal for it than TERM.
#
#   sh engine.sh SHORT STATE   listens on SHORT/docker.sock; images and containers lie in STATE/data
#
# The path of a socket has at most 107 bytes, so SHORT must be short; it is removed at the end. Process and
# mount namespaces of its own take all with them that the daemon started, and so nothing keeps its folders;
# a control group of its own can be removed, too.
set -eu
short=$1 data=$2/data group=/$(basename "$1")
unshare --pid --mount --mount-proc --fork --kill-child \
    sh -c '"$@" & server=$!; read -r how; kill -"${how:-TERM}" $server; wait $server' sh \
    dockerd --storage-driver=vfs --iptables=false --bridge=none \
    --exec-opt=native.cgroupdriver=cgroupfs --cgroup-parent="$group" \
    --data-root="$data" --exec-root="$short/exec" --pidfile="$short/pid" \
    --host="unix://$short/docker.sock" || true
rm -rf "$short" "$data"
find /sys/fs/cgroup -depth -type d -path "*$group*" -exec rmdir {} + 2>/dev/null
