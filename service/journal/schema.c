#include "journal/schema.h"

#include <glib.h>

/* Each takes the file one version further and is never changed once it was released.
 *
 * message.id is AUTOINCREMENT: a check that still holds the id of a row which was forgotten
 * meanwhile must not find another message under it. event_kind serves the question when an account
 * was added, which would else walk over all that ever happened. */
static const char *const upgrades[] = {
  "CREATE TABLE account (id INTEGER PRIMARY KEY AUTOINCREMENT, address TEXT NOT NULL UNIQUE,"
  " added INTEGER NOT NULL DEFAULT 0, last_check INTEGER NOT NULL DEFAULT 0,"
  " last_success INTEGER NOT NULL DEFAULT 0, delivered INTEGER NOT NULL DEFAULT 0,"
  " junked INTEGER NOT NULL DEFAULT 0, quarantined INTEGER NOT NULL DEFAULT 0,"
  " octets INTEGER NOT NULL DEFAULT 0, on_server INTEGER NOT NULL DEFAULT 0,"
  " problem TEXT, problem_text TEXT, problem_since INTEGER NOT NULL DEFAULT 0,"
  " refusals INTEGER NOT NULL DEFAULT 0);"
  "CREATE TABLE message (id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL,"
  " folder TEXT NOT NULL, uidvalidity INTEGER NOT NULL, uid TEXT NOT NULL,"
  " occurrence INTEGER NOT NULL, size INTEGER NOT NULL, digest TEXT NOT NULL,"
  " state INTEGER NOT NULL, outcome INTEGER NOT NULL, time INTEGER NOT NULL,"
  " failures INTEGER NOT NULL, reason TEXT NOT NULL, keep INTEGER NOT NULL,"
  " marked INTEGER NOT NULL, vanished INTEGER NOT NULL DEFAULT 0,"
  " UNIQUE (account, folder, uidvalidity, uid, occurrence));"
  "CREATE TABLE delivery (message INTEGER NOT NULL, position INTEGER NOT NULL,"
  " recipient TEXT NOT NULL, delivery_id TEXT NOT NULL, done INTEGER NOT NULL,"
  " outcome INTEGER NOT NULL, PRIMARY KEY (message, position)) WITHOUT ROWID;"
  "CREATE TABLE folder (account INTEGER NOT NULL, name TEXT NOT NULL,"
  " PRIMARY KEY (account, name)) WITHOUT ROWID;"
  "CREATE TABLE event (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind INTEGER NOT NULL,"
  " outcome INTEGER NOT NULL, account TEXT, caller TEXT, uid TEXT, message_id TEXT, sender TEXT,"
  " subject TEXT, verdict TEXT, reason TEXT, size INTEGER NOT NULL, score REAL NOT NULL);"
  "CREATE INDEX event_time ON event (time);"
  "CREATE INDEX event_account ON event (account, time);"
  "CREATE INDEX event_kind ON event (account, kind, time);"
  "CREATE TABLE statistic (day TEXT NOT NULL, account TEXT NOT NULL, delivered INTEGER NOT NULL,"
  " junked INTEGER NOT NULL, quarantined INTEGER NOT NULL, octets INTEGER NOT NULL,"
  " PRIMARY KEY (day, account)) WITHOUT ROWID;",

  /* How a folder was when all of it was settled: PfFolderState. */
  "ALTER TABLE folder ADD COLUMN next_uid INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE folder ADD COLUMN uidvalidity INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE folder ADD COLUMN uidnext INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE folder ADD COLUMN messages INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE folder ADD COLUMN highestmodseq INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE folder ADD COLUMN listed INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE folder ADD COLUMN due INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE folder ADD COLUMN wanted TEXT NOT NULL DEFAULT '';",

  /* Since when a scanner's trouble holds a message up; how far the sender is seen. */
  "ALTER TABLE message ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE account ADD COLUMN envelope_seen INTEGER NOT NULL DEFAULT 0;",
};

int
pf_schema_version (void)
{
  return G_N_ELEMENTS (upgrades);
}

const char *
pf_schema_upgrade (int version)
{
  return upgrades[version];
}
