#include "bus/errors.h"

#include "base/problem.h"
#include "dbus-interfaces/errors.h"

#define FAILED "org.freedesktop.DBus.Error.Failed"

static const GDBusErrorEntry entries[] = {
  { PF_BUS_ERROR_INTERACTION, "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired" },
};

GQuark
pf_bus_error_quark (void)
{
  static gsize quark;

  g_dbus_error_register_error_domain ("pf-bus-error-quark", &quark, entries,
                                      G_N_ELEMENTS (entries));
  return (GQuark) quark;
}

static const PfError nearest[] = {
  [PF_PROBLEM_CONNECTION_FAILED] = PF_ERROR_CONNECTION_FAILED,
  [PF_PROBLEM_TIMED_OUT] = PF_ERROR_CONNECTION_FAILED,
  [PF_PROBLEM_SERVER_BUSY] = PF_ERROR_BUSY,
  [PF_PROBLEM_PROTOCOL_ERROR] = PF_ERROR_PROTOCOL_ERROR,
  [PF_PROBLEM_TLS_FAILED] = PF_ERROR_TLS_FAILED,
  [PF_PROBLEM_LIMIT_EXCEEDED] = PF_ERROR_LIMIT_EXCEEDED,
  [PF_PROBLEM_DISK_LOW] = PF_ERROR_DISK_LOW,
  [PF_PROBLEM_DELIVERY_DEFERRED] = PF_ERROR_DELIVERY_FAILED,
  [PF_PROBLEM_SCANNER_UNAVAILABLE] = PF_ERROR_SCANNER_UNAVAILABLE,
  [PF_PROBLEM_CREDENTIALS_REJECTED] = PF_ERROR_AUTHENTICATION_FAILED,
  [PF_PROBLEM_AUTHORIZATION_EXPIRED] = PF_ERROR_AUTHENTICATION_FAILED,
  [PF_PROBLEM_CERTIFICATE_UNTRUSTED] = PF_ERROR_TLS_FAILED,
  [PF_PROBLEM_TLS_UNAVAILABLE] = PF_ERROR_TLS_FAILED,
  [PF_PROBLEM_MECHANISM_UNAVAILABLE] = PF_ERROR_AUTHENTICATION_FAILED,
  [PF_PROBLEM_RECIPIENT_UNKNOWN] = PF_ERROR_RECIPIENT_UNKNOWN,
  [PF_PROBLEM_RECIPIENT_OVER_QUOTA] = PF_ERROR_DELIVERY_FAILED,
  [PF_PROBLEM_SETTINGS_INVALID] = PF_ERROR_INVALID_SETTING,
  [PF_PROBLEM_FOLDER_MISSING] = PF_ERROR_INVALID_SETTING,
  [PF_PROBLEM_NO_SECRET] = PF_ERROR_NO_SECRET,
  [PF_PROBLEM_SECRETS_UNAVAILABLE] = PF_ERROR_NO_SECRET,
  [PF_PROBLEM_REMOVAL_SUSPENDED] = PF_ERROR_PROTOCOL_ERROR,
  [PF_PROBLEM_MESSAGE_STUCK] = PF_ERROR_DELIVERY_FAILED,
};

/* A problem that is forgotten here is a compile error. */
G_STATIC_ASSERT (G_N_ELEMENTS (nearest) == PF_PROBLEM_N_CODES);

/* The registered name of a code that has one. */
static const char *
registered_name (GQuark domain, int code)
{
  g_autoptr (GError) error = g_error_new_literal (domain, code, "");
  g_autofree char *name = g_dbus_error_encode_gerror (error);

  return g_str_has_prefix (name, "org.gtk.GDBus.Unmapped") ? FAILED : g_intern_string (name);
}

static const char *
io_error_name (int code)
{
  switch (code)
    {
    case G_IO_ERROR_CANCELLED:
      return registered_name (PF_ERROR, PF_ERROR_CANCELLED);
    case G_IO_ERROR_NO_SPACE:
      return registered_name (PF_ERROR, PF_ERROR_DISK_LOW);
    default:
      return FAILED;
    }
}

const char *
pf_bus_error_name (const GError *error)
{
  if (error->domain == PF_PROBLEM && error->code >= 0 && error->code < PF_PROBLEM_N_CODES)
    return registered_name (PF_ERROR, (int) nearest[error->code]);
  if (error->domain == PF_ERROR || error->domain == PF_BUS_ERROR || error->domain == G_DBUS_ERROR)
    return registered_name (error->domain, error->code);
  if (error->domain == G_KEY_FILE_ERROR)
    return registered_name (PF_ERROR, PF_ERROR_INVALID_SETTING);
  if (error->domain == G_IO_ERROR)
    return io_error_name (error->code);
  return FAILED;
}
