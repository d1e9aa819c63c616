#!/usr/bin/env bats
# Files that a cluster left behind and somebody damaged: `up` names the file, says what is wrong with it, ends with the
# code of the contract, and leaves nothing running. What is whole again starts again.

bats_require_minimum_version 1.5.0
load helper

setup_file() {
    rehome_find
    rehome_daemons
    export REHOME_HOME="$BATS_FILE_TMPDIR/home"
    "$REHOME" up --topology small --quiet 2>"$BATS_FILE_TMPDIR/err" || {
        cat "$BATS_FILE_TMPDIR/err" >&2
        return 1
    }
    "$REHOME" down --no-report --quiet
    cp -a "$REHOME_HOME/clusters/small" "$BATS_FILE_TMPDIR/whole"
}

setup() {
    rehome_find
    cluster="$REHOME_HOME/clusters/small"
    mkdir -p "$REHOME_HOME/clusters"
    mend
}

teardown() {
    "$REHOME" down --destroy --no-report >/dev/null 2>&1 || true
}

mend() {
    rm -rf "$cluster"
    cp -a "$BATS_FILE_TMPDIR/whole" "$cluster"
}

# overwrite FILE AT BYTES: in octal, as of printf
overwrite() {
    # shellcheck disable=SC2059 # the bytes are the format
    printf "$3" | dd of="$cluster/$1" bs=1 seek="$2" conv=notrunc status=none
}

# refused CODE FILE WORDS: `up` ends so, the file is named, and with it what is wrong; nothing runs.
refused() {
    run --separate-stderr timeout 60 "$REHOME" up --topology small
    echo "$stderr"
    [ "$status" = "$1" ]
    [ -z "$output" ]
    grep -F "$cluster/$2" <<<"$stderr" | grep -qF "$3"
    [[ "$stderr" == *$'\n  next:  '* ]]
    run processes_of "$REHOME_HOME"
    [ -z "$output" ]
}

@test "what is whole starts" {
    run "$REHOME" up --topology small --quiet
    [ "$status" = 0 ]
}

# -- The log of Raft. --

segment() {
    (cd "$cluster" && ls proc/sub1/raft/0000000000000002-*)
}

@test "a log with a flipped byte: 65; with its byte again it starts" {
    overwrite "$(segment)" 300 '\377'
    refused 65 "$(segment)" "is damaged or truncated at byte"
    mend
    run "$REHOME" up --topology small --quiet
    [ "$status" = 0 ]
}

@test "a log that was cut short: 65" {
    truncate -s 700 "$cluster/$(segment)"
    refused 65 "$(segment)" "is damaged or truncated at byte"
}

@test "a log with a gap: 65" {
    rm "$cluster"/proc/sub1/raft/0000000000000001-*
    refused 65 "$(segment)" "has a gap before it"
}

@test "a log that is gone: 65, for a node that has voted; one that never has begins anew" {
    rm -r "$cluster/proc/sub1/raft"
    refused 65 proc/sub1/raft "the log is gone"
    mend
    rm -r "$cluster"/proc/{pub,sub1,sub2}
    run "$REHOME" up --topology small --quiet
    [ "$status" = 0 ]
}

@test "term and vote cut short: 65" {
    truncate -s 10 "$cluster/proc/sub1/raft/metadata1" "$cluster/proc/sub1/raft/metadata2"
    refused 65 proc/sub1/raft/metadata1 "is missing or cut short"
}

@test "a term that cannot be: 65" {
    overwrite proc/sub1/raft/metadata1 22 '\377'
    overwrite proc/sub1/raft/metadata2 22 '\377'
    refused 65 proc/sub1/raft/metadata "a term that no cluster reaches"
}

@test "a snapshot that is none: 65" {
    head -c 100 /dev/zero >"$cluster/proc/sub1/raft/snapshot-2-9-12345"
    head -c 100 /dev/zero >"$cluster/proc/sub1/raft/snapshot-2-9-12345.meta"
    refused 65 proc/sub1/raft/snapshot-2-9-12345.meta "is damaged"
}

@test "a mark that is none: 65" {
    overwrite proc/sub1/raft/mark 9 '\377'
    refused 65 proc/sub1/raft/mark "is damaged"
}

@test "a file where the folder of the log should be: 74" {
    rm -r "$cluster/proc/sub1/raft"
    touch "$cluster/proc/sub1/raft"
    refused 74 proc/sub1/raft "cannot be listed"
}

# -- Databases. --

@test "an outbox that is no database: 65" {
    head -c 9000 /dev/zero >"$cluster/proc/pga/outbox.db"
    refused 65 proc/pga/outbox.db "file is not a database"
}

@test "an outbox with torn pages: 65" {
    overwrite proc/pga/outbox.db 4096 '\377\377\377\377\377\377\377\377'
    overwrite proc/pga/outbox.db 8192 '\377\377\377\377\377\377\377\377'
    refused 65 proc/pga/outbox.db "its pages contradict each other"
}

@test "an outbox that was cut short: 65" {
    truncate -s 5000 "$cluster/proc/pga/outbox.db"
    refused 65 proc/pga/outbox.db "malformed"
}

@test "the database of another program in the logger's place: 65" {
    rm "$cluster/proc/icma/icm.db"
    sqlite3 "$cluster/proc/icma/icm.db" "CREATE TABLE theirs(something)"
    refused 65 proc/icma/icm.db "another program or version"
}

@test "a run file that is no database: 65" {
    echo "this is no database, however one looks at it" >"$cluster/proc/recorder/run.db"
    refused 65 proc/recorder/run.db "damaged"
}

# -- Small files. --

@test "a count of starts that is no number: 65" {
    echo many >"$cluster/proc/sub1/incarnation"
    refused 65 proc/sub1/incarnation "cannot be read as a count of starts"
}

@test "a key that is none: 65" {
    echo hello >"$cluster/keys/sub1.cert_secret"
    refused 65 keys/sub1.cert_secret "no certificate"
}

@test "the key of somebody else: 65" {
    cp "$cluster/keys/sub2.cert_secret" "$cluster/keys/sub1.cert_secret"
    refused 65 keys/sub1.cert_secret "no secret key of the public one"
}

@test "a public key that is none: 65" {
    echo hello >"$cluster/keys/sub1.cert"
    refused 65 keys/sub1.cert "no public key"
}

@test "a secret key that others may read: 78, and how to close it" {
    chmod 644 "$cluster/keys/sub1.cert_secret"
    refused 78 keys/sub1.cert_secret "chmod 600"
    mend
    chmod 640 "$cluster/keys/operator.cert_secret"
    refused 78 keys/operator.cert_secret "chmod 600"
}

@test "half a line at the end of an event file, and a pid of nobody, harm nobody" {
    printf '{"at_us":' >>"$cluster/proc/sub1/events.jsonl"
    echo "1 1" >"$cluster/proc/sub1/pid"
    echo "what?" >"$cluster/proc/sub2/pid"
    run "$REHOME" up --topology small --quiet
    [ "$status" = 0 ]
    run "$REHOME" status
    [ "$status" = 0 ]
}

# -- A cluster that runs. --

@test "a node whose log is damaged while it is down: start says so, and the others go on" {
    "$REHOME" up --topology small --quiet
    "$REHOME" kill sub2 --quiet
    overwrite proc/sub2/raft/mark 9 '\377'
    run --separate-stderr timeout 60 "$REHOME" start sub2
    echo "$stderr"
    [ "$status" = 65 ]
    grep -F "$cluster/proc/sub2/raft/mark" <<<"$stderr" | grep -qF "is damaged"
    run --separate-stderr "$REHOME" status --json
    [ "$status" = 1 ]
    [ "$(jq -r '[.nodes[] | select(.state == "up")] | length' <<<"$output")" = 2 ]
}

@test "a topology that changed under a running cluster: 78, and down stops it all the same" {
    "$REHOME" up --topology small --quiet
    sed -i 's/^name: .*/&\n# changed/; s/count: 60/count: 50/' "$cluster/topology.yaml"
    ! cmp -s "$cluster/topology.yaml" "$BATS_FILE_TMPDIR/whole/topology.yaml"
    run "$REHOME" status
    echo "$output"
    [ "$status" = 78 ]
    [[ "$output" == *"$cluster/topology.yaml"* ]]
    echo "{" >"$cluster/topology.yaml"
    run "$REHOME" down --no-report
    echo "$output"
    [ "$status" = 78 ]
    run processes_of "$REHOME_HOME"
    [ -z "$output" ]
}

@test "a cluster.json that is none: 65, and down stops it all the same" {
    "$REHOME" up --topology small --quiet
    echo "{" >"$cluster/cluster.json"
    run "$REHOME" status
    [ "$status" = 65 ]
    [[ "$output" == *"$cluster/cluster.json:"* ]]
    run "$REHOME" down --destroy --no-report
    [ "$status" = 0 ]
    run processes_of "$REHOME_HOME"
    [ -z "$output" ]
    [ ! -e "$cluster" ]
}
