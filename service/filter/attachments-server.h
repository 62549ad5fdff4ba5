/* attachments-server.h - the running postferry-archive: started when it is needed, and anew when it
 * is gone. */
#pragma once

#include "filter/attachment-classes.h"

typedef struct _PfArchiveServer PfArchiveServer;

/* @program: its path. Nothing is started yet. */
PfArchiveServer *pf_archive_server_new  (const char *program);
/* Ends the program, and all that it is at. */
void             pf_archive_server_free (PfArchiveServer *self);

/**
 * pf_archive_server_send:
 * @message: the descriptor, which stays the caller's
 * @texts: what follows the request
 * @life: (out): which start of the program it went to
 *
 * Returns: (transfer full): the pipe that the answer comes from, which does not block; -1 with
 *   @error where the program cannot be started or takes nothing
 */
int      pf_archive_server_send     (PfArchiveServer *self, const PfAttachmentRequest *request,
                                     int message, const GByteArray *texts, guint *life,
                                     GError **error);
/* The program that was started then is running still. */
gboolean pf_archive_server_is_alive (PfArchiveServer *self, guint life);
/* It hangs: the next message starts another. */
void     pf_archive_server_end      (PfArchiveServer *self);
