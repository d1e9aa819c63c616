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
