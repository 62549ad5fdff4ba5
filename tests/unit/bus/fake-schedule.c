#include "dbus-interfaces/names.h"
#include "fakes.h"

/* --- Checks ----------------------------------------------------------------------------------- */

struct _PfCheck
{
  GObject parent;
  char *path;
  PfAccount *account;
  PfCheckKind kind;
  PfCheckState state;
  guint starter, done;
};

G_DEFINE_FINAL_TYPE (PfCheck, pf_check, G_TYPE_OBJECT)

static guint check_changed, check_finished;

static void
pf_check_init (PfCheck *self)
{
  static guint number;

  self->path = g_strdup_printf (PF_PATH_CHECKS "/%u", ++number);
  self->starter = (guint) -1;
}

static void
check_finalize (GObject *object)
{
  PfCheck *self = PF_CHECK (object);

  g_free (self->path);
  g_clear_object (&self->account);
  G_OBJECT_CLASS (pf_check_parent_class)->finalize (object);
}

static void
pf_check_class_init (PfCheckClass *class)
{
  G_OBJECT_CLASS (class)->finalize = check_finalize;
  check_changed = g_signal_new ("changed", PF_TYPE_CHECK, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 0);
  check_finished = g_signal_new ("finished", PF_TYPE_CHECK, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 0);
}

const char *
pf_check_get_path (PfCheck *self)
{
  return self->path;
}

PfCheckKind
pf_check_get_kind (PfCheck *self)
{
  return self->kind;
}

PfAccount *
pf_check_get_account (PfCheck *self)
{
  return self->account;
}

PfCheckState
pf_check_get_state (PfCheck *self)
{
  return self->state;
}

guint
pf_check_get_starter (PfCheck *self)
{
  return self->starter;
}

void
pf_check_set_starter (PfCheck *self, guint uid)
{
  self->starter = uid;
}

GVariant *
pf_check_get_result (PfCheck *self)
{
  return g_variant_new_parsed ("{'Delivered': <%u>}", self->done);
}

GVariant *
pf_check_to_vardict (PfCheck *self)
{
  const char *states[] = { "running", "succeeded", "failed", "cancelled" };

  return g_variant_new_parsed ("{'Account': <%o>, 'State': <%s>, 'MessagesDone': <%u>}",
                               self->account != NULL ? pf_account_get_path (self->account) : "/",
                               states[self->state], self->done);
}

void
pf_check_cancel (PfCheck *self)
{
  fakes_step (NULL, "cancel");
  self->state = PF_CHECK_CANCELLED;
  g_signal_emit (self, check_finished, 0);
}

void
fakes_progress (PfCheck *check, guint done)
{
  check->done = done;
  g_signal_emit (check, check_changed, 0);
}

void
fakes_finish (PfCheck *check)
{
  check->state = PF_CHECK_SUCCEEDED;
  g_signal_emit (check, check_changed, 0);
  g_signal_emit (check, check_finished, 0);
}

/* --- Schedule --------------------------------------------------------------------------------- */

struct _PfSchedule
{
  GObject parent;
  GPtrArray *checks;
};

G_DEFINE_FINAL_TYPE (PfSchedule, pf_schedule, G_TYPE_OBJECT)

static guint check_added, check_removed, schedule_changed;

static void
pf_schedule_init (PfSchedule *self)
{
  self->checks = g_ptr_array_new_with_free_func (g_object_unref);
}

static void
schedule_finalize (GObject *object)
{
  g_ptr_array_unref (PF_SCHEDULE (object)->checks);
  G_OBJECT_CLASS (pf_schedule_parent_class)->finalize (object);
}

static void
pf_schedule_class_init (PfScheduleClass *class)
{
  G_OBJECT_CLASS (class)->finalize = schedule_finalize;
  check_added = g_signal_new ("check-added", PF_TYPE_SCHEDULE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                              NULL, G_TYPE_NONE, 1, PF_TYPE_CHECK);
  check_removed = g_signal_new ("check-removed", PF_TYPE_SCHEDULE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                NULL, G_TYPE_NONE, 1, PF_TYPE_CHECK);
  schedule_changed = g_signal_new ("changed", PF_TYPE_SCHEDULE, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                   NULL, G_TYPE_NONE, 0);
}

static PfCheck *
add_check (PfSchedule *self, PfCheckKind kind, PfAccount *account)
{
  PfCheck *check = g_object_new (PF_TYPE_CHECK, NULL);

  check->kind = kind;
  check->account = account != NULL ? g_object_ref (account) : NULL;
  g_ptr_array_add (self->checks, check);
  g_signal_emit (self, check_added, 0, check);
  return check;
}

PfCheck *
pf_schedule_check (PfSchedule *self, PfAccount *account, GVariant *options)
{
  fakes_step (NULL, "check %s", pf_account_get_id (account));
  return add_check (self, PF_CHECK_KIND_CHECK, account);
}

PfCheck *
pf_schedule_test (PfSchedule *self,
                  PfAccount *account,
                  const PfSettings *settings,
                  PfSecret *secret)
{
  fakes_step (NULL, "test %s",
              account != NULL ? pf_account_get_id (account) : pf_secret_peek (secret, NULL));
  return add_check (self, PF_CHECK_KIND_TEST, account);
}

PfCheck *
pf_schedule_lookup (PfSchedule *self, const char *object_path)
{
  for (guint i = 0; i < self->checks->len; i++)
    if (g_str_equal (pf_check_get_path (self->checks->pdata[i]), object_path))
      return self->checks->pdata[i];
  return NULL;
}

GPtrArray *
pf_schedule_list (PfSchedule *self)
{
  return self->checks;
}

void
pf_schedule_secret_changed (PfSchedule *self, PfAccount *account)
{
  fakes_step (NULL, "secret-changed %s", pf_account_get_id (account));
}

gboolean
pf_schedule_is_online (PfSchedule *self)
{
  return fakes.online;
}

gboolean
pf_schedule_is_disk_low (PfSchedule *self)
{
  return fakes.disk_low;
}

void
fakes_expire (PfCheck *check)
{
  g_autoptr (PfCheck) kept = g_object_ref (check);

  g_ptr_array_remove (fakes.schedule->checks, check);
  g_signal_emit (fakes.schedule, check_removed, 0, check);
}
