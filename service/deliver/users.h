/* users.h - the machine's local users: who can be chosen, and when that may have changed. */
#pragma once

#include <gio/gio.h>

/* (transfer full): names with uid >= @minimum_uid, nobody and system users left out, sorted; reads
 * NSS, so call it in a worker. */
char **pf_users_list (guint minimum_uid);

typedef struct _PfUsersWatch PfUsersWatch;
typedef void (*PfUsersFunc) (gpointer user_data);
/* Calls @func (at most once a second) when /etc/passwd or its companions change. */
PfUsersWatch *pf_users_watch_new  (PfUsersFunc func, gpointer user_data);
void          pf_users_watch_free (PfUsersWatch *self);
