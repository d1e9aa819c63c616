#!/usr/bin/env bats
# A recorded run, looked at like a living cluster.

bats_require_minimum_version 1.5.0
load helper

setup_file() {
    export BATS_TEST_TMPDIR="$BATS_FILE_TMPDIR"
    rehome_find
    rehome_daemons
    # 600 phones: more than one log entry takes, so that they can be seen half moved.
    "$REHOME" up --topology small --phones 600 --calls-per-second 0 --quiet
    "$REHOME" phone 1501 dial 1502 --quiet
    "$REHOME" phone 1502 answer --quiet
    "$REHOME" phone 1501 hold --quiet
    # Nothing changes any more when the agents are ready.
    for _ in $(seq 100); do
        [ "$("$REHOME" status --json | jq '.agents.ready')" = 20 ] && break
        sleep 0.1
    done
    export RUN="$REHOME_HOME/clusters/small/proc/recorder/run.db"
    for look in status registrations raft pg calls agents; do
        "$REHOME" "$look" --json >"$BATS_FILE_TMPDIR/$look.json"
    done
    LIVE=$(date -u +%Y-%m-%dT%H:%M:%S.%6NZ)
    export LIVE
    "$REHOME" kill sub1 --quiet
    "$REHOME" start sub1 --quiet
    # The recorder has read what there is when it has read the last word of the command.
    for _ in $(seq 100); do
        [ "$("$REHOME" events --run "$RUN" --kind heal --json | jq '.events | length')" = 1 ] && break
        sleep 0.1
    done
}

teardown_file() {
    "$REHOME" down --destroy >/dev/null 2>&1 || true
}

setup() {
    rehome_find
    export REHOME_HOME="$BATS_FILE_TMPDIR/home"
}

# looks_like NAME FILTER: the record at the moment says what the living cluster said, but for what FILTER takes out.
looks_like() {
    local filter="$2 | del(.run, .at) | del(.. | .for_ms?, .since?)"
    run --separate-stderr "$REHOME" "$1" --run "$RUN" --at "$LIVE" --json
    echo "$stderr"
    [ "$status" = 0 ]
    jq -S "$filter" <"$BATS_FILE_TMPDIR/$1.json" >"$BATS_TEST_TMPDIR/live"
    jq -S "$filter" <<<"$output" >"$BATS_TEST_TMPDIR/recorded"
    diff "$BATS_TEST_TMPDIR/live" "$BATS_TEST_TMPDIR/recorded"
}

@test "a record says what the living cluster said at that moment" {
    # What no record holds: memory, what waits in a PG, the path of the logger's database.
    looks_like status 'del(.nodes[].rss_kib, .pg[].calls, .pg[].outbox, .icm[].tcd_db)'
    looks_like registrations .
    looks_like raft .
    looks_like pg 'del(.pg[].calls, .pg[].outbox)'
    looks_like calls .
    looks_like agents .
    [ "$(jq '.calls | length' <"$BATS_FILE_TMPDIR/calls.json")" = 2 ]
    [ "$(jq -r '[.calls[].state] | sort | join(" ")' <"$BATS_FILE_TMPDIR/calls.json")" = "held holding" ]
    [ "$(jq '.agents | map(select(.skill != "-")) | length' <"$BATS_FILE_TMPDIR/agents.json")" = 20 ]
}

@test "what a record does not hold is null, and the moment is named" {
    run --separate-stderr "$REHOME" status --run "$RUN" --at "$LIVE" --json
    [ "$(jq -c '[.nodes[0].rss_kib, .pg[0].outbox, .icm[0].tcd_db]' <<<"$output")" = "[null,null,null]" ]
    [ "$(jq -r .run <<<"$output")" = "$RUN" ]
    [ "$(jq -r .at <<<"$output" | cut -c 1-19)" = "${LIVE:0:19}" ]
    run --separate-stderr "$REHOME" pg --run "$RUN" --at "$LIVE"
    [[ "${lines[1]}" == *"-"*"-" ]]
}

# conforms: 57
@test "phones are seen half moved, and the cluster degraded" {
    local fault half
    fault=$("$REHOME" events --run "$RUN" --kind fault --json | jq '.events[0].at_us')
    # The moment at which sub2 had taken 300 of them.
    half=$("$REHOME" events --run "$RUN" --kind owner_changed --node sub2 --json |
        jq --argjson fault "$fault" '[.events[] | select(.at_us > $fault and .peer == "sub2")][299].at_us - $fault')
    run --separate-stderr "$REHOME" registrations --run "$RUN" --at "fault+0.$(printf %06d "$half")s" --node sub2 --json
    [ "$status" = 0 ]
    count() { jq "[.registrations[] | select(.kind == \"phone\" and .node == \"$1\")] | length" <<<"$output"; }
    echo "after $half us: $(count sub1) at sub1, $(count sub2) at sub2"
    [ "$(count sub1)" -gt 0 ]
    [ "$(count sub2)" -ge 200 ]
    [ $(($(count sub1) + $(count sub2))) = 600 ]

    run --separate-stderr "$REHOME" status --run "$RUN" --at "fault+0.$(printf %06d "$half")s" --json
    [ "$status" = 1 ]
    [ "$(jq -r '.healthy, .faults[0].target, .faults[0].how' <<<"$output" | paste -sd' ')" = "false sub1 crash" ]
    [ "$(jq -r '.nodes[] | select(.name == "sub1") | .state' <<<"$output")" = down ]
    [ "$(jq -r '.calls.preserved' <<<"$output")" = 1 ]
    run --separate-stderr "$REHOME" registrations --run "$RUN" --at fault+0.2s --node sub1
    [ "$status" = 69 ]
    # Before it, nothing was wrong.
    run --separate-stderr "$REHOME" status --run "$RUN" --at fault-0.001s --json
    [ "$status" = 0 ]
    [ "$(jq '.faults | length' <<<"$output")" = 0 ]
}

@test "a device has its history up to the moment, and events end there" {
    run --separate-stderr "$REHOME" registrations SEP000000000500 --run "$RUN" --at fault-0.001s --json
    [ "$status" = 0 ]
    [ "$(jq -r '.registrations[0].node' <<<"$output")" = sub1 ]
    [ "$(jq -r '[.history[] | select(.kind == "registered")] | length' <<<"$output")" = 1 ]
    run --separate-stderr "$REHOME" registrations 1500 --run "$RUN" --at fault+1s
    [ "$status" = 0 ]
    [[ "${lines[0]}" == *"registered at sub2"* ]]
    run --separate-stderr "$REHOME" events --run "$RUN" --at fault-0.001s --kind fault --json
    [ "$(jq '.events | length' <<<"$output")" = 0 ]
}

@test "a call has its story up to the moment, although the record holds no rows" {
    local call
    call=$(jq -r '.calls[0].call' <"$BATS_FILE_TMPDIR/calls.json")
    run --separate-stderr "$REHOME" tcd --call "$call" --run "$RUN" --at "$LIVE" --json
    echo "$output"
    [ "$status" = 0 ]
    [ "$(jq -r '[.story[].text] | join("; ")' <<<"$output")" = "1501 dials 1502, at sub1; 1502 rings, at sub1; 1502 answers; 1501 puts the call on hold" ]
    [ "$(jq '.rows | length' <<<"$output")" = 0 ]
    run --separate-stderr "$REHOME" tcd --call "$call" --run "$RUN"
    [[ "$output" == *"fault: crash at sub1"*"1501 loses its CallManager (sub1)"* ]]
    for wrong in nope 20786-199 0000000000000001; do
        run "$REHOME" tcd --call "$wrong" --run "$RUN"
        [ "$status" = 64 ]
        [[ "$output" == *"'$wrong'"* ]]
    done
    run "$REHOME" tcd --call "$call" --check
    [ "$status" = 64 ]
}

@test "a moment or a run that is none is refused, and the nearest name is said" {
    run "$REHOME" status --at 3s
    [ "$status" = 64 ]
    [[ "$output" == *"--run latest"* ]]
    run "$REHOME" status --run "$RUN" --at falt+1s
    [ "$status" = 64 ]
    [[ "$output" == *"'fault'"* ]]
    run "$REHOME" status --run "$RUN" --at 1h
    [ "$status" = 64 ]
    run "$REHOME" status --run "$RUN" --at 9999s
    [ "$status" = 64 ]
    [[ "$output" == *"after the run"* ]]
    run "$REHOME" status --run latets
    [ "$status" = 64 ]
    [[ "$output" == *"there is no run 'latets'"* ]]
    run "$REHOME" registrations --run "$RUN" --read linearizable
    [ "$status" = 64 ]
    run "$REHOME" events --run "$RUN" --follow
    [ "$status" = 64 ]
    # The recorder of a living cluster does not copy call records.
    run "$REHOME" tcd --run "$RUN"
    [ "$status" = 65 ]
}

@test "a file that is no run, or a damaged one, is named" {
    local folder="$REHOME_HOME/runs/mine"
    mkdir -p "$folder"
    run "$REHOME" status --run mine
    [ "$status" = 65 ]
    [[ "$output" == *"$folder/run.db"* ]]
    echo "no database at all, but long enough to be taken for one" >"$folder/run.db"
    run "$REHOME" status --run mine
    [ "$status" = 65 ]
    run "$REHOME" status --run mien
    [ "$status" = 64 ]
    [[ "$output" == *"'mine'"* ]]
    sqlite3 "$RUN" "VACUUM INTO '$folder/copy.db'"
    run "$REHOME" status --run "$folder/copy.db" --at "$LIVE" --json
    [ "$status" = 0 ]
    sqlite3 "$folder/copy.db" "UPDATE meta SET value = replace(value, 'role: subscriber', 'role: subscribr') WHERE key = 'topology'"
    run "$REHOME" status --run "$folder/copy.db"
    [ "$status" = 78 ]
    [[ "$output" == *"copy.db:"*"subscribr"*"did you mean 'subscriber'"* ]]
}
