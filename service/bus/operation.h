/* operation.h - a method on its way: its secret read, polkit asked, the objects looked up again,
 * then done.
 *
 * An operation is a function that is run again whenever a question was answered
 * (pf_operation_may()): so that what it decides is decided on the state of this moment, never on
 * that before somebody typed a password.
 */
#pragma once

#include "base/secret.h"
#include "bus/internal.h"
#include "bus/policy.h"
#include "secrets/secrets.h"

typedef struct _PfOperation PfOperation;
typedef void (*PfOperationFunc) (PfOperation *operation);

struct _PfOperation
{
  PfBus *bus;
  PfCall *call;
  const char *method; /* static: "Account.Update" */
  GHashTable *granted; /* what was asked and allowed */
  char *locked;        /* the address whose change is under way here */
  PfOperationFunc next;

  /* For the methods: */
  GVariant *values;     /* settings or changes, a{sv} */
  GVariant *options;
  PfSettings *settings; /* made of @values */
  PfSecret *secret;     /* (nullable) */
  PfSecretKind kind;
  gpointer data;        /* more of a method's own, freed by @free_data */
  GDestroyNotify free_data;
};

/* Takes @call. @values, @options: (nullable) */
PfOperation *pf_operation_new  (PfBus *bus, PfCall *call, const char *method, GVariant *values,
                                GVariant *options);
/* Each of these ends it with an answer. */
void         pf_operation_return (PfOperation *self, GVariant *value);
void         pf_operation_return_large (PfOperation *self, GVariant *value);
/* @fd is closed. */
void         pf_operation_return_descriptor (PfOperation *self, int fd);
void         pf_operation_fail   (PfOperation *self, const GError *error);
void         pf_operation_fail_with (PfOperation *self, GQuark domain, int code,
                                     const char *format, ...) G_GNUC_PRINTF (4, 5);
/* As if the object at the call's path had never been. */
void         pf_operation_fail_unknown (PfOperation *self);

PfCaller    *pf_operation_caller (PfOperation *self);
/* (nullable): the account at the call's path as its caller sees it now; NULL: the operation has
 * been answered and is gone. */
PfAccount   *pf_operation_account (PfOperation *self);
/**
 * pf_operation_may:
 * @ownership: (nullable)
 * @account, @local_user: (nullable): what rules and dialogs are told
 * @again: run when the answer is yes
 *
 * Returns: TRUE when it is allowed already. FALSE: it is being asked, or was refused; the caller
 * returns at once.
 */
gboolean     pf_operation_may (PfOperation *self, const PfOwnership *ownership,
                               const char *account, const char *local_user,
                               PfOperationFunc again);
/* The same for an account whose settings go from @before (nullable) to @after, whoever it belonged
 * to and will belong to. */
gboolean     pf_operation_may_change (PfOperation *self, const PfSettings *before,
                                      const PfSettings *after, PfOperationFunc again);
/* Reads the descriptor @handle of the message into @secret, then runs @next. */
void         pf_operation_read_secret (PfOperation *self, gint32 handle, PfOperationFunc next);
/**
 * pf_operation_take_secret:
 *
 * For options `secret` and `secret-kind` (checked before): reads the secret where there is one,
 * then runs @next.
 */
void         pf_operation_take_secret (PfOperation *self, PfOperationFunc next);
/**
 * pf_operation_lock:
 * @again: run when it is this operation's turn, with the lock
 *
 * Keeps other changes of @address out until the operation ends or asks (pf_operation_may()). They
 * wait in the order of their calls. FALSE: this one does; the caller returns at once.
 */
gboolean     pf_operation_lock (PfOperation *self, const char *address, PfOperationFunc again);
/**
 * pf_operation_settings:
 * @base: (nullable)
 *
 * Makes @settings of @values. FALSE: InvalidSetting with every fault, the operation is gone.
 */
gboolean     pf_operation_settings (PfOperation *self, const PfSettings *base);

/* (transfer full): one sentence for all of @faults (PfSettingsFault). */
char        *pf_faults_sentence (GPtrArray *faults);
