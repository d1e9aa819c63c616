#!/usr/bin/env bats
# A scenario in a cluster that is up, and was broken before.

bats_require_minimum_version 1.5.0
load helper

setup() {
    rehome_find
    rehome_daemons
}

teardown() {
    "$REHOME" down --destroy >/dev/null 2>&1 || true
}

calls_begin() {
    [ "$("$REHOME" calls --json | jq '.calls | length')" -gt 0 ]
}

@test "a scenario in the cluster that is up is judged by its own fault, and leaves the traffic on" {
    "$REHOME" up --quiet
    "$REHOME" kill sub1 --quiet
    "$REHOME" start sub1 --quiet
    "$REHOME" traffic off --quiet
    run --separate-stderr "$REHOME" scenario run pg-side-fails --here --json
    echo "$output"
    echo "$stderr"
    [ "$status" = 0 ]
    jq -e '[.checks[] | select(.verdict == "fail")] == []' <<<"$output"
    jq -e '.checks[] | select(.id == "S2-AGENTS-IN") | .verdict == "pass"' <<<"$output"
    [ "$("$REHOME" status --json | jq .healthy)" = true ]
    eventually 20 calls_begin
}
