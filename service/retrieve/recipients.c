#include "retrieve/recipients.h"

#include <string.h>

/* The user of @rule for @address, with @domain_wide rules or with those for the very address;
 * (transfer full) (nullable). */
static char *
match (const char *rule, const char *address, gboolean domain_wide)
{
  const char *equals = strrchr (rule, '=');
  const char *at = strrchr (address, '@');
  g_autofree char *left = NULL;

  if (equals == NULL || at == NULL)
    return NULL;
  left = g_ascii_strdown (rule, equals - rule);
  if (g_str_has_prefix (left, "*@") != domain_wide)
    return NULL;
  if (strcmp (domain_wide ? left + 1 : left, domain_wide ? at : address) != 0)
    return NULL;
  if (strcmp (equals + 1, "*") == 0)
    return g_strndup (address, (gsize) (at - address));
  return g_strdup (equals + 1);
}

static void
collect (const PfSettings *settings, const char *address, gboolean domain_wide, GPtrArray *users)
{
  for (guint i = 0; settings->recipients[i] != NULL; i++)
    {
      char *user = match (settings->recipients[i], address, domain_wide);

      if (user == NULL || *user == '\0'
          || g_ptr_array_find_with_equal_func (users, user, g_str_equal, NULL))
        g_free (user);
      else
        g_ptr_array_add (users, user);
    }
}

char **
pf_recipients_choose (const PfSettings *settings, const char *envelope)
{
  GPtrArray *users = g_ptr_array_new ();

  if (envelope != NULL)
    {
      g_autofree char *address = g_ascii_strdown (envelope, -1);

      collect (settings, address, FALSE, users);
      if (users->len == 0)
        collect (settings, address, TRUE, users);
    }
  if (users->len == 0)
    g_ptr_array_add (users, g_strdup (settings->local_user));
  g_ptr_array_add (users, NULL);
  return (char **) g_ptr_array_free (users, FALSE);
}
