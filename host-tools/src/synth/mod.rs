//! A believable four-state machine, made of mathematics: data for the demo and for tests.
