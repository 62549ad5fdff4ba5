#include "cli-client/change.h"

#include "dbus-interfaces/names.h"

GVariant *
pf_change_options (GVariantDict *dict, int secret)
{
  g_autoptr (GVariantDict) options = dict;

  if (secret >= 0)
    {
      g_variant_dict_insert (options, "secret", "h", 0);
      g_variant_dict_insert (options, "secret-kind", "s", "password");
    }
  return g_variant_dict_end (options);
}

gboolean
pf_change_update (PfClient *client,
                  const char *account,
                  GVariant *changes,
                  int secret,
                  gboolean asks,
                  GError **error)
{
  PfClientCall call = { .path = account,
                        .interface = PF_INTERFACE_ACCOUNT,
                        .member = "Update",
                        .reply = "()",
                        .asks = asks,
                        .secret = secret >= 0 ? &secret : NULL };
  g_autoptr (GVariant) reply = NULL;

  call.arguments = g_variant_new ("(@a{sv}@a{sv})", changes,
                                  pf_change_options (g_variant_dict_new (NULL), secret));
  reply = pf_client_call (client, &call, error);
  return reply != NULL;
}
