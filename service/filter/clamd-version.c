#include "filter/clamd.h"

#include <string.h>

static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

static int
read_number (const char *text, guint64 most)
{
  guint64 number;

  return g_ascii_string_to_unsigned (text, 10, 0, most, &number, NULL) ? (int) number : -1;
}

static int
read_month (const char *text)
{
  for (guint i = 0; i < G_N_ELEMENTS (months); i++)
    if (strcmp (months[i], text) == 0)
      return (int) i + 1;
  return -1;
}

/* ctime(3): "Mon Jan  1 10:00:00 2026", whatever our locale. */
static gint64
read_time (const char *text)
{
  g_auto (GStrv) all = g_strsplit_set (text, " :", 20);
  const char *words[7];
  guint n = 0;
  g_autoptr (GDateTime) time = NULL;

  for (guint i = 0; all[i] != NULL && n < G_N_ELEMENTS (words); i++)
    if (*all[i] != '\0')
      words[n++] = all[i];
  if (n != G_N_ELEMENTS (words))
    return 0;
  time = g_date_time_new_local (read_number (words[6], 9999), read_month (words[1]),
                                read_number (words[2], 31), read_number (words[3], 23),
                                read_number (words[4], 59), read_number (words[5], 59));
  return time != NULL ? g_date_time_to_unix (time) : 0;
}

gint64
pf_clamd_read_version (const char *text, char **version)
{
  const char *slash = strchr (text, '/');

  slash = slash != NULL ? strchr (slash + 1, '/') : NULL;
  *version = slash != NULL ? g_strndup (text, (gsize) (slash - text)) : g_strdup (text);
  return slash != NULL ? read_time (slash + 1) : 0;
}
