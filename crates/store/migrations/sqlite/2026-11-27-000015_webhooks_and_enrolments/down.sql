DROP TABLE officer_enrolments;
DROP TABLE webhook_turns;
DROP TABLE webhook_deliveries;
DROP TABLE webhook_events;
