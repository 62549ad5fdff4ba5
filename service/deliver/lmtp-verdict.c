#include "deliver/lmtp-verdict.h"

#include <string.h>

/* RFC 3463: the last two numbers say what it is about, the first one for how long. */
static gboolean
is (const char *enhanced, const char *subject)
{
  return *enhanced != '\0' && g_str_equal (enhanced + 1, subject);
}

static gboolean
is_over_quota (guint status, const char *enhanced)
{
  return *enhanced == '\0' ? status == 552 || status == 452 : is (enhanced, ".2.2");
}

PfDeliveryResult
pf_lmtp_judge (PfLmtpCommand command, guint status, const char *enhanced)
{
  if (status / 100 == 2 || (command == PF_LMTP_DATA && status == 354))
    return PF_DELIVERY_DONE;
  if ((command == PF_LMTP_RCPT || command == PF_LMTP_MESSAGE) && is_over_quota (status, enhanced))
    return PF_DELIVERY_OVER_QUOTA;
  if (is (enhanced, ".3.1"))
    return PF_DELIVERY_DISK_FULL;
  /* 500 to 504 say that the server does not speak as we do: no fault of the message. */
  if (status / 100 != 5 || status <= 504)
    return PF_DELIVERY_DEFERRED;
  if (command == PF_LMTP_RCPT
      || (command == PF_LMTP_MESSAGE && g_str_has_prefix (enhanced, "5.1.")))
    return PF_DELIVERY_UNKNOWN_USER;
  return PF_DELIVERY_REFUSED;
}

char *
pf_lmtp_recipient (const char *user, const char *detail)
{
  const char *domain = strrchr (user, '@');

  if (detail == NULL || *detail == '\0')
    return g_strdup (user);
  if (domain == NULL)
    return g_strdup_printf ("%s+%s", user, detail);
  return g_strdup_printf ("%.*s+%s%s", (int) (domain - user), user, detail, domain);
}

gboolean
pf_lmtp_parse_target (const char *target, char **host, guint16 *port)
{
  const char *place = target + strlen ("lmtp:"), *colon;
  guint64 number;

  if (!g_str_has_prefix (target, "lmtp:"))
    return FALSE;
  *port = 0;
  if (g_str_has_prefix (place, "unix:/"))
    {
      *host = g_strdup (place + strlen ("unix:"));
      return TRUE;
    }
  colon = strrchr (place, ':');
  if (colon == NULL || colon == place
      || !g_ascii_string_to_unsigned (colon + 1, 10, 1, G_MAXUINT16, &number, NULL))
    return FALSE;
  *port = (guint16) number;
  *host = place[0] == '[' && colon[-1] == ']' ? g_strndup (place + 1, (gsize) (colon - place) - 2)
                                              : g_strndup (place, (gsize) (colon - place));
  return TRUE;
}
