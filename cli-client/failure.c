#include "cli-client/failure.h"

#define POSTFERRY(name) "org.postferry1.Error." name
#define DBUS(name) "org.freedesktop.DBus.Error." name

static const struct
{
  const char *code;
  PfExit status;
} failures[] = {
  [PF_FAILURE_FAILED] = { "Failed", PF_EXIT_FAILED },
  [PF_FAILURE_USAGE] = { "Usage", PF_EXIT_USAGE },
  [PF_FAILURE_INTERRUPTED] = { "Interrupted", PF_EXIT_INTERRUPTED },
  [PF_FAILURE_TIMED_OUT] = { "TimedOut", PF_EXIT_TIMED_OUT },
  [PF_FAILURE_SERVICE_UNAVAILABLE] = { "ServiceUnavailable", PF_EXIT_SERVICE },
  [PF_FAILURE_ACCESS_DENIED] = { "AccessDenied", PF_EXIT_PERMISSION },
  [PF_FAILURE_AUTHORIZATION_REQUIRED] = { "InteractiveAuthorizationRequired", PF_EXIT_PERMISSION },
  [PF_FAILURE_INVALID_SETTING] = { "InvalidSetting", PF_EXIT_USAGE },
  [PF_FAILURE_UNKNOWN_ACCOUNT] = { "UnknownAccount", PF_EXIT_UNKNOWN_ACCOUNT },
  [PF_FAILURE_ACCOUNT_EXISTS] = { "AccountExists", PF_EXIT_EXISTS },
  [PF_FAILURE_NO_SECRET] = { "NoSecret", PF_EXIT_LOGIN },
  [PF_FAILURE_AUTHENTICATION_FAILED] = { "AuthenticationFailed", PF_EXIT_LOGIN },
  [PF_FAILURE_CONNECTION_FAILED] = { "ConnectionFailed", PF_EXIT_NETWORK },
  [PF_FAILURE_TLS_FAILED] = { "TlsFailed", PF_EXIT_NETWORK },
  [PF_FAILURE_PROTOCOL_ERROR] = { "ProtocolError", PF_EXIT_NETWORK },
  [PF_FAILURE_RECIPIENT_UNKNOWN] = { "RecipientUnknown", PF_EXIT_FAILED },
  [PF_FAILURE_DELIVERY_FAILED] = { "DeliveryFailed", PF_EXIT_FAILED },
  [PF_FAILURE_SCANNER_UNAVAILABLE] = { "ScannerUnavailable", PF_EXIT_FAILED },
  [PF_FAILURE_UNKNOWN_MESSAGE] = { "UnknownMessage", PF_EXIT_FAILED },
  [PF_FAILURE_DISK_LOW] = { "DiskLow", PF_EXIT_FAILED },
  [PF_FAILURE_BUSY] = { "Busy", PF_EXIT_FAILED },
  [PF_FAILURE_CANCELLED] = { "Cancelled", PF_EXIT_FAILED },
  [PF_FAILURE_LIMIT_EXCEEDED] = { "LimitExceeded", PF_EXIT_FAILED },
  [PF_FAILURE_NOT_SUPPORTED] = { "NotSupported", PF_EXIT_FAILED },
};

/* A failure that is forgotten here is a compile error. */
G_STATIC_ASSERT (G_N_ELEMENTS (failures) == PF_FAILURE_N_CODES);

static const struct
{
  const char *name;
  PfFailure failure;
} names[] = {
  { POSTFERRY ("InvalidSetting"), PF_FAILURE_INVALID_SETTING },
  { POSTFERRY ("UnknownAccount"), PF_FAILURE_UNKNOWN_ACCOUNT },
  { POSTFERRY ("AccountExists"), PF_FAILURE_ACCOUNT_EXISTS },
  { POSTFERRY ("NoSecret"), PF_FAILURE_NO_SECRET },
  { POSTFERRY ("AuthenticationFailed"), PF_FAILURE_AUTHENTICATION_FAILED },
  { POSTFERRY ("ConnectionFailed"), PF_FAILURE_CONNECTION_FAILED },
  { POSTFERRY ("TlsFailed"), PF_FAILURE_TLS_FAILED },
  { POSTFERRY ("ProtocolError"), PF_FAILURE_PROTOCOL_ERROR },
  { POSTFERRY ("RecipientUnknown"), PF_FAILURE_RECIPIENT_UNKNOWN },
  { POSTFERRY ("DeliveryFailed"), PF_FAILURE_DELIVERY_FAILED },
  { POSTFERRY ("ScannerUnavailable"), PF_FAILURE_SCANNER_UNAVAILABLE },
  { POSTFERRY ("UnknownMessage"), PF_FAILURE_UNKNOWN_MESSAGE },
  { POSTFERRY ("DiskLow"), PF_FAILURE_DISK_LOW },
  { POSTFERRY ("Busy"), PF_FAILURE_BUSY },
  { POSTFERRY ("Cancelled"), PF_FAILURE_CANCELLED },
  { POSTFERRY ("LimitExceeded"), PF_FAILURE_LIMIT_EXCEEDED },
  { POSTFERRY ("NotSupported"), PF_FAILURE_NOT_SUPPORTED },
  { DBUS ("AccessDenied"), PF_FAILURE_ACCESS_DENIED },
  { DBUS ("InteractiveAuthorizationRequired"), PF_FAILURE_AUTHORIZATION_REQUIRED },
  { DBUS ("AuthFailed"), PF_FAILURE_ACCESS_DENIED },
  { DBUS ("InvalidArgs"), PF_FAILURE_USAGE },
  { DBUS ("UnknownObject"), PF_FAILURE_UNKNOWN_ACCOUNT },
  { DBUS ("UnknownMethod"), PF_FAILURE_NOT_SUPPORTED },
  { DBUS ("UnknownInterface"), PF_FAILURE_NOT_SUPPORTED },
  { DBUS ("ServiceUnknown"), PF_FAILURE_SERVICE_UNAVAILABLE },
  { DBUS ("NameHasNoOwner"), PF_FAILURE_SERVICE_UNAVAILABLE },
  { DBUS ("NoServer"), PF_FAILURE_SERVICE_UNAVAILABLE },
  { DBUS ("Disconnected"), PF_FAILURE_SERVICE_UNAVAILABLE },
  /* The bus says so when the service leaves without an answer; a wait that we end ourselves is
   * G_IO_ERROR_TIMED_OUT. */
  { DBUS ("NoReply"), PF_FAILURE_SERVICE_UNAVAILABLE },
  { DBUS ("TimedOut"), PF_FAILURE_TIMED_OUT },
  { DBUS ("Timeout"), PF_FAILURE_TIMED_OUT },
};

static const struct
{
  const char *problem;
  PfFailure failure;
} problems[] = {
  { "connection-failed", PF_FAILURE_CONNECTION_FAILED },
  { "server-busy", PF_FAILURE_CONNECTION_FAILED },
  { "timed-out", PF_FAILURE_TIMED_OUT },
  { "protocol-error", PF_FAILURE_PROTOCOL_ERROR },
  { "limit-exceeded", PF_FAILURE_PROTOCOL_ERROR },
  { "certificate-untrusted", PF_FAILURE_TLS_FAILED },
  { "credentials-rejected", PF_FAILURE_AUTHENTICATION_FAILED },
  { "authorization-expired", PF_FAILURE_AUTHENTICATION_FAILED },
  { "mechanism-unavailable", PF_FAILURE_AUTHENTICATION_FAILED },
  { "no-secret", PF_FAILURE_NO_SECRET },
  { "recipient-unknown", PF_FAILURE_RECIPIENT_UNKNOWN },
  { "recipient-over-quota", PF_FAILURE_DELIVERY_FAILED },
  { "delivery-deferred", PF_FAILURE_DELIVERY_FAILED },
  { "scanner-unavailable", PF_FAILURE_SCANNER_UNAVAILABLE },
  { "disk-low", PF_FAILURE_DISK_LOW },
  { "settings-invalid", PF_FAILURE_INVALID_SETTING },
  { "folder-missing", PF_FAILURE_INVALID_SETTING },
};

GQuark
pf_failure_quark (void)
{
  return g_quark_from_static_string ("pf-failure-quark");
}

const char *
pf_failure_code (PfFailure failure)
{
  return failures[failure].code;
}

PfExit
pf_failure_exit (PfFailure failure)
{
  return failures[failure].status;
}

PfFailure
pf_failure_of_name (const char *dbus_name)
{
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (names[i].name, dbus_name))
      return names[i].failure;
  /* Spawn.ExecFailed and its like: the bus tried to start the service. */
  if (g_str_has_prefix (dbus_name, DBUS ("Spawn.")))
    return PF_FAILURE_SERVICE_UNAVAILABLE;
  return PF_FAILURE_FAILED;
}

PfFailure
pf_failure_of_problem (const char *code)
{
  if (g_str_has_prefix (code, "tls-"))
    return PF_FAILURE_TLS_FAILED;
  for (guint i = 0; i < G_N_ELEMENTS (problems); i++)
    if (g_str_equal (problems[i].problem, code))
      return problems[i].failure;
  return PF_FAILURE_FAILED;
}

static PfFailure
failure_of_io (const GError *error)
{
  if (error->domain != G_IO_ERROR)
    return PF_FAILURE_FAILED;
  switch (error->code)
    {
    case G_IO_ERROR_TIMED_OUT:
      return PF_FAILURE_TIMED_OUT;
    case G_IO_ERROR_CLOSED:
      return PF_FAILURE_SERVICE_UNAVAILABLE;
    default:
      return PF_FAILURE_FAILED;
    }
}

GError *
pf_failure_take (GError *error)
{
  g_autofree char *name = NULL;
  PfFailure failure;
  GError *taken;

  if (error->domain == PF_FAILURE)
    return error;
  name = g_dbus_error_get_remote_error (error);
  failure = name != NULL ? pf_failure_of_name (name) : failure_of_io (error);
  g_dbus_error_strip_remote_error (error);
  taken = g_error_new_literal (PF_FAILURE, (int) failure, error->message);
  g_error_free (error);
  return taken;
}

gboolean
pf_usage (GError **error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  if (error != NULL)
    *error = g_error_new_valist (PF_FAILURE, PF_FAILURE_USAGE, format, arguments);
  va_end (arguments);
  return FALSE;
}
