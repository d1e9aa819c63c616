#!/usr/bin/env bats
# What stands in the log of Raft, and who leads.

bats_require_minimum_version 1.5.0
load helper

setup_file() {
    export BATS_TEST_TMPDIR="$BATS_FILE_TMPDIR"
    rehome_find
    rehome_daemons
    "$REHOME" up --topology small --calls-per-second 0 --quiet
}

teardown_file() {
    "$REHOME" down --destroy >/dev/null 2>&1 || true
}

setup() {
    rehome_find
    export REHOME_HOME="$BATS_FILE_TMPDIR/home"
}

leader() { "$REHOME" raft --json | jq -r .leader; }

@test "the log says who registered where" {
    run --separate-stderr "$REHOME" raft log --tail 1000 --json
    [ "$status" = 0 ]
    [ "$(jq '.schema' <<<"$output")" = 1 ]
    [ "$(jq -r '.entries[0].kind' <<<"$output")" = members ]
    # Every phone once, at sub1; and every entry is applied, for the cluster is healthy.
    [ "$(jq '[.entries[].commands[]? | select(.command == "register" and .node == "sub1") | .device] | unique | length' <<<"$output")" = 64 ]
    [ "$(jq '[.entries[] | select(.state != "applied")] | length' <<<"$output")" = 0 ]
    # No index is missing.
    [ "$(jq '[.entries[].index] | . == [range(.[0]; .[-1] + 1)]' <<<"$output")" = true ]
    run "$REHOME" raft log
    [ "$status" = 0 ]
    [[ "$output" == *"the CallManager of sub1 is up"* ]]
    [[ "$output" == *" register at sub1: "* ]]
}

# conforms: 17
@test "all nodes have the same log" {
    "$REHOME" config set note.greeting=hello --quiet
    for node in pub sub1 sub2; do
        "$REHOME" raft log "$node" --tail 1000 --json | jq -S '[.entries[] | del(.state)]' >"$BATS_TEST_TMPDIR/$node"
    done
    jq -e '.[-1].commands[0].text == "note.greeting=hello"' <"$BATS_TEST_TMPDIR/pub"
    diff "$BATS_TEST_TMPDIR/pub" "$BATS_TEST_TMPDIR/sub1"
    diff "$BATS_TEST_TMPDIR/pub" "$BATS_TEST_TMPDIR/sub2"
    run --separate-stderr "$REHOME" raft log follower --tail 2 --json
    [ "$(jq '.entries | length' <<<"$output")" = 2 ]
}

@test "leadership is handed over, and the phones do not notice" {
    local first second
    first=$(leader)
    second=$([ "$first" = pub ] && echo sub2 || echo pub)
    run "$REHOME" raft transfer "$second"
    echo "$output"
    [ "$status" = 0 ]
    [[ "$output" == *"undo: rehome raft transfer $first"* ]]
    [ "$(leader)" = "$second" ]
    run "$REHOME" raft transfer "$second"
    [ "$status" = 73 ]
    run "$REHOME" raft log "$second" --tail 3
    [[ "$output" == *barrier* ]]
    run --separate-stderr "$REHOME" events --kind device_lost --json
    [ "$(jq '.events | length' <<<"$output")" = 0 ]
    run "$REHOME" status
    [ "$status" = 0 ]
}

@test "what cannot be is refused with a sentence" {
    run "$REHOME" raft lgo
    [ "$status" = 64 ]
    [[ "$output" == *"'log'"* ]]
    run "$REHOME" raft log pga
    [ "$status" = 64 ]
    run "$REHOME" raft log sbu1
    [ "$status" = 64 ]
    [[ "$output" == *"'sub1'"* ]]
    run "$REHOME" raft transfer
    [ "$status" = 64 ]
    run "$REHOME" raft log --tail 0
    [ "$status" = 64 ]
    run "$REHOME" raft --tail 3
    [ "$status" = 64 ]
    run "$REHOME" raft add sub3
    [ "$status" = 78 ]
    [[ "$output" == *"topology"* ]]
    run "$REHOME" raft remove sub1
    [ "$status" = 78 ]
    run "$REHOME" kill sub1 --quiet
    [ "$status" = 0 ]
    run "$REHOME" raft log sub1
    [ "$status" = 69 ]
    run "$REHOME" raft transfer sub1
    [ "$status" = 69 ]
    run "$REHOME" start sub1 --quiet
    [ "$status" = 0 ]
}
