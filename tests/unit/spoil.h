/* spoil: ways to spoil the good run of scenario 1 (good_run.h), each against a sentence that
 * scenarios 1 and 3 share. */
#ifndef TESTS_UNIT_SPOIL_H
#define TESTS_UNIT_SPOIL_H

void spoil_an_idle_phone_on_the_wrong_node(void);
void spoil_a_slow_gateway(void);
void spoil_a_lost_phone(void);
void spoil_a_registration_with_the_publisher(void);
void spoil_a_phone_that_leaves_its_call(void);
void spoil_a_pause(void);
void spoil_a_feature_that_worked(void);
void spoil_a_phone_that_does_not_follow_after_its_call(void);
void spoil_a_call_in_setup_that_lives_on(void);
void spoil_a_record_that_comes_late(void);
void spoil_a_record_that_knows_the_whole_call(void);
void spoil_wrapup_in_a_cut_record(void);
void spoil_an_amended_record(void);
void spoil_a_linked_second_record(void);
void spoil_a_side_that_turns_to_the_other_cti_manager(void);
void spoil_a_side_that_is_active_too_early(void);
void spoil_calls_that_are_not_routed(void);
void spoil_an_agent_who_stays_logged_in(void);
void spoil_an_agent_who_cannot_come_back(void);
void spoil_an_idle_phone_that_stays_away(void);
void spoil_a_busy_phone_that_stays_away(void);
void spoil_a_gateway_that_travels_with_a_call(void);
void spoil_two_gateways_that_drain_at_once(void);
void spoil_a_gateway_that_was_not_let_go(void);
void spoil_a_pg_that_fails_back(void);
void spoil_a_node_with_another_registry(void);
void spoil_a_lost_acknowledgement(void);
void spoil_a_lost_record(void);

#endif
