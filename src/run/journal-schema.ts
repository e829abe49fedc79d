// The journal's tables, by the version that added them.

export const VERSION = 7;

/** What each version added; an older journal is migrated when it is opened. */
export const MIGRATIONS = [
	`
BEGIN;
CREATE TABLE run (
  id TEXT PRIMARY KEY, operation TEXT NOT NULL, machine TEXT NOT NULL,
  started TEXT NOT NULL, ended TEXT, outcome TEXT, plan TEXT NOT NULL, summary TEXT
);
CREATE TABLE entry (
  seq INTEGER PRIMARY KEY, run TEXT NOT NULL REFERENCES run (id), step TEXT NOT NULL,
  phase TEXT NOT NULL, time TEXT NOT NULL, data TEXT
);
CREATE INDEX entry_run ON entry (run);
CREATE TABLE log (seq INTEGER PRIMARY KEY, run TEXT NOT NULL, step TEXT NOT NULL, time TEXT NOT NULL, line TEXT NOT NULL);
CREATE INDEX log_run ON log (run);
CREATE TABLE destination (location TEXT PRIMARY KEY, first_seen TEXT NOT NULL);
PRAGMA user_version = 1;
COMMIT;
`,
	`
BEGIN;
CREATE TABLE kept (run TEXT NOT NULL, state TEXT NOT NULL, until TEXT NOT NULL, copy TEXT NOT NULL, PRIMARY KEY (run, state));
CREATE INDEX entry_archive ON entry (json_extract(data, '$.archive')) WHERE phase = 'done';
PRAGMA user_version = 2;
COMMIT;
`,
	`
BEGIN;
CREATE TABLE archive (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, provider TEXT NOT NULL, destination TEXT NOT NULL, metadata TEXT NOT NULL, bytes INTEGER
);
PRAGMA user_version = 3;
COMMIT;
`,
	`
BEGIN;
CREATE TABLE leftover (run TEXT NOT NULL, step TEXT NOT NULL, work TEXT NOT NULL, PRIMARY KEY (run, step));
PRAGMA user_version = 4;
COMMIT;
`,
	`
BEGIN;
ALTER TABLE archive ADD COLUMN digests TEXT;
CREATE INDEX archive_name ON archive (name);
PRAGMA user_version = 5;
COMMIT;
`,
	`
BEGIN;
ALTER TABLE destination ADD COLUMN mount TEXT;
PRAGMA user_version = 6;
COMMIT;
`,
	`
BEGIN;
ALTER TABLE entry ADD COLUMN seconds REAL;
PRAGMA user_version = ${VERSION};
COMMIT;
`,
];
