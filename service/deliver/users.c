#include "deliver/users.h"

#include "base/limits.h"

#include <pwd.h>
#include <string.h>

/* Several files change when a user is added, and tools write each more than once. */
#define QUIET_MS 1000

/* --- List ------------------------------------------------------------------------------------- */

/* Dynamic users of services (systemd: 61184 to 65519), nobody, and -1 in 16 and 32 bits. */
static gboolean
is_person (const struct passwd *entry, guint minimum_uid)
{
  uid_t uid = entry->pw_uid;

  if (uid < minimum_uid || uid == 0 || uid == (uid_t) -1)
    return FALSE;
  return (uid < 61184 || uid > 65535) && strcmp (entry->pw_name, "nobody") != 0;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* (element-type utf8): one walk over the user database, which has one cursor for the whole
 * process. */
static GPtrArray *
walk (guint minimum_uid)
{
  static GMutex lock;
  GPtrArray *names = g_ptr_array_new ();
  const struct passwd *entry;

  g_mutex_lock (&lock);
  setpwent ();
  while (names->len < PF_LIMIT_LISTED_USERS && (entry = getpwent ()) != NULL)
    if (is_person (entry, minimum_uid))
      g_ptr_array_add (names, g_strdup (entry->pw_name));
  endpwent ();
  g_mutex_unlock (&lock);
  return names;
}

char **
pf_users_list (guint minimum_uid)
{
  GPtrArray *names = walk (minimum_uid);

  g_ptr_array_sort (names, compare);
  /* The same user may come from two sources (files, sss). */
  for (guint i = 1; i < names->len;)
    if (strcmp (names->pdata[i - 1], names->pdata[i]) == 0)
      g_free (g_ptr_array_remove_index (names, i));
    else
      i++;
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_free (names, FALSE);
}

/* --- Watch ------------------------------------------------------------------------------------ */

struct _PfUsersWatch
{
  GPtrArray *monitors;
  PfUsersFunc func;
  gpointer user_data;
  guint timer;
};

static gboolean
on_quiet (gpointer user_data)
{
  PfUsersWatch *self = user_data;

  self->timer = 0;
  self->func (self->user_data);
  return G_SOURCE_REMOVE;
}

static void
on_changed (GFileMonitor *monitor,
            GFile *file,
            GFile *other,
            GFileMonitorEvent event,
            gpointer user_data)
{
  PfUsersWatch *self = user_data;

  if (self->timer == 0)
    self->timer = g_timeout_add (QUIET_MS, on_quiet, self);
}

static void
watch (PfUsersWatch *self, const char *path)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  /* A file that cannot be watched is asked for at each interval all the same. */
  GFileMonitor *monitor = g_file_monitor_file (file, G_FILE_MONITOR_NONE, NULL, NULL);

  if (monitor == NULL)
    return;
  g_signal_connect (monitor, "changed", G_CALLBACK (on_changed), self);
  g_ptr_array_add (self->monitors, monitor);
}

PfUsersWatch *
pf_users_watch_new (PfUsersFunc func, gpointer user_data)
{
  static const char *const paths[] = { "/etc/passwd", "/etc/group", "/etc/nsswitch.conf",
                                       "/var/lib/extrausers/passwd" };
  PfUsersWatch *self = g_new0 (PfUsersWatch, 1);

  self->monitors = g_ptr_array_new_with_free_func (g_object_unref);
  self->func = func;
  self->user_data = user_data;
  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    watch (self, paths[i]);
  return self;
}

void
pf_users_watch_free (PfUsersWatch *self)
{
  for (guint i = 0; i < self->monitors->len; i++)
    g_signal_handlers_disconnect_by_data (self->monitors->pdata[i], self);
  g_ptr_array_unref (self->monitors);
  g_clear_handle_id (&self->timer, g_source_remove);
  g_free (self);
}
