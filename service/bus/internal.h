/* internal.h - what the files of this folder share: the door's parts, and how an interface is made
 * of methods. */
#pragma once

#include "bus/authority.h"
#include "bus/bus.h"
#include "bus/gate.h"

typedef struct _PfAccountWatch PfAccountWatch; /* account-object.h */
typedef struct _PfCheckWatch PfCheckWatch;     /* check-object.h */
typedef struct _PfManagerWatch PfManagerWatch; /* manager.h */
typedef struct _PfQuarantineWatch PfQuarantineWatch; /* quarantine.h */
typedef struct _PfFilterWatch PfFilterWatch;   /* filter-object.h */
typedef struct _PfFilterStatus PfFilterStatus; /* filter-object.h */

struct _PfBus
{
  guint ref_count; /* operations under way hold one each */
  gboolean closed;
  PfBusParts parts; /* each GObject and the settings are held */
  PfGate *gate;
  PfAuthority *authority;
  PfManagerWatch *manager_watch;
  PfCheckWatch *check_watch;
  PfAccountWatch *account_watch;
  PfQuarantineWatch *quarantine_watch;
  PfFilterWatch *filter_watch;
  PfFilterStatus *filter_status;
  GHashTable *changing; /* address with a change under way -> GQueue of PfOperation that wait */
  GHashTable *adding;   /* LocalUser -> accounts that are being stored for that user */
  GHashTable *departed; /* address -> LocalUser of accounts removed, for their last log entry */
};

PfBus *pf_bus_ref   (PfBus *self);
void   pf_bus_unref (PfBus *self);

/* Handles one method; takes @call. @object: the PfAccount or PfCheck, NULL for the others. */
typedef void (*PfHandler) (PfBus *bus, PfCall *call, gpointer object);

typedef struct
{
  const char *name;
  PfHandler handle;
} PfMethod;

typedef struct
{
  const GDBusInterfaceInfo *info;
  const PfMethod *methods; /* ends with an empty one */
  /* (nullable): all properties as @caller sees them, a{sv}, floating */
  GVariant *(*properties) (PfBus *bus, const PfCaller *caller, gpointer object);
} PfInterface;

extern const PfInterface pf_manager_interface;
extern const PfInterface pf_account_interface;
extern const PfInterface pf_check_interface;
extern const PfInterface pf_quarantine_interface;
extern const PfInterface pf_filter_interface;
extern const PfInterface pf_object_manager_interface;

/* --- Common to the methods -------------------------------------------------------------------- */

/* (element-type PfAccount) (transfer container): accounts that @caller sees, sorted by address. */
GPtrArray *pf_bus_visible_accounts (PfBus *self, const PfCaller *caller);
/* (nullable): the account at @address when @caller sees it. */
PfAccount *pf_bus_visible_account  (PfBus *self, const PfCaller *caller, const char *address);
/**
 * pf_bus_make_settings:
 * @base: (nullable)
 * @values: a{sv}
 *
 * pf_settings_from_vardict(), and what holds on this bus: with --session and the built-in agent
 * LocalUser is the caller, who need not say so, and nobody else.
 */
PfSettings *pf_bus_make_settings   (PfBus *self, const PfCaller *caller, const PfSettings *base,
                                    GVariant *values, GPtrArray *faults);
gboolean   pf_bus_sees_check       (const PfCaller *caller, PfCheck *check);
/* Records an event with the caller's name. @reason: (nullable) */
void       pf_bus_record           (PfBus *self, const PfCaller *caller, PfEventKind kind,
                                    const char *address, const char *reason);
