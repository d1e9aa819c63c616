#!/usr/bin/env bats
# Phones and agents driven by hand: what is done, what is refused, and what is noted for later.

bats_require_minimum_version 1.5.0
load helper

setup() {
    rehome_find
    rehome_daemons
}

teardown() {
    "$REHOME" down --destroy >/dev/null 2>&1 || true
}

state_of() {
    "$REHOME" agents --json | jq -r ".agents[] | select(.agent == $1) | .state"
}

# conforms: 18
@test "without the publisher calls go on, configuration is refused, and a user's own setting is accepted" {
    "$REHOME" up --topology small --quiet --calls-per-second 0
    "$REHOME" config set recovery.80001=1050 --quiet
    "$REHOME" phone 1050 dial 1001
    "$REHOME" phone 1001 answer
    "$REHOME" kill pub --quiet
    "$REHOME" phone 1001 hold
    "$REHOME" phone 1050 hangup
    run "$REHOME" config set recovery.80001=1051
    echo "$output"
    [ "$status" != 0 ]
    run "$REHOME" forward 1002 1051
    [ "$status" = 0 ]
    "$REHOME" phone 1050 dial 1002
    "$REHOME" phone 1051 answer
}

@test "configuration that nothing reads is refused, and an undo restores what was there" {
    "$REHOME" up --topology small --quiet --calls-per-second 0
    for wrong in login=manual control=until_clear nonsense=1 recovery.99=1050 recovery.80001=4711 fallback=never; do
        run "$REHOME" config set "$wrong"
        echo "$output"
        [ "$status" = 64 ]
        [[ "${lines[0]}" == "rehome: '$wrong': "*"; the nearest is '"* ]]
        [ "${lines[1]}" = "  next:  rehome config --help" ]
    done
    run "$REHOME" config set login=manual
    [[ "$output" == *"topology file"* ]]

    undo_of() { sed -n 's/.*undo: *rehome //p'; }
    run "$REHOME" config set recovery.80001=1050
    [ "$(undo_of <<<"$output")" = "config set recovery.80001=" ]
    run "$REHOME" config set recovery.80001=1051
    [ "$(undo_of <<<"$output")" = "config set recovery.80001=1050" ]
    run "$REHOME" config set recovery.80001= --no-wait
    [ "$(undo_of <<<"$output")" = "config set recovery.80001=1051" ]
    run "$REHOME" config set fallback=
    [ "$output" = "fallback=." ]
    run "$REHOME" forward 1001 1002
    [ "$(undo_of <<<"$output")" = "forward 1001 off" ]
    run "$REHOME" forward 1001 1003
    [ "$(undo_of <<<"$output")" = "forward 1001 1002" ]
    run "$REHOME" forward 1001 off
    [ "$(undo_of <<<"$output")" = "forward 1001 1003" ]
}

@test "an agent and two phones are driven by hand" {
    "$REHOME" up --topology small --quiet --calls-per-second 0

    run "$REHOME" agent 5001 notready
    [ "$status" = 0 ]
    [[ "$output" == *"undo: rehome agent 5001 ready"* ]]
    run "$REHOME" agent 5001 notready
    [ "$status" = 0 ]
    run "$REHOME" agent 5001 wrapup
    [ "$status" = 1 ]
    [[ "$output" == *"there is no wrap-up to end"* ]]
    run "$REHOME" agent 5001 ready
    [ "$status" = 0 ]

    # In a call: what can wait is noted, what cannot is refused.
    "$REHOME" phone 1050 dial 1001
    "$REHOME" phone 1001 answer
    run "$REHOME" agent 5001 logout
    [ "$status" = 1 ]
    [[ "$output" == *"log out after the call"* ]]
    run "$REHOME" agent 5001 notready --no-wait
    [ "$status" = 0 ]
    "$REHOME" agent 5001 notready 2>"$BATS_TEST_TMPDIR/said" &
    waiting=$!
    until grep -q "not ready after the call" "$BATS_TEST_TMPDIR/said"; do
        kill -0 "$waiting"
    done
    [ "$(state_of 5001)" = talking ]
    run "$REHOME" phone 1050 join
    [ "$status" = 1 ]
    "$REHOME" phone 1001 hangup
    wait "$waiting"
    [ "$(state_of 5001)" = not_ready ]

    run "$REHOME" agent 5001 logout
    [ "$status" = 0 ]
    run "$REHOME" agent 5001 ready
    [ "$status" = 1 ]
    [[ "$output" == *"log in first"* ]]
    run "$REHOME" phone 1050 hold
    [ "$status" = 1 ]
    [[ "$output" == *"phone 1050 is idle"* ]]
    run "$REHOME" phone 1050 dial 123456789012345678901234567
    [ "$status" = 64 ]
    run "$REHOME" phone 1050 dial 4711
    [ "$status" = 1 ]
}
