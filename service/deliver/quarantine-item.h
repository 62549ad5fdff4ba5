/* quarantine-item.h - what is known of one message that is held back, and its file ID.meta (a key
 * file). */
#pragma once

#include <gio/gio.h>

/* How far a release is. It is noted before anything is done, so that one that was cut off is found
 * and finished. */
typedef enum
{
  PF_RELEASE_NONE,
  PF_RELEASE_INTENT,   /* somebody who may wants it delivered; it may or may not be */
  PF_RELEASE_DELIVERED /* it is there; what is left is to forget it */
} PfReleaseState;

/* Texts may be NULL in what pf_quarantine_store_async() is given, and never are in what was
 * read. */
typedef struct
{
  char *id; /* the delivery id: released under the same, it arrives once */
  char *account, *recipient;
  char *sender; /* whom a person takes for the sender; allow-sender allows this one */
  char *subject;
  char *verdict; /* "spam", "virus", "attachment", "sender", "malformed", "refused" */
  char *reason;
  char **symbols; /* of the spam filter */
  char *uid;
  char *message_id;
  gint64 time; /* us: when it was held back */
  guint64 size;
  double score;
  /* The virus scanner could not be asked: it may hold anything, and whose it is may not release
   * it. */
  gboolean unscanned;

  /* How it would have been delivered. */
  char *envelope_sender; /* NULL or "" for <> */
  char *folder;          /* NULL or "" for the inbox */
  gboolean seen;
  gint64 date; /* arrival at the provider, unix seconds; 0 for not known */

  /* The release. */
  PfReleaseState release;
  char *released_by; /* login name */
  gboolean learn, allow_sender;
} PfQuarantineItem;

void              pf_quarantine_item_free (PfQuarantineItem *item);
/* (transfer full): without NULLs. */
PfQuarantineItem *pf_quarantine_item_copy (const PfQuarantineItem *item);
/* (transfer full): the whole file. */
char             *pf_quarantine_item_to_text   (const PfQuarantineItem *item);
/**
 * pf_quarantine_item_from_text:
 * @id: that the file is called after
 *
 * Returns: (transfer full) (nullable): NULL with G_KEY_FILE_ERROR where the file is damaged: not a
 * key file, another message's, without account, recipient, verdict or time, a number that is none.
 */
PfQuarantineItem *pf_quarantine_item_from_text (const char *id, const char *text, gsize length,
                                                GError **error);
/* TRUE when its recipient may have it: not a virus, nothing that no virus scanner saw, and nothing
 * of a verdict that nobody knows. */
gboolean          pf_quarantine_item_is_recipients (const PfQuarantineItem *item);
/* "spam" and so on: one of those that the interface names. */
gboolean          pf_quarantine_verdict_is_known (const char *verdict);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PfQuarantineItem, pf_quarantine_item_free)
