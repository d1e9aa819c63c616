#!/usr/bin/env bats
# A running cluster among people who wish it ill: nobody falls over, everything is counted, calls go on, and the
# ledger is clean afterwards.

bats_require_minimum_version 1.5.0
load helper

setup_file() {
    local out
    rehome_find
    rehome_daemons
    hostile_find
    export REHOME_HOME="$BATS_FILE_TMPDIR/home"
    cluster="$REHOME_HOME/clusters/hostile"
    # A small cluster, and a second fleet: somebody to be in the place of.
    sed -e 's/^name: small/name: hostile/' \
        -e 's/^  - {name: fleet, host: 41}/&\n  - {name: fleet2, host: 42}/' \
        -e 's/^  - {first: 1001, .*/&\n  - {first: 3001, count: 2, group: home, fleet: fleet2}/' \
        -e 's/talk: 5s/talk: 1s/; s/wrapup: 3s/wrapup: 1s/' \
        deploy/topologies/small.yaml >"$BATS_FILE_TMPDIR/hostile.yaml"
    if ! out=$("$REHOME" up --topology "$BATS_FILE_TMPDIR/hostile.yaml" --quiet 2>&1); then
        echo "$out" >&2
        return 1
    fi
    mkdir "$BATS_FILE_TMPDIR/impostor"
    export HOSTILE cluster
    export block
    block=$(jq -r .block "$cluster/cluster.json")
    pids >"$BATS_FILE_TMPDIR/pids"
}

teardown_file() {
    "$REHOME" down --destroy >/dev/null 2>&1 || true
}

setup() {
    cd "$BATS_TEST_DIRNAME/../.." || return 1
    # Calls go on while it happens.
    rows=$("$REHOME" status --json | jq '.icm[0].tcd_rows')
}

pids() {
    local file
    for file in "$cluster"/proc/*/pid; do
        echo "$(basename "$(dirname "$file")") $(cat "$file")"
    done
}

attack() {
    run "$HOSTILE" --topology "$cluster/topology.yaml" --keys "$cluster/keys" --block "$block" \
        --state "$BATS_FILE_TMPDIR/impostor" "$@"
    echo "$output"
    [ "$status" = 0 ]
}

# rejected PROCESS WHERE[: WHY]: how many messages and callers the process has turned away there.
rejected() {
    grep '"message_rejected"' "$cluster/proc/$1/events.jsonl" | jq -s --arg what "$2" \
        '[.[] | select(.text == $what or (.text | startswith($what + ": "))) | .value // 1] | add // 0'
}

rejected_some() {
    [ "$(rejected "$1" "$2")" -gt 0 ]
}

rejected_more() {
    [ "$(rejected "$1" "$2")" -gt "$3" ]
}

more_rows() {
    [ "$("$REHOME" status --json | jq '.icm[0].tcd_rows')" -gt "$rows" ]
}

# sizes: each process, its open files, and its memory in KiB.
sizes() {
    local name pid
    pids | while read -r name pid; do
        echo "$name $(find "/proc/$pid/fd" -mindepth 1 | wc -l) $(awk '/^VmRSS/ {print $2}' "/proc/$pid/status")"
    done
}

# not_grown FILE KIB: since FILE was written by `sizes`, no process keeps more than a few files, or so much memory, more.
# A connection that nobody needs any more goes within moments.
not_grown() {
    join <(sort "$1") <(sizes | sort) | awk -v most="$2" '
        $4 > $2 + 16 || $5 > $3 + most { print $1 ": files " $2 " to " $4 ", KiB " $3 " to " $5; bad = 1 }
        END { exit bad + (NR == 0) }'
}

# Healthy, the same processes, no last words, and new call records.
unharmed() {
    eventually 10 "$REHOME" status
    run grep -h "assertion failed" "$cluster"/proc/*/log
    echo "$output"
    [ -z "$output" ]
    pids | diff "$BATS_FILE_TMPDIR/pids" -
    eventually 20 more_rows
}

@test "bytes of every kind at every listening socket" {
    attack raw
    unharmed
    for node in pub sub1 sub2; do
        for door in station sdl jtapi member operator tap raft; do
            eventually 3 rejected_some "$node" "$door"
        done
    done
    for pair in pga:desktop pgb:desktop pgb:private icma:controller fleet:operator recorder:operator fleet:tap; do
        eventually 3 rejected_some "${pair%:*}" "${pair#*:}"
    done
}

@test "ZeroMQ without a key, with a password, with a key that nobody knows" {
    before=$(rejected sub1 station)
    attack strangers
    unharmed
    eventually 3 rejected_more sub1 station "$before"
    run grep -h "event=client_refused" "$cluster/proc/sub1/log"
    [ -n "$output" ]
}

@test "bad frames, sessions and messages under the operator's key" {
    attack frames operator
    unharmed
    # Each kind of wrong is told for itself.
    for why in "the bytes end too early" "larger than its limit" "a version that is not spoken here" \
        "no such thing" "a value that cannot be" "the other side said no" "not permitted"; do
        eventually 3 rejected_some sub1 "operator: $why"
    done
}

@test "the key of a process that has no business there" {
    before=$(rejected pub member)
    attack frames icma
    unharmed
    eventually 3 rejected_more pub member "$before"
    eventually 3 rejected_some pub "member: not permitted"
}

@test "thousands of connections, again and again: nobody keeps a file or memory of them" {
    sizes >"$BATS_TEST_TMPDIR/before"
    attack flood 300
    [ "${output#flood }" -gt 5000 ]
    unharmed
    eventually 10 not_grown "$BATS_TEST_TMPDIR/before" 65536
    # What a flood needs it needs once.
    sizes >"$BATS_TEST_TMPDIR/after"
    for _ in 1 2 3; do
        attack flood 100
    done
    unharmed
    eventually 10 not_grown "$BATS_TEST_TMPDIR/after" 8192
}

@test "bad words again and again: nobody keeps memory of them" {
    for _ in 1 2; do
        attack raw
        attack frames operator
    done
    sizes >"$BATS_TEST_TMPDIR/before"
    for _ in 1 2 3 4 5; do
        attack raw
        attack frames operator
    done
    unharmed
    eventually 10 not_grown "$BATS_TEST_TMPDIR/before" 8192
}

# impostor NAME: in the place of NAME, which is dead meanwhile; then the cluster is whole again.
impostor() {
    "$REHOME" kill "$1" --no-wait --quiet
    attack impostor "$1" 1500
    "$REHOME" start "$1" --quiet
    sed -i "/^$1 /d" "$BATS_FILE_TMPDIR/pids"
    pids | grep "^$1 " >>"$BATS_FILE_TMPDIR/pids"
    sort -o "$BATS_FILE_TMPDIR/pids" "$BATS_FILE_TMPDIR/pids"
    unharmed
}

@test "somebody in the place of a fleet" {
    impostor fleet2
}

@test "somebody in the place of a PG side" {
    impostor pgb
    eventually 3 rejected_some icma "a record of another pair"
}

@test "somebody in the place of a node" {
    impostor pub
}

# A fleet was killed, so that the ledger proves nothing; it is as clean as it is elsewhere.
clean_ledger() {
    run --separate-stderr "$REHOME" tcd --check --json
    [ "$status" = 3 ] || return 1
    jq -e '.ledger | .calls > 0 and .lost + .duplicate + .unexplained == 0' <<<"$output"
}

@test "after all of it: registry, phones and ledger are as they should be" {
    run --separate-stderr "$REHOME" registrations --json --read linearizable
    [ "$status" = 0 ]
    [ "$(jq '[.registrations[] | select(.state == "registered")] | length' <<<"$output")" = 70 ]
    run --separate-stderr "$REHOME" raft --json
    [ "$(jq -r '[.nodes[].raft.hash] | unique | length' <<<"$output")" = 1 ]
    # A row may come before the fleet has logged its leg.
    eventually 15 clean_ledger
}
