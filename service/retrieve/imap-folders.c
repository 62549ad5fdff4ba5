#include "retrieve/imap-session-private.h"

#include "dbus-interfaces/text.h"
#include "retrieve/folders.h"

static void
answer (PfImapSession *self, GPtrArray *folders)
{
  GTask *task = g_steal_pointer (&self->folders_task);

  pf_session_answer (SESSION (self), task);
  g_task_return_pointer (task, folders, (GDestroyNotify) g_ptr_array_unref);
  g_object_unref (task);
}

static PfFolder *
folder_new (const char *name, const char *raw_name)
{
  PfFolder *folder = g_new0 (PfFolder, 1);

  folder->name = g_strdup (name);
  folder->raw_name = g_strdup (raw_name);
  return folder;
}

void
pf_imap_folders_begin (PfImapSession *self, GTask *task)
{
  char **wanted = SETTINGS (self)->folders;

  self->folders_task = task;
  /* INBOX is always there: no round trip for what nearly every account asks. */
  if (wanted[0] != NULL && wanted[1] == NULL && g_ascii_strcasecmp (wanted[0], "INBOX") == 0)
    {
      GPtrArray *folders = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_folder_free);

      g_ptr_array_add (folders, folder_new ("INBOX", "INBOX"));
      answer (self, folders);
      return;
    }
  g_clear_pointer (&self->known, g_ptr_array_unref);
  self->known = g_ptr_array_new_with_free_func ((GDestroyNotify) pf_folder_free);
  pf_imap_list (self->imap, "*", pf_imap_has_capability (self->imap, "SPECIAL-USE"));
  pf_session_kick (SESSION (self));
}

static gboolean
has_attribute (const PfImapEvent *event, const char *name)
{
  for (guint i = 0; event->attributes != NULL && event->attributes[i] != NULL; i++)
    if (g_ascii_strcasecmp (event->attributes[i], name) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
is_skipped (PfImapSession *self, const PfImapEvent *event)
{
  char **skipped = pf_session_get_info (SESSION (self))->provider->skip_folders;

  for (guint i = 0; skipped[i] != NULL; i++)
    if (has_attribute (event, skipped[i]))
      return TRUE;
  return FALSE;
}

void
pf_imap_folders_item (PfImapSession *self, const PfImapEvent *event)
{
  PfFolder *folder;

  if (has_attribute (event, "\\Noselect") || has_attribute (event, "\\NonExistent"))
    return;
  if (has_attribute (event, "\\Trash"))
    {
      g_free (self->trash);
      self->trash = g_strdup (event->raw_name);
    }
  if (self->known == NULL)
    return;
  folder = folder_new (event->text, event->raw_name);
  folder->junk = has_attribute (event, "\\Junk");
  folder->skipped = is_skipped (self, event);
  g_ptr_array_add (self->known, folder);
}

void
pf_imap_folders_reply (PfImapSession *self, const PfImapEvent *event)
{
  g_autoptr (GPtrArray) known = g_steal_pointer (&self->known);
  g_autofree char *missing = NULL;
  GPtrArray *chosen;

  if (self->folders_task == NULL)
    return;
  if (event->status != PF_IMAP_OK)
    {
      g_autofree char *quoted = pf_session_quote (event->text);

      pf_session_fail_with (SESSION (self), PF_PROBLEM_SERVER_BUSY,
                            "%s does not list its folders: %s", SETTINGS (self)->server, quoted);
      return;
    }
  chosen = pf_folders_choose (known, SETTINGS (self)->folders, &missing);
  if (missing != NULL)
    {
      g_autofree char *quoted = pf_text_printable (missing, -1, 200);

      g_ptr_array_unref (chosen);
      pf_session_fail_with (SESSION (self), PF_PROBLEM_FOLDER_MISSING,
                            "Folders=%s: %s has no such folder. Create it there or change Folders",
                            quoted, SETTINGS (self)->server);
      return;
    }
  answer (self, chosen);
}
