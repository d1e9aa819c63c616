#!/usr/bin/env bats
# A small cluster up, looked at, broken, healed, and down again.

bats_require_minimum_version 1.5.0
load helper

setup() {
    rehome_find
    rehome_daemons
}

teardown() {
    "$REHOME" down --destroy >/dev/null 2>&1 || true
}

@test "up, look at everything, down: the whole way round" {
    run --separate-stderr "$REHOME" up --topology small
    echo "$stderr"
    [ "$status" = 0 ]
    [ -z "$output" ]
    [[ "$stderr" == *"healthy in "* ]]
    [[ "$stderr" == *"next:  rehome status"* ]]

    run --separate-stderr "$REHOME" status --json
    [ "$status" = 0 ]
    [ "$(jq -r '.schema, .cluster, .healthy' <<<"$output" | paste -sd' ')" = "1 small true" ]
    [ "$(jq '.devices.total' <<<"$output")" = 64 ]
    [ "$(jq '.devices.registered' <<<"$output")" = 64 ]
    [ "$(jq '.devices.by_node.sub1' <<<"$output")" = 64 ]
    [ "$(jq -r '[.nodes[] | select(.raft.state == "leader")] | length' <<<"$output")" = 1 ]
    [ "$(jq -r '[.pg[] | select(.active)] | length' <<<"$output")" = 1 ]
    [ -r "$(jq -r '.icm[0].tcd_db' <<<"$output")" ]

    run --separate-stderr "$REHOME" registrations --json --read linearizable
    [ "$status" = 0 ]
    [ "$(jq -r '.read' <<<"$output")" = linearizable ]
    [ "$(jq '[.registrations[] | select(.kind == "phone" and .state == "registered" and .node == "sub1")] | length' <<<"$output")" = 60 ]

    # Phones are counted without gateways, devices with them.
    run --separate-stderr "$REHOME" status --json
    [ "$(jq -c '.nodes[] | select(.name == "sub1") | [.phones, .gateways]' <<<"$output")" = "[60,4]" ]
    run --separate-stderr "$REHOME" status
    [ "${lines[0]}" = "small  healthy" ]
    [ "$(awk '{ if (length($0) > most) most = length($0) } END { print most }' <<<"$output")" -le 80 ]
    ! grep -q ' $' <<<"$output"
    run --separate-stderr "$REHOME" faults
    [ "$output" = "" ]
    [ "$stderr" = "nothing is broken on purpose" ]
    run --separate-stderr "$REHOME" agents
    [ "$(awk '{ print NF }' <<<"${lines[0]}")" = 7 ]
    run "$REHOME" start sub1
    [ "$status" = 0 ]
    [ "$output" = "sub1 is up already" ]

    for look in raft calls agents pg tcd events faults; do
        run --separate-stderr "$REHOME" "$look" --json
        [ "$status" = 0 ]
        [ "$(jq '.schema' <<<"$output")" = 1 ]
        run "$REHOME" "$look"
        [ "$status" = 0 ]
    done

    run "$REHOME" up
    [ "$status" = 73 ]
    run "$REHOME" scenario run 1
    [ "$status" = 73 ]
    [[ "$output" == *"--here"* ]]
    run "$REHOME" kill sub9
    [ "$status" = 64 ]
    [[ "$output" == *"'sub1'"* || "$output" == *"'sub2'"* ]]
    run "$REHOME" kill sub1 --how melt
    [ "$status" = 64 ]
    run "$REHOME" kill sub1 --service calmanager
    [ "$status" = 64 ]
    [[ "$output" == *"'callmanager'"* ]]

    run "$REHOME" down
    [ "$status" = 0 ]
    run "$REHOME" status
    [ "$status" = 69 ]
    [ -d "$REHOME_HOME/clusters/small" ]

    # It comes back with its state, and goes with it.
    run "$REHOME" up --topology small --quiet
    [ "$status" = 0 ]
    run "$REHOME" down --destroy
    [ "$status" = 0 ]
    [ ! -e "$REHOME_HOME/clusters/small" ]
}

@test "a node dies and comes back; two homes do not disturb each other" {
    run "$REHOME" up --topology small --quiet
    [ "$status" = 0 ]
    block=$(jq -r .block "$REHOME_HOME/clusters/small/cluster.json")
    REHOME_HOME="$BATS_TEST_TMPDIR/other" run "$REHOME" up --topology small --block "$block"
    [ "$status" = 73 ]
    [[ "$output" == *"in use"* ]]
    REHOME_HOME="$BATS_TEST_TMPDIR/other" run "$REHOME" up --topology small --quiet
    echo "$output"
    [ "$status" = 0 ]
    run "$REHOME" kill sub1
    echo "$output"
    [ "$status" = 0 ]
    [[ "$output" == *"undo:  rehome start sub1"* ]]
    # What follows is told in the order in which it was.
    times=$(grep -oE '^ \+[0-9.]+' <<<"$output")
    [ "$(wc -l <<<"$times")" -ge 4 ]
    [ "$(sort -n <<<"$times")" = "$times" ]
    run "$REHOME" kill sub1
    [ "$status" = 73 ]
    [ "${lines[0]}" = "rehome: sub1 is down already" ]
    run --separate-stderr "$REHOME" status --json
    [ "$status" = 1 ]
    [ "$(jq -r '.faults[0].target' <<<"$output")" = sub1 ]
    [ "$(jq -r '.nodes[] | select(.name == "sub1") | .state' <<<"$output")" = down ]
    REHOME_HOME="$BATS_TEST_TMPDIR/other" run "$REHOME" status
    other=$status
    REHOME_HOME="$BATS_TEST_TMPDIR/other" run "$REHOME" down --destroy
    [ "$other" = 0 ]
    run "$REHOME" start sub1
    [ "$status" = 0 ]
    # It is up again when it is a member again.
    run --separate-stderr "$REHOME" raft --json
    [ "$(jq -r '.nodes[] | select(.node == "sub1" or .name == "sub1") | .lease' <<<"$output")" = true ]
    run --separate-stderr "$REHOME" faults --json
    [ "$(jq '.faults | length' <<<"$output")" = 0 ]
}

@test "^C while a cluster starts leaves nothing running" {
    "$REHOME" up --topology small 2>"$BATS_TEST_TMPDIR/err" 3>&- &
    up=$!
    for _ in $(seq 100); do
        [ -s "$REHOME_HOME/clusters/small/proc/pub/pid" ] && break
        sleep 0.02
    done
    kill -INT "$up"
    status=0
    wait "$up" || status=$?
    [ "$status" = 130 ]
    run "$REHOME" status
    [ "$status" = 69 ]
    ! pgrep -f "$REHOME_HOME/clusters/small" >/dev/null
}

@test "a reader that is gone while a cluster starts, or a scenario runs, leaves nothing running" {
    for command in "up --topology small" "scenario run pg-side-fails --topology small"; do
        # shellcheck disable=SC2086 # words
        "$REHOME" $command 2>&1 | head -1
        run processes_of "$REHOME_HOME"
        echo "$output"
        [ -z "$output" ]
    done
}

@test "a follower of events ends with its reader" {
    "$REHOME" up --topology small --quiet
    run timeout 20 bash -c '"$REHOME" events --follow | head -2'
    echo "$output"
    [ "$status" = 0 ]
    [ "${#lines[@]}" = 2 ]
}

@test "down says what starts the same cluster again" {
    cp deploy/topologies/small.yaml "$BATS_TEST_TMPDIR/mine.yaml"
    cd "$BATS_TEST_TMPDIR"
    "$REHOME" up --topology mine.yaml --phones 40 --calls-per-second 0 --quiet
    run "$REHOME" down --no-report
    again="rehome up --topology $BATS_TEST_TMPDIR/mine.yaml --phones 40 --calls-per-second 0"
    [ "${lines[-1]}" = "undo:  $again (state is kept)" ]
    run "$REHOME" down --destroy
    [ "${lines[-1]}" = "again: $again" ]
}

@test "a cluster that was broken by hand is judged while it runs, and at its end" {
    "$REHOME" up --topology small
    "$REHOME" kill sub1
    "$REHOME" start sub1

    run --separate-stderr "$REHOME" check --json
    [ "$status" = 0 ] || [ "$status" = 3 ] # too early to say that all is served again
    [ "$(jq '[.checks[] | select(.verdict == "fail")] | length' <<<"$output")" = 0 ]
    [ "$(jq -r '.checks[] | select(.id == "REG-1") | .verdict' <<<"$output")" = pass ]
    [ "$(jq '.devices.moved' <<<"$output")" = 64 ]
    first=$(jq -r '.run' <<<"$output")
    [ -s "$first/report.html" ]
    [ "$(readlink -f "$REHOME_HOME/runs/latest")" = "$(readlink -f "$first")" ]
    [ "$("$REHOME" status --json | jq '.nodes | map(select(.state == "up")) | length')" = 3 ]

    run --separate-stderr "$REHOME" down --destroy --json
    [ "$status" = 0 ]
    [ "$(jq -r '.destroyed' <<<"$output")" = true ]
    last=$(jq -r '.run' <<<"$output")
    [ "$last" != "$first" ]
    [ -s "$(jq -r '.report' <<<"$output")" ]
    [ "$(jq -r '.verdict' <<<"$output")" = "$(jq -r '.verdict' "$last/verdict.json")" ]

    run --separate-stderr "$REHOME" check --json # the newest, now that nothing runs
    [ "$(jq -r '.run' <<<"$output")" = "$last" ]
}

@test "down --no-report leaves no run" {
    "$REHOME" up --topology small
    "$REHOME" down --destroy --no-report
    [ ! -e "$REHOME_HOME/runs" ]
}
