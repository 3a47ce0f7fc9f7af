/** `PRAGMA application_id` of a ledger: "SPLG" in ASCII. */
export const APPLICATION_ID = 0x53_50_4c_47;

/** `PRAGMA user_version` of the tables below. */
export const SCHEMA_VERSION = 1;

/**
 * `records` holds what is allocated, one row for an address; `holders` who uses it; `released` who had an address
 * last and when it was released, until it is allocated again or pruned; `documents` the last good version of each
 * manifest file. `address` is an address key (address-key.ts). Times are milliseconds since the epoch; device and
 * inode numbers are decimal texts because they may exceed what SQLite's signed integers hold.
 */
export const SCHEMA = `
PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${SCHEMA_VERSION};
CREATE TABLE records (
  address TEXT PRIMARY KEY,
  pool TEXT NOT NULL,
  network TEXT NOT NULL,
  nic TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  owner_kind TEXT,
  owner_namespace TEXT,
  owner_name TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX records_by_pool ON records (pool);
CREATE INDEX records_by_owner ON records (owner_name, owner_namespace, owner_kind) WHERE owner_name IS NOT NULL;
CREATE TABLE holders (
  address TEXT NOT NULL,
  position INTEGER NOT NULL,
  uid TEXT NOT NULL,
  sandbox TEXT NOT NULL,
  node TEXT NOT NULL,
  pod_namespace TEXT NOT NULL,
  pod_name TEXT NOT NULL,
  netns_path TEXT,
  netns_device TEXT,
  netns_inode TEXT,
  boot_id TEXT,
  PRIMARY KEY (address, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX holders_by_uid ON holders (uid);
CREATE INDEX holders_by_sandbox ON holders (sandbox);
CREATE TABLE released (
  address TEXT PRIMARY KEY,
  freed_ms INTEGER NOT NULL,
  suspect INTEGER NOT NULL,
  last TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX released_by_time ON released (freed_ms);
CREATE TABLE documents (
  name TEXT PRIMARY KEY,
  text TEXT NOT NULL,
  saved_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;
