#!/usr/bin/env bats
# The pages are true: each command that they show is run, and what they show is what it prints.

bats_require_minimum_version 1.5.0
load helper

setup() {
    rehome_find
    rehome_daemons
    # A folder like the root of a clone, whose ./rehome is the command under test.
    place="$BATS_TEST_TMPDIR/clone"
    mkdir "$place"
    ln -s "$PWD"/deploy "$PWD"/docs "$place/"
    printf '#!/bin/sh\nexec "%s" "$@"\n' "$REHOME" >"$place/rehome"
    chmod +x "$place/rehome"
}

teardown() {
    "$REHOME" down --destroy --no-report >/dev/null 2>&1 || true
}

page() {
    run python3 tests/docs/run.py "$place" "$@"
    echo "$output"
    [ "$status" = 0 ]
}

@test "a page that lies is caught, line by line" {
    run python3 tests/docs/run.py "$place" tests/docs/planted/lies.md
    echo "$output"
    [ "$status" = 1 ]
    [ "$(grep -c 'lies.md:[0-9]*: ' <<<"$output")" = 5 ]
    [[ "$output" == *"lies.md:4: ./rehome explain 69: line 5 is not what it prints: 69 (exit code): all is well"* ]]
    [[ "$output" == *"lies.md:8: ./rehome explain no_such_word: ends with 64, not 0"* ]]
    [[ "$output" == *"lies.md:13: ./rehome topology check deploy/topologies/no-such.yaml: ends with 78"* ]]
    [[ "$output" == *"lies.md:16: there is no \`rehome fly\`"* ]]
    [[ "$output" == *"lies.md:16: \`rehome status\` has no --loud"* ]]
}

@test "pages that show nothing are refused" {
    echo "nothing" >"$BATS_TEST_TMPDIR/nothing.md"
    run python3 tests/docs/run.py "$place" "$BATS_TEST_TMPDIR/nothing.md"
    [ "$status" = 2 ]
}

@test "README" {
    page README.md
}

@test "the tutorial" {
    page docs/tutorial.md
}

@test "the page about networks" {
    unshare --net true 2>/dev/null || skip "network namespaces are for root"
    page docs/networks.md
}

@test "every other page" {
    others=$(find docs SECURITY.md CHANGELOG.md -name '*.md' ! -name tutorial.md ! -name networks.md | sort)
    [ "$(wc -l <<<"$others")" -ge 20 ]
    # shellcheck disable=SC2086
    page $others
}

@test "the diagrams are the tables of the code, and a diagram that is not is caught" {
    run python3 tests/docs/fsm.py .
    echo "$output"
    [ "$status" = 0 ]
    mkdir -p "$place/docs.d/docs/fsm"
    ln -s "$PWD/node" "$place/docs.d/node"
    sed -e 's/registered --> preserved/registered --> unregistered/' docs/fsm/phone.md >"$place/docs.d/docs/fsm/phone.md"
    run python3 tests/docs/fsm.py "$place/docs.d"
    [ "$status" = 1 ]
    [[ "$output" == *"phone.md:6: the diagram is not the table of node/station/station.c"* ]]
}

@test "the page about ZeroMQ names every option that is set, and no other, and every port" {
    set_in_code=$(grep -rhoE 'set_(int|text)\([^,]*, ZMQ_[A-Z_]+|zmq_(setsockopt|ctx_set)\([^,]*, *ZMQ_[A-Z_]+' node/runtime |
        grep -oE 'ZMQ_[A-Z_]+' | sort -u)
    on_page=$(sed -n '/^## Options/,/^Not set/p' docs/zeromq.md | grep -oE 'ZMQ_[A-Z_]+' | sort -u)
    diff <(echo "$set_in_code") <(grep -v HEARTBEAT <<<"$on_page")
    links=$(sed -n '/define LINK_MAP/,/OPERATOR/p' proto/msg.h | sed -nE 's/ *X\(([A-Z]+), [a-z]+, ([0-9]+), ([0-9]+),.*/| \1 | \2 | \3 |/p' | grep -v LOCAL)
    [ "$(wc -l <<<"$links")" = 8 ]
    while read -r row; do grep -qF -- "$row" docs/zeromq.md; done <<<"$links"
}
