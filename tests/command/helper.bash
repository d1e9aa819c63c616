# What the tests of the command share: where it is, and a home of its own for each test.

rehome_find() {
    local root="$BATS_TEST_DIRNAME/../.."
    if [ -z "${REHOME:-}" ]; then
        for preset in release dev; do
            if [ -x "$root/build/$preset/cluster/control/rehome" ]; then
                REHOME="$root/build/$preset/cluster/control/rehome"
                break
            fi
        done
    fi
    [ -x "${REHOME:-}" ] || skip "the command is not built"
    export REHOME
    export REHOME_HOME="$BATS_TEST_TMPDIR/home"
    cd "$root" || return 1
}

# For tests that need the daemons.
rehome_daemons() {
    local bin
    bin="$(dirname "$REHOME")/../../node/main"
    for name in node pg icm fleet; do
        [ -x "$bin/rehome-$name" ] || skip "rehome-$name is not built"
    done
}

# For tests that attack a cluster: the program that does it.
hostile_find() {
    HOSTILE="$(dirname "$REHOME")/../../tests/hostile/hostile"
    [ -x "$HOSTILE" ] || skip "hostile is not built"
}

# eventually SECONDS COMMAND...: until it succeeds; fails with its last output if it never does.
eventually() {
    local end=$((SECONDS + $1)) output
    shift
    until output=$("$@" 2>&1); do
        if [ "$SECONDS" -ge "$end" ]; then
            echo "never: $*"
            echo "$output"
            return 1
        fi
        sleep 0.05
    done
}

# Processes that have this home in their command line: 'pid command', one a line.
processes_of() {
    local pid line
    for pid in /proc/[0-9]*; do
        line=$(tr '\0' ' ' 2>/dev/null <"$pid/cmdline") || continue
        case "$line" in
            *rehome-*"$1"*) echo "${pid#/proc/} $line" ;;
        esac
    done
}
