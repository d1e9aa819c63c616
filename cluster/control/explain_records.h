/* explain_records: the columns of the records that the logger keeps, and the codes in them. */
#ifndef CLUSTER_CONTROL_EXPLAIN_RECORDS_H
#define CLUSTER_CONTROL_EXPLAIN_RECORDS_H

/* X(column, meaning). Termination_Call_Detail, Agent_Logout and Agent_State_Trace; the names are
 * those of the ICM schema, the last ones are our own. */
#define RECORD_MAP(X)                                                                            \
    X(RecoveryKey, "of a record: the number that the logger gave it; it rises with each record") \
    X(DateTime, "of a record: when it was written, UTC; of a leg, that is its end")              \
    X(PeripheralID, "of a record: the PG pair, from 5000")                                       \
    X(RouterCallKeyDay, "of a record: the day part of the router's key of the call")             \
    X(RouterCallKey,                                                                             \
      "of a record: the call's number of that day, from 200; null if the router did "            \
      "not see it")                                                                              \
    X(RouterCallKeySequenceNumber, "of a record: the legs of the router's call, in order")       \
    X(PeripheralCallType,                                                                        \
      "of a record: 2 routed, 4 transferred in, 6 other in, 9 out, 10 agent inside, "            \
      "12 consult, 13 consult offered, 14 consult conference, 15 conference")                    \
    X(PeripheralCallKey, "of a record: the number that the PG pair gave the call")               \
    X(CallDisposition,                                                                           \
      "of a record: how the leg ended: 13 routed and handled, 14 other handled, 1 "              \
      "routed and never arrived, 2 abandoned in the queue, 3 abandoned ringing, "                \
      "10 unanswered, 19 ring no answer, 26 ended by the system, 27 cut at a "                   \
      "failure, 28 blind transfer, 29 announced transfer, 30 conferenced")                       \
    X(CallDispositionFlag, "of a record: always 0")                                              \
    X(DigitsDialed, "of a record: the number that was called")                                   \
    X(ANI, "of a record: the number that called")                                                \
    X(AgentSkillTargetID, "of a record: the agent")                                              \
    X(SkillGroupSkillTargetID, "of a record: the skill group")                                   \
    X(ServiceSkillTargetID, "of a record: not used here")                                        \
    X(RouteID, "of a record: not used here")                                                     \
    X(NetworkTargetID, "of a record: not used here")                                             \
    X(NetworkTime, "of a record: not used here")                                                 \
    X(Duration, "of a record: seconds of the leg, the sum of LocalQTime, RingTime, DelayTime, "  \
                "TalkTime, HoldTime and WorkTime")                                               \
    X(RingTime, "of a record: seconds of ringing")                                               \
    X(DelayTime, "of a record: seconds from the answer of the router until the phone rang")      \
    X(TimeToAband, "of a record: seconds until the caller gave up")                              \
    X(HoldTime, "of a record: seconds on hold")                                                  \
    X(TalkTime, "of a record: seconds of talking")                                               \
    X(WorkTime, "of a record: seconds of wrap-up")                                               \
    X(LocalQTime, "of a record: seconds in the queue")                                           \
    X(NewTransaction, "of a record: Y if the call may have another row")                         \
    X(AnsweredWithinServiceLevel, "of a record: not used here")                                  \
    X(BadCallTag, "of a record: always N")                                                       \
    X(ICRCallKey, "of a record: the PG's number of the call; no two calls have the same")        \
    X(ICRCallKeyParent, "of a record: the call that this one came from, in a transfer or a "     \
                        "conference")                                                            \
    X(ICRCallKeyChild, "of a record: the consultation call that was made from this leg")         \
    X(MRDomainID, "of a record: the medium; 1 is voice")                                         \
    X(Variable1, "of a record: a variable of the call; not used here")                           \
    X(Variable2, "of a record: a variable of the call; not used here")                           \
    X(Variable3, "of a record: a variable of the call; not used here")                           \
    X(Variable4, "of a record: a variable of the call; not used here")                           \
    X(Variable5, "of a record: a variable of the call; not used here")                           \
    X(Variable6, "of a record: a variable of the call; not used here")                           \
    X(Variable7, "of a record: a variable of the call; not used here")                           \
    X(Variable8, "of a record: a variable of the call; not used here")                           \
    X(Variable9, "of a record: a variable of the call; not used here")                           \
    X(Variable10, "of a record: a variable of the call; not used here")                          \
    X(WrapupData, "of a record: what the agent typed; null for a record written at a failure")   \
    X(CallTypeID, "of a record: not used here")                                                  \
    X(CallGUID, "of a record: not used here")                                                    \
    X(CallReferenceID, "of a record: the number of the call as `rehome calls` shows it")         \
    X(AgentPeripheralNumber, "of a record: the number with which the agent logged in")           \
    X(InstrumentPortNumber, "of a record: the directory number of the phone")                    \
    X(TimeZone, "of a record: minutes from UTC; always 0")                                       \
    X(DbDateTime, "of a record: when the logger stored it, UTC")                                 \
    X(Leg, "of a record, our own: the leg within the call, from 1")                              \
    X(Segment, "of a record, our own: 0, and one more for each PG switch that the leg outlived") \
    X(Partial, "of a record, our own: Y if it was cut at a failure")                             \
    X(FailCause, "of a record, our own: the reason of the failure that cut it")                  \
    X(WallUs, "of a record, our own: DateTime in microseconds since 1970")                       \
    X(DurationMs, "of a record, our own: Duration in milliseconds")                              \
    X(TalkMs, "of a record, our own: TalkTime in milliseconds")                                  \
    X(RowChecksum, "of a record, our own: over all columns before it; a row that changed shows") \
    X(LogoutDateTime, "of a logout: when, UTC")                                                  \
    X(LoginDuration, "of a logout: seconds since the login")                                     \
    X(ReasonCode, "of a logout or a state: why, for example 50003")                              \
    X(SkillTargetID, "of a logout or a state: the agent")                                        \
    X(EventName, "of a state: the event that led to it")                                         \
    X(AgentState,                                                                                \
      "of a state: 0 logged off, 1 logged on, 2 not ready, 3 ready, 4 talking, 5 and 6 "         \
      "wrap-up, 7 busy other, 8 reserved, 9 call initiated, 10 held, 11 retrieved, 12 "          \
      "transferred, 13 conferenced, 14 unknown")                                                 \
    X(Direction, "of a state: not used here")

/* X(code, what it is a code of, meaning). */
#define RECORD_CODE_MAP(X)                                                           \
    X(1, "CallDisposition", "routed to an agent, and never arrived")                 \
    X(2, "CallDisposition", "the caller gave up in the queue")                       \
    X(3, "CallDisposition", "the caller gave up while it rang")                      \
    X(10, "CallDisposition", "the agent's own call was not answered")                \
    X(13, "CallDisposition", "a routed call, handled")                               \
    X(14, "CallDisposition", "another call, handled")                                \
    X(19, "CallDisposition", "it rang, and the agent did not answer")                \
    X(26, "CallDisposition", "ended by the system, at the route point")              \
    X(27, "CallDisposition", "cut at a failure; the row is partial")                 \
    X(28, "CallDisposition", "transferred without asking (blind)")                   \
    X(29, "CallDisposition", "transferred after a consultation")                     \
    X(30, "CallDisposition", "became a conference")                                  \
    X(53, "CallDisposition", "cut at a failure, by the policy cut_row: partial")     \
    X(2, "PeripheralCallType", "routed to the agent")                                \
    X(4, "PeripheralCallType", "transferred to the agent")                           \
    X(6, "PeripheralCallType", "from a phone that the PG does not watch")            \
    X(9, "PeripheralCallType", "to a phone that the PG does not watch")              \
    X(10, "PeripheralCallType", "between two phones that the PG watches")            \
    X(12, "PeripheralCallType", "a consultation")                                    \
    X(13, "PeripheralCallType", "a consultation, at whom was consulted")             \
    X(14, "PeripheralCallType", "a consultation that became a conference")           \
    X(15, "PeripheralCallType", "at whom was asked to join a conference")            \
    X(50003, "reason code", "logged out, because the phone went out of service")     \
    X(50005, "reason code", "not ready, because the phone was busy on another line") \
    X(50010, "reason code", "not ready, because two routed calls did not arrive")    \
    X(32767, "reason code", "not ready, because a call was not answered")

#endif
