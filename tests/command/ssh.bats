#!/usr/bin/env bats
# The backend ssh: machines with sshd, in namespaces of this one, each with clocks of its own.

bats_require_minimum_version 1.5.0
load helper
load machines

setup() {
    rehome_find
    rehome_daemons
    unshare --net --time true 2>/dev/null || skip "namespaces are for root"
    command -v nft >/dev/null || skip "nft is not installed"
    [ -x /usr/sbin/sshd ] || skip "openssh-server is not installed"
    TOPOLOGY="$BATS_TEST_TMPDIR/machines.yaml"
    sed -e '/^recorders:/,/^$/d' -e 's/^name: small/name: machines/' deploy/topologies/small.yaml >"$TOPOLOGY"
    printf 'networks: {visible: 192.168.56.0/24, private: 192.168.57.0/24}\n' >>"$TOPOLOGY"
    REHOME_HOME=$(mktemp -d /tmp/rehome-ssh.XXXXXX) # a short path: sockets lie in it
    plugs=0
    machines_make "$TOPOLOGY"
    up=(up --topology "$TOPOLOGY" --backend ssh --ssh-config "$MACHINES/ssh" --prefix "$MACHINES/there"
        --power "$MACHINES/power")
}

teardown() {
    rehome down --destroy --no-report >/dev/null 2>&1 || true
    machines_remove
    rm -rf "${REHOME_HOME:?}"
}

nothing_is_left() {
    run processes_of "$MACHINES"
    echo "processes: $output"
    [ -z "$output" ]
    run find "$MACHINES"/disk -mindepth 2 ! -path '*/libexec*' -type f
    echo "files: $output"
    [ -z "$output" ]
    [ ! -e "$REHOME_HOME/clusters/machines" ]
    run pgrep -f "$REHOME_HOME"
    echo "connections: $output"
    [ -z "$output" ]
}

@test "up: keys and topology are deployed, clocks measured, a status, a report, down: nothing is left" {
    machines_up
    run --separate-stderr rehome "${up[@]}" --json
    echo "$stderr"
    [ "$status" = 0 ]
    [ "$(jq -r '.backend, .healthy' <<<"$output" | paste -sd' ')" = "ssh true" ]
    # A machine has everybody's public key, and of the secret ones its own.
    [ "$(on sub1 "ls $MACHINES/there/etc/rehome/keys" | grep -c 'cert$')" = 8 ]
    [ "$(on sub1 "ls $MACHINES/there/etc/rehome/keys" | grep secret)" = sub1.cert_secret ]
    # Each clock is another one, and known to less than some milliseconds.
    run cat "$REHOME_HOME/clusters/machines/ssh/clocks.json"
    echo "$output"
    [ "$(jq '[.[] | select((.shift_us | fabs) > 100000000)] | length' <<<"$output")" = 7 ]
    [ "$(jq '[.[] | select(.samples == 15 and .known_to_us < 20000)] | length' <<<"$output")" = 7 ]
    run rehome status
    echo "$output"
    [ "$status" = 0 ]
    run rehome events
    grep -q 'sub1 *process_start' <<<"$output"
    run rehome logs sub1
    [ "$status" = 0 ]
    [[ "$output" == *"event="* ]]
    run rehome up
    [ "$status" = 73 ]
    run rehome down --destroy
    echo "$output"
    [ "$status" = 0 ]
    [[ "$output" == *" checks passed"* ]]
    [[ "$output" != *"  fail "* ]]
    nothing_is_left
}
