/* client.h - the service on the bus: the one place that calls it. */
#pragma once

#include <gio/gio.h>

typedef struct _PfClient PfClient;

/**
 * pf_client_new:
 * @session: the session bus instead of the system bus
 * @hurry: milliseconds that a call may take, and a service that is not running is not started; 0
 * for patience
 *
 * Connects and finds the service; the bus starts it where it can. Fails with
 * PF_FAILURE_SERVICE_UNAVAILABLE.
 */
PfClient *pf_client_new (gboolean session, guint hurry, GError **error);
void pf_client_free (PfClient *self);

/* From now on a call may take no longer than this. */
void pf_client_hurry (PfClient *self, guint milliseconds);

typedef struct
{
  const char *path;
  const char *interface;
  const char *member;
  GVariant *arguments; /* (nullable): floating is taken */
  const char *reply;   /* type of the answer: "(o)", "()" */
  gboolean asks;       /* polkit may have to ask, and that may take minutes */
  const int *secret;   /* (nullable): the descriptor that handle 0 in @arguments stands for */
  int *descriptor;     /* (nullable): (out): what handle 0 of the answer stands for; to be closed */
} PfClientCall;

/* Returns: (transfer full) (nullable): the answer. Errors are of domain PF_FAILURE. */
GVariant *pf_client_call (PfClient *self, const PfClientCall *call, GError **error);

/* All properties of an object, a{sv}. */
GVariant *
pf_client_get_all (PfClient *self, const char *path, const char *interface, GError **error);

/* (transfer full) (nullable): the object of the account @address. */
char *pf_client_find_account (PfClient *self, const char *address, GError **error);

/* (transfer full) (nullable): the address of the account at @path, as it was given when it was
 * added. */
char *pf_client_read_address (PfClient *self, const char *path, GError **error);

typedef struct
{
  char *path;
  GVariant *properties; /* a{sv} */
  char *address;
} PfObject;

/* What the service shows us: its own properties, all accounts by address, checks. */
typedef struct
{
  GVariant *manager;   /* a{sv} */
  GPtrArray *accounts; /* of PfObject */
  GHashTable *checks;  /* path -> a{sv} */
} PfOverview;

PfOverview *pf_client_overview (PfClient *self, GError **error);
void pf_overview_free (PfOverview *self);

/* A property, or "" and 0 where the service has none of that name and type. */
const char *pf_property_string (GVariant *properties, const char *name);
guint64 pf_property_number (GVariant *properties, const char *name);
gboolean pf_property_boolean (GVariant *properties, const char *name);
/* Code and sentence of (ss) property or key @name; both "" without. */
void
pf_property_problem (GVariant *properties, const char *name, const char **code, const char **text);

/**
 * pf_client_listen:
 * @interface: whose signals
 * @member: (nullable): NULL for all of @interface
 *
 * Signals of the service as it runs now, to us: it tells them only to who called it once.
 */
void pf_client_listen (PfClient *self,
                       const char *interface,
                       const char *member,
                       GDBusSignalCallback callback,
                       gpointer user_data);

/* @callback is told when the service leaves the bus (an empty new owner is its last argument) or
 * comes to it. */
void pf_client_listen_owner (PfClient *self, GDBusSignalCallback callback, gpointer user_data);

/* Ends all listening. */
void pf_client_deafen (PfClient *self);

/* After the service came back: signals come from its new connection. */
gboolean pf_client_reconnect (PfClient *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfClient, pf_client_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfOverview, pf_overview_free)
