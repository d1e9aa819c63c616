#!/usr/bin/env bats
# The exit codes that scripts rely on: each of them from a command that ends so, and no other in the list.

bats_require_minimum_version 1.5.0
load helper

setup_file() {
    rehome_find
    rehome_daemons
    export REHOME_HOME="$BATS_FILE_TMPDIR/home"
    "$REHOME" up --topology small --quiet
}

teardown_file() {
    "$REHOME" down --destroy --no-report >/dev/null 2>&1 || true
}

setup() {
    cd "$BATS_TEST_DIRNAME/../.." || return 1
}

# ends CODE COMMAND...: that is how it ends; whatever is not 0 or a verdict says why, and what to type next.
ends() {
    local code=$1
    shift
    run --separate-stderr timeout 60 "$@"
    echo "$status: $*: $stderr"
    [ "$status" = "$code" ]
    case "$code" in
        0 | 1 | 3) ;;
        *)
            [ -z "$output" ]
            [[ "$stderr" == "rehome"* ]]
            ;;
    esac
}

@test "explain knows all of them, and no other" {
    listed=$(for code in $(seq 0 255); do "$REHOME" explain "$code" 2>/dev/null | grep -q "exit code" && echo "$code"; done | paste -sd' ')
    echo "$listed"
    [ "$listed" = "0 1 3 64 65 69 70 73 74 75 77 78 130" ]
}

@test "0: done" {
    ends 0 "$REHOME" status
}

@test "3: what ran for a moment only proves too little" {
    ends 3 "$REHOME" check
    [ -n "$output" ]
}

@test "64: a node, a phone, a run, a cluster, a kind of event that is not there" {
    ends 64 "$REHOME" kill sub9
    ends 64 "$REHOME" registrations --node sub9
    ends 64 "$REHOME" phone 4711 hangup
    ends 64 "$REHOME" check nowhere
    ends 64 "$REHOME" status --cluster smal
    ends 64 "$REHOME" events --kind call_beginn
    ends 64 "$REHOME" scenario run 1 --profile lap
}

@test "64: what cannot be done is not announced" {
    for how in hang power unplug; do
        ends 64 "$REHOME" kill sub1 --service callmanager --how "$how"
        [[ "$stderr" == "rehome: a service cannot "* ]]
    done
    for time in 0s 0ms; do
        ends 64 "$REHOME" kill sub1 --how hang --for "$time"
        [[ "$stderr" == "rehome: --for '$time' is no time"* ]]
    done
    ends 0 "$REHOME" status
}

@test "73: up already, leader already" {
    ends 73 "$REHOME" up --topology small
    leader=$("$REHOME" status --json | jq -r '.nodes[] | select(.raft.state == "leader") | .name')
    ends 73 "$REHOME" raft transfer "$leader"
}

@test "74: a run file in whose place is a folder" {
    mkdir -p "$REHOME_HOME/runs/broken/run.db"
    cp "$REHOME_HOME/clusters/small/topology.yaml" "$REHOME_HOME/runs/broken/"
    ends 74 "$REHOME" check "$REHOME_HOME/runs/broken"
}

@test "65: a run file that is damaged, and one of another version" {
    mkdir -p "$REHOME_HOME/runs/damaged" "$REHOME_HOME/runs/foreign"
    cp "$REHOME_HOME/clusters/small/topology.yaml" "$REHOME_HOME/runs/damaged/"
    cp "$REHOME_HOME/clusters/small/topology.yaml" "$REHOME_HOME/runs/foreign/"
    head -c 5000 /dev/zero >"$REHOME_HOME/runs/damaged/run.db"
    ends 65 "$REHOME" check "$REHOME_HOME/runs/damaged"
    sqlite3 "$REHOME_HOME/runs/foreign/run.db" 'PRAGMA user_version = 99'
    ends 65 "$REHOME" check "$REHOME_HOME/runs/foreign"
}

@test "75: a node that hangs does not answer in time" {
    "$REHOME" kill sub2 --how hang --quiet
    ends 75 "$REHOME" registrations --node sub2
    ends 73 "$REHOME" kill sub2 --how hang
    [[ "$stderr" == "rehome: sub2 is hung already"* ]]
    [ "$("$REHOME" faults --json | jq '.faults | length')" = 1 ]
    "$REHOME" start sub2 --quiet
    "$REHOME" kill sub2 --service ctimanager --quiet
    ends 73 "$REHOME" kill sub2 --service ctimanager --how stop
    "$REHOME" start sub2 --quiet
    eventually 20 "$REHOME" status
}

@test "78: a topology that is none" {
    echo "{" >"$BATS_TEST_TMPDIR/bad.yaml"
    run "$REHOME" topology check "$BATS_TEST_TMPDIR/bad.yaml"
    [ "$status" = 78 ]
    [[ "$output" == "$BATS_TEST_TMPDIR/bad.yaml:"[0-9]* ]]
}

@test "130: interrupted among all, a scenario says so, those behind it were not run, and nobody is blamed" {
    REHOME_HOME="$BATS_TEST_TMPDIR/home" run timeout --preserve-status --signal INT 12 "$REHOME" scenario run all -t small
    echo "$output"
    [ "$status" = 130 ]
    [[ "$output" == *"subscriber-fails "*" interrupted "* ]]
    [ "$(grep -c ' not run ' <<<"$output")" = 15 ]
    [[ "$output" != *"could not be run"* ]]
    [[ "$output" != *"did not answer"* ]]
    [[ "$output" != *"REG-3"* ]]
}

@test "130: an interrupted run takes its cluster down, and is no run" {
    # In the foreground: a shell lets what it starts in the background ignore the signal.
    REHOME_HOME="$BATS_TEST_TMPDIR/home" run timeout --preserve-status --signal INT 2 "$REHOME" scenario run 1
    echo "$output"
    [ "$status" = 130 ]
    run processes_of "$BATS_TEST_TMPDIR/home"
    [ -z "$output" ]
    run find "$BATS_TEST_TMPDIR/home/runs" "$BATS_TEST_TMPDIR/home/clusters" -mindepth 1
    echo "$output"
    [ "$status" = 0 ]
    [ -z "$output" ]
}

@test "1: unhealthy; 69: no quorum, no leader, a process that is down" {
    "$REHOME" kill pub --quiet
    ends 1 "$REHOME" status
    ends 73 "$REHOME" kill pub
    ends 69 "$REHOME" registrations --node pub
    "$REHOME" kill sub2 --quiet
    ends 69 "$REHOME" registrations --read linearizable
    [[ "$stderr" == *"--read local"* ]]
    ends 69 "$REHOME" raft transfer sub1
    ends 69 "$REHOME" forward 1001 1002
    [[ "$stderr" == *"no_quorum"* ]]
    ends 0 "$REHOME" registrations --read local
}

@test "3: without the fleet nobody knows which calls there were" {
    "$REHOME" kill fleet --no-wait --quiet
    ends 3 "$REHOME" tcd --check
    [[ "$stderr" == "inconclusive: the fleet was killed"* ]]
    ends 3 "$REHOME" tcd --check --json
    [ "$(jq -r '.ledger.inconclusive' <<<"$output")" = "the fleet was killed, and it is the only witness" ]
}

@test "69: nothing runs, or nothing is there" {
    "$REHOME" down --destroy --no-report --quiet
    ends 69 "$REHOME" status
    [[ "$stderr" == *"rehome up"* ]]
}
