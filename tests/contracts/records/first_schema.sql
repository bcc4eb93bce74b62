-- What the first released hub left: one home, a watch, an alarm, a command on its way.
INSERT INTO people (id, name, language, time_zone, birth_date, resting_heart_rate, heart_rate_limit, zone, is_operator) VALUES
  ('p-mina', '미나', 'en', 'UTC', '1990-05-17', 52.5, NULL, NULL, TRUE);
INSERT INTO accounts (person, email, password_hash) VALUES
  ('p-mina', 'mina@example.org', '$argon2id$v=19$m=65536');
INSERT INTO households (id, name, created_at) VALUES
  ('h-home', 'Home', 1795000000000000);
INSERT INTO memberships (household, person, role) VALUES
  ('h-home', 'p-mina', 'owner');
INSERT INTO sessions (token_hash, person, family, expires_ms, used_ms, ended) VALUES
  ('t1', 'p-mina', 'f1', 1795000001000, NULL, FALSE);
INSERT INTO accesses (number, reader, subject, purpose, what, at_ms, allowed) VALUES
  (1, 'p-mina', 'p-mina', 'own', 'series', 1795000000000, TRUE);
INSERT INTO devices (id, kind, name, household, cell, via, created_at, revoked_at) VALUES
  ('w-1', 'watch', 'Watch', 'h-home', 'main', NULL, 1795000000000000, NULL);
INSERT INTO credentials (device, salt, iterations, hash) VALUES
  ('w-1', X'0073616c74ff0073616c74ff', 101, X'01010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101');
INSERT INTO bindings (device, since_at, person, until_at) VALUES
  ('w-1', 1795000000000000, 'p-mina', NULL);
INSERT INTO device_states (device, payload) VALUES
  ('w-1', '{"twin":{"reported":{"heart_rate":171.0},"reported_ms":{"heart_rate":1795000000000},"reported_revision":0,"desired":{},"revision":0},"connection":"unknown","heard_ms":1795000000000,"ready_ms":0,"newest_ms":1795000000000,"sequences":{"b1":{"upto":1,"above":[],"seen_ms":1795000000000}},"conditions":{},"silent":{},"last_heard_ms":{},"judged_from_ms":0,"alone":{}}');
INSERT INTO rules (id, household, payload) VALUES
  ('r-1', 'h-home', '{"id":"r-1","household":"h-home","person":"p-mina","spec":{"name":"Heart","property":"heart_rate","kind":"watch","devices":[],"direction":"above","limit":150.0,"levels":[{"name":"over","offset":0.0,"first_step":0}],"hysteresis":0.0,"dwell_s":0.0,"gap_s":30.0,"recurrence_s":1800.0,"no_data_s":null,"schedule":null,"freshness_s":30.0,"ladder":{"steps":[{"haptic":{"pattern":"single","amplitude":0.3,"repeat":1},"sound":{"tone":"soft","volume":0.1},"wait_s":10},{"haptic":{"pattern":"double","amplitude":0.45,"repeat":2},"sound":{"tone":"rise","volume":0.25},"wait_s":10},{"haptic":{"pattern":"double","amplitude":0.6,"repeat":3},"sound":{"tone":"rise","volume":0.4},"wait_s":10},{"haptic":{"pattern":"triple","amplitude":0.8,"repeat":3},"sound":{"tone":"chime","volume":0.6},"wait_s":8},{"haptic":{"pattern":"continuous","amplitude":1.0,"repeat":5},"sound":{"tone":"alarm","volume":0.8},"wait_s":8}]},"mode":"both","max_amplitude":1.0,"max_volume":1.0,"responders":[],"contact":null,"contact_after_s":60.0,"enabled":true},"since_ms":0,"revision":1}');
INSERT INTO timers (id, due_ms, kind, device, subject) VALUES
  ('t-1', 1795000000000, 'no_data', 'w-1', 'r-1');
INSERT INTO spool (position, samples, received_ms, crc32, payload) VALUES
  (1, 1, 1795000000040, 460362646, X'919aa3772d31a57761746368cf000001a1ee565e00cf000001a1ee565e2881aa68656172745f72617465cb4065600000000000a2623101c3a4676f6f64c2');
INSERT INTO events (device, id, at_ms, payload) VALUES
  ('w-1', 'e1', 1795000000000, '{"device":"w-1","id":"e1","at_ms":1795000000000,"received_ms":1795000000000,"type":"tap","data":{"n":1}}');
INSERT INTO commands (number, id, device, final, payload) VALUES
  (1, 'c-1', 'w-1', TRUE, '{"id":"c-1","device":"w-1","name":"alert","args":{"step":1,"alert":"al_1"},"issued_ms":1795000000000,"expires_ms":1795000030000,"not_before_ms":0,"key":null,"cause":null,"author":null,"status":"succeeded","reason":"","attempts":0,"history":[["queued",1795000000000]]}');
INSERT INTO commands (number, id, device, final, payload) VALUES
  (2, 'c-2', 'w-1', FALSE, '{"id":"c-2","device":"w-1","name":"alert","args":{"step":1,"alert":"al_1"},"issued_ms":1795000000000,"expires_ms":1795000030000,"not_before_ms":0,"key":null,"cause":null,"author":null,"status":"sent","reason":"","attempts":0,"history":[["queued",1795000000000]]}');
INSERT INTO alarms (id, rule, device, opened_ms, cleared_ms, active, withdrawn, payload) VALUES
  ('al_1', 'r-1', 'w-1', 1795000000000, NULL, TRUE, FALSE, '{"id":"al_1","rule":"r-1","device":"w-1","household":"h-home","person":"p-mina","property_name":"heart_rate","cause":"threshold","limit":150.0,"since_ms":1795000000000,"opened_ms":1795000000000,"cleared_ms":null,"peak":null,"level":0,"step":0,"transitions":[],"acknowledged_ms":null,"acknowledged_by":null,"acknowledged_level":null,"snoozed_until_ms":null,"snoozed_by":null,"suppressed":false,"felt":false,"felt_as":null,"touched_ms":0,"crossings":0,"felt_alone":[],"contact_due_ms":null,"contact_told_ms":null,"withdrawn":false}');
