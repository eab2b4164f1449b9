/** The tables of a SQLite store as they were before the present ones, step by step; `migrations.ts` brings old files through them. */

/** `PRAGMA application_id` of our files: "hitl" in ASCII. */
export const applicationId = 0x6869746c;

/**
 * Entry `n` makes version `n + 1` of version `n`. None is ever changed; `spec/store/fixtures` has a frozen file of each version.
 */
export const earlierSchemas: readonly string[] = [
  `
  CREATE TABLE tickets (
    id TEXT PRIMARY KEY NOT NULL,
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    first INTEGER NOT NULL
  ) WITHOUT ROWID;

  CREATE TABLE log (
    ticket_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL
  );
  CREATE UNIQUE INDEX log_by_seq ON log (ticket_id, seq);

  CREATE TABLE sessions (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    ticket_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    tab_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_active_at INTEGER NOT NULL,
    record TEXT NOT NULL
  );
  CREATE INDEX sessions_by_activity ON sessions (ticket_id, last_active_at);
  CREATE INDEX sessions_by_tab ON sessions (ticket_id, user_id, tab_id, created_at);

  CREATE TABLE turns (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    ticket_id TEXT NOT NULL,
    status TEXT NOT NULL,
    record TEXT NOT NULL
  );
  CREATE INDEX turns_unfinished ON turns (ticket_id) WHERE status IN ('queued', 'running');

  CREATE TABLE messages (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    ticket_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    record TEXT NOT NULL
  );
  CREATE INDEX messages_by_ticket ON messages (ticket_id);
  CREATE INDEX messages_by_session ON messages (session_id);

  CREATE TABLE requests (
    id TEXT PRIMARY KEY NOT NULL,
    ticket_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    turn_id TEXT,
    key TEXT,
    grant_id TEXT,
    status TEXT NOT NULL,
    version INTEGER NOT NULL,
    due_at INTEGER,
    claimed_by TEXT,
    created_at INTEGER NOT NULL,
    inbox TEXT,
    record TEXT NOT NULL,
    snapshot TEXT NOT NULL
  );
  CREATE UNIQUE INDEX requests_by_key ON requests (ticket_id, key) WHERE key IS NOT NULL AND status <> 'superseded';
  CREATE INDEX requests_due ON requests (due_at, id) WHERE due_at IS NOT NULL;
  CREATE INDEX requests_of_turn ON requests (turn_id, created_at, id) WHERE status = 'pending' AND turn_id IS NOT NULL;
  CREATE INDEX requests_claimed ON requests (ticket_id, claimed_by) WHERE claimed_by IS NOT NULL;
  CREATE INDEX requests_by_age ON requests (created_at, id);
  CREATE INDEX requests_by_status ON requests (status, created_at, id);
  CREATE INDEX requests_of_ticket ON requests (ticket_id, created_at, id);
  CREATE INDEX requests_of_ticket_by_status ON requests (ticket_id, status, created_at, id);
  CREATE INDEX requests_of_grant ON requests (grant_id, created_at, id) WHERE grant_id IS NOT NULL;

  CREATE TABLE grants (
    id TEXT PRIMARY KEY NOT NULL,
    ticket_id TEXT NOT NULL,
    covers TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    holds_until INTEGER,
    record TEXT NOT NULL
  );
  CREATE INDEX grants_covering ON grants (covers, holds_until, id) WHERE holds_until IS NOT NULL;
  CREATE INDEX grants_live ON grants (holds_until, id) WHERE holds_until IS NOT NULL;
  CREATE INDEX grants_live_of_ticket ON grants (ticket_id, holds_until, id) WHERE holds_until IS NOT NULL;
  CREATE INDEX grants_by_age ON grants (created_at, id);
  CREATE INDEX grants_of_ticket ON grants (ticket_id, created_at, id);
  CREATE INDEX grants_by_end ON grants (expires_at, id);

  CREATE TABLE audit (
    ticket_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    request_id TEXT NOT NULL,
    record TEXT NOT NULL
  );
  CREATE UNIQUE INDEX audit_by_number ON audit (ticket_id, n);
  CREATE INDEX audit_of_request ON audit (ticket_id, request_id, n);
  CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
  CREATE TRIGGER audit_is_not_dropped BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;

  CREATE TABLE inbox (
    list TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    id TEXT NOT NULL,
    urgency INTEGER,
    type TEXT NOT NULL,
    tool_name TEXT,
    PRIMARY KEY (list, created_at, id)
  ) WITHOUT ROWID;
  CREATE INDEX inbox_by_urgency ON inbox (list, urgency, created_at, id) WHERE urgency IS NOT NULL;
  CREATE TABLE inbox_except (
    user_id TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (user_id, id)
  ) WITHOUT ROWID;

  CREATE TABLE deliveries (
    channel TEXT NOT NULL,
    request_id TEXT NOT NULL,
    event TEXT NOT NULL,
    version INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER,
    dead_at INTEGER,
    error TEXT,
    PRIMARY KEY (channel, request_id)
  ) WITHOUT ROWID;
  CREATE INDEX deliveries_waiting ON deliveries (channel, due_at, request_id) WHERE due_at IS NOT NULL;
  CREATE INDEX deliveries_dead ON deliveries (dead_at, channel, request_id) WHERE dead_at IS NOT NULL;

  CREATE TABLE frames (
    n INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL,
    frame_id TEXT NOT NULL,
    ack TEXT NOT NULL,
    UNIQUE (user_id, frame_id)
  );
  CREATE TABLE frame_counts (
    user_id TEXT PRIMARY KEY NOT NULL,
    n INTEGER NOT NULL
  ) WITHOUT ROWID;

  PRAGMA application_id = ${applicationId};
  `,
  `
  CREATE TABLE epoch_seed (
    id INTEGER PRIMARY KEY,
    seed TEXT NOT NULL
  );
  INSERT INTO epoch_seed (id, seed) VALUES (1, lower(hex(randomblob(16))));
  `,
  // What envelopes share, and the last of the log that names it: once that is dropped, no envelope names it. The text is apart, so
  // that it is not written again with each use.
  `
  CREATE TABLE log_parts (
    ticket_id TEXT NOT NULL,
    name TEXT NOT NULL,
    last_seq INTEGER NOT NULL,
    PRIMARY KEY (ticket_id, name)
  ) WITHOUT ROWID;
  CREATE INDEX log_parts_by_use ON log_parts (ticket_id, last_seq);
  CREATE TABLE log_part_texts (
    ticket_id TEXT NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL
  );
  CREATE UNIQUE INDEX log_part_texts_by_name ON log_part_texts (ticket_id, name);
  `,
  // Turns that outlive their process. `open_since`, when it was queued, is there of durable turns that have not ended, and of no
  // other; `due_at` is the earlier of what the record says and `answered_at`. Of turns that ended before, no list needs the session.
  `
  ALTER TABLE turns ADD COLUMN session_id TEXT;
  ALTER TABLE turns ADD COLUMN version TEXT;
  ALTER TABLE turns ADD COLUMN generation INTEGER;
  ALTER TABLE turns ADD COLUMN leg INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE turns ADD COLUMN open_since INTEGER;
  ALTER TABLE turns ADD COLUMN due_at INTEGER;
  ALTER TABLE turns ADD COLUMN answered_at INTEGER;
  UPDATE turns SET session_id = json_extract(record, '$.sessionId')
    WHERE status IN ('queued', 'running') AND json_valid(record);
  CREATE INDEX turns_of_ticket ON turns (ticket_id);
  CREATE INDEX turns_by_status ON turns (status);
  CREATE INDEX turns_of_ticket_by_status ON turns (ticket_id, status);
  CREATE INDEX turns_of_version ON turns (version) WHERE version IS NOT NULL;
  CREATE INDEX turns_of_version_in_ticket ON turns (ticket_id, version) WHERE version IS NOT NULL;
  CREATE INDEX turns_of_version_by_status ON turns (version, status) WHERE version IS NOT NULL;
  CREATE INDEX turns_of_version_in_ticket_by_status ON turns (ticket_id, version, status) WHERE version IS NOT NULL;
  CREATE INDEX turns_open_of_ticket ON turns (ticket_id) WHERE status IN ('queued', 'running', 'waiting', 'stuck');
  CREATE INDEX turns_open_of_session ON turns (session_id) WHERE status IN ('queued', 'running', 'waiting', 'stuck');
  CREATE INDEX turns_durable ON turns (version, open_since) WHERE open_since IS NOT NULL;
  CREATE INDEX turns_due ON turns (due_at, id) WHERE due_at IS NOT NULL;

  CREATE TABLE turn_journal (
    turn_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    at INTEGER NOT NULL,
    call TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (turn_id, n)
  ) WITHOUT ROWID;
  CREATE TABLE turn_waits (
    request_id TEXT NOT NULL,
    turn_id TEXT NOT NULL,
    PRIMARY KEY (request_id, turn_id)
  ) WITHOUT ROWID;
  CREATE INDEX turn_waits_of_turn ON turn_waits (turn_id);
  CREATE TABLE turn_states (
    turn_id TEXT PRIMARY KEY NOT NULL,
    state TEXT NOT NULL
  );
  `,
  // A revision of a message is a row, and no part of its record any more. A record that is damaged stays as it is.
  `
  CREATE TABLE message_revisions (
    message_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    revision TEXT NOT NULL
  );
  CREATE UNIQUE INDEX message_revisions_by_number ON message_revisions (message_id, n);
  INSERT INTO message_revisions (message_id, n, revision)
    SELECT messages.id, revisions.key + 1, revisions.value
    FROM messages, json_each(iif(json_valid(record), record, '{}'), '$.revisions') AS revisions
    WHERE instr(record, '"revisions":[{') > 0;
  UPDATE messages SET record = json_set(record, '$.revisions', json('[]'))
    WHERE instr(record, '"revisions":[{') > 0 AND iif(json_valid(record), 1, 0);
  `,
];
