#!/usr/bin/env bats
# What the fleet says of its media, and what a packet capture says.

bats_require_minimum_version 1.5.0
load helper

setup() {
    rehome_find
    rehome_daemons
    [ "$(id -u)" = 0 ] || skip "a packet capture needs root"
}

teardown() {
    "$REHOME" down --destroy --no-report >/dev/null 2>&1 || true
}

# Begin to capture what the cluster's fleet hears; what it says is in $BATS_TEST_TMPDIR/heard when capture_end returns.
capture_begin() {
    local block log=$REHOME_HOME/clusters/small/proc/fleet/calls.log
    block=$(jq -r .block "$REHOME_HOME/clusters/small/cluster.json")
    mkfifo "$BATS_TEST_TMPDIR/stop"
    python3 tests/command/capture.py "$block" "$log" <"$BATS_TEST_TMPDIR/stop" \
        >"$BATS_TEST_TMPDIR/heard" 2>"$BATS_TEST_TMPDIR/capture" 3>&- &
    capture=$!
    exec 9>"$BATS_TEST_TMPDIR/stop"
    eventually 10 grep -q capturing "$BATS_TEST_TMPDIR/capture"
}

capture_end() {
    exec 9>&-
    wait "$capture"
    cat "$BATS_TEST_TMPDIR/capture" "$BATS_TEST_TMPDIR/heard"
}

heard() { jq ".$1" "$BATS_TEST_TMPDIR/heard"; }

# conforms: 7
@test "calls whose CallManager dies keep their media, as a packet capture sees it" {
    "$REHOME" up --topology small --quiet
    "$REHOME" traffic off --quiet
    capture_begin
    "$REHOME" traffic on --quiet
    eventually 20 sh -c "[ \$($REHOME status --json | jq .calls.media_flowing) -ge 6 ]"
    "$REHOME" kill sub1 --quiet
    "$REHOME" traffic off --quiet
    capture_end
    [ "$(heard legs)" -ge 6 ]
    [ "$(heard preserved)" -ge 4 ]
    [ "$(heard missing)" = 0 ]
    [ "$(heard preserved_gap_max_ms)" -le 500 ]
    [ "$(heard differ_max_ms)" -le 5 ]
}

@test "a fleet that sleeps is a gap in the media, in its own log and in the capture" {
    "$REHOME" up --topology small --quiet
    "$REHOME" traffic off --quiet
    capture_begin
    "$REHOME" traffic on --quiet
    eventually 20 sh -c "[ \$($REHOME status --json | jq .calls.media_flowing) -ge 6 ]"
    "$REHOME" kill fleet --how hang --for 700ms --quiet
    "$REHOME" traffic off --quiet
    capture_end
    [ "$(heard legs)" -ge 6 ]
    [ "$(heard gap_max_ms)" -ge 600 ]
    [ "$(heard differ_max_ms)" -le 5 ]
}
