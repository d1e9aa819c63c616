#!/usr/bin/env bats
# What the command says to a wrong command line, without any cluster.

bats_require_minimum_version 1.5.0
load helper

setup() {
    rehome_find
}

@test "no command: usage on stderr, 64" {
    run --separate-stderr "$REHOME"
    [ "$status" = 64 ]
    [ -z "$output" ]
    [[ "$stderr" == *"usage: rehome COMMAND"* ]]
}

@test "--help goes to stdout, 0" {
    run --separate-stderr "$REHOME" --help
    [ "$status" = 0 ]
    [[ "$output" == *"rehome scenario list"* ]]
    [ -z "$stderr" ]
}

@test "every command has a --help of at most 80 columns, with an example" {
    commands=$("$REHOME" --help | awk '/^  [a-z]/ {print $1}')
    [ "$(wc -w <<<"$commands")" -ge 26 ]
    for command in $commands; do
        run "$REHOME" "$command" --help
        [ "$status" = 0 ]
        [[ "$output" == "usage: rehome $command"* ]]
        [[ "$output" == *"for example:"*"rehome $command"* ]]
        [ "$(awk '{ if (length($0) > most) most = length($0) } END { print most }' <<<"$output")" -le 80 ]
        ! grep -q ' $' <<<"$output"
    done
}

@test "a command offers only the options that it obeys" {
    run "$REHOME" status --help
    [[ "$output" == *"--json"* ]]
    [[ "$output" != *"--no-wait"* ]]
    run "$REHOME" status --no-wait
    [ "$status" = 64 ]
    [[ "$output" == *"status has no option '--no-wait'"*"rehome status --help"* ]]
}

@test "an unknown command: 64 with the nearest" {
    run "$REHOME" statsu
    [ "$status" = 64 ]
    [[ "$output" == *"'status'"* ]]
}

@test "an unknown option: 64" {
    run "$REHOME" up --topologie x
    [ "$status" = 64 ]
    [[ "$output" == "rehome: up has no option '--topologie'; did you mean --topology"*"rehome up --help"* ]]
    run "$REHOME" up -z
    [ "$status" = 64 ]
    [[ "$output" == "rehome: up has no option '-z'"* ]]
    run "$REHOME" up --quiet=yes
    [ "$status" = 64 ]
    [[ "$output" == "rehome: up takes no value with '--quiet'"* ]]
    run "$REHOME" kill sub1 --for
    [ "$status" = 64 ]
    [[ "$output" == "rehome: kill needs a value: '--for TIME'"* ]]
    [ ! -e "$REHOME_HOME" ]
}

@test "a number that is none: 64, and nothing is made" {
    run "$REHOME" up --phones many
    [ "$status" = 64 ]
    [[ "$output" == *"--phones 'many'"* ]]
    [ ! -e "$REHOME_HOME" ]
}

@test "one argument too many: 64" {
    run "$REHOME" status extra
    [ "$status" = 64 ]
    [[ "$output" == "rehome: status takes no 'extra'"* ]]
}

@test "one argument too few: 64, and what it takes" {
    run "$REHOME" kill
    [ "$status" = 64 ]
    [[ "$output" == "rehome: kill takes 'TARGET'"* ]]
}

@test "an unknown scenario: 64 with the nearest" {
    run "$REHOME" scenario run subscriber-fial
    [ "$status" = 64 ]
    [[ "$output" == *"'subscriber-fails'"* ]]
    run "$REHOME" scenario show 4711
    [ "$status" = 64 ]
}

@test "an unknown trigger: 64 with the nearest" {
    run "$REHOME" scenario run 1 --trigger nod
    [ "$status" = 64 ]
    [[ "$output" == *"'node'"* ]]
}

@test "scenario list as JSON" {
    run --separate-stderr "$REHOME" scenario list --json
    [ "$status" = 0 ]
    [ "$(jq -r '.schema' <<<"$output")" = 1 ]
    [ "$(jq -r '.scenarios[] | select(.number == 1) | .name' <<<"$output")" = subscriber-fails ]
    [ "$(jq -r '.scenarios[0].backends | index("local")' <<<"$output")" = 0 ]
    [ "$(jq -c '[.scenarios[] | [.number, .name]]' <<<"$output")" = \
        '[[1,"subscriber-fails"],[2,"pg-side-fails"],[3,"callmanager-fails"],[4,"ctimanager-fails"],[5,"no-control"],[6,"backup-fails"],[7,"publisher-fails"],[8,"quorum-lost"],[9,"private-cut"],[10,"visible-cut"],[11,"both-cut"],[12,"rolling-restart"],[13,"controller-fails"],[14,"controller-gone"],[15,"controller-split"],[16,"link-flaps"]]' ]
}

@test "every scenario can be shown, and each check that its table names can be explained" {
    for number in {1..16}; do
        run --separate-stderr "$REHOME" scenario show "$number" --json
        [ "$status" = 0 ]
        [ "$(jq '[.triggers, .given, .when, .then, .finally, .table] | all(length > 0)' <<<"$output")" = true ]
        for id in $(jq -r '.table[].result' <<<"$output" | tr -d ,); do
            run --separate-stderr "$REHOME" explain "$id"
            [ "$status" = 0 ]
        done
    done
}

@test "a scenario that cuts networks is not played where there are none: 64" {
    run --separate-stderr "$REHOME" scenario run private-cut --backend local
    [ "$status" = 64 ]
    [[ "$stderr" == *"netns"* ]]
    [ ! -e "$REHOME_HOME/clusters" ]
}

@test "all scenarios have no trigger in common: 64" {
    run --separate-stderr "$REHOME" scenario run all --trigger node
    [ "$status" = 64 ]
    [[ "$stderr" == *"one scenario"* ]]
}

@test "scenario show has the table of a test plan" {
    run "$REHOME" scenario show 1
    [ "$status" = 0 ]
    for head in TEST ACTION EXPECTED RESULT; do
        [[ "$output" == *"$head"* ]]
    done
}

@test "on a terminal a table keeps within its width, in a pipe a row is a line" {
    row() { grep -c 'it loses its CTI Manager and gives up; it never goes to the CTI Manager of sub2' || true; }
    script -qec "stty cols 100; $REHOME scenario show 1" /dev/null </dev/null | tr -d '\r' >"$BATS_TEST_TMPDIR/shown"
    [ "$(awk '{ if (length($0) > most) most = length($0) } END { print most }' "$BATS_TEST_TMPDIR/shown")" -le 100 ]
    [ "$(row <"$BATS_TEST_TMPDIR/shown")" = 0 ]
    [ "$("$REHOME" scenario show 1 | row)" = 1 ]
}

@test "explain knows events, reasons, columns, invariants and exit codes" {
    for word in owner_changed NO_QUORUM trails HOME-1 78 RecoveryKey; do
        run "$REHOME" explain "$word"
        [ "$status" = 0 ]
    done
    run "$REHOME" explain raft_servin
    [ "$status" = 64 ]
    [[ "$output" == *"'raft_serving'"* ]]
}

@test "no cluster: 69, and what to type next" {
    run "$REHOME" status
    [ "$status" = 69 ]
    [[ "$output" == *"rehome up"* ]]
}

@test "a run that is not there: 64" {
    run "$REHOME" check nowhere
    [ "$status" = 64 ]
}

@test "a state folder that cannot be written: 73" {
    touch "$BATS_TEST_TMPDIR/file"
    REHOME_HOME="$BATS_TEST_TMPDIR/file/home" run "$REHOME" up --topology small
    [ "$status" = 73 ]
    [[ "$output" == *"REHOME_HOME"* ]]
}
