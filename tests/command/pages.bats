#!/usr/bin/env bats
# What is made of --help: the manual pages, and the completion.

load helper

setup() {
    rehome_find
    PATH="$(dirname "$REHOME"):$PATH"
}

@test "the manual page has every command with every option, and every exit code" {
    deploy/man/generate "$REHOME" "$BATS_TEST_TMPDIR/rehome.1"
    page=$(sed 's/\\//g' "$BATS_TEST_TMPDIR/rehome.1")
    for command in $(rehome --help | awk '/^  [a-z]/ {print $1}'); do
        grep -q "^\.SS rehome $command " <<<"$page"
    done
    [ "$(grep -c '^\.B .*--quiet$' <<<"$page")" = "$(grep -c '^\.SS ' <<<"$page")" ]
    grep -qx '.B --block 127.X.Y' <<<"$page"
    grep -qx '.B --for TIME' <<<"$page"
    for code in 0 64 78 130; do grep -qx ".B $code" <<<"$page"; done
    [ "$(sed -n '/^\.SH NAME/{n;p}' <<<"$page")" = "rehome - a contact-centre cluster that you can break on purpose" ]
}

@test "the manual page of a daemon has its options" {
    daemon=$(dirname "$REHOME")/../../node/main/rehome-node
    deploy/man/generate "$daemon" "$BATS_TEST_TMPDIR/rehome-node.8"
    page=$(sed 's/\\//g' "$BATS_TEST_TMPDIR/rehome-node.8")
    [ "$(head -n 1 <<<"$page")" = ".TH REHOME-NODE 8 \"\" \"$("$daemon" --version)\"" ]
    for option in block keys name private-block state topology help; do
        grep -qE "^\.B .*--$option" <<<"$page"
    done
}

completed() { # completed WORD...: what is offered for the last of them
    COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _rehome
    output=${COMPREPLY[*]}
}

@test "the completion offers commands, options, the words of an option, and names" {
    [ -r /usr/share/bash-completion/bash_completion ] || skip "bash-completion is not installed"
    # Neither is written for `set -e`.
    set +eu
    source /usr/share/bash-completion/bash_completion
    source deploy/completion/rehome
    completed rehome st && [ "$output" = "status start" ] || return 1
    completed rehome kill --how "" && [ "$output" = "stop crash hang power unplug" ] || return 1
    completed rehome up --t && [ "$output" = "--topology" ] || return 1
    completed rehome scenario run sub && [ "$output" = "subscriber-fails" ] || return 1
    completed rehome topology "" && [ "$output" = "check keys" ] || return 1
}
