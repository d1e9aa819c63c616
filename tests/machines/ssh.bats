#!/usr/bin/env bats
# The backend ssh: machines with sshd, in namespaces of this one, each with clocks of its own.

bats_require_minimum_version 1.5.0
load ../command/helper
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

state_of() {
    rehome status --json | jq -r --arg name "$1" '(.nodes + .pg + .icm)[] | select(.name == $name) | .state'
}

is() {
    [ "$(state_of "$1")" = "$2" ]
}

pid_on() {
    on "$1" "cut -d' ' -f1 $MACHINES/there/var/lib/rehome/$1/pid"
}

@test "killed, hung, stopped, unplugged, without power; and back" {
    machines_up
    rehome "${up[@]}" --quiet
    old=$(pid_on sub2)
    run rehome kill sub2 --no-wait
    echo "$output"
    [ "$status" = 0 ]
    [[ "$output" == *"SIGKILL"*"undo:  rehome start sub2"* ]]
    run ! on sub2 kill -0 "$old"
    is sub2 down
    rehome start sub2 --quiet
    is sub2 up
    [ "$(pid_on sub2)" != "$old" ]

    rehome kill pgb --how hang --no-wait --quiet
    [ "$(on pgb "cut -d' ' -f3 /proc/$(pid_on pgb)/stat")" = T ]
    is pgb hung
    rehome heal --quiet
    is pgb up
    rehome kill pgb --how stop --no-wait --quiet
    is pgb down
    rehome start pgb --quiet

    # Its networks go, and with them nobody's way to it.
    rehome kill sub2 --how unplug --no-wait --quiet
    [[ "$(on sub2 ip -o link show visible)" == *"state DOWN"* ]]
    [[ "$(on sub2 ip -o link show private)" == *"state DOWN"* ]]
    is sub2 hung
    rehome start sub2 --quiet
    [[ "$(on sub2 ip -o link show visible)" == *"state UP"* ]]
    is sub2 up

    run rehome kill sub2 --how power --no-wait
    echo "$output"
    [ "$status" = 0 ]
    [[ "$output" == *"The power of its machine is cut"* ]]
    [ -z "$(ip netns pids "$SPACE-sub2")" ]
    is sub2 down
    rehome start sub2 --quiet
    is sub2 up
    # The second boot has a clock of its own, and so has what was written before.
    [ "$(jq '[.[] | select(.machine == "sub2")] | length' "$REHOME_HOME/clusters/machines/ssh/clocks.json")" = 2 ]
    run rehome events --kind process_start
    echo "$output"
    [ "$(grep -c '^.*sub2 *process_start' <<<"$output")" = 3 ]
    rehome down --destroy --quiet --no-report
    nothing_is_left
}

# knock FROM TO: whether the operator's port can be reached.
knock() {
    on "$1" "timeout 1 bash -c '</dev/tcp/$2/9000' 2>&1 && echo in || true"
}

@test "cut by address at each machine: it is felt, counted, told to the judges, and ends" {
    machines_up
    rehome "${up[@]}" --quiet
    address=$(awk '$1 == "sub2" { print "192.168.56." $2 }' "$MACHINES/list")
    [ "$(knock sub1 "$address")" = in ]
    run rehome partition "sub1 / rest" --no-wait
    echo "$output"
    [ "$status" = 0 ]
    [ "$(knock sub1 "$address")" = "" ]
    [ "$(knock pub "$address")" = in ]
    run rehome partition "pub / sub2" --reject --no-wait
    [[ "$(knock pub "$address")" == *refused* ]]
    [ "$(rehome faults --json | jq '[.faults[] | select(.packets > 0)] | length')" = 2 ]
    # A machine that was without power has forgotten the rules, and is told again.
    rehome kill pub --how power --no-wait --quiet
    rehome start pub --no-wait --quiet
    on pub nft list chain inet rehome losses | grep -q drop
    [[ "$(knock pub "$address")" == *refused* ]]
    rehome partition "pga / pgb" --net private --one-way --no-wait --quiet
    on pgb nft list chain inet rehome losses | grep -q '192\.168\.57\..*drop'
    run ! grep -q '192\.168\.57' <(on pga nft list chain inet rehome losses)
    rehome heal --quiet
    [ "$(knock sub1 "$address")" = in ]
    [ "$(rehome events --kind heal | grep -c 'partition$')" = 9 ]
    eventually 60 rehome status # agents log in again, and phones in a call come last
}

@test "a scenario, judged as on one machine" {
    machines_up
    run --separate-stderr rehome scenario run subscriber-fails --json "${up[@]:1}"
    echo "$output" "$stderr"
    [ "$(jq -r '[.checks[] | select(.verdict == "fail")] | length' <<<"$output")" = 0 ]
    [ "$(jq -r .ledger.lost <<<"$output")" = 0 ]
    report=$(jq -r .report <<<"$output")
    # The report says how the clocks of the machines differed.
    [ "$(grep -o '<h2>Clocks.*' "$report" | grep -oE '<td class=id>[a-z0-9]+<td class=n>[+-][0-9]{3,}\.' | wc -l)" = 7 ]
    nothing_is_left
}

@test "what cannot be done says so, and what to do" {
    run rehome up --topology small --backend ssh
    echo "$output"
    [ "$status" = 78 ]
    [[ "$output" == *"does not say in which networks"* ]]
    run rehome "${up[@]}" --quiet
    echo "$output"
    [ "$status" = 69 ]
    [[ "$output" == *"the machine pub cannot be reached: "*"ssh -F "* ]]
    run rehome up --prefix /opt/rehome
    [ "$status" = 64 ]
    machines_up
    on sub1 ip addr del "$(on sub1 ip -4 -o addr show dev private | awk '{ print $4 }')" dev private
    run rehome "${up[@]}" --quiet
    echo "$output"
    [ "$status" = 74 ]
    [[ "$output" == *"sub1: no interface has the address 192.168.57."* ]]
}
