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
