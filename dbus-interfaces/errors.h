/* errors.h - the error domain of the interface: org.postferry1.Error.* (DESIGN 5). */
#pragma once

#include <gio/gio.h>

typedef enum
{
  PF_ERROR_INVALID_SETTING,
  PF_ERROR_UNKNOWN_ACCOUNT,
  PF_ERROR_ACCOUNT_EXISTS,
  PF_ERROR_NO_SECRET,
  PF_ERROR_AUTHENTICATION_FAILED,
  PF_ERROR_CONNECTION_FAILED,
  PF_ERROR_TLS_FAILED,
  PF_ERROR_PROTOCOL_ERROR,
  PF_ERROR_RECIPIENT_UNKNOWN,
  PF_ERROR_DELIVERY_FAILED,
  PF_ERROR_SCANNER_UNAVAILABLE,
  PF_ERROR_UNKNOWN_MESSAGE,
  PF_ERROR_DISK_LOW,
  PF_ERROR_BUSY,
  PF_ERROR_CANCELLED,
  PF_ERROR_LIMIT_EXCEEDED,
  PF_ERROR_NOT_SUPPORTED,
  PF_ERROR_N_CODES
} PfError;

#define PF_ERROR (pf_error_quark ())

/* Registers the names with GDBus at first use; call it once before the first proxy or reply. */
GQuark pf_error_quark (void);
