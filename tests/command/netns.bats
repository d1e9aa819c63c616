#!/usr/bin/env bats
# Clusters in network namespaces: made, cut, healed, and gone without a trace.

bats_require_minimum_version 1.5.0
load helper

NOBODY=65534

setup() {
    rehome_find
    rehome_daemons
    unshare --net true 2>/dev/null || skip "network namespaces are for root"
    command -v nft >/dev/null || skip "nft is not installed"
}

teardown() {
    "$REHOME" down --destroy --no-report >/dev/null 2>&1 || true
}

# The namespaces of the cluster of this home.
namespaces() {
    local name
    name=$(jq -r .name "$REHOME_HOME"/clusters/*/cluster.json)
    find /run/netns -name "rehome-$name-*" -printf '%f\n' 2>/dev/null
}

# within NAME COMMAND...: in the namespace of a process, or of the _switch.
within() {
    local space
    space=$(namespaces | grep -- "-$1\$")
    shift
    nsenter --net=/run/netns/"$space" "$@"
}

nothing_is_left() {
    run processes_of "$REHOME_HOME"
    echo "processes: $output"
    [ -z "$output" ]
    run diff "$BATS_TEST_TMPDIR/before" <(ls /run/netns 2>/dev/null)
    echo "namespaces: $output"
    [ "$status" = 0 ]
}

remember_namespaces() {
    ls /run/netns >"$BATS_TEST_TMPDIR/before" 2>/dev/null || true
}

@test "up: a namespace for each process, two networks, the PG pair on the private one; down: nothing is left" {
    remember_namespaces
    ip link >"$BATS_TEST_TMPDIR/links"
    run --separate-stderr "$REHOME" up --topology small --backend netns --json
    echo "$stderr"
    [ "$status" = 0 ]
    [ "$(jq -r '.backend, .healthy' <<<"$output" | paste -sd' ')" = "netns true" ]
    diff "$BATS_TEST_TMPDIR/links" <(ip link)
    [ "$(namespaces | wc -l)" = 9 ]
    for pid in "$REHOME_HOME"/clusters/small/proc/*/pid; do
        read -r number _ <"$pid"
        readlink "/proc/$number/ns/net"
    done | sort >"$BATS_TEST_TMPDIR/spaces"
    [ "$(uniq <"$BATS_TEST_TMPDIR/spaces" | wc -l)" = 8 ]
    run ! grep -qxF "$(readlink /proc/self/ns/net)" "$BATS_TEST_TMPDIR/spaces"

    # The heartbeats of the pair, and nothing else, are on the private network.
    run within pga ss -Htn state established
    echo "$output"
    [[ "$output" == *"10.78.0."*":43004"* ]]
    [ "$(grep -c '10\.78\.0\.' <<<"$output")" = "$(grep -c ':43004' <<<"$output")" ]
    [[ "$output" == *"10.77.0."*":2748"* ]]
    run within sub1 ss -Htln
    [[ "$output" == *"10.77.0."*":9000"* ]]
    [[ "$output" != *"10.78.0."* ]]

    run "$REHOME" status
    [ "$status" = 0 ]
    run "$REHOME" down --destroy
    [ "$status" = 0 ]
    nothing_is_left
}

@test "without privileges: 77, and nothing is made" {
    chmod a+rx "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR" "$(dirname "$BATS_TEST_TMPDIR")"
    mkdir -m 777 "$REHOME_HOME"
    remember_namespaces
    nobody=(setpriv --reuid="$NOBODY" --regid="$NOBODY" --clear-groups env REHOME_HOME="$REHOME_HOME")
    "${nobody[@]}" "$REHOME" --help >/dev/null 2>&1 || skip "another user cannot run $REHOME"
    run "${nobody[@]}" "$REHOME" up --topology small --backend netns
    echo "$output"
    [ "$status" = 77 ]
    [[ "${lines[0]}" == "rehome: network namespaces are for root only"* ]]
    [[ "${lines[1]}" == *"--backend local"* ]]
    [ -z "$(ls -A "$REHOME_HOME")" ]
    nothing_is_left
}

@test "an up or a down that is killed half way: the next one cleans up" {
    remember_namespaces
    # While namespaces are made, and while processes start.
    for moment in cluster.json proc/pga/pid; do
        "$REHOME" up --topology small --backend netns --quiet 3>&- &
        up=$!
        until [ -s "$REHOME_HOME/clusters/small/$moment" ]; do sleep 0.002; done
        kill -KILL "$up"
        wait "$up" || true
        run "$REHOME" down --destroy --no-report
        echo "$moment: $status $output"
        [ "$status" = 0 ]
        nothing_is_left
    done
    # What is left of one that died is no hindrance to the next.
    "$REHOME" up --topology small --backend netns --quiet 3>&- &
    up=$!
    until [ -n "$(namespaces 2>/dev/null)" ]; do sleep 0.002; done
    kill -KILL "$up"
    wait "$up" || true
    if [ -z "$(processes_of "$REHOME_HOME")" ]; then
        "$REHOME" up --topology small --backend local --quiet
        [ -z "$(namespaces)" ]
        "$REHOME" down --quiet --no-report
    fi
    "$REHOME" down --destroy --no-report
    "$REHOME" up --topology small --backend netns --quiet
    "$REHOME" down --destroy --no-report 3>&- &
    down=$!
    until ! processes_of "$REHOME_HOME" | grep -q rehome-pg; do sleep 0.002; done
    kill -KILL "$down" || true # it may have come to its end already
    wait "$down" || true
    [ ! -e "$REHOME_HOME/clusters/small" ] || "$REHOME" down --destroy --no-report
    nothing_is_left
}

@test "two homes on the same addresses do not disturb each other" {
    remember_namespaces
    "$REHOME" up --topology small --backend netns --quiet
    REHOME_HOME="$BATS_TEST_TMPDIR/other" "$REHOME" up --topology small --backend netns --quiet
    REHOME_HOME="$BATS_TEST_TMPDIR/other" "$REHOME" kill sub1 --quiet --no-wait
    run "$REHOME" status
    here=$status
    REHOME_HOME="$BATS_TEST_TMPDIR/other" "$REHOME" down --destroy --no-report
    [ "$here" = 0 ]
    run "$REHOME" status
    [ "$status" = 0 ]
    "$REHOME" down --destroy --no-report
    nothing_is_left
}

# datagrams FROM TO: how many of 20 datagrams arrive. The last word is the operator's, who is never cut off.
datagrams() {
    local to send
    to=$(within "$2" ip -4 -o addr show dev visible | sed -n 's/.*inet \([0-9.]*\).*/\1/p')
    within "$2" timeout 20 python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 5999))
print("listening", file=sys.stderr, flush=True)
n = 0
while s.recv(100) != b"end":
    n += 1
print(n)' "$to" >"$BATS_TEST_TMPDIR/arrived" 2>"$BATS_TEST_TMPDIR/ready" &
    listener=$!
    eventually 5 grep -q listening "$BATS_TEST_TMPDIR/ready"
    send='
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(int(sys.argv[3])):
    s.sendto(sys.argv[2].encode(), (sys.argv[1], 5999))'
    within "$1" python3 -c "$send" "$to" "twenty of these" 20
    within _switch python3 -c "$send" "$to" end 1
    wait "$listener"
    cat "$BATS_TEST_TMPDIR/arrived"
}

packets() {
    "$REHOME" faults --json | jq ".faults[] | select(.id == $1) | .packets"
}

has_lease() {
    [ "$("$REHOME" raft --json | jq -r ".nodes[] | select((.node // .name) == \"$1\") | .lease")" = "$2" ]
}

@test "a node cut off from the rest: it really is, it is counted, listed, told to the judges, and ends" {
    "$REHOME" up --topology small --backend netns --quiet
    run --separate-stderr "$REHOME" partition "sub1 / rest" --no-wait --json
    echo "$output $stderr"
    [ "$status" = 0 ]
    [ "$(jq -r '.undo' <<<"$output")" = "rehome heal 1" ]
    [[ "$stderr" == *"undo:  rehome heal 1"* ]]
    eventually 5 has_lease sub1 false
    # The operator is not cut off, the others go on.
    has_lease sub2 true
    # A write says who does not go by it.
    run "$REHOME" forward 1002 1050 --node sub2
    echo "$output"
    [ "$status" = 0 ]
    [[ "$output" == *"sub1 has not heard of it after 2 s"* ]]
    [ "$(packets 1)" -gt 0 ]
    within _switch nft list table bridge rehome | grep -q 'counter name "cut1" drop'
    [ "$(datagrams sub1 sub2)" = 0 ]
    [ "$(datagrams pub sub2)" = 20 ]
    run --separate-stderr "$REHOME" status
    [[ "$output" == *"partition sub1 / pub,sub2,"*"undo: rehome heal 1"* ]]
    eventually 5 sh -c '"$REHOME" events --kind link_down | grep -q "sub2 *link_down *.*peer=sub1"'

    run "$REHOME" heal 1
    echo "$output"
    [ "$status" = 0 ]
    has_lease sub1 true
    [ "$("$REHOME" faults --json | jq '.faults | length')" = 0 ]
    [[ "$(within _switch nft list table bridge rehome)" != *drop* ]]
    [ "$(datagrams sub1 sub2)" = 20 ]
    # One fault and one heal for everybody who was on a side.
    faults=$("$REHOME" events --kind fault | grep -c 'partition$')
    heals=$("$REHOME" events --kind heal | grep -c 'partition$')
    echo "$faults faults, $heals heals"
    [ "$faults" = 8 ]
    [ "$heals" = 8 ]
    run --separate-stderr "$REHOME" check --json
    [ "$(jq '[.checks[] | select(.verdict == "fail")] | length' <<<"$output")" = 0 ]
}

@test "one way, refused, on the private network, for a time" {
    "$REHOME" up --topology small --backend netns --quiet
    "$REHOME" partition "pub / sub2" --one-way --no-wait --quiet
    [ "$(datagrams pub sub2)" = 0 ]
    [ "$(datagrams sub2 pub)" = 20 ]
    [ "$(packets 1)" -ge 20 ]
    "$REHOME" heal --quiet

    # Refused: who connects is told at once, in both directions, and others are not.
    "$REHOME" partition "pub / sub2" --reject --no-wait --quiet
    knock='
import socket, sys
try:
    socket.create_connection((sys.argv[1], 9000), 2)
    print("in")
except ConnectionRefusedError:
    print("refused")'
    sub2=$(within sub2 ip -4 -o addr show dev visible | sed -n 's/.*inet \([0-9.]*\).*/\1/p')
    [ "$(within pub python3 -c "$knock" "$sub2")" = refused ]
    [ "$(within sub1 python3 -c "$knock" "$sub2")" = in ]
    [ "$(packets 2)" -gt 0 ]

    # A second cut leaves the first as it is; each is undone by its number.
    run "$REHOME" partition "pga / pgb" --net private --for 1500ms --no-wait
    echo "$output"
    [ "$status" = 0 ]
    [ "$("$REHOME" faults --json | jq -c '[.faults[].id]')" = "[2]" ]
    [ "$("$REHOME" events --kind link_down | grep -c 'pg[ab] *link_down.*peer=pg[ab] .*private')" -ge 1 ]
    [ "$("$REHOME" events --kind heal | grep -c 'partition private$')" = 2 ]
    [ "$(within pub python3 -c "$knock" "$sub2")" = refused ]
    run "$REHOME" heal 3
    [ "$status" = 64 ]
    "$REHOME" heal 2 --quiet
    [ "$(within pub python3 -c "$knock" "$sub2")" = in ]

    for wrong in "sub1" "sub1 / sub1" "sub1 / " "sub1 / sup2" "a / b / c" "rest / rest"; do
        run "$REHOME" partition "$wrong"
        echo "$wrong: $output"
        [ "$status" = 64 ]
    done
    run "$REHOME" partition "sub1 / rest" --net private
    echo "$output"
    [ "$status" = 64 ]
    [[ "$output" == *"sub1 / pub,sub2,"*"only the two sides of a Peripheral Gateway"*"next:"* ]]
    [ "$("$REHOME" faults --json | jq -c '[.faults[].id]')" = "[]" ]
}

@test "unplugged: no carrier, the phones move; plugged in again it is a member again; power takes all" {
    "$REHOME" up --topology small --backend netns --quiet
    run "$REHOME" kill sub1 --how unplug
    echo "$output"
    [ "$status" = 0 ]
    [[ "$output" == *"unplugged"*"undo:  rehome start sub1"*"fault   sub1: unplug"* ]]
    within sub1 ip -o link show visible | grep -q NO-CARRIER
    within sub1 ip -o link show private | grep -q NO-CARRIER
    run --separate-stderr "$REHOME" status --json
    [ "$status" = 1 ]
    [ "$(jq -r '.nodes[] | select(.name == "sub2") | .phones' <<<"$output")" = 60 ]
    [ "$(jq -r '.faults[0] | [.kind, .target, .how] | join(" ")' <<<"$output")" = "kill sub1 unplug" ]
    run "$REHOME" start sub1
    [ "$status" = 0 ]
    [[ "$(within sub1 ip -o link show visible)" != *NO-CARRIER* ]]
    has_lease sub1 true
    "$REHOME" events --kind heal | grep -q 'peer=sub1.*unplug$'

    # Not only the process of the cluster: whoever is where it is.
    nsenter --net="/run/netns/$(namespaces | grep -- '-pga$')" sleep 60 3>&- &
    guest=$!
    eventually 5 sh -c "[ \"\$(readlink /proc/$guest/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]"
    run "$REHOME" kill pga --how power --no-wait
    echo "$output"
    [ "$status" = 0 ]
    [[ "$output" == *"SIGKILL to all in its namespace at once"* ]]
    status=0
    wait "$guest" || status=$?
    [ "$status" = 137 ]
    [ "$("$REHOME" status --json | jq -r '.pg[] | select(.name == "pga") | .state')" = down ]
    run "$REHOME" heal
    [ "$status" = 0 ]
    [ "$("$REHOME" status --json | jq -r '.pg[] | select(.name == "pga") | .state')" = up ]
}

# controllers WANT: what the two sides of the controller are to each other, within five seconds.
controllers() {
    local is
    for _ in $(seq 50); do
        is=$("$REHOME" status --json | jq -r '[.icm[].mds] | join(" ")')
        [ "$is" = "$1" ] && return 0
        sleep 0.1
    done
    echo "controller sides are $is, not $1"
    return 1
}

@test "the private network of a controller pair is cut: A serves alone, then both serve again" {
    "$REHOME" up --topology duplex-icm --phones 60 --agents 20 --backend netns >/dev/null
    controllers "paired_enabled paired_disabled"
    "$REHOME" partition "icma / icmb" --net private --no-wait
    controllers "isolated_enabled isolated_disabled"
    [ "$("$REHOME" status --json | jq -r '[.pg[] | select(.active)] | length')" = 1 ]
    "$REHOME" heal --all
    controllers "paired_enabled paired_disabled"
    "$REHOME" kill icma --no-wait
    controllers "none isolated_enabled"
    "$REHOME" start icma
    controllers "paired_disabled paired_enabled"
}

@test "on the loopback nothing can be cut: 78, and what can be done" {
    "$REHOME" up --topology small --quiet
    for command in 'partition "sub1 / sub2"' 'kill sub1 --how unplug' 'kill sub1 --how power'; do
        run eval "$REHOME $command"
        echo "$output"
        [ "$status" = 78 ]
        [[ "${lines[0]}" == *"the backend local has none" ]]
        [[ "${lines[1]}" == *"rehome up --backend netns" ]]
    done
    [ "$("$REHOME" faults --json | jq '.faults | length')" = 0 ]
    run "$REHOME" up --backend netsn
    [ "$status" = 64 ]
    [[ "$output" == *"'netns'"* ]]
}
