#!/usr/bin/env bats
# What can keep a cluster from starting, and whose it is: one sentence, its code, and nothing half-started.

bats_require_minimum_version 1.5.0
load helper

NOBODY=65534

setup() {
    rehome_find
    rehome_daemons
}

teardown() {
    "$REHOME" down --destroy --no-report >/dev/null 2>&1 || true
}

nothing_runs() {
    run processes_of "$REHOME_HOME"
    echo "$output"
    [ -z "$output" ]
}

# nobody COMMAND...: as a user who owns nothing here.
nobody() {
    setpriv --reuid="$NOBODY" --regid="$NOBODY" --clear-groups env REHOME_HOME="$REHOME_HOME" "$@"
}

# Only root can be somebody else, and that user has to get at the programs and the test's folder.
as_nobody_or_skip() {
    [ "$(id -u)" = 0 ] || skip "only root can be somebody else"
    chmod a+rx "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR" "$(dirname "$BATS_TEST_TMPDIR")"
    nobody "$REHOME" --help >/dev/null 2>&1 || skip "another user cannot run $REHOME"
    nobody ls "$BATS_TEST_TMPDIR" >/dev/null 2>&1 || skip "another user cannot see $BATS_TEST_TMPDIR"
}

@test "a port that somebody has: 73, with the port, and nothing is made" {
    coproc HOLDER { exec python3 -c '
import socket, sys
s = socket.create_server(("127.77.9.2", 8600))
print("listening", flush=True)
sys.stdin.read()' 3>&-; }
    holder=$HOLDER_PID
    read -r -u "${HOLDER[0]}" line
    [ "$line" = listening ]
    run "$REHOME" up --topology small --block 127.77.9
    kill "$holder"
    echo "$output"
    [ "$status" = 73 ]
    [[ "$output" == *"127.77.9.2:8600 is in use"* ]]
    [ ! -e "$REHOME_HOME/clusters/small" ]
    nothing_runs
}

@test "a block that is none: 64" {
    run "$REHOME" up --topology small --block 10.0.0
    [ "$status" = 64 ]
    [[ "$output" == *"127.7.3"* ]]
    [ ! -e "$REHOME_HOME/clusters/small" ]
}

@test "a disk without room: 73, how much is missing, and nothing is made" {
    mkdir "$BATS_TEST_TMPDIR/disk"
    unshare -m mount -t tmpfs -o size=3m none "$BATS_TEST_TMPDIR/disk" 2>/dev/null || skip "nothing can be mounted here"
    run unshare -m sh -c '
        mount -t tmpfs -o size=3m none "$1"/disk
        REHOME_HOME="$1"/disk/home timeout 60 "$REHOME" up --topology small
        code=$?
        find "$1"/disk/home -type f -size +0
        exit $code' sh "$BATS_TEST_TMPDIR"
    echo "$output"
    [ "$status" = 73 ]
    [[ "${lines[0]}" == *"room for "?" MiB, and this cluster needs "* ]]
    [[ "${lines[1]}" == *"next:"* ]]
    [ "${#lines[@]}" = 2 ]
    nothing_runs
}

@test "two at the same time: one comes up, the other is told" {
    "$REHOME" up --topology small --quiet 2>"$BATS_TEST_TMPDIR/first" 3>&- &
    first=$!
    run "$REHOME" up --topology small --quiet
    second=$status
    status=0
    wait "$first" || status=$?
    echo "$status $second $output $(cat "$BATS_TEST_TMPDIR/first")"
    [ "$((status + second))" = 73 ]
    run "$REHOME" status
    [ "$status" = 0 ]
}

@test "programs that are not there: 69, and nothing is made" {
    mkdir "$BATS_TEST_TMPDIR/bin"
    REHOME_BIN="$BATS_TEST_TMPDIR/bin" run "$REHOME" up --topology small
    echo "$output"
    [ "$status" = 69 ]
    [[ "$output" == *rehome-node* ]]
    [ ! -e "$REHOME_HOME" ]
}

@test "a home that cannot be written: 73" {
    as_nobody_or_skip
    mkdir -m 755 "$REHOME_HOME"
    run nobody "$REHOME" up --topology small
    echo "$output"
    [ "$status" = 73 ]
    [[ "$output" == *"Permission denied"* ]]
    [[ "$output" == *"REHOME_HOME"* ]]
}

@test "somebody else's cluster: 77 for whoever looks, stops or breaks, and it goes on" {
    as_nobody_or_skip
    "$REHOME" up --topology small --quiet
    chmod 755 "$REHOME_HOME"
    for command in status down "kill sub1" calls; do
        # shellcheck disable=SC2086 # a command and its arguments
        run nobody "$REHOME" $command
        echo "$command: $output"
        [ "$status" = 77 ]
        [[ "$output" == *"$REHOME_HOME/clusters: Permission denied"* ]]
    done
    chmod 755 "$REHOME_HOME/clusters" "$REHOME_HOME/clusters/small"
    for command in status down "kill sub1" calls; do
        # shellcheck disable=SC2086
        run nobody "$REHOME" $command
        echo "$command: $output"
        [ "$status" = 77 ]
        [[ "$output" == *"'small'"*"belongs to user $(id -u)"* ]]
    done
    run "$REHOME" status
    [ "$status" = 0 ]
}

@test "a daemon that is killed while it starts: 69, its log, and nothing is left" {
    mkdir "$BATS_TEST_TMPDIR/bin"
    for program in node pg icm fleet recorder; do
        ln -s "$(readlink -f "$(dirname "$REHOME")/../../node/main/rehome-$program")" "$BATS_TEST_TMPDIR/bin/"
    done
    rm "$BATS_TEST_TMPDIR/bin/rehome-pg"
    printf '#!/bin/sh\necho these are my last words >&2\nkill -KILL $$\n' >"$BATS_TEST_TMPDIR/bin/rehome-pg"
    chmod +x "$BATS_TEST_TMPDIR/bin/rehome-pg"
    REHOME_BIN="$BATS_TEST_TMPDIR/bin" run timeout 60 "$REHOME" up --topology small --quiet
    echo "$output"
    [ "$status" = 69 ]
    [[ "$output" == *"these are my last words"* ]]
    nothing_runs
}

@test "a daemon that ends by an assertion of its own: 70" {
    mkdir "$BATS_TEST_TMPDIR/bin"
    for program in node pg icm fleet recorder; do
        ln -s "$(readlink -f "$(dirname "$REHOME")/../../node/main/rehome-$program")" "$BATS_TEST_TMPDIR/bin/"
    done
    rm "$BATS_TEST_TMPDIR/bin/rehome-icm"
    printf '#!/bin/sh\nulimit -c 0\nkill -ABRT $$\n' >"$BATS_TEST_TMPDIR/bin/rehome-icm"
    chmod +x "$BATS_TEST_TMPDIR/bin/rehome-icm"
    REHOME_BIN="$BATS_TEST_TMPDIR/bin" run timeout 60 "$REHOME" up --topology small --quiet
    echo "$output"
    [ "$status" = 70 ]
    [[ "$output" == *"icma ended"* ]]
    nothing_runs
}
