# Machines for the tests of the backend ssh: each a namespace for networks, mounts, processes and the monotonic clock,
# with an sshd of its own, three interfaces (ssh's own network, visible, private), and a disk that outlives its power.

# machines_make TOPOLOGY: one for each process that the topology names, all off; and where the command stands.
machines_make() {
    local name host
    MACHINES="$BATS_TEST_TMPDIR/m"
    SPACE="rhm$$"
    mkdir -p "$MACHINES/there" "$MACHINES/disk"
    ssh-keygen -q -t ed25519 -N '' -f "$MACHINES/key"
    ssh-keygen -q -t ed25519 -N '' -f "$MACHINES/host"
    cp "$MACHINES/key.pub" "$MACHINES/authorized"
    cat >"$MACHINES/sshd" <<END
HostKey $MACHINES/host
AuthorizedKeysFile $MACHINES/authorized
StrictModes no
UsePAM no
PermitRootLogin yes
PidFile none
END
    cat >"$MACHINES/ssh" <<END
Host *
    User root
    IdentityFile $MACHINES/key
    StrictHostKeyChecking no
    UserKnownHostsFile /dev/null
END
    ip netns add "$SPACE-op"
    ip -n "$SPACE-op" link set lo up
    for net in ssh visible private; do
        ip -n "$SPACE-op" link add "$net" type bridge forward_delay 0
        ip -n "$SPACE-op" link set "$net" up
    done
    ip -n "$SPACE-op" addr add 192.168.121.254/24 dev ssh
    ip -n "$SPACE-op" addr add 192.168.56.254/24 dev visible
    sed -n 's/.*{name: \([a-z0-9]*\),.* host: \([0-9]*\).*/\1 \2/p' "$1" >"$MACHINES/list"
    while read -r name host; do
        ip netns add "$SPACE-$name"
        ip -n "$SPACE-$name" link set lo up
        plug "$name" ssh "192.168.121.$host"
        plug "$name" visible "192.168.56.$host"
        plug "$name" private "192.168.57.$host"
        mkdir -p "$MACHINES/disk/$name/libexec"
        ln -s "$(dirname "$(dirname "$REHOME")")/../node/main" "$MACHINES/disk/$name/libexec/rehome"
        printf 'Host %s\n    HostName 192.168.121.%s\n' "$name" "$host" >>"$MACHINES/ssh"
    done <"$MACHINES/list"
    cat >"$MACHINES/power" <<END
#!/usr/bin/env bash
MACHINES=$MACHINES SPACE=$SPACE
$(declare -f machine_on machine_off)
"machine_\$1" "\$2"
END
    chmod +x "$MACHINES/power"
}

# plug MACHINE NETWORK ADDRESS
plug() {
    ip -n "$SPACE-op" link add "$2$((++plugs))" type veth peer name "$2" netns "$SPACE-$1"
    ip -n "$SPACE-op" link set "$2$plugs" master "$2" up
    ip -n "$SPACE-$1" addr add "$3/24" dev "$2"
    ip -n "$SPACE-$1" link set "$2" up
}

# Its monotonic clock begins somewhere else each time, as after a boot.
machine_on() {
    local boot=$((1000 + RANDOM))
    ip netns exec "$SPACE-$1" unshare --mount --pid --time --monotonic "$boot" --fork --kill-child --mount-proc sh -c "
        mount --make-rprivate / && mount --bind '$MACHINES/disk/$1' '$MACHINES/there' &&
        mount -t tmpfs none /run && mkdir -p /run/sshd &&
        exec /usr/sbin/sshd -D -e -f '$MACHINES/sshd'" </dev/null >>"$MACHINES/$1.log" 2>&1 3>&- &
    echo $! >"$MACHINES/$1.pid"
    disown
}

# Everything in it is gone at once; rules of its network go with the power, too.
machine_off() {
    kill -KILL "$(cat "$MACHINES/$1.pid")"
    ip netns exec "$SPACE-$1" nft delete table inet rehome 2>/dev/null || true
    while [ -n "$(ip netns pids "$SPACE-$1")" ]; do sleep 0.01; done
}

machines_up() {
    local name
    while read -r name _; do
        machine_on "$name"
    done <"$MACHINES/list"
    while read -r name _; do
        eventually 10 on "$name" true
    done <"$MACHINES/list"
}

machines_remove() {
    local name space
    [ -n "${SPACE:-}" ] || return 0
    while read -r name _; do
        ! kill -0 "$(cat "$MACHINES/$name.pid")" 2>/dev/null || machine_off "$name"
    done <"$MACHINES/list"
    for space in $(ip netns list | sed -n "s/^\($SPACE-[a-z0-9]*\).*/\1/p"); do
        ip netns del "$space"
    done
}

# on MACHINE COMMAND...
on() {
    local name=$1
    shift
    ip netns exec "$SPACE-op" ssh -n -F "$MACHINES/ssh" -o LogLevel=ERROR -o ConnectTimeout=5 "$name" "$@"
}

# rehome ARGUMENTS...: where the networks of the machines are.
rehome() {
    ip netns exec "$SPACE-op" "$REHOME" "$@"
}
