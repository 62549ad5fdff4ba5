#include "filter/scanner-private.h"

#include "base/limits.h"
#include "dbus-interfaces/text.h"
#include "filter/rspamd-answer.h"

#include <string.h>

static const char *const nicks[] = {
  [PF_SCAN_NO_REASON] = "",
  [PF_SCAN_OFF] = "off",
  [PF_SCAN_ABSENT] = "absent",
  [PF_SCAN_TOO_LARGE] = "too-large",
  [PF_SCAN_EMPTY] = "empty",
  [PF_SCAN_UNREACHABLE] = "unreachable",
  [PF_SCAN_TIMED_OUT] = "timed-out",
  [PF_SCAN_BROKEN_OFF] = "broken-off",
  [PF_SCAN_UNTRUSTED] = "untrusted",
  [PF_SCAN_REDIRECTED] = "redirected",
  [PF_SCAN_REFUSED] = "refused",
  [PF_SCAN_BAD_ANSWER] = "bad-answer",
  [PF_SCAN_TOO_LONG] = "too-long",
  [PF_SCAN_SOFT_REJECTED] = "soft-rejected",
  [PF_SCAN_UNKNOWN_ACTION] = "unknown-action",
  [PF_SCAN_UNREADABLE] = "unreadable",
};
G_STATIC_ASSERT (G_N_ELEMENTS (nicks) == PF_SCAN_N_REASONS);

const char *
pf_scan_reason_nick (PfScanReason reason)
{
  return nicks[reason];
}

/* --- Results ---------------------------------------------------------------------------------- */

PfScanResult *
pf_scan_result_new (PfScanStatus status, PfScanReason reason, const char *name, const char *text)
{
  PfScanResult *self = g_new0 (PfScanResult, 1);

  self->status = status;
  self->reason = reason;
  self->name = g_strdup (name != NULL ? name : "");
  self->text = g_strdup (text != NULL ? text : "");
  return self;
}

void
pf_scan_result_free (PfScanResult *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->answer, pf_rspamd_answer_free);
  g_free (self->name);
  g_free (self->text);
  g_free (self);
}

gboolean
pf_scanner_is_asked (const PfScannerState *self)
{
  return self->health.configured && g_get_monotonic_time () >= self->absent_until;
}

PfScanResult *
pf_scanner_skip (const PfScannerState *self, const PfScanSource *source)
{
  g_autofree char *text = NULL;

  if (!self->health.configured)
    return pf_scan_result_new (PF_SCAN_SKIPPED, PF_SCAN_OFF, NULL, "There is no such scanner");
  if (source->length == 0)
    return pf_scan_result_new (PF_SCAN_SKIPPED, PF_SCAN_EMPTY, NULL, "The message is empty");
  /* A probe has no descriptor, and looks again. */
  if (source->fd >= 0 && !pf_scanner_is_asked (self))
    return pf_scan_result_new (PF_SCAN_SKIPPED, PF_SCAN_ABSENT, NULL, self->health.error);
  if (source->length <= self->max_size)
    return NULL;
  text = g_strdup_printf ("The message has %" G_GUINT64_FORMAT
                          " octets, and MaxScanSize is %" G_GUINT64_FORMAT,
                          source->length, self->max_size);
  return pf_scan_result_new (PF_SCAN_SKIPPED, PF_SCAN_TOO_LARGE, NULL, text);
}

PfScanResult *
pf_scanner_trouble (PfScannerState *self, PfScanReason reason, const char *text, gboolean there)
{
  pf_scanner_note_failure (self, reason, text);
  if (reason == PF_SCAN_UNREACHABLE && self->automatic && !self->known && !there)
    {
      self->absent_until =
          g_get_monotonic_time () + PF_LIMIT_SCANNER_ABSENT_SECONDS * G_USEC_PER_SEC;
      return pf_scan_result_new (PF_SCAN_SKIPPED, PF_SCAN_ABSENT, NULL, text);
    }
  return pf_scan_result_new (PF_SCAN_TROUBLE, reason, NULL, text);
}

/* --- How it is -------------------------------------------------------------------------------- */

void
pf_scanner_state_init (PfScannerState *self, const char *name, const PfScannerOptions *options)
{
  const PfScannerMemory *memory = &options->memory;

  self->name = name;
  self->automatic = strcmp (options->address, "auto") == 0;
  self->memory = *memory;
  self->timeout = MAX (options->timeout, 1);
  self->max_size = options->max_size;
  self->known = self->automatic && memory->has_answered != NULL
                && memory->has_answered (name, memory->user_data);
  self->health.configured = strcmp (options->address, "off") != 0;
  self->health.version = g_strdup ("");
  self->health.error = g_strdup ("");
}

void
pf_scanner_state_clear (PfScannerState *self)
{
  g_free (self->health.version);
  g_free (self->health.error);
}

static gint64
unix_now (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

void
pf_scanner_note_answer (PfScannerState *self)
{
  PfScannerHealth *health = &self->health;

  self->absent_until = 0;
  health->reachable = TRUE;
  health->answered = unix_now ();
  health->reason = PF_SCAN_NO_REASON;
  g_free (health->error);
  health->error = g_strdup ("");
  if (self->known)
    return;
  self->known = TRUE;
  if (self->automatic && self->memory.answered != NULL)
    self->memory.answered (self->name, self->memory.user_data);
}

void
pf_scanner_note_failure (PfScannerState *self, PfScanReason reason, const char *text)
{
  PfScannerHealth *health = &self->health;

  health->reachable = FALSE;
  health->failed = unix_now ();
  health->reason = reason;
  g_free (health->error);
  health->error = g_strdup (text);
}

void
pf_scanner_note_version (PfScannerState *self, const char *version, gint64 signatures)
{
  if (version == NULL)
    return;
  g_free (self->health.version);
  self->health.version = pf_text_printable (version, -1, PF_LIMIT_SERVER_TEXT);
  self->health.signatures = signatures;
}

/* --- Turns ------------------------------------------------------------------------------------ */

void
pf_scan_queue_init (PfScanQueue *self, guint limit, void (*start) (GTask *task))
{
  self->limit = limit;
  self->start = start;
  g_queue_init (&self->waiting);
}

static void
run_next (PfScanQueue *self)
{
  while (self->running < self->limit && !g_queue_is_empty (&self->waiting))
    {
      GTask *task = g_queue_pop_head (&self->waiting);

      if (g_task_return_error_if_cancelled (task))
        {
          g_object_unref (task);
          continue;
        }
      self->running++;
      self->start (task);
    }
}

void
pf_scan_queue_push (PfScanQueue *self, GTask *task)
{
  g_queue_push_tail (&self->waiting, task);
  run_next (self);
}

void
pf_scan_queue_done (PfScanQueue *self)
{
  self->running--;
  run_next (self);
}
