#include "dbus-interfaces/errors.h"

static const GDBusErrorEntry entries[] = {
  { PF_ERROR_INVALID_SETTING, "org.postferry1.Error.InvalidSetting" },
  { PF_ERROR_UNKNOWN_ACCOUNT, "org.postferry1.Error.UnknownAccount" },
  { PF_ERROR_ACCOUNT_EXISTS, "org.postferry1.Error.AccountExists" },
  { PF_ERROR_NO_SECRET, "org.postferry1.Error.NoSecret" },
  { PF_ERROR_AUTHENTICATION_FAILED, "org.postferry1.Error.AuthenticationFailed" },
  { PF_ERROR_CONNECTION_FAILED, "org.postferry1.Error.ConnectionFailed" },
  { PF_ERROR_TLS_FAILED, "org.postferry1.Error.TlsFailed" },
  { PF_ERROR_PROTOCOL_ERROR, "org.postferry1.Error.ProtocolError" },
  { PF_ERROR_RECIPIENT_UNKNOWN, "org.postferry1.Error.RecipientUnknown" },
  { PF_ERROR_DELIVERY_FAILED, "org.postferry1.Error.DeliveryFailed" },
  { PF_ERROR_SCANNER_UNAVAILABLE, "org.postferry1.Error.ScannerUnavailable" },
  { PF_ERROR_UNKNOWN_MESSAGE, "org.postferry1.Error.UnknownMessage" },
  { PF_ERROR_DISK_LOW, "org.postferry1.Error.DiskLow" },
  { PF_ERROR_BUSY, "org.postferry1.Error.Busy" },
  { PF_ERROR_CANCELLED, "org.postferry1.Error.Cancelled" },
  { PF_ERROR_LIMIT_EXCEEDED, "org.postferry1.Error.LimitExceeded" },
  { PF_ERROR_NOT_SUPPORTED, "org.postferry1.Error.NotSupported" },
};

/* A forgotten name is a compile error. */
G_STATIC_ASSERT (G_N_ELEMENTS (entries) == PF_ERROR_N_CODES);

GQuark
pf_error_quark (void)
{
  static gsize quark;

  g_dbus_error_register_error_domain ("pf-error-quark", &quark, entries, G_N_ELEMENTS (entries));
  return (GQuark) quark;
}
