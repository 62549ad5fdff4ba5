#include "journal/journal.h"

PfRowDelivery *
pf_row_delivery_new (const char *recipient, char *delivery_id)
{
  PfRowDelivery *delivery = g_new0 (PfRowDelivery, 1);

  delivery->recipient = g_strdup (recipient);
  delivery->delivery_id = delivery_id;
  return delivery;
}

void
pf_row_delivery_free (PfRowDelivery *delivery)
{
  g_free (delivery->recipient);
  g_free (delivery->delivery_id);
  g_free (delivery);
}

static gpointer
copy_delivery (gconstpointer source, gpointer unused)
{
  const PfRowDelivery *delivery = source;
  PfRowDelivery *copy = pf_row_delivery_new (delivery->recipient, g_strdup (delivery->delivery_id));

  copy->done = delivery->done;
  copy->outcome = delivery->outcome;
  return copy;
}

void
pf_row_free (PfRow *row)
{
  g_free (row->folder);
  g_free (row->uid);
  g_free (row->digest);
  g_free (row->reason);
  g_clear_pointer (&row->deliveries, g_ptr_array_unref);
  g_free (row);
}

PfRow *
pf_row_copy (const PfRow *row)
{
  PfRow *copy = g_memdup2 (row, sizeof *row);

  copy->folder = g_strdup (row->folder);
  copy->uid = g_strdup (row->uid);
  copy->digest = g_strdup (row->digest);
  copy->reason = g_strdup (row->reason);
  if (row->deliveries != NULL)
    {
      copy->deliveries = g_ptr_array_copy (row->deliveries, copy_delivery, NULL);
      g_ptr_array_set_free_func (copy->deliveries, (GDestroyNotify) pf_row_delivery_free);
    }
  return copy;
}
