/* failure.h - why a command did not do what it was asked: one error domain, with the exit status
 * and the code of --json. */
#pragma once

#include "cli-client/exit-codes.h"

#include <gio/gio.h>

typedef enum
{
  PF_FAILURE_FAILED,
  PF_FAILURE_USAGE,
  PF_FAILURE_INTERRUPTED,
  PF_FAILURE_TIMED_OUT,
  PF_FAILURE_SERVICE_UNAVAILABLE,
  PF_FAILURE_ACCESS_DENIED,
  PF_FAILURE_AUTHORIZATION_REQUIRED,
  PF_FAILURE_INVALID_SETTING,
  PF_FAILURE_UNKNOWN_ACCOUNT,
  PF_FAILURE_ACCOUNT_EXISTS,
  PF_FAILURE_NO_SECRET,
  PF_FAILURE_AUTHENTICATION_FAILED,
  PF_FAILURE_CONNECTION_FAILED,
  PF_FAILURE_TLS_FAILED,
  PF_FAILURE_PROTOCOL_ERROR,
  PF_FAILURE_RECIPIENT_UNKNOWN,
  PF_FAILURE_DELIVERY_FAILED,
  PF_FAILURE_SCANNER_UNAVAILABLE,
  PF_FAILURE_UNKNOWN_MESSAGE,
  PF_FAILURE_DISK_LOW,
  PF_FAILURE_BUSY,
  PF_FAILURE_CANCELLED,
  PF_FAILURE_LIMIT_EXCEEDED,
  PF_FAILURE_NOT_SUPPORTED,
  PF_FAILURE_N_CODES
} PfFailure;

#define PF_FAILURE (pf_failure_quark ())
GQuark pf_failure_quark (void);

/* "AuthenticationFailed" and so on: what stands in {"error":{"code"}}. Stable. */
const char *pf_failure_code (PfFailure failure);
PfExit pf_failure_exit (PfFailure failure);

/* What the name of a D-Bus error means here; PF_FAILURE_FAILED for one that is not in the table. */
PfFailure pf_failure_of_name (const char *dbus_name);

/* What an account's problem means for a command that fails because of it. */
PfFailure pf_failure_of_problem (const char *code);

/**
 * pf_failure_take:
 * @error: (transfer full): from GDBus, from GIO, or a failure already
 *
 * Returns: (transfer full): the same as a failure, without GDBus's prefix.
 */
GError *pf_failure_take (GError *error);

/* Shorthand: a mistake on the command line. Returns FALSE. */
gboolean pf_usage (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);
