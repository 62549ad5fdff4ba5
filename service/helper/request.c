#include "helper/request.h"

#include <string.h>

G_STATIC_ASSERT (sizeof (PfRequestRecord) % sizeof (guint64) == 0);
G_STATIC_ASSERT (sizeof (PfRequestAnswer) == PF_REQUEST_ID_LENGTH + sizeof (guint32));

gboolean
pf_request_id_is_valid (const char *id)
{
  for (gsize i = 0; i < PF_REQUEST_ID_LENGTH; i++)
    if (!g_ascii_isdigit (id[i]) && !(id[i] >= 'a' && id[i] <= 'f'))
      return FALSE;
  return TRUE;
}

static gboolean
is_clean (const char *text, gsize size)
{
  gsize length = strlen (text);

  if (length >= size || !g_utf8_validate (text, (gssize) length, NULL))
    return FALSE;
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_iscntrl (g_utf8_get_char (p)))
      return FALSE;
  return TRUE;
}

gboolean
pf_request_user_is_valid (const char *user)
{
  return *user != '\0' && *user != '-' && *user != '.' && strpbrk (user, "/:") == NULL
         && is_clean (user, PF_REQUEST_USER_SIZE);
}

/* '.' is what Maildir++ separates with: within a part it would make another folder than the one
 * that is named. */
gboolean
pf_request_folder_is_valid (const char *folder)
{
  if (*folder == '\0')
    return TRUE;
  if (*folder == '~' || strchr (folder, '.') != NULL || !is_clean (folder, PF_REQUEST_FOLDER_SIZE))
    return FALSE;
  return *folder != '/' && !g_str_has_suffix (folder, "/") && strstr (folder, "//") == NULL;
}

gboolean
pf_request_record_fill (PfRequestRecord *record,
                        PfRequestOperation operation,
                        const char *id,
                        const char *user,
                        const char *folder)
{
  memset (record, 0, sizeof *record);
  if (!pf_request_id_is_valid (id) || !pf_request_user_is_valid (user)
      || !pf_request_folder_is_valid (folder))
    return FALSE;
  record->version = PF_REQUEST_VERSION;
  record->operation = operation;
  memcpy (record->id, id, sizeof record->id);
  memcpy (record->user, user, strlen (user));
  memcpy (record->folder, folder, strlen (folder));
  return TRUE;
}

/* Terminated, and nothing hidden behind the terminator. */
static gboolean
is_padded (const char *field, gsize size)
{
  gsize length = strnlen (field, size);

  if (length == size)
    return FALSE;
  for (gsize i = length; i < size; i++)
    if (field[i] != '\0')
      return FALSE;
  return TRUE;
}

static const char *
check_probe (const PfRequestRecord *record)
{
  if (record->flags != 0 || record->date != 0 || record->length != 0 || *record->folder != '\0')
    return "a probe has fields of a delivery";
  return NULL;
}

static const char *
check_deliver (const PfRequestRecord *record)
{
  if ((record->flags & ~(PF_REQUEST_IN_DOUBT | PF_REQUEST_SEEN)) != 0)
    return "unknown flags";
  if (record->length > G_MAXINT64)
    return "a length beyond any file";
  return NULL;
}

static const char *
check_record (const PfRequestRecord *record)
{
  if (record->version != PF_REQUEST_VERSION)
    return "another version of the request";
  if (record->reserved != 0)
    return "the reserved field is not zero";
  if (!pf_request_id_is_valid (record->id))
    return "the id is not 32 lower-case hex digits";
  if (!is_padded (record->user, sizeof record->user) || !pf_request_user_is_valid (record->user))
    return "the user is no user name";
  if (!is_padded (record->folder, sizeof record->folder)
      || !pf_request_folder_is_valid (record->folder))
    return "the folder is no folder name";
  switch (record->operation)
    {
    case PF_REQUEST_PROBE:
      return check_probe (record);
    case PF_REQUEST_DELIVER:
      return check_deliver (record);
    default:
      return "unknown operation";
    }
}

const char *
pf_request_parse (const guint8 *packet, gsize length, gsize n_descriptors, gsize *n_records)
{
  const PfRequestRecord *records = (const void *) packet;
  gsize n = length / sizeof *records, wanted = 0;

  if (n == 0 || n > PF_LIMIT_HELPER_BATCH || length % sizeof *records != 0)
    return "the packet is not a number of whole records";
  for (gsize i = 0; i < n; i++)
    {
      const char *why = check_record (&records[i]);

      if (why != NULL)
        return why;
      wanted += records[i].operation == PF_REQUEST_DELIVER;
    }
  if (wanted != n_descriptors)
    return "not one descriptor for each delivery";
  *n_records = n;
  return NULL;
}

gsize
pf_request_count_answers (gsize length)
{
  if (length % sizeof (PfRequestAnswer) != 0 || length > PF_REQUEST_ANSWERS_SIZE)
    return 0;
  return length / sizeof (PfRequestAnswer);
}
