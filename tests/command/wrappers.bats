#!/usr/bin/env bats
# The scripts at the root: what they say when something is not there.

setup() {
    root="$BATS_TEST_DIRNAME/../.."
}

@test "rehome that is not built says what to run, and exits 69" {
    mkdir "$BATS_TEST_TMPDIR/clone"
    cp "$root/rehome" "$BATS_TEST_TMPDIR/clone/"
    run "$BATS_TEST_TMPDIR/clone/rehome" status
    [ "$status" = 69 ]
    [[ "$output" == *"./demo"* ]]
}

@test "rehome hands over its arguments, its place does not matter" {
    mkdir -p "$BATS_TEST_TMPDIR/clone/build/release/cluster/control"
    cp "$root/rehome" "$BATS_TEST_TMPDIR/clone/"
    printf '#!/bin/sh\nprintf "<%%s>" "$@"\nexit 3\n' >"$BATS_TEST_TMPDIR/clone/build/release/cluster/control/rehome"
    chmod +x "$BATS_TEST_TMPDIR/clone/build/release/cluster/control/rehome"
    cd /
    run "$BATS_TEST_TMPDIR/clone/rehome" kill "a b"
    [ "$status" = 3 ]
    [ "$output" = "<kill><a b>" ]
}

@test "check refuses what it does not know" {
    run "$root/check" --quick
    [ "$status" = 64 ]
    [[ "$output" == *"usage"* ]]
}

@test "continuous integration runs check and nothing else" {
    grep -q 'exec ./check$' "$root/.ci/run"
}
