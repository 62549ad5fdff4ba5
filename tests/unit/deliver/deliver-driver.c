/* A program for tests: hands files to a delivery target and tells what became of them. usage:
 * deliver-driver TARGET HELPER FLAGS USER FOLDER FILE...   (FLAGS: "doubt", "seen",
 * "junk-by-detail", or "-") */
#include "deliver/target.h"

#include <stdio.h>
#include <string.h>

static guint waiting;

static void
on_delivered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree char *text = NULL;
  PfDeliveryResult code = pf_target_deliver_finish (PF_TARGET (source), result, &text);

  printf ("%s %d %s\n", (const char *) user_data, code, text);
  waiting--;
}

static void
on_probed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (pf_target_probe_finish (PF_TARGET (source), result, &error))
    printf ("probe ok\n");
  else
    printf ("probe %s %s\n", pf_problem_nick (error->code), error->message);
  waiting--;
}

static PfDelivery *
make_delivery (char **argv, const char *path)
{
  PfDelivery *delivery = g_new0 (PfDelivery, 1);
  g_autofree char *text = NULL;
  gsize length, header_length;
  const char *header;

  g_assert_true (g_file_get_contents (path, &text, &length, NULL));
  delivery->id = g_compute_checksum_for_data (G_CHECKSUM_MD5, (const guint8 *) text, length);
  delivery->user = g_strdup (argv[4]);
  delivery->folder = g_strdup (argv[5]);
  delivery->sender = g_strdup ("bob@example.net");
  delivery->in_doubt = strstr (argv[3], "doubt") != NULL;
  delivery->seen = strstr (argv[3], "seen") != NULL;
  delivery->body = pf_body_new (g_get_tmp_dir ());
  g_assert_true (pf_body_write (delivery->body, (const guint8 *) text, length, NULL));
  g_assert_true (pf_body_end (delivery->body, NULL));
  header = pf_body_get_header (delivery->body, &header_length);
  g_assert_true (pf_body_finish (delivery->body, header, header_length, NULL));
  return delivery;
}

int
main (int argc, char **argv)
{
  PfServiceSettings settings = { .target = argv[1],
                                 .delivery_timeout = 60,
                                 .connect_timeout = 10,
                                 .reply_timeout = 30,
                                 .command_timeout = 60 };
  PfHelperLink link = { .kind = PF_HELPER_BY_SOCKET, .path = argv[2] };
  g_autoptr (GPtrArray) deliveries =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pf_delivery_free);
  PfTarget *target;

  g_assert_cmpint (argc, >=, 6);
  g_atomic_ref_count_init (&settings.ref_count);
  if (strstr (argv[3], "junk-by-detail") != NULL)
    settings.junk_by = PF_JUNK_BY_DETAIL;
  target = pf_target_new (&settings, &link, FALSE);
  if (argc == 6)
    {
      waiting++;
      pf_target_probe_async (target, argv[4], NULL, on_probed, NULL);
    }
  for (int i = 6; i < argc; i++)
    {
      g_ptr_array_add (deliveries, make_delivery (argv, argv[i]));
      waiting++;
      pf_target_deliver_async (target, deliveries->pdata[i - 6], on_delivered, argv[i]);
    }
  while (waiting > 0)
    g_main_context_iteration (NULL, TRUE);
  g_object_unref (target);
  return 0;
}
