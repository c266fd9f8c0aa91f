DROP TABLE responder_turns;
