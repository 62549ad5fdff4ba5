/* log.h - one line for what happened, to where the administrator wants it. */
#pragma once

#include <glib.h>

typedef enum
{
  PF_LOG_ERROR,   /* the service cannot do its work */
  PF_LOG_WARNING, /* somebody should look */
  PF_LOG_NOTICE,  /* an operation that changes something */
  PF_LOG_INFO,    /* an operation as it should be */
  PF_LOG_DEBUG
} PfLogLevel;

/* A journald field: an upper-case name and its value. Ignored where there is no journald. */
typedef struct
{
  const char *name;
  const char *value; /* NULL leaves the field out */
} PfLogField;

/**
 * pf_log_open:
 * @target: `syslog` (facility mail, by journald where it runs, so that fields are kept), `journal`,
 *   `file:PATH`, `stderr`
 * @identifier: the program's name in each line
 *
 * Until it is called, lines go to stderr. Thread-safe afterwards. A file is opened for appending,
 * mode 0640.
 */
gboolean pf_log_open   (const char *target, const char *identifier, GError **error);
/* Opens the file anew, for log rotation; nothing for other targets. */
void     pf_log_reopen (void);

/* Text from outside must have gone through pf_text_ascii(); control characters are replaced here
 * all the same. */
void pf_log        (PfLogLevel level, const char *format, ...) G_GNUC_PRINTF (2, 3);
void pf_log_fields (PfLogLevel level, const PfLogField *fields, gsize n_fields,
                    const char *message);
