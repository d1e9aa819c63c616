# stages: tests that go on from each other, in order, on what takes long to make.
#
# A test is a function; its name is what it says. The first that fails is the last that is run, and the rest count as
# failed. The last line is the count.
#
#   stages_run TEST...                 run them; fails if one did. What after_failure says, if there is one, is shown, too
#   until_true SECONDS COMMAND...      poll, for what tells nobody that it has happened

until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        read -rt 0.1 <> <(:) || true
    done
}

stages_run() {
    local test said result began took lines passed=0
    for test; do
        began=$EPOCHREALTIME
        said=$("$test" 2>&1)
        result=$?
        took=$(((${EPOCHREALTIME/./} - ${began/./}) / 100000))
        printf '%-8s %-55s %3d.%d s\n' "$([ "$result" = 0 ] && echo ok || echo FAILED)" "${test//_/ }" $((took / 10)) $((took % 10))
        if [ "$result" != 0 ]; then
            said+=$'\n'$(declare -F after_failure >/dev/null && after_failure "$test" 2>&1)
            mapfile -t lines <<<"$said"
            printf '    %s\n' "${lines[@]}"
            break
        fi
        passed=$((passed + 1))
    done
    echo "$passed passed, $(($# - passed)) failed"
    [ "$passed" = $# ]
}
