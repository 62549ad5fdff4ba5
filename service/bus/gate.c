#include "bus/gate.h"

#include "base/limits.h"
#include "bus/identify.h"
#include "dbus-interfaces/errors.h"

/* What the filter, which runs in GDBus's thread, shares with the gate. */
typedef struct
{
  gatomicrefcount ref_count;
  GMainContext *context;
  GDBusConnection *connection;
  PfGate *gate; /* main thread only; NULL when the gate is gone */
} Door;

struct _PfGate
{
  Door *door;
  guint filter;
  gboolean session;
  GHashTable *guests;    /* unique name -> Guest */
  GHashTable *under_way; /* uid -> number of unanswered calls */
  PfGateFunc func;
  gpointer user_data;
};

/* One unique name. */
typedef struct
{
  PfCaller *caller;
  gboolean known;
  GQueue waiting; /* of GDBusMessage, as long as the caller is not known */
  guint watch;    /* NameOwnerChanged */
} Guest;

/* What identification and NameOwnerChanged come back with. */
typedef struct
{
  Door *door;
  char *name;
} Visit;

typedef struct
{
  Door *door;
  GDBusMessage *message;
} Arrival;

static Door *
door_ref (Door *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

static void
door_unref (Door *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_main_context_unref (self->context);
  g_object_unref (self->connection);
  g_free (self);
}

static Visit *
visit_new (Door *door, const char *name)
{
  Visit *self = g_new0 (Visit, 1);

  self->door = door_ref (door);
  self->name = g_strdup (name);
  return self;
}

static void
visit_free (Visit *self)
{
  door_unref (self->door);
  g_free (self->name);
  g_free (self);
}

static void
arrival_free (Arrival *self)
{
  door_unref (self->door);
  g_object_unref (self->message);
  g_free (self);
}

static void
guest_free (Guest *self)
{
  g_cancellable_cancel (self->caller->left);
  g_queue_clear_full (&self->waiting, g_object_unref);
  pf_caller_unref (self->caller);
  g_free (self);
}

static void
forget (PfGate *self, const char *name)
{
  Guest *guest = g_hash_table_lookup (self->guests, name);

  if (guest == NULL)
    return;
  g_dbus_connection_signal_unsubscribe (self->door->connection, guest->watch);
  g_hash_table_remove (self->guests, name);
}

/* --- Letting in ------------------------------------------------------------------------------- */

typedef struct
{
  Door *door;
  guint uid;
} Count;

static guint
count_of (PfGate *self, guint uid)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (self->under_way, GUINT_TO_POINTER (uid)));
}

static void
set_count (PfGate *self, guint uid, guint count)
{
  if (count == 0)
    g_hash_table_remove (self->under_way, GUINT_TO_POINTER (uid));
  else
    g_hash_table_insert (self->under_way, GUINT_TO_POINTER (uid), GUINT_TO_POINTER (count));
}

/* A call was answered or dropped. */
static void
on_call_done (gpointer data)
{
  g_autofree Count *count = data;
  PfGate *gate = count->door->gate;

  if (gate != NULL)
    set_count (gate, count->uid, count_of (gate, count->uid) - 1);
  door_unref (count->door);
}

static void
refuse (Door *door,
        GDBusMessage *message,
        PfCaller *caller,
        GQuark domain,
        int code,
        const char *text)
{
  PfCall *call = pf_call_new (door->connection, message, caller, NULL, NULL);

  pf_call_fail_with (call, domain, code, "%s", text);
}

static void
let_in (PfGate *self, PfCaller *caller, GDBusMessage *message)
{
  guint under_way = count_of (self, caller->uid);
  Count *count;

  if (!caller->sees_all && under_way >= PF_LIMIT_CALLS_PER_USER)
    {
      refuse (self->door, message, caller, PF_ERROR, PF_ERROR_LIMIT_EXCEEDED,
              "Too many of your calls are waiting for an answer");
      return;
    }
  count = g_new0 (Count, 1);
  count->door = door_ref (self->door);
  count->uid = caller->uid;
  set_count (self, caller->uid, under_way + 1);
  self->func (pf_call_new (self->door->connection, message, caller, on_call_done, count),
              self->user_data);
}

static void
drain (PfGate *self, Guest *guest)
{
  GDBusMessage *message;

  while ((message = g_queue_pop_head (&guest->waiting)) != NULL)
    {
      let_in (self, guest->caller, message);
      g_object_unref (message);
    }
}

static void
on_identified (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Visit *visit = user_data;
  PfGate *gate = visit->door->gate;
  g_autoptr (GError) error = NULL;
  gboolean known = pf_identify_finish (result, &error);
  Guest *guest = gate != NULL ? g_hash_table_lookup (gate->guests, visit->name) : NULL;

  if (guest != NULL && known)
    {
      guest->known = TRUE;
      drain (gate, guest);
    }
  else if (guest != NULL)
    {
      GDBusMessage *message;

      while ((message = g_queue_pop_head (&guest->waiting)) != NULL)
        {
          refuse (gate->door, message, guest->caller, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED,
                  error->message);
          g_object_unref (message);
        }
      forget (gate, visit->name);
    }
  visit_free (visit);
}

static void
on_owner_changed (GDBusConnection *connection,
                  const char *sender,
                  const char *path,
                  const char *interface,
                  const char *signal,
                  GVariant *parameters,
                  gpointer user_data)
{
  Visit *visit = user_data;
  const char *new_owner;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(sss)")))
    return;
  g_variant_get (parameters, "(&s&s&s)", NULL, NULL, &new_owner);
  if (*new_owner == '\0' && visit->door->gate != NULL)
    forget (visit->door->gate, visit->name);
}

/* The watch is set before the credentials are asked for, on the same connection: who leaves
 * afterwards is seen. */
static Guest *
welcome (PfGate *self, const char *name)
{
  Guest *guest = g_new0 (Guest, 1);
  Door *door = self->door;

  guest->caller = pf_caller_new (name);
  g_queue_init (&guest->waiting);
  guest->watch = g_dbus_connection_signal_subscribe (
      door->connection, "org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged",
      "/org/freedesktop/DBus", name, G_DBUS_SIGNAL_FLAGS_NONE, on_owner_changed,
      visit_new (door, name), (GDestroyNotify) visit_free);
  g_hash_table_insert (self->guests, g_strdup (name), guest);
  pf_identify_async (door->connection, guest->caller, self->session, on_identified,
                     visit_new (door, name));
  return guest;
}

static gboolean
on_arrival (gpointer user_data)
{
  Arrival *arrival = user_data;
  PfGate *self = arrival->door->gate;
  const char *sender = g_dbus_message_get_sender (arrival->message);
  Guest *guest;

  if (self == NULL || sender == NULL)
    return G_SOURCE_REMOVE;
  guest = g_hash_table_lookup (self->guests, sender);
  if (guest == NULL)
    guest = welcome (self, sender);
  if (guest->known)
    let_in (self, guest->caller, arrival->message);
  else if (guest->waiting.length < PF_LIMIT_CALLS_UNKNOWN)
    g_queue_push_tail (&guest->waiting, g_object_ref (arrival->message));
  else
    refuse (self->door, arrival->message, guest->caller, PF_ERROR, PF_ERROR_LIMIT_EXCEEDED,
            "Too many of your calls are waiting for an answer");
  return G_SOURCE_REMOVE;
}

/* In GDBus's thread: takes every method call out of its hands, and completes large answers. */
static GDBusMessage *
on_message (GDBusConnection *connection,
            GDBusMessage *message,
            gboolean incoming,
            gpointer user_data)
{
  Door *door = user_data;
  Arrival *arrival;
  g_autoptr (GSource) source = NULL;

  if (!incoming)
    return pf_call_fill_in (message);
  if (g_dbus_message_get_message_type (message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL
      || g_strcmp0 (g_dbus_message_get_interface (message), "org.freedesktop.DBus.Peer") == 0)
    return message;

  arrival = g_new0 (Arrival, 1);
  arrival->door = door_ref (door);
  arrival->message = message;
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_arrival, arrival, (GDestroyNotify) arrival_free);
  g_source_attach (source, door->context);
  return NULL;
}

PfGate *
pf_gate_new (GDBusConnection *connection, gboolean session, PfGateFunc func, gpointer user_data)
{
  PfGate *self = g_new0 (PfGate, 1);
  Door *door = g_new0 (Door, 1);

  g_atomic_ref_count_init (&door->ref_count);
  door->context = g_main_context_ref_thread_default ();
  door->connection = g_object_ref (connection);
  door->gate = self;
  self->door = door;
  self->session = session;
  self->func = func;
  self->user_data = user_data;
  self->guests =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) guest_free);
  self->under_way = g_hash_table_new (NULL, NULL);
  self->filter = g_dbus_connection_add_filter (connection, on_message, door_ref (door),
                                               (GDestroyNotify) door_unref);
  return self;
}

void
pf_gate_free (PfGate *self)
{
  GHashTableIter iter;
  Guest *guest;

  g_dbus_connection_remove_filter (self->door->connection, self->filter);
  self->door->gate = NULL;
  g_hash_table_iter_init (&iter, self->guests);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &guest))
    g_dbus_connection_signal_unsubscribe (self->door->connection, guest->watch);
  g_hash_table_unref (self->guests);
  g_hash_table_unref (self->under_way);
  door_unref (self->door);
  g_free (self);
}

GPtrArray *
pf_gate_list_callers (PfGate *self)
{
  GPtrArray *callers = g_ptr_array_new ();
  GHashTableIter iter;
  Guest *guest;

  g_hash_table_iter_init (&iter, self->guests);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &guest))
    if (guest->known)
      g_ptr_array_add (callers, guest->caller);
  return callers;
}

gboolean
pf_gate_has_callers (PfGate *self)
{
  return g_hash_table_size (self->guests) > 0;
}
