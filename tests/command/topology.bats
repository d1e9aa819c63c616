#!/usr/bin/env bats
# Topology files: each bad one is refused with file, line, column and what to write instead.

bats_require_minimum_version 1.5.0
load helper

setup() {
    rehome_find
}

@test "every delivered topology is fine" {
    for file in deploy/topologies/*.yaml; do
        run "$REHOME" topology check "$file"
        [ "$status" = 0 ]
    done
}

@test "every bad topology: 78, file:line:col and the complaint beside it" {
    local seen=0
    for file in tests/unit/topology/bad/*.yaml; do
        run "$REHOME" topology check "$file"
        echo "$file: $output"
        [ "$status" = 78 ]
        [[ "$output" =~ ^"$file":[0-9]+:[0-9]+:\  ]]
        [[ "$output" == *"$(cat "${file%.yaml}.txt")"* ]]
        seen=$((seen + 1))
    done
    [ "$seen" -ge 30 ]
}

@test "up with a bad topology: 78, the caret, and nothing is made" {
    cat >"$BATS_TEST_TMPDIR/my.yaml" <<'END'
name: my
nodes:
  - name: pub
    role: subscribr
    host: 1
    services: [callmanager]
groups:
  - {name: home, members: [pub]}
END
    cd "$BATS_TEST_TMPDIR"
    REHOME=$(readlink -f "$REHOME")
    run "$REHOME" up --topology my.yaml
    [ "$status" = 78 ]
    [ "${lines[0]}" = "my.yaml:4:11: role 'subscribr' is not one of publisher, subscriber" ]
    [ "${lines[1]}" = "    4 |     role: subscribr" ]
    [ "${lines[2]}" = "      |           ^ did you mean 'subscriber'?" ]
    [ ! -e "$REHOME_HOME" ]
}

@test "a topology that is not there: 78 with the nearest delivered one" {
    run "$REHOME" up --topology defalt
    [ "$status" = 78 ]
    [[ "$output" == *"'default'"* ]]
    run "$REHOME" topology check /nowhere.yaml
    [ "$status" = 78 ]
    [[ "$output" == *"/nowhere.yaml: No such file or directory"* ]]
}

@test "an unknown profile: 64 with the nearest one" {
    run "$REHOME" up --profile srmd
    [ "$status" = 64 ]
    [[ "$output" == *"'srnd'"* ]]
}

@test "keys are made for every process, closed to others, and made once" {
    run "$REHOME" topology keys deploy/topologies/small.yaml "$BATS_TEST_TMPDIR/keys"
    [ "$status" = 0 ]
    [[ "$output" == *"each of the 8 processes"* ]]
    [ "$(find "$BATS_TEST_TMPDIR/keys" -name '*.cert' | wc -l)" = 9 ]
    [ "$(find "$BATS_TEST_TMPDIR/keys" -name '*.cert_secret' -perm 0600 | wc -l)" = 9 ]
    before=$(cat "$BATS_TEST_TMPDIR"/keys/*)
    run "$REHOME" topology keys deploy/topologies/small.yaml "$BATS_TEST_TMPDIR/keys"
    [ "$status" = 0 ]
    [ "$(cat "$BATS_TEST_TMPDIR"/keys/*)" = "$before" ]
}

@test "topology check and keys take what they take: 64" {
    for words in "check a b" "keys a" "chekc a"; do
        # shellcheck disable=SC2086
        run "$REHOME" topology $words
        [ "$status" = 64 ]
    done
}
