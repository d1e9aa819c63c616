#!/usr/bin/env bats
# The live view, on a terminal that is none: script(1) makes one.

bats_require_minimum_version 1.5.0
load helper

setup_file() {
    export BATS_TEST_TMPDIR="$BATS_FILE_TMPDIR"
    rehome_find
    rehome_daemons
    "$REHOME" up --topology small --quiet
}

teardown_file() {
    "$REHOME" down --destroy >/dev/null 2>&1 || true
}

setup() {
    rehome_find
    export REHOME_HOME="$BATS_FILE_TMPDIR/home"
    screen="$BATS_TEST_TMPDIR/screen"
    keys="$BATS_TEST_TMPDIR/keys"
}

teardown() {
    [ -n "${watching:-}" ] || return 0
    exec 4>&-
    kill "$watching" 2>/dev/null || true
    wait "$watching" || true
}

# watch_begin ARG...: watch in the background; what it draws is in $screen, what is written to $keys it reads.
watch_begin() {
    mkfifo "$keys"
    TERM=xterm LC_ALL=C.UTF-8 script -qefc "$REHOME watch $*" "$screen" <"$keys" >/dev/null 3>&- &
    watching=$!
    exec 4>"$keys"
}

# drawn TEXT: wait until it was on the screen.
drawn() {
    for _ in $(seq 100); do
        sed -e 's/\x1b\[[0-9;?]*[A-Za-z]//g' "$screen" | grep -q -- "$1" && return
        sleep 0.05
    done
    echo "never drawn: $1"
    sed -e 's/\x1b\[[0-9;?]*[A-Za-z]//g' "$screen" | tail -n 24
    return 1
}

# press KEY: and the command ends with the status that is answered.
press() {
    printf '%s' "$1" >&4
}

@test "on no terminal it says what to use instead" {
    run --separate-stderr "$REHOME" watch
    [ "$status" = 64 ]
    [ -z "$output" ]
    [[ "$stderr" == *"this is none"*"rehome status --json"* ]]
    run "$REHOME" watch --speed 2
    [ "$status" = 64 ]
    run "$REHOME" watch --run latest --speed 0
    [ "$status" = 64 ]
}

# conforms: 57
@test "it draws the living cluster, sees a node die, and gives the terminal back" {
    watch_begin
    drawn "small  healthy"
    drawn "sub1     up .* 64"
    drawn "pga      up       active"
    run "$REHOME" kill sub1 --quiet
    [ "$status" = 0 ]
    drawn "small  DEGRADED"
    drawn "fault: kill sub1 (crash)"
    drawn "sub1     down"
    drawn "pgb      up       active"
    drawn "pg_active "
    run "$REHOME" start sub1 --quiet
    press q
    wait "$watching"
    # The page of its own, and no cursor; then both back.
    grep -q $'\x1b\[?1049h\x1b\[?25l' "$screen"
    grep -q $'\x1b\[?25h\x1b\[?1049l' "$screen"
    # 24 lines and no more: nothing ever scrolls.
    most=$(awk -v RS='\033\\[H' '{if (last > most) most = last; last = gsub(/\n/, "")} END {print most}' "$screen")
    [ "$most" -ge 10 ]
    [ "$most" -lt 24 ]
}

@test "it replays a recorded run on the same screen" {
    local recorded="$REHOME_HOME/clusters/small/proc/recorder/run.db"
    for _ in $(seq 100); do
        [ "$("$REHOME" events --run "$recorded" --kind heal --json | jq '.events | length')" -ge 1 ] && break
        sleep 0.1
    done
    watch_begin --run "$recorded" --at fault-0.1s --speed 0.2
    drawn "small  healthy .*(fault - "
    drawn "small  DEGRADED .*(fault + "
    drawn "pgb      up       active"
    press ' '
    drawn "paused"
    press f
    drawn "(fault + 0.000 s)  paused"
    press ' '
    press q
    wait "$watching"
    run "$REHOME" watch --run nothing
    [ "$status" = 64 ]
}
