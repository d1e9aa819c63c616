#!/usr/bin/env bats
# The ledger of call records after many faults of the Peripheral Gateway in one cluster, and the same counted by hand.
# REHOME_SEED chooses other traffic.

bats_require_minimum_version 1.5.0
load helper

setup() {
    rehome_find
    rehome_daemons
    # Small, and busier than that: every fault meets calls in every state.
    sed -e "s/seed: 7/seed: ${REHOME_SEED:-7}/" -e 's/agent_calls_per_second: 2/agent_calls_per_second: 5/' \
        -e 's/phone_calls_per_second: 2/phone_calls_per_second: 3/' -e 's/talk: 5s/talk: 2s/' \
        -e 's/wrapup: 3s/wrapup: 1s/' deploy/topologies/small.yaml >"$BATS_TEST_TMPDIR/busy.yaml"
    proc=$REHOME_HOME/clusters/small/proc
}

teardown() {
    "$REHOME" down --destroy >/dev/null 2>&1 || true
}

# Let traffic go on until N more legs have ended (in at most 20 s).
legs() {
    local until now
    now=$(wc -l <"$proc/fleet/calls.log")
    until=$((now + $1))
    for _ in $(seq 400); do
        now=$(wc -l <"$proc/fleet/calls.log")
        [ "$now" -lt "$until" ] || return 0
        sleep 0.05
    done
    echo "only $now of $until legs have ended"
    return 1
}

# Everybody whose phone the PG watches, and every caller of a dialled number, with the rows that bear the name of the
# leg: the call and the phone, or the call and the dialled number. Neither knows anything of faults.
by_hand() {
    awk '
        function get(key,    at) {
            at = index($0, "\"" key "\":")
            if (at == 0) return ""
            at = substr($0, at + length(key) + 3)
            return at ~ /^"/ ? substr(at, 2, index(substr(at, 2), "\"") - 1) : substr(at, 1, match(at, /[,}]/) - 1)
        }
        get("open") == "true" { next }
        get("agent") != "0" { print "agent\t" get("call") "\t" get("moved_from") "\t" get("number") }
        get("direction") == "out" && get("to") ~ /^8000[1-4]$/ { print "point\t" get("call") "\t\t" get("to") }
    ' "$proc/fleet/calls.log" >"$BATS_TEST_TMPDIR/legs.tsv"
    sqlite3 -separator ' ' ":memory:" ".mode tabs" \
        "CREATE TABLE legs (kind TEXT, call TEXT, moved TEXT, number TEXT)" \
        ".import $BATS_TEST_TMPDIR/legs.tsv legs" "ATTACH '$proc/icma/icm.db' AS icm" ".mode list" \
        "CREATE TABLE found AS SELECT legs.rowid AS leg, kind, count(RecoveryKey) AS n, sum(Partial = 'Y') AS cut
           FROM legs LEFT JOIN icm.Termination_Call_Detail
             ON InstrumentPortNumber = number AND CallReferenceID IN (call, moved)
          GROUP BY legs.rowid" \
        "SELECT 'ok', count(*) FROM found WHERE n = 1 AND cut = 0" \
        "SELECT 'truncated', count(*) FROM found WHERE n = 1 AND cut = 1" \
        "SELECT 'split', count(*) FROM found WHERE n > 1" \
        "SELECT 'agents_without', count(*) FROM found WHERE n = 0 AND kind = 'agent'" \
        "SELECT 'rows', count(*) FROM icm.Termination_Call_Detail" \
        "SELECT 'rows_of_nobody', count(*) FROM icm.Termination_Call_Detail WHERE NOT EXISTS
           (SELECT 1 FROM legs WHERE InstrumentPortNumber = number AND CallReferenceID IN (call, moved))" \
        "SELECT 'keys_twice', count(*) - count(DISTINCT PeripheralID || ' ' || ICRCallKey || ' ' || Leg || ' ' || Segment)
           FROM icm.Termination_Call_Detail"
}

# conforms: 35, 44
@test "the records of many PG faults in a row are as the ledger says, and as a count by hand says" {
    "$REHOME" up --topology "$BATS_TEST_TMPDIR/busy.yaml" --quiet
    # So many that the call that is tampered with below, the eleventh, is over and wrapped up long before the first fault; the
    # first ones begin when the PG has only just become active.
    legs 160
    # A hang that the other side takes over, with the side that hung coming back.
    "$REHOME" kill pga --how hang
    legs 15
    "$REHOME" start pga
    legs 15
    # A crash, and a CTI Manager that crashes under its side.
    "$REHOME" kill pgb
    legs 15
    "$REHOME" start pgb
    legs 15
    "$REHOME" kill sub1 --service ctimanager
    legs 15
    "$REHOME" start sub1
    legs 15
    # A pause that nobody takes over; one that is about as long as the other side and the controller need.
    "$REHOME" kill pgb --how hang --no-wait
    sleep 0.2
    "$REHOME" start pgb
    legs 15
    "$REHOME" kill pgb --how hang --no-wait
    sleep 0.9
    "$REHOME" start pgb
    legs 15
    # The controller is away while the side goes.
    "$REHOME" kill icma --no-wait
    "$REHOME" kill pg:active --no-wait
    legs 15
    "$REHOME" start icma
    legs 15
    "$REHOME" heal
    legs 15
    # Both at once.
    "$REHOME" kill pga --no-wait
    "$REHOME" kill pgb --no-wait
    legs 10
    "$REHOME" heal
    legs 40
    "$REHOME" traffic off

    run --separate-stderr "$REHOME" tcd --check --json
    echo "$output" | jq .ledger
    [ "$status" = 0 ]
    ledger=$(jq -c .ledger <<<"$output")
    status_rows=$("$REHOME" status --json | jq '.icm[0].tcd_rows')
    hand=$(by_hand)
    echo "$hand"
    count() { awk -v key="$1" '$1 == key { print $2 }' FS='|' <<<"$hand"; }
    # The faults did leave something to be counted.
    for class in ok truncated split unseen; do
        [ "$(jq ".$class" <<<"$ledger")" -gt 1 ]
    done
    for class in ok truncated split; do
        [ "$(count $class)" = "$(jq ".$class" <<<"$ledger")" ]
    done
    [ "$(count agents_without)" -le "$(jq .unseen <<<"$ledger")" ]
    [ "$(count rows_of_nobody)" = 0 ]
    [ "$(count keys_twice)" = 0 ]
    [ "$(count rows)" = "$status_rows" ]

    # Judged again from what is on disk; a row less, a row more, and a row that is not cut are each found.
    "$REHOME" down
    "$REHOME" tcd --check
    db=$proc/icma/icm.db
    sqlite3 "$db" "CREATE TABLE kept AS SELECT * FROM Termination_Call_Detail
                    WHERE Partial = 'N' AND AgentPeripheralNumber NOT NULL AND CallDisposition = 13 AND Segment = 0 ORDER BY RecoveryKey LIMIT 1 OFFSET 10" \
        "DELETE FROM Termination_Call_Detail WHERE RecoveryKey = (SELECT RecoveryKey FROM kept)"
    run --separate-stderr "$REHOME" tcd --check --json
    [ "$status" = 1 ]
    [ "$(jq '.ledger.lost' <<<"$output")" = 1 ]
    sqlite3 "$db" "INSERT INTO Termination_Call_Detail SELECT * FROM kept" "UPDATE kept SET RecoveryKey = 999999, Leg = 99" \
        "INSERT INTO Termination_Call_Detail SELECT * FROM kept"
    run --separate-stderr "$REHOME" tcd --check --json
    [ "$status" = 1 ]
    [ "$(jq '.ledger.lost, .ledger.duplicate' <<<"$output" | paste -sd' ')" = "0 1" ]
    sqlite3 "$db" "DELETE FROM Termination_Call_Detail WHERE RecoveryKey = 999999" "UPDATE Termination_Call_Detail
        SET Partial = 'Y' WHERE ICRCallKey = (SELECT ICRCallKey FROM kept) AND Leg <> 99 AND AgentPeripheralNumber NOT NULL"
    run --separate-stderr "$REHOME" tcd --check --json
    [ "$status" = 1 ]
    [ "$(jq '.ledger.unexplained' <<<"$output")" = 1 ]
}
