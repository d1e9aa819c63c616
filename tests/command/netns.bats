#!/usr/bin/env bats
# Clusters in network namespaces: made, cut, healed, and gone without a trace.

bats_require_minimum_version 1.5.0
load helper

NOBODY=65534

setup() {
    rehome_find
    rehome_daemons
    [ "$(id -u)" = 0 ] && unshare --net true 2>/dev/null || skip "network namespaces are for root"
    command -v nft >/dev/null || skip "nft is not installed"
}

teardown() {
    "$REHOME" down --destroy --no-report >/dev/null 2>&1 || true
}

# The namespaces of the cluster of this home.
namespaces() {
    local name
    name=$(jq -r .name "$REHOME_HOME"/clusters/*/cluster.json)
    ls /run/netns 2>/dev/null | grep "^rehome-$name-" || true
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
    ! grep -qxF "$(readlink /proc/self/ns/net)" "$BATS_TEST_TMPDIR/spaces"

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
    # While namespaces are made, when the first process is there, and while the others start.
    for moment in '[ -e $REHOME_HOME/clusters/small/cluster.json ]' \
        '[ -s $REHOME_HOME/clusters/small/proc/pub/pid ]' \
        '[ -s $REHOME_HOME/clusters/small/proc/pga/pid ]'; do
        "$REHOME" up --topology small --backend netns --quiet 3>&- &
        up=$!
        until eval "$moment"; do sleep 0.002; done
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
