#!/usr/bin/env bats
# `rehome sim`: ranges of seeds, and runs that open like recorded ones.

bats_require_minimum_version 1.5.0
load helper

setup() {
    rehome_find
}

@test "sim: a range of seeds passes and says what it saw" {
    run --separate-stderr "$REHOME" sim --seeds 1..6 --faults none --profile lab --json
    [ "$status" -eq 0 ]
    [ "$(jq '.schema' <<<"$output")" = 1 ]
    [ "$(jq '.seeds' <<<"$output")" = 6 ]
    [ "$(jq '.failed | length' <<<"$output")" = 0 ]
    [ "$(jq '.events > 0 and .legs > 0 and .virtual_s > 300' <<<"$output")" = true ]
}

# conforms: 58
@test "sim: the same seeds give the same digest, other seeds another one, whatever the number of jobs" {
    one=$("$REHOME" sim --seeds 3..5 --profile lab --json --jobs 1 2>/dev/null | jq -r .digest) || true
    two=$("$REHOME" sim --seeds 3..5 --profile lab --json --jobs 3 2>/dev/null | jq -r .digest) || true
    other=$("$REHOME" sim --seeds 4..6 --profile lab --json 2>/dev/null | jq -r .digest) || true
    [ -n "$one" ]
    [ "$one" = "$two" ]
    [ "$one" != "$other" ]
}

@test "sim: a kept run opens like a recorded one, with the same verdict" {
    dir="$BATS_TEST_TMPDIR/kept"
    run --separate-stderr "$REHOME" sim --seeds 42 --faults crash --faults-max 1 --profile lab --report "$dir"
    [ "$status" -eq 0 ]
    [ -s "$dir/report.html" ]
    run --separate-stderr "$REHOME" check "$dir" --json
    [ "$status" -eq 0 ]
    [ "$(jq -r .verdict <<<"$output")" = pass ]
    [ "$(jq -r .seed <<<"$output")" = 42 ]
    run --separate-stderr "$REHOME" events --run "$dir" --kind fault --json
    [ "$status" -eq 0 ]
    [ "$(jq '.events | length' <<<"$output")" = 1 ]
    run --separate-stderr "$REHOME" status --run "$dir" --at +12s --json
    [ "$(jq '.icm[0].state' <<<"$output")" = '"down"' ]
}

@test "sim: a kept scenario, in which processes end and begin at one moment, has its verdict and its title" {
    dir="$BATS_TEST_TMPDIR/kept"
    run --separate-stderr "$REHOME" sim --scenario rolling-restart --seeds 5 --quiet --report "$dir"
    [ "$status" -eq 0 ]
    [ "$(jq -r .verdict "$dir/verdict.json")" = pass ]
    grep -q "<h1>Every process is restarted, one after the other, under traffic</h1>" "$dir/report.html"
}

@test "sim: a command line that makes no sense is refused, with the nearest name" {
    run --separate-stderr "$REHOME" sim
    [ "$status" -eq 64 ]
    run --separate-stderr "$REHOME" sim --seeds 5..3
    [ "$status" -eq 64 ]
    run --separate-stderr "$REHOME" sim --seeds 1 --faults hnag
    [ "$status" -eq 64 ]
    [[ "$stderr" == *"hang"* ]]
    run --separate-stderr "$REHOME" sim --seeds 1 --profile slwo
    [ "$status" -eq 64 ]
}

@test "sim: a seed is played with less of its faults and traffic, and says so in the line that plays it again" {
    some=$("$REHOME" sim --seeds 42 --profile lab --faults-max 2 --json 2>/dev/null | jq -r .digest) || true
    same=$("$REHOME" sim --seeds 42 --profile lab --only 1,2 --json 2>/dev/null | jq -r .digest) || true
    other=$("$REHOME" sim --seeds 42 --profile lab --only 1 --json 2>/dev/null | jq -r .digest) || true
    [ "$some" = "$same" ]
    [ "$some" != "$other" ]
    none=$("$REHOME" sim --seeds 42 --profile lab --only 1 --traffic 0 --json 2>/dev/null | jq -r .legs) || true
    [ "$none" = 0 ]
}

@test "sim: the line that a failing seed prints plays it again, its planted bug and all" {
    dev=build/dev/cluster/control/rehome
    "$dev" sim --help 2>/dev/null | grep -q -- --plant || skip "no bug can be planted: the preset dev is not built"
    run --separate-stderr "$dev" sim --seeds 4 --profile lab --faults crash --plant no-watch --quiet
    [ "$status" != 0 ]
    first=$stderr
    [[ "$first" == "seed 4: HOME-2: "* ]]
    line=$(sed -n 's/^  again:  rehome //p' <<<"$first")
    # shellcheck disable=SC2086 # it is words
    run --separate-stderr "$dev" $line --quiet
    [ "$status" != 0 ]
    [ "$stderr" = "$first" ]
}

@test "sim: a seed that does not fail cannot be shrunk, and a range neither" {
    run --separate-stderr "$REHOME" sim --shrink 42 --faults none
    [ "$status" = 0 ]
    [[ "$stderr" == *"does not fail"* ]]
    run --separate-stderr "$REHOME" sim --shrink 1..2
    [ "$status" = 64 ]
}

@test "sim: scenario 1 passes in virtual time, with either trigger" {
    for trigger in node callmanager; do
        run --separate-stderr "$REHOME" sim --scenario subscriber-fails --trigger "$trigger" --seeds 1 --quiet --json
        [ "$status" = 0 ]
        [ "$(jq -c .failed <<<"$output")" = "[]" ]
        [ "$(jq .legs <<<"$output")" -gt 100 ]
    done
}

@test "sim: scenarios 2, 3, 4 and 5 pass in virtual time" {
    for scenario in "pg-side-fails" "pg-side-fails --trigger hang" "callmanager-fails" "callmanager-fails --topology default" \
        "ctimanager-fails" "ctimanager-fails --topology default" "controller-fails" "controller-fails --trigger hang"; do
        # shellcheck disable=SC2086
        run --separate-stderr "$REHOME" sim --scenario $scenario --seeds 1..2 --quiet --json
        [ "$status" = 0 ]
        [ "$(jq -c .failed <<<"$output")" = "[]" ]
        [ "$(jq .legs <<<"$output")" -gt 100 ]
    done
}

@test "sim: double faults and cut networks pass in virtual time" {
    for scenario in no-control backup-fails "backup-fails --trigger callmanager" publisher-fails quorum-lost \
        private-cut visible-cut both-cut rolling-restart "rolling-restart --trigger crash" \
        controller-gone "controller-gone --trigger stop" controller-split link-flaps; do
        # shellcheck disable=SC2086
        run --separate-stderr "$REHOME" sim --scenario $scenario --seeds 1 --quiet --json
        [ "$status" = 0 ]
        [ "$(jq -c .failed <<<"$output")" = "[]" ]
        [ "$(jq .legs <<<"$output")" -gt 100 ]
    done
}

@test "sim: a scenario waits as long as the profile needs" {
    run --separate-stderr "$REHOME" sim --scenario pg-side-fails --profile srnd --seeds 1 --quiet --json
    echo "$stderr"
    [ "$status" = 0 ]
    [ "$(jq -c .failed <<<"$output")" = "[]" ]
}

@test "sim: what seeds of scenarios found before passes" {
    replayed=0
    while read -r scenario trigger seed; do
        run --separate-stderr "$REHOME" sim --scenario "$scenario" --trigger "$trigger" --seeds "$seed" --quiet --json
        echo "$scenario $trigger $seed: $stderr"
        [ "$status" = 0 ]
        replayed=$((replayed + 1))
    done < <(grep -v -e '^#' -e '^$' tests/regress/scenarios.txt)
    [ "$replayed" -ge 4 ]
}

@test "sim: the build for development and the one for release have the same history" {
    dev=$(dirname "$BATS_TEST_FILENAME")/../../build/dev/cluster/control/rehome
    [ -x "$dev" ] || skip "no build/dev"
    one=$("$REHOME" sim --seeds 1..6 --json 2>/dev/null | jq -r .digest) || true
    two=$("$dev" sim --seeds 1..6 --json 2>/dev/null | jq -r .digest) || true
    [ -n "$one" ]
    [ "$one" = "$two" ]
}
