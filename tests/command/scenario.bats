#!/usr/bin/env bats
# Scenario files that make no sense: refused with line and column before anything is started.

bats_require_minimum_version 1.5.0
load helper

setup() {
    rehome_find
    export REHOME_SHARE=$BATS_TEST_TMPDIR/share
    mkdir -p "$REHOME_SHARE/scenarios"
    FILE=$REHOME_SHARE/scenarios/mine.yaml
    cat >"$FILE" <<'EOF'
name: mine
number: 99
title: Mine
backends: [netns, sim]
topology: default
target: sub1
triggers:
  - {name: crash, how: crash, text: it dies}
table:
  - {test: a, action: b, expected: c, result: HOME-1}
given:
  - {step: healthy, within: 20s, text: healthy}
when:
  - {step: break, target: sub1, how: crash, service: none, within: 5s, text: it breaks}
  - {step: cut, sides: pga / pgb, net: private, within: 5s, text: it is cut}
  - {step: flap, sides: pga / sub1, reject: true, count: 3, within: 6s, text: it flaps}
then:
  - {step: refused, write: config, within: 5s, text: refused}
finally:
  - {step: heal, target: sub1, within: 5s, text: it is back}
EOF
}

# refuses LINE:COLUMN OLD NEW WORDS: with OLD replaced by NEW the file is refused at that place, with these words.
refuses() {
    sed -i "s|$2|$3|" "$FILE"
    run --separate-stderr "$REHOME" scenario list
    [ "$status" = 78 ]
    [[ "$stderr" == *"mine.yaml:$1: "*"$4"* ]]
}

@test "a file with every field is accepted" {
    run --separate-stderr "$REHOME" scenario list
    [ "$status" = 0 ]
}

@test "an unknown step is refused" {
    refuses 14:12 "step: break" "step: brake" "did you mean 'break'?"
}

@test "an unknown way to break is refused, in a step and in a trigger" {
    refuses 14:38 "how: crash, service" "how: crush, service" "did you mean 'crash'?"
    refuses 8:24 "how: crash, text" "how: hangs, text" "did you mean 'hang'?"
}

@test "an unknown service is refused" {
    refuses 14:54 "service: none" "service: ctimanger" "did you mean 'ctimanager'?"
}

@test "an unknown network is refused" {
    refuses 15:40 "net: private" "net: privat" "did you mean 'private'?"
}

@test "an unknown write is refused" {
    refuses 18:28 "write: config" "write: konfig" "did you mean 'config'?"
}

@test "a cut without sides is refused" {
    refuses 15:5 "sides: pga / pgb, " "" "the step cut needs sides"
}

@test "a flapping that is not counted, or has a word where yes or no belongs, is refused" {
    refuses 16:45 "reject: true" "reject: perhaps" "reject"
    refuses 16:58 "reject: perhaps, count: 3" "reject: true, count: 0" "at least 1"
    refuses 16:5 "reject: true, count: 0, " "" "the step flap needs count"
}

@test "a write that is not named is refused" {
    refuses 18:5 "write: config, " "" "the step refused needs write"
}

@test "a field that the step does not have is refused" {
    refuses 12:57 "text: healthy" "text: healthy, target: sub1" "the step healthy has no target"
    refuses 20:39 "target: sub1, within: 5s, text: it is back" "target: sub1, count: 3, within: 5s, text: it is back" "the step heal has no count"
}

@test "a time that is none is refused" {
    refuses 12:29 "within: 20s" "within: soon" "within 'soon' is not a duration"
}

@test "a backend that there is not, or that has no networks to cut, is refused" {
    refuses 4:12 "backends: \[netns" "backends: [nets" "backend 'nets' is not one of"
    refuses 4:12 "backends: \[nets" "backends: [local" "no networks that could be cut"
}

@test "a time that leaves none is refused" {
    refuses 12:29 "within: 20s" "within: 0s" "within '0s' leaves no time"
}

@test "a topology that there is not, or that is wrong itself, is refused" {
    refuses 5:11 "topology: default" "topology: defualt" "did you mean 'default'?"
    printf 'name: [\n' >"$BATS_TEST_TMPDIR/bad.yaml"
    refuses 5:11 "topology: defualt" "topology: $BATS_TEST_TMPDIR/bad.yaml" "is wrong itself"
    [[ "$stderr" == *"$BATS_TEST_TMPDIR/bad.yaml:"*": not YAML"* ]]
}

@test "a target that is no process of the topology and no role is refused" {
    refuses 6:9 "^target: sub1" "target: sub9" "there is no process or role 'sub9' in the topology 'default'"
    sed -i 's/^target: sub9/target: phones:callmanager/' "$FILE"
    refuses 14:27 "step: break, target: sub1" "step: break, target: pg:activ" "did you mean 'pg:active'?"
    sed -i 's/target: pg:activ,/target: sub1,/' "$FILE"
    refuses 20:26 "step: heal, target: sub1" "step: heal, target: icmb" "no process or role 'icmb'"
}

@test "sides that are not two, or not known, or share somebody, are refused" {
    refuses 15:24 "sides: pga / pgb" "sides: pga pgb" "no two sides with a / between them"
    refuses 15:24 "sides: pga pgb" "sides: pga / pgx" "there is no process or role 'pgx'"
    refuses 15:24 "sides: pga / pgx" "sides: pga / pga" "somebody on both sides"
    refuses 15:24 "sides: pga / pga" "sides: pga /" "no two sides"
}

@test "a result that is no check is refused" {
    refuses 10:47 "result: HOME-1" "result: HOME-77" "there is no check 'HOME-77'"
    [[ "$stderr" == *"did you mean 'HOME-1'?"* ]]
    refuses 10:47 "result: HOME-77" "result: \"HOME-1, S2-PONES\"" "there is no check 'S2-PONES'"
}

@test "a name that a command line would take for something else is refused" {
    refuses 1:7 "name: mine" "name: 3" "name '3' is not of lower-case letters, digits and dashes"
    refuses 1:7 "name: 3" "name: ../x y" "name '../x y' is not of"
    refuses 1:7 "name: ../x y" "name: all" "the name 'all' means every scenario"
}

@test "a second file with the same name or number is refused, and both are named" {
    cp "$FILE" "${FILE%.yaml}-too.yaml"
    run --separate-stderr "$REHOME" scenario list
    [ "$status" = 78 ]
    [[ "$stderr" == *"mine-too.yaml:1:7: the name 'mine' is that of $FILE, too"* ]]
    [[ "$stderr" == *"mine-too.yaml:2:9: the number 99 is that of $FILE, too"* ]]
    [ "$(grep -c mine <<<"$output")" = 1 ]
}

@test "a file that is refused hides no other one, and is told by the list" {
    sed 's/name: mine/name: other/; s/99/98/' "$FILE" >"$REHOME_SHARE/scenarios/other.yaml"
    sed -i 's/step: break/step: brake/' "$FILE"
    run --separate-stderr "$REHOME" scenario list
    [ "$status" = 78 ]
    [[ "$output" == *"98"*"other"* ]]
    [[ "$stderr" == *"mine.yaml:14:12: "* ]]
    run --separate-stderr "$REHOME" scenario show 98
    [ "$status" = 0 ]
    [ -z "$stderr" ]
    run --separate-stderr "$REHOME" scenario show mine
    [ "$status" = 78 ]
    [[ "$stderr" == *"mine.yaml:14:12: "* ]]
}

@test "run all begins with nothing while a file is refused" {
    sed 's/name: mine/name: other/; s/99/98/' "$FILE" >"$REHOME_SHARE/scenarios/other.yaml"
    sed -i 's/step: break/step: brake/' "$FILE"
    run --separate-stderr "$REHOME" scenario run all
    [ "$status" = 78 ]
    [[ "$stderr" == *"mine.yaml:14:12: "*"so none is"* ]]
    [ ! -e "$REHOME_HOME/runs" ]
}

@test "a file that is no regular one does not hang the list" {
    mkfifo "$REHOME_SHARE/scenarios/pipe.yaml"
    run --separate-stderr timeout 10 "$REHOME" scenario list
    [ "$status" = 78 ]
    [[ "$output" == *"mine"* ]]
    [[ "$stderr" == *"pipe.yaml: it is no regular file"* ]]
}

@test "a name with a slash, or that ends in .yaml, is a file of one's own" {
    mkdir "$BATS_TEST_TMPDIR/own"
    sed 's/name: mine/name: own/; s/topology: default/topology: deploy\/topologies\/small.yaml/; s/sub1/sub2/g' "$FILE" \
        >"$BATS_TEST_TMPDIR/own/own.yaml"
    run --separate-stderr "$REHOME" scenario show "$BATS_TEST_TMPDIR/own/own.yaml"
    [ "$status" = 0 ]
    [[ "$output" == *"99  own"* ]]
    run --separate-stderr "$REHOME" scenario show mine.yaml
    [ "$status" = 0 ]
    run --separate-stderr "$REHOME" scenario run nowhere.yaml
    [ "$status" = 64 ]
    [[ "$stderr" == *"there is no scenario file 'nowhere.yaml'"* ]]
    sed -i 's/^target: sub2/target: sub9/' "$BATS_TEST_TMPDIR/own/own.yaml"
    for command in "scenario run" "scenario show" "sim --seeds 1 --scenario"; do
        # shellcheck disable=SC2086
        run --separate-stderr "$REHOME" $command "$BATS_TEST_TMPDIR/own/own.yaml"
        [ "$status" = 78 ]
        [[ "$stderr" == *"own.yaml:6:9: there is no process or role 'sub9'"* ]]
    done
}

@test "show says what the checks of its table mean" {
    run --separate-stderr "$REHOME" scenario show mine
    [ "$status" = 0 ]
    [[ "$output" == *"HOME-1"*"Every idle device finds the first living member of its group"* ]]
    [[ "$output" != *"not judged here"* ]]
    sed -i 's/result: HOME-1/result: S2-PHONES/' "$FILE"
    run --separate-stderr "$REHOME" scenario show mine
    [[ "$output" == *"S2-PHONES"*"(not judged here)"* ]]
}

@test "the list marks what is for root, and a user without is told what else there is" {
    unset REHOME_SHARE
    run --separate-stderr "$REHOME" scenario list
    [ "$status" = 0 ]
    [[ "$(grep link-flaps <<<"$output")" == *root* ]]
    [[ "$(grep pg-side-fails <<<"$output")" != *root* ]]
    if [ "$(id -u)" = 0 ]; then
        skip "root may do everything"
    fi
    run --separate-stderr "$REHOME" scenario run link-flaps
    [ "$status" = 77 ]
    [[ "$stderr" == *"rehome sim --scenario link-flaps --seeds 1"* ]]
    [[ "$stderr" != *"--backend local"* ]]
}

@test "a topology that lacks what a scenario needs is refused before anything is started" {
    unset REHOME_SHARE
    run --separate-stderr timeout 20 "$REHOME" scenario run controller-fails -t default
    [ "$status" = 64 ]
    [[ "$stderr" == *"controller-fails.yaml:7:9: 'icma' has no other side in the topology 'default'"* ]]
    run --separate-stderr timeout 20 "$REHOME" sim --seeds 1 --scenario controller-split -t default
    [ "$status" = 64 ]
    [[ "$stderr" == *"there is no process or role 'icmb'"* ]]
    [ ! -e "$REHOME_HOME/clusters" ]
}

@test "a name that is far from every other one is offered none" {
    unset REHOME_SHARE
    for word in all 17; do
        run --separate-stderr "$REHOME" scenario show "$word"
        [ "$status" = 64 ]
        [[ "$stderr" == *"there is no scenario '$word'"*"rehome scenario list"* ]]
        [[ "$stderr" != *nearest* ]]
    done
    run --separate-stderr "$REHOME" scenario show subscriber
    [[ "$stderr" == *"the nearest name is 'subscriber-fails'"* ]]
    run --separate-stderr "$REHOME" explain hold-down
    [ "$status" = 64 ]
    [[ "$stderr" != *nearest* ]]
}
