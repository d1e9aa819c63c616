#!/usr/bin/env bats
# A call of each kind, made by hand on a real cluster: which rows it leaves, counted by hand; the story of each; and the
# ledger.

bats_require_minimum_version 1.5.0
load helper

setup() {
    rehome_find
    rehome_daemons
    # Nobody answers or hangs up but us. (A wrap-up ends by itself: the fleet's call log waits for what is typed in it.)
    sed -e 's/ring: 1s/ring: 600s/' -e 's/talk: 5s/talk: 600s/' -e 's/wrapup: 3s/wrapup: 2s/' \
        -e 's/patience: 20s/patience: 600s/' -e 's/_percent: .*/_percent: 0/' deploy/topologies/small.yaml \
        >"$BATS_TEST_TMPDIR/byhand.yaml"
    db=$REHOME_HOME/clusters/small/proc/icma/icm.db
    seen=0
    total=0
}

teardown() {
    "$REHOME" down --destroy >/dev/null 2>&1 || true
}

phone() { "$REHOME" phone "$@" --quiet; }

state_of() { "$REHOME" agents --json | jq -r ".agents[] | select(.agent == $1) | .state"; }
is() { [ "$(state_of "$1")" = "$2" ]; }

# Nobody talks, or is in wrap-up: 5001 (sales, phone 1001) is ready, 5003 (phone 1003) is not, as nobody else of sales is.
at_rest() {
    eventually 20 is 5001 ready
    eventually 20 is 5003 not_ready
}

# rings NUMBER: until that phone rings.
ringing() { "$REHOME" calls --json | jq -e --arg to "$1" '.calls[] | select(.to == $to and .state == "ringing")' >/dev/null; }
rings() { eventually 10 ringing "$1"; }

new_rows() {
    sqlite3 -separator ' ' "$db" "SELECT CallDisposition, PeripheralCallType, ifnull(AgentPeripheralNumber, '-'),
        CASE WHEN RouterCallKey IS NULL THEN 'unrouted' ELSE 'routed' || ifnull(RouterCallKeySequenceNumber, 0) END, Partial
        FROM Termination_Call_Detail WHERE RecoveryKey > $seen ORDER BY 1, 2, 3, 4, 5"
}
agrees() { [ "$(new_rows)" = "$1" ] || { new_rows && return 1; }; }

# leaves ROW...: since it was asked last, these rows and no others were written: disposition, call type, agent, the
# router's key, partial; in this order.
leaves() {
    eventually 10 agrees "$(printf '%s\n' "$@")"
    seen=$(sqlite3 "$db" "SELECT CAST(max(RecoveryKey) AS INTEGER) FROM Termination_Call_Detail")
    total=$((total + $#))
}

# ledger_counts OK SPLIT LOST DUPLICATE UNEXPLAINED: once the fleet has written the last line of its call log.
ledger_counts() {
    [ "$("$REHOME" tcd --check --json | jq '.ledger | .ok, .split, .lost, .duplicate, .unexplained' | paste -sd' ')" = "$1" ]
}

# routed: 1050 dials sales and 1001 answers.
routed() {
    at_rest
    phone 1050 dial 80001
    rings 1001
    phone 1001 answer
}

# conforms: 43
@test "a call of each kind leaves the rows that a count by hand says" {
    "$REHOME" up --topology "$BATS_TEST_TMPDIR/byhand.yaml" --quiet --calls-per-second 0
    for agent in $(seq 5003 2 5019); do
        "$REHOME" agent "$agent" notready --quiet
    done
    seen=$(sqlite3 "$db" "SELECT CAST(ifnull(max(RecoveryKey), 0) AS INTEGER) FROM Termination_Call_Detail")

    # A normal end; the wrap-up data is in the row.
    routed
    phone 1001 hold
    phone 1001 retrieve
    phone 1050 hangup
    at_rest
    leaves "13 2 5001 routed1 N"
    [ "$(sqlite3 "$db" "SELECT WrapupData FROM Termination_Call_Detail")" = "W5001-1" ]
    # What the agent did in it bears its keys: reserved, talking, held, talking, work ready.
    [ "$(sqlite3 "$db" "SELECT group_concat(AgentState) FROM (SELECT AgentState FROM Agent_State_Trace JOIN Termination_Call_Detail
        USING (ICRCallKey, PeripheralCallKey) ORDER BY Agent_State_Trace.RecoveryKey)")" = "8,4,10,4,6" ]

    # The caller gives up: in the queue, and while it rings.
    "$REHOME" agent 5001 notready --quiet
    phone 1050 dial 80001
    phone 1050 hangup
    leaves "2 2 - routed0 N"
    "$REHOME" agent 5001 ready --quiet
    phone 1050 dial 80001
    rings 1001
    phone 1050 hangup
    leaves "3 2 5001 routed1 N"

    # Nobody answers.
    at_rest
    phone 1050 dial 80001
    rings 1001
    eventually 30 agrees "19 2 5001 routed1 N"
    leaves "19 2 5001 routed1 N"
    [ "$("$REHOME" events --kind agent_state --json | jq -r '[.events[] | select(.text == "32767")] | length')" = 1 ]

    # Transfers: blind, and announced; the consultation is a call of its own, and its row is the child's.
    routed
    phone 1001 blind 1003
    rings 1003
    phone 1003 answer
    phone 1050 hangup
    at_rest
    leaves "14 4 5003 routed2 N" "28 2 5001 routed1 N"
    routed
    phone 1001 transfer 1003
    rings 1003
    phone 1003 answer
    phone 1001 complete
    phone 1050 hangup
    at_rest
    leaves "14 4 5003 routed2 N" "29 2 5001 routed1 N" "29 12 5001 unrouted N"
    [ "$(sqlite3 "$db" "SELECT count(*) FROM Termination_Call_Detail a JOIN Termination_Call_Detail b
        ON a.ICRCallKeyChild = b.ICRCallKey AND b.ICRCallKeyParent = a.ICRCallKey")" = 2 ]

    # A conference, and a consultation that comes to nothing.
    routed
    phone 1001 conference 1003
    rings 1003
    phone 1003 answer
    phone 1001 join
    phone 1001 hangup
    phone 1003 hangup
    at_rest
    leaves "30 2 5001 routed1 N" "30 14 5001 unrouted N" "30 15 5003 routed2 N"
    routed
    phone 1001 transfer 1003
    rings 1003
    phone 1003 answer
    phone 1003 hangup
    phone 1001 retrieve
    phone 1050 hangup
    at_rest
    leaves "13 2 5001 routed1 N" "14 12 5001 unrouted N" "14 13 5003 unrouted N"

    # Calls that no router sees: in, out, between two agents, and out without an answer.
    phone 1050 dial 1001
    phone 1001 answer
    phone 1050 hangup
    at_rest
    phone 1001 dial 1050
    phone 1050 answer
    phone 1050 hangup
    at_rest
    phone 1001 dial 1050
    phone 1001 hangup
    at_rest
    phone 1001 dial 1003
    phone 1003 answer
    phone 1001 hangup
    at_rest
    leaves "10 9 5001 unrouted N" "14 6 5001 unrouted N" "14 9 5001 unrouted N" "14 10 5001 unrouted N" "14 10 5003 unrouted N"

    # A failure: the row of that moment, and an unlinked one of the end.
    routed
    "$REHOME" kill pga --quiet
    leaves "27 2 5001 routed1 Y"
    cut=$seen
    phone 1050 hangup
    at_rest
    leaves "14 6 5001 unrouted N"

    # The story of each routed call tells each of its rows, and why the last one was cut.
    for key in $(sqlite3 "$db" "SELECT DISTINCT RouterCallKeyDay || '-' || RouterCallKey FROM Termination_Call_Detail
        WHERE RouterCallKey NOT NULL"); do
        run --separate-stderr "$REHOME" tcd --call "$key" --json
        [ "$status" = 0 ]
        [ "$(jq '.rows | length' <<<"$output")" = "$(jq '[.story[] | select(.kind == "tcd_stored")] | length' <<<"$output")" ]
        [ "$(jq -r '.story[0].text' <<<"$output")" = "1050 dials 80001 (route point RP80001), at sub1" ]
    done
    run --separate-stderr "$REHOME" tcd --call "$cut"
    echo "$output"
    [[ "$output" == *"row $cut: "*"partial, FailCause peer_lost, because the side that was active is gone"* ]]
    [[ "$output" == *"pgb is the active side"*"1050 is out of the call: a party hung up"*"row $seen: "* ]]

    # The ledger says the same: one leg is split over two rows, every other one has its own.
    eventually 30 ledger_counts "$((total - 2)) 1 0 0 0"
    [ "$("$REHOME" tcd --json | jq '.rows | length')" = "$total" ]
}
