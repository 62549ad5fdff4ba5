/* maildir.h - writing one user's batch of messages into the Maildir, each exactly once, all of it
 * durable. In a child only.
 *
 * A file is called 0.ID.postferry after its delivery id alone, so that the same delivery always
 * meets its own file: the rename into new/ does not replace, and a record in doubt is looked for in
 * new/ and cur/ first. The leading number is where others have the time of arrival.
 */
#pragma once

#include "helper/mailbox.h"

/* One message on its way. */
typedef struct
{
  const PfRequestRecord *record;
  int fd; /* -1 for a probe; positioned at the message's first octet */
  gboolean settled; /* into this folder was delivered before: it is on the disk */
  PfTrouble trouble;
} PfMail;

/* (transfer full): "0.ID.postferry". Pure. */
char    *pf_maildir_name    (const char *id);
/* TRUE when @entry of new/ or cur/ is the file called @name, whatever its flags. Pure. */
gboolean pf_maildir_is_name (const char *entry, const char *name);

/* Delivers; each mail's trouble tells what became of it. */
void pf_maildir_deliver (PfMail *mails, gsize n, const PfPolicy *policy,
                         const PfIdentity *identity);
/* Could mail be delivered? Writes a little into a file without a name. */
gboolean pf_maildir_probe (const PfPolicy *policy, const PfIdentity *identity, PfTrouble *trouble);
