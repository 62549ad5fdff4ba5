#include "fuzz.h"
#include "protocol/received.h"

#include <string.h>

/* Safe to put into a line of HTTP: no blanks, no ends of lines, bounded. */
static void
check_text (const char *text)
{
  if (text == NULL)
    return;
  g_assert_cmpuint (strlen (text), >, 0);
  g_assert_cmpuint (strlen (text), <=, 257);
  for (; *text != '\0'; text++)
    g_assert_true (g_ascii_isgraph (*text));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (PfReceived) received = pf_received_parse (text);

  check_text (received->helo);
  check_text (received->hostname);
  check_text (received->address);
  check_text (received->by);
  check_text (received->with);
  check_text (received->via);
  check_text (received->id);
  check_text (received->recipient);
  check_text (received->sender);
  g_assert_true (received->address == NULL || g_hostname_is_ip_address (received->address));
  return 0;
}
