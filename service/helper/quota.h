/* quota.h - Maildir++ quota: what the file maildirsize of a mailbox says. In a child only.
 *
 * Its first line has the limits ("1000000S,1000C"), each further one octets and messages that came
 * or went. Where there is none, there is no limit; it is for the reader to make it and to count
 * anew, and for us to add what we deliver.
 */
#pragma once

#include "helper/trouble.h"

typedef struct
{
  int fd; /* -1: no quota */
  guint64 max_octets, max_messages; /* 0: no limit */
  gint64 octets, messages;
} PfQuota;

/* Reads @text of @length octets. Returns: FALSE when it is no such file. Pure. */
gboolean pf_quota_parse (PfQuota *quota, const char *text, gsize length);

void     pf_quota_open  (PfQuota *quota, int mailbox);
void     pf_quota_close (PfQuota *quota);
/* Is there room for one more message? Counts it as there from now on. */
gboolean pf_quota_take  (PfQuota *quota, guint64 octets, PfTrouble *trouble);
/* Writes down that it is there. */
void     pf_quota_note  (PfQuota *quota, guint64 octets);
