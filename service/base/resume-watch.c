#include "base/resume-watch.h"

#include <time.h>

#define LOOK_SECONDS 30
/* Clocks are read one after the other; anything below this is scheduling, not sleep. */
#define SLEPT_SECONDS 3

struct _PfResumeWatch
{
  GDBusConnection *bus;
  guint signal_id;
  guint timer_id;
  gint64 suspended;
  PfResumeFunc func;
  gpointer user_data;
};

static gint64
suspended_seconds (void)
{
  struct timespec boot, monotonic;

  clock_gettime (CLOCK_BOOTTIME, &boot);
  clock_gettime (CLOCK_MONOTONIC, &monotonic);
  return boot.tv_sec - monotonic.tv_sec;
}

static void
resumed (PfResumeWatch *self)
{
  self->suspended = suspended_seconds ();
  self->func (self->user_data);
}

static gboolean
look_at_clocks (gpointer user_data)
{
  PfResumeWatch *self = user_data;

  if (suspended_seconds () - self->suspended >= SLEPT_SECONDS)
    resumed (self);
  return G_SOURCE_CONTINUE;
}

static void
on_prepare_for_sleep (GDBusConnection *bus,
                      const char *sender,
                      const char *path,
                      const char *interface,
                      const char *member,
                      GVariant *parameters,
                      gpointer user_data)
{
  gboolean going_to_sleep = TRUE;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(b)")))
    return;
  g_variant_get (parameters, "(b)", &going_to_sleep);
  if (!going_to_sleep)
    resumed (user_data);
}

PfResumeWatch *
pf_resume_watch_new (GDBusConnection *bus, PfResumeFunc func, gpointer user_data)
{
  PfResumeWatch *self = g_new0 (PfResumeWatch, 1);

  self->func = func;
  self->user_data = user_data;
  self->suspended = suspended_seconds ();
  self->timer_id = g_timeout_add_seconds (LOOK_SECONDS, look_at_clocks, self);
  if (bus != NULL)
    {
      self->bus = g_object_ref (bus);
      self->signal_id = g_dbus_connection_signal_subscribe (
          bus, "org.freedesktop.login1", "org.freedesktop.login1.Manager", "PrepareForSleep",
          "/org/freedesktop/login1", NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_prepare_for_sleep, self,
          NULL);
    }
  return self;
}

void
pf_resume_watch_free (PfResumeWatch *self)
{
  if (self == NULL)
    return;
  if (self->signal_id != 0)
    g_dbus_connection_signal_unsubscribe (self->bus, self->signal_id);
  g_clear_object (&self->bus);
  g_source_remove (self->timer_id);
  g_free (self);
}
